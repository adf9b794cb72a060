//! Decoding of the envelope `{"Response": {...}}` in one pass.
//!
//! The fields of a response and those of its envelope (`RequestId`, `Error`, `DeprecatedWarning`) share one JSON
//! object, in any order. The fields of the envelope are kept here; the others are passed to the type.

use core::ops::Range;

#[cfg(feature = "serde")]
use serde::de::DeserializeOwned;

use crate::json::{Decode, Error, Kind, Members, Reader};

/// A decoded response: an error of the API, or the typed response.
///
/// Decoding fails if `Response` is absent, `null` or not an object; it never returns an empty success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope<T> {
    /// Request ID, by which the service's support finds the call; empty if the response has none.
    pub request_id: String,
    /// The typed response, or the error of the API.
    pub result: Result<Success<T>, ApiError>,
}

/// A successful response.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Success<T> {
    /// The typed response.
    pub body: T,
    /// Warning of the service that the action is deprecated.
    pub deprecated_warning: Option<String>,
}

/// The `Error` field of a response.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApiError {
    /// Error code, such as `AuthFailure.SignatureFailure`.
    pub code: String,
    /// Message of the service, in the language requested by `X-TC-Language`.
    pub message: String,
}

impl<T: Decode + Members> Envelope<T> {
    /// Decodes a response of a generated type.
    ///
    /// # Errors
    /// Returns an error if the body is not a response of the API, or not of this type.
    pub fn decode(body: &[u8]) -> Result<Self, Error> {
        let mut typed = T::blank();
        let metadata = read(without_bom(body), &mut typed)?;
        metadata.into_envelope(|_| Ok(typed))
    }
}

#[cfg(feature = "serde")]
impl<T: DeserializeOwned> Envelope<T> {
    /// Decodes a response of any type of serde, from the whole object `Response`.
    ///
    /// # Errors
    /// Returns an error if the body is not a response of the API, or not of this type.
    pub fn deserialize(body: &[u8]) -> Result<Self, Error> {
        let body = without_bom(body);
        let metadata = read(body, &mut SkipFields)?;
        metadata.into_envelope(|range| {
            let start = range.start;
            let response = body.get(range).unwrap_or_default();
            serde_json::from_slice(response)
                .map_err(|_| Error::expected("the type of the response", start))
        })
    }
}

impl Envelope<()> {
    /// Decodes only the envelope of a response of any type.
    ///
    /// # Errors
    /// Returns an error if the body is not a response of the API.
    pub fn decode_metadata(body: &[u8]) -> Result<Self, Error> {
        read(without_bom(body), &mut SkipFields)?.into_envelope(|_| Ok(()))
    }
}

impl<'a> Envelope<&'a [u8]> {
    /// Decodes only the envelope of a response of any type. The body is the text of the object `Response`.
    ///
    /// # Errors
    /// Returns an error if the body is not a response of the API.
    pub fn locate(body: &'a [u8]) -> Result<Self, Error> {
        let body = without_bom(body);
        let metadata = read(body, &mut SkipFields)?;
        metadata.into_envelope(|range| Ok(body.get(range).unwrap_or_default()))
    }
}

/// Returns the text without a byte order mark, which some gateways add.
fn without_bom(body: &[u8]) -> &[u8] {
    body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body)
}

/// Reads a field of the envelope. One of another type is skipped: it must not hide the others.
fn lenient<T: Decode>(reader: &mut Reader<'_>) -> Result<Option<T>, Error> {
    let before = reader.clone();
    T::optional(reader).or_else(|_| {
        *reader = before;
        reader.skip().map(|()| None)
    })
}

/// Skips the fields of a response of which only the envelope is read.
struct SkipFields;

impl Members for SkipFields {
    fn member(&mut self, _: &str, reader: &mut Reader<'_>) -> Result<(), Error> {
        reader.skip()
    }
}

/// Fields of the envelope.
#[derive(Default)]
struct Metadata {
    request_id: String,
    error: Option<ApiError>,
    deprecated_warning: Option<String>,
    /// Error of the first field of the typed response that could not be read.
    body_error: Option<Error>,
    /// Byte range of the object `Response`.
    range: Range<usize>,
}

impl Metadata {
    /// Converts to an envelope. An error of the API takes precedence over an error of the typed response.
    fn into_envelope<T>(
        self,
        body: impl FnOnce(Range<usize>) -> Result<T, Error>,
    ) -> Result<Envelope<T>, Error> {
        let result = match (self.error, self.body_error) {
            (Some(error), _) => Err(error),
            (None, Some(error)) => return Err(error),
            (None, None) => {
                let deprecated_warning = self.deprecated_warning;
                Ok(Success { body: body(self.range)?, deprecated_warning })
            }
        };
        Ok(Envelope { request_id: self.request_id, result })
    }
}

/// Reads a response; the fields that do not belong to the envelope are passed to `body`.
fn read(json: &[u8], body: &mut dyn Members) -> Result<Metadata, Error> {
    let mut outer = Outer { body, found: None };
    let mut reader = Reader::new(json)?;
    reader.members(&mut outer, &[])?;
    reader.end()?;
    outer.found.ok_or_else(|| reader.expected("Response"))
}

struct Outer<'b> {
    body: &'b mut dyn Members,
    found: Option<Metadata>,
}

impl Members for Outer<'_> {
    fn member(&mut self, name: &str, reader: &mut Reader<'_>) -> Result<(), Error> {
        if name != "Response" {
            return reader.skip();
        }
        if self.found.is_some() {
            return Err(reader.expected("one Response"));
        }
        let mut inner = Inner { body: self.body, metadata: Metadata::default() };
        let start = reader.offset();
        reader.members(&mut inner, &[])?;
        let mut metadata = inner.metadata;
        metadata.range = start..reader.offset();
        self.found = Some(metadata);
        Ok(())
    }
}

struct Inner<'b> {
    body: &'b mut dyn Members,
    metadata: Metadata,
}

impl Members for Inner<'_> {
    fn member(&mut self, name: &str, reader: &mut Reader<'_>) -> Result<(), Error> {
        match name {
            "Error" => {
                // A `null` does not clear an error that was read before.
                if let Some(error) = api_error(reader)? {
                    self.metadata.error = Some(error);
                }
                return Ok(());
            }
            "DeprecatedWarning" => {
                self.metadata.deprecated_warning = lenient(reader)?;
                return Ok(());
            }
            // The typed response reads it too.
            "RequestId" => {
                if let Some(id) = lenient(&mut reader.clone())? {
                    self.metadata.request_id = id;
                }
            }
            _ => {}
        }
        let before = reader.clone();
        if let Err(error) = self.body.member(name, reader) {
            // Ignored if the response turns out to be an error of the API.
            *reader = before;
            reader.skip()?;
            self.metadata.body_error.get_or_insert(error.within(name));
        }
        Ok(())
    }
}

/// Reads an error of any shape; `None` if it is `null`. It is an object in the reference.
fn api_error(reader: &mut Reader<'_>) -> Result<Option<ApiError>, Error> {
    match reader.kind() {
        Some(Kind::Null | Kind::Object) | None => ApiError::optional(reader),
        Some(Kind::Array) => {
            let errors = lenient::<Vec<ApiError>>(reader)?.unwrap_or_default();
            Ok(Some(errors.into_iter().next().unwrap_or_default()))
        }
        // A string may be anything, such as the value of a field: it is not a message.
        Some(Kind::Bool | Kind::Number | Kind::String) => {
            reader.skip()?;
            Ok(Some(ApiError::default()))
        }
    }
}

impl Members for ApiError {
    fn member(&mut self, name: &str, reader: &mut Reader<'_>) -> Result<(), Error> {
        let field = match name {
            "Code" => &mut self.code,
            "Message" => &mut self.message,
            _ => return reader.skip(),
        };
        if let Some(text) = lenient(reader)? {
            *field = text;
        }
        Ok(())
    }
}

impl Decode for ApiError {
    const NULL_IS_BLANK: bool = false;

    fn optional(reader: &mut Reader<'_>) -> Result<Option<Self>, Error> {
        reader.object(Self::blank(), &[])
    }

    fn blank() -> Self {
        Self::default()
    }
}

#[cfg(feature = "serde")]
#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    /// Decoded as a generated type and as a type of serde.
    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(rename_all = "PascalCase")]
    struct Strict {
        total: u64,
        request_id: String,
    }

    impl Members for Strict {
        fn member(&mut self, name: &str, reader: &mut Reader<'_>) -> Result<(), Error> {
            match name {
                "Total" => reader.must(&mut self.total),
                "RequestId" => reader.must(&mut self.request_id),
                _ => reader.skip(),
            }
        }
    }

    impl Decode for Strict {
        const NULL_IS_BLANK: bool = false;

        fn optional(reader: &mut Reader<'_>) -> Result<Option<Self>, Error> {
            reader.object(Self::blank(), &[])
        }

        fn blank() -> Self {
            Self::default()
        }
    }

    /// Decodes both ways, whose results must be equal.
    fn decode(json: &str) -> Result<Envelope<Strict>, Error> {
        let decoded = Envelope::decode(json.as_bytes());
        let by_serde = Envelope::deserialize(json.as_bytes());
        assert_eq!(decoded.as_ref().ok(), by_serde.as_ref().ok(), "{json}");
        let metadata = Envelope::decode_metadata(json.as_bytes()).ok();
        let request_id = metadata.as_ref().map(|metadata| &*metadata.request_id);
        if let Ok(decoded) = &decoded {
            assert_eq!(request_id, Some(&*decoded.request_id));
        }
        by_serde
    }

    #[test]
    fn a_typed_response_gets_its_fields_and_the_request_id() {
        let envelope = decode(
            r#"{"x":[1,{}],"Response":{"RequestId":"r","DeprecatedWarning":"soon","Total":3,"New":{"a":[null]}}}"#,
        )
        .unwrap();
        assert_eq!(envelope.request_id, "r");
        let success = envelope.result.unwrap();
        assert_eq!(success.body, Strict { total: 3, request_id: "r".into() });
        assert_eq!(success.deprecated_warning.as_deref(), Some("soon"));
    }

    #[test]
    fn an_api_error_takes_precedence_at_any_position() {
        for json in [
            r#"{"Response":{"Error":{"Code":"C","Message":"m"},"RequestId":"r"}}"#,
            r#"{"Response":{"RequestId":"r","Error":{"Message":"m","Code":"C"}}}"#,
            r#"{"Response":{"Total":1,"RequestId":"r","Error":{"Code":"C","Message":"m","Extra":1}}}"#,
            r#"{"Response":{"Error":{"Code":"C","Message":"m"},"Error":null,"RequestId":"r"}}"#,
        ] {
            let envelope = decode(json).unwrap();
            assert_eq!(envelope.request_id, "r");
            assert_eq!(envelope.result, Err(ApiError { code: "C".into(), message: "m".into() }));
        }
    }

    #[test]
    fn an_error_without_code_and_message_is_still_an_error() {
        let envelope = decode(r#"{"Response":{"Error":{"Code":null},"RequestId":null}}"#).unwrap();
        assert_eq!(envelope.result.unwrap_err().code, "");
    }

    #[test]
    fn code_and_request_id_survive_any_shape_of_the_rest() {
        for (error, code, message) in [
            (r#"{"Code":"C","Message":["a","b"]}"#, "C", ""),
            (r#"{"Code":"C","Message":{"zh":"m"}}"#, "C", ""),
            (r#"{"Code":"C","Message":null,"Details":[[{}]]}"#, "C", ""),
            (r#"{"Message":"m","Code":["C"]}"#, "", "m"),
            (r#"{"Code":7,"Message":"m"}"#, "7", "m"),
            (r#"[{"Code":"C","Message":"m"},{"Code":"D"}]"#, "C", "m"),
            ("[]", "", ""),
            (r#"["boom"]"#, "", ""),
            (r#""boom""#, "", ""),
            (r#""""#, "", ""),
            ("{}", "", ""),
        ] {
            for json in [
                format!(r#"{{"Response":{{"Error":{error},"RequestId":"r"}}}}"#),
                format!("\u{feff}{{\"Response\":{{\"RequestId\":\"r\",\"Error\":{error}}}}}"),
                format!(
                    r#"{{"Response":{{"RequestId":"r","DeprecatedWarning":[1],"Error":{error}}}}}"#
                ),
            ] {
                let envelope = decode(&json).unwrap();
                assert_eq!(envelope.request_id, "r", "{json}");
                let ApiError { code: found, message: text } = envelope.result.unwrap_err();
                assert_eq!((&*found, &*text), (code, message), "{json}");
            }
        }
        for other in ["true", "0", "1.5"] {
            let json = format!(r#"{{"Response":{{"Error":{other},"RequestId":"r"}}}}"#);
            assert_eq!(decode(&json).unwrap().result.unwrap_err().code, "", "{json}");
        }
        for id in ["[]", "{}"] {
            let json = format!(r#"{{"Response":{{"Error":{{"Code":"C"}},"RequestId":{id}}}}}"#);
            assert_eq!(decode(&json).unwrap().result.unwrap_err().code, "C", "{json}");
        }
        let success =
            "\u{feff}{\"Response\":{\"Total\":3,\"RequestId\":\"r\",\"DeprecatedWarning\":{}}}";
        let success = decode(success).unwrap().result.unwrap();
        assert_eq!((success.body.total, success.deprecated_warning), (3, None));
    }

    #[test]
    fn an_invalid_response_is_never_an_empty_success() {
        for json in [
            "{}",
            "[]",
            "null",
            r#"{"Response":null}"#,
            r#"{"Response":[]}"#,
            r#"{"response":{"Total":1,"RequestId":"r"}}"#,
            r#"{"Response":{"Total":1,"RequestId":"r"},"Response":{"Total":1,"RequestId":"r"}}"#,
            r#"{"Response":{"Total":1,"RequestId":"r""#,
        ] {
            assert!(decode(json).is_err(), "{json}");
        }
        for json in [r#"{"Response":{"RequestId":"r"}}"#, r#"{"Response":{"Error":null}}"#] {
            assert!(Envelope::<Strict>::deserialize(json.as_bytes()).is_err());
        }
        let null = br#"{"Response":null}"#;
        assert!(Envelope::<serde_json::Value>::deserialize(null).is_err());
        assert!(Envelope::decode_metadata(null).is_err());
    }

    #[test]
    fn a_field_of_the_wrong_type_is_an_error_unless_the_api_returned_one() {
        let invalid = r#"{"Response":{"Total":{"x":"13888888888"},"RequestId":"r"}}"#;
        let error = decode(invalid).unwrap_err();
        assert!(!error.to_string().contains("138"), "{error}");
        let error =
            r#"{"Response":{"Total":[{}],"Error":{"Code":"C","Message":3},"RequestId":"r"}}"#;
        assert_eq!(decode(error).unwrap().result.unwrap_err().message, "3");
    }

    #[test]
    fn an_untyped_response_keeps_all_fields() {
        let json = br#"{"Response":{"A":{"Error":1},"RequestId":"r"}}"#;
        let envelope = Envelope::<serde_json::Value>::deserialize(json).unwrap();
        assert_eq!(
            envelope.result.unwrap().body,
            serde_json::json!({"A": {"Error": 1}, "RequestId": "r"})
        );
    }
}

//! `{"Response": {...}}` in one pass.
//!
//! The members of an answer and those of its wrapper (`RequestId`, `Error`, `DeprecatedWarning`) share one
//! JSON object: whatever order they come in, the wrapper's are kept and the others handed on.

use core::ops::Range;

#[cfg(feature = "serde")]
use serde::de::DeserializeOwned;

use crate::json::{Decode, Error, Members, Reader};

/// A decoded answer: the API's error, or the typed answer.
///
/// Decoding fails, rather than making an empty success, where `Response` is absent, `null` or not an
/// object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope<T> {
    /// The id by which the service's support finds this call. Empty where the answer has none.
    pub request_id: String,
    /// What the service answered.
    pub result: Result<Success<T>, ApiError>,
}

/// A successful answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Success<T> {
    /// The answer's own members.
    pub body: T,
    /// What the service says of a deprecated action.
    pub deprecated_warning: Option<String>,
}

/// The `Error` member of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApiError {
    /// For instance `AuthFailure.SignatureFailure`.
    pub code: String,
    /// The service's text, in the language asked for by `X-TC-Language`.
    pub message: String,
}

impl<T: Decode + Members> Envelope<T> {
    /// Reads an answer whose type was generated.
    ///
    /// # Errors
    /// The body is no answer of the API, or none of this type.
    pub fn decode(body: &[u8]) -> Result<Self, Error> {
        let mut typed = T::blank();
        let answer = answer(body, &mut typed)?;
        answer.into_envelope(|_| Ok(typed))
    }
}

#[cfg(feature = "serde")]
impl<T: DeserializeOwned> Envelope<T> {
    /// Reads an answer of any type of serde's, which gets all that stands in `Response`.
    ///
    /// # Errors
    /// The body is no answer of the API, or none of this type.
    pub fn deserialize(body: &[u8]) -> Result<Self, Error> {
        let answer = answer(body, &mut NoMembers)?;
        answer.into_envelope(|at| {
            let start = at.start;
            let response = body.get(at).unwrap_or_default();
            serde_json::from_slice(response)
                .map_err(|_| Error::expected("the type of the response", start))
        })
    }
}

impl Envelope<()> {
    /// Reads what stands around an answer of any type.
    ///
    /// # Errors
    /// The body is no answer of the API.
    pub fn around(body: &[u8]) -> Result<Self, Error> {
        answer(body, &mut NoMembers)?.into_envelope(|_| Ok(()))
    }
}

/// Skips the fields of a response whose envelope is read alone.
struct NoMembers;

impl Members for NoMembers {
    fn member(&mut self, _: &str, reader: &mut Reader<'_>) -> Result<(), Error> {
        reader.skip()
    }
}

/// What stands around an answer's own members.
#[derive(Default)]
struct Wrapper {
    request_id: String,
    error: Option<ApiError>,
    deprecated_warning: Option<String>,
    /// Why the first of the answer's own members that was not read was not.
    misfit: Option<Error>,
    /// Where `Response` stands.
    at: Range<usize>,
}

impl Wrapper {
    /// An error wins, whatever the type would have needed.
    fn into_envelope<T>(
        self,
        body: impl FnOnce(Range<usize>) -> Result<T, Error>,
    ) -> Result<Envelope<T>, Error> {
        let result = match (self.error, self.misfit) {
            (Some(error), _) => Err(error),
            (None, Some(misfit)) => return Err(misfit),
            (None, None) => {
                let deprecated_warning = self.deprecated_warning;
                Ok(Success { body: body(self.at)?, deprecated_warning })
            }
        };
        Ok(Envelope { request_id: self.request_id, result })
    }
}

/// Reads an answer whose own members go to `body`.
fn answer(json: &[u8], body: &mut dyn Members) -> Result<Wrapper, Error> {
    let mut outer = Outer { body, found: None };
    let mut reader = Reader::new(json)?;
    reader.members(&mut outer, &[])?;
    reader.end()?;
    outer.found.ok_or_else(|| reader.expected("Response"))
}

struct Outer<'b> {
    body: &'b mut dyn Members,
    found: Option<Wrapper>,
}

impl Members for Outer<'_> {
    fn member(&mut self, name: &str, reader: &mut Reader<'_>) -> Result<(), Error> {
        if name != "Response" {
            return reader.skip();
        }
        if self.found.is_some() {
            return Err(reader.expected("one Response"));
        }
        let mut inner = Inner { body: self.body, wrapper: Wrapper::default() };
        let start = reader.offset();
        reader.members(&mut inner, &[])?;
        let mut wrapper = inner.wrapper;
        wrapper.at = start..reader.offset();
        self.found = Some(wrapper);
        Ok(())
    }
}

struct Inner<'b> {
    body: &'b mut dyn Members,
    wrapper: Wrapper,
}

impl Members for Inner<'_> {
    fn member(&mut self, name: &str, reader: &mut Reader<'_>) -> Result<(), Error> {
        match name {
            "Error" => {
                // One that was told stays, whatever else is said of it.
                if let Some(error) = ApiError::optional(reader)? {
                    self.wrapper.error = Some(error);
                }
                return Ok(());
            }
            "DeprecatedWarning" => return reader.optional(&mut self.wrapper.deprecated_warning),
            // The answer has it too.
            "RequestId" => reader.clone().keep(&mut self.wrapper.request_id)?,
            _ => {}
        }
        let before = reader.clone();
        if let Err(misfit) = self.body.member(name, reader) {
            // It matters unless this turns out to be an error.
            *reader = before;
            reader.skip()?;
            self.wrapper.misfit.get_or_insert(misfit.within(name));
        }
        Ok(())
    }
}

impl Members for ApiError {
    fn member(&mut self, name: &str, reader: &mut Reader<'_>) -> Result<(), Error> {
        match name {
            "Code" => reader.keep(&mut self.code),
            "Message" => reader.keep(&mut self.message),
            _ => reader.skip(),
        }
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

    /// As it would be generated, and one of serde's.
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

    /// By either way, which agree.
    fn decode(json: &str) -> Result<Envelope<Strict>, Error> {
        let decoded = Envelope::decode(json.as_bytes());
        let by_serde = Envelope::deserialize(json.as_bytes());
        assert_eq!(decoded.as_ref().ok(), by_serde.as_ref().ok(), "{json}");
        let around = Envelope::around(json.as_bytes()).ok();
        let request_id = around.as_ref().map(|around| &*around.request_id);
        if let Ok(decoded) = &decoded {
            assert_eq!(request_id, Some(&*decoded.request_id));
        }
        by_serde
    }

    #[test]
    fn a_typed_answer_sees_its_own_members_and_the_request_id() {
        let answer = decode(
            r#"{"x":[1,{}],"Response":{"RequestId":"r","DeprecatedWarning":"soon","Total":3,"New":{"a":[null]}}}"#,
        )
        .unwrap();
        assert_eq!(answer.request_id, "r");
        let success = answer.result.unwrap();
        assert_eq!(success.body, Strict { total: 3, request_id: "r".into() });
        assert_eq!(success.deprecated_warning.as_deref(), Some("soon"));
    }

    #[test]
    fn an_error_wins_wherever_it_stands_and_whatever_the_type_requires() {
        for json in [
            r#"{"Response":{"Error":{"Code":"C","Message":"m"},"RequestId":"r"}}"#,
            r#"{"Response":{"RequestId":"r","Error":{"Message":"m","Code":"C"}}}"#,
            r#"{"Response":{"Total":1,"RequestId":"r","Error":{"Code":"C","Message":"m","Extra":1}}}"#,
            r#"{"Response":{"Error":{"Code":"C","Message":"m"},"Error":null,"RequestId":"r"}}"#,
        ] {
            let answer = decode(json).unwrap();
            assert_eq!(answer.request_id, "r");
            assert_eq!(answer.result, Err(ApiError { code: "C".into(), message: "m".into() }));
        }
    }

    #[test]
    fn an_error_without_texts_is_still_an_error() {
        let answer = decode(r#"{"Response":{"Error":{"Code":null},"RequestId":null}}"#).unwrap();
        assert_eq!(answer.result.unwrap_err().code, "");
    }

    #[test]
    fn what_is_no_answer_never_becomes_an_empty_success() {
        for json in [
            "{}",
            "[]",
            "null",
            r#"{"Response":null}"#,
            r#"{"Response":[]}"#,
            r#"{"response":{"Total":1,"RequestId":"r"}}"#,
            r#"{"Response":{"Error":"text","RequestId":"r"}}"#,
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
        assert!(Envelope::around(null).is_err());
    }

    #[test]
    fn what_does_not_fit_matters_unless_it_is_an_error() {
        let misfit = r#"{"Response":{"Total":{"x":"13888888888"},"RequestId":"r"}}"#;
        let error = decode(misfit).unwrap_err();
        assert!(!error.to_string().contains("138"), "{error}");
        let error =
            r#"{"Response":{"Total":[{}],"Error":{"Code":"C","Message":3},"RequestId":"r"}}"#;
        assert_eq!(decode(error).unwrap().result.unwrap_err().message, "3");
    }

    #[test]
    fn an_untyped_answer_keeps_all() {
        let json = br#"{"Response":{"A":{"Error":1},"RequestId":"r"}}"#;
        let answer = Envelope::<serde_json::Value>::deserialize(json).unwrap();
        assert_eq!(
            answer.result.unwrap().body,
            serde_json::json!({"A": {"Error": 1}, "RequestId": "r"})
        );
    }
}

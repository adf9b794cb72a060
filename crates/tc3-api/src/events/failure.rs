//! Errors that a service reports in an event.

use super::{ErrorFields, Event, StreamInfo};
use crate::ApiError;
use crate::json::{self, Decode, Members, Reader};

/// An error in an event.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventFailure {
    /// Code and message of the error.
    pub error: ApiError,
    /// Request ID of the event; empty if it has none.
    pub request_id: String,
}

impl Event {
    /// Returns the error that the event reports: the field `Error`, also within `Response`, or the fields of
    /// `info`.
    ///
    /// Data that is not a JSON object reports none.
    pub fn failure(&self, info: &StreamInfo) -> Option<EventFailure> {
        let mut found = Found::new(info.error);
        let mut reader = Reader::new(self.data.as_bytes()).ok()?;
        reader.members(&mut found, &[]).ok()?;
        let Found { error, own, request_id, .. } = found;
        // An empty code or zero is a success.
        let is_error = |own: &ApiError| !matches!(own.code.as_str(), "" | "0");
        let error = error.or_else(|| Some(own).filter(is_error))?;
        Some(EventFailure { error, request_id })
    }
}

/// The fields of an event that report an error.
struct Found {
    fields: Option<ErrorFields<'static>>,
    /// The error of the platform.
    error: Option<ApiError>,
    /// The error of the service.
    own: ApiError,
    request_id: String,
    is_outer: bool,
}

impl Found {
    fn new(fields: Option<ErrorFields<'static>>) -> Self {
        Self {
            fields,
            error: None,
            own: ApiError::default(),
            request_id: String::new(),
            is_outer: true,
        }
    }

    /// Reads a field, or skips it if it is of another type.
    fn lenient(
        reader: &mut Reader<'_>,
        read: impl FnOnce(&mut Reader<'_>) -> Result<(), json::Error>,
    ) -> Result<(), json::Error> {
        let before = reader.clone();
        if read(reader).is_err() {
            *reader = before;
            reader.skip()?;
        }
        Ok(())
    }
}

impl Members for Found {
    fn member(&mut self, name: &str, reader: &mut Reader<'_>) -> Result<(), json::Error> {
        let fields = self.fields;
        match name {
            "Error" => Self::lenient(reader, |reader| {
                self.error = ApiError::optional(reader)?.or(self.error.take());
                Ok(())
            }),
            "RequestId" => Self::lenient(reader, |reader| reader.keep(&mut self.request_id)),
            "Response" if self.is_outer => Self::lenient(reader, |reader| {
                self.is_outer = false;
                let result = reader.members(self, &[]);
                self.is_outer = true;
                result
            }),
            _ => match fields {
                Some(ErrorFields { object: Some(object), code, message }) if object == name => {
                    let mut own = Own { code, message, error: ApiError::default() };
                    Self::lenient(reader, |reader| {
                        if !reader.null()? {
                            reader.members(&mut own, &[])?;
                        }
                        Ok(())
                    })?;
                    // A non-null object with a message only is an error too.
                    if own.error.code.is_empty() && !own.error.message.is_empty() {
                        own.error.code = "Unknown".to_owned();
                    }
                    self.own = own.error;
                    Ok(())
                }
                Some(ErrorFields { object: None, code, .. }) if code == name => {
                    Self::lenient(reader, |reader| reader.keep(&mut self.own.code))
                }
                Some(ErrorFields { object: None, message, .. }) if message == name => {
                    Self::lenient(reader, |reader| reader.keep(&mut self.own.message))
                }
                _ => reader.skip(),
            },
        }
    }
}

/// The object with the error of the service.
struct Own {
    code: &'static str,
    message: &'static str,
    error: ApiError,
}

impl Members for Own {
    fn member(&mut self, name: &str, reader: &mut Reader<'_>) -> Result<(), json::Error> {
        match name {
            _ if name == self.code => reader.keep(&mut self.error.code),
            _ if name == self.message => reader.keep(&mut self.error.message),
            _ => reader.skip(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NESTED: StreamInfo =
        StreamInfo::new().with_error(ErrorFields::within("ErrorMsg", "Code", "Msg"));
    const FLAT: StreamInfo = StreamInfo::new().with_error(ErrorFields::flat("Code", "Message"));

    #[test]
    fn errors_of_the_platform_and_of_the_service_are_found() {
        const NONE: StreamInfo = StreamInfo::new();
        for (info, data, expected) in [
            (NONE, r#"{"Error":{"Code":"C","Message":"m"},"RequestId":"r"}"#, Some("C m r")),
            (
                NONE,
                r#"{"Response":{"RequestId":"r","Error":{"Code":"C","Message":"m"}}}"#,
                Some("C m r"),
            ),
            (NONE, r#"{"Error":null,"RequestId":"r"}"#, None),
            (NONE, r#"{"Error":{}}"#, Some("  ")),
            (NONE, r#"{"Error":"text"}"#, None),
            (NONE, r#"{"ErrorMsg":{"Code":4000,"Msg":"m"}}"#, None),
            (NESTED, r#"{"ErrorMsg":{"Code":4000,"Msg":"m"},"RequestId":"r"}"#, Some("4000 m r")),
            (NESTED, r#"{"ErrorMsg":{"Msg":"m"}}"#, Some("Unknown m ")),
            (NESTED, r#"{"ErrorMsg":{"Code":0,"Msg":""}}"#, None),
            (NESTED, r#"{"ErrorMsg":null,"Choices":[]}"#, None),
            (NESTED, r#"{"ErrorMsg":[1]}"#, None),
            (NESTED, r#"{"Choices":[{"ErrorMsg":{"Code":1}}]}"#, None),
            (FLAT, r#"{"Code":0,"Message":"ok"}"#, None),
            (FLAT, r#"{"Code":17,"Message":"m"}"#, Some("17 m ")),
            (FLAT, r#"{"Code":"","Message":""}"#, None),
            (FLAT, "[1]", None),
            (FLAT, "text", None),
            (FLAT, r#"{"Code":17"#, None),
        ] {
            let failure = Event::new(data).failure(&info);
            let text = failure.map(|failure| {
                let EventFailure { error, request_id } = failure;
                format!("{} {} {request_id}", error.code, error.message)
            });
            assert_eq!(text.as_deref(), expected, "{data}");
        }
    }
}

use super::Event;
use crate::Action;
use crate::json::Error;

/// A request type of an action that may respond with a stream of events.
///
/// Generated models implement it. For an action without a generated type, implement it by hand:
///
/// ```
/// # #[cfg(feature = "serde")] {
/// # use serde::{Deserialize, Serialize};
/// use tc3_api::{Action, ActionInfo, Envelope, Event, StreamInfo, StreamingAction, json};
///
/// #[derive(Serialize)]
/// #[serde(rename_all = "PascalCase")]
/// struct Chat<'a> {
///     prompt: &'a str,
/// }
///
/// #[derive(Deserialize)]
/// #[serde(rename_all = "PascalCase")]
/// struct Words {
///     text: String,
/// }
///
/// impl Action for Chat<'_> {
///     const INFO: ActionInfo<'static> = ActionInfo::new("chat", "2026-01-01", "Chat");
///     type Response = Words;
///
///     fn encode(&self) -> Result<Vec<u8>, json::Error> {
///         json::encode_by_serde(self)
///     }
///
///     fn decode(response: &[u8]) -> Result<Envelope<Words>, json::Error> {
///         Envelope::deserialize(response)
///     }
/// }
///
/// impl StreamingAction for Chat<'_> {
///     const STREAM: StreamInfo = StreamInfo::new().with_end_marker();
///     type Item = Words;
///
///     fn decode_event(event: Event) -> Result<Words, json::Error> {
///         event.deserialize()
///     }
/// }
/// # }
/// ```
pub trait StreamingAction: Action {
    /// Metadata of the stream.
    const STREAM: StreamInfo;
    /// Type of the items of the stream.
    type Item;

    /// Decodes an event that reports no error and does not end the stream. The data of a response that is not a stream is
    /// the object `Response`.
    ///
    /// # Errors
    /// Returns an error if the data is not of this type.
    fn decode_event(event: Event) -> Result<Self::Item, Error>;
}

/// Metadata of the streams of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct StreamInfo {
    /// Fields in which the service reports an error, in addition to `Error`.
    pub error: Option<ErrorFields<'static>>,
    /// True if the last event is always [`Event::END_MARKER`], so that a stream without it is incomplete.
    pub has_end_marker: bool,
}

impl StreamInfo {
    /// Returns the metadata of a stream that ends with the body of the response and reports errors in `Error`.
    pub const fn new() -> Self {
        Self { error: None, has_end_marker: false }
    }

    /// Sets [`error`](Self::error).
    pub const fn with_error(mut self, fields: ErrorFields<'static>) -> Self {
        self.error = Some(fields);
        self
    }

    /// Sets [`has_end_marker`](Self::has_end_marker).
    pub const fn with_end_marker(mut self) -> Self {
        self.has_end_marker = true;
        self
    }
}

/// Names of the fields with an error. An empty code, and the code 0, is a success.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ErrorFields<'a> {
    /// Object of the fields; `None` if they are fields of the event itself.
    pub object: Option<&'a str>,
    /// Field of the error code, a string or an integer.
    pub code: &'a str,
    /// Field of the message.
    pub message: &'a str,
}

impl<'a> ErrorFields<'a> {
    /// Returns fields of an object of the event.
    pub const fn within(object: &'a str, code: &'a str, message: &'a str) -> Self {
        Self { object: Some(object), code, message }
    }

    /// Returns fields of the event itself.
    pub const fn flat(code: &'a str, message: &'a str) -> Self {
        Self { object: None, code, message }
    }
}

//! The base of generated Tencent Cloud API 3.0 models.
//!
//! - [`Action`] connects a request type with its response type and the metadata of a call ([`ActionInfo`]).
//! - [`Envelope`] decodes the `{"Response": ...}` envelope, an API error or a typed response, in one pass.
//! - [`Paginated`] reads and writes the fields of a page, for actions whose results are returned in pages.
//! - [`StreamingAction`] is an action that responds with a stream; [`EventDecoder`] decodes its [`Event`]s.
//! - [`ErrorTable`] has the class and the fix of each error code, from `api-spec/common/errors.json`.
//! - [`StartTask`] and [`TaskQuery`] connect the action that starts a task with the one that reports its progress.
//! - [`json`] is the crate `tc3-json`, which reads and writes generated types.
//! - With the feature `serde`, generated types implement `Serialize` and `Deserialize`, and any type of serde
//!   may be a request or response; `lenient` reads fields of those by the lenient rules.
//! - [`Base64`] is a file in JSON, [`time`] converts the services' timestamps.
//! - [`Redacted`] replaces sensitive fields in the `Debug` output of generated types.
//!
//! The crate is independent of any particular service and opens no sockets. The crate `tc3-catalogue` describes a service
//! as data.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod action;
mod base64;
mod envelope;
mod error_class;
mod error_table;
mod events;
mod pages;
#[rustfmt::skip]
mod platform_errors;
mod redacted;
mod task;
pub mod time;

#[cfg(feature = "serde")]
pub use action::Visitor;
pub use action::{Action, ActionInfo, RequestForm};
pub use base64::Base64;
pub use envelope::{ApiError, Envelope, Success};
pub use error_class::{ErrorClass, ErrorRule, RetryRule};
pub use error_table::ErrorTable;
pub use events::{
    ErrorFields, Event, EventDecoder, EventError, EventFailure, StreamInfo, StreamingAction,
};
pub use pages::{PageField, Paginated, Pagination, Position};
pub use redacted::Redacted;
pub use task::{StartTask, TaskQuery, TaskState};
pub use tc3_json as json;
#[cfg(feature = "serde")]
pub use tc3_json::lenient;
#[doc(hidden)]
pub use tc3_json::{__deserialize, __serialize};

/// Items that generated code uses by absolute path, so that a models crate needs one dependency.
#[doc(hidden)]
pub mod __private {
    /// Returns the string of a key in a table of lines, each a key, a tab and a string.
    pub fn fact(lines: &'static str, key: &str) -> Option<&'static str> {
        lines.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('\t'))
    }
}

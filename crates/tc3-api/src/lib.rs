//! What generated Tencent Cloud API 3.0 models stand on.
//!
//! - [`Action`] ties a request type to its answer type and to the facts a call needs ([`ActionInfo`]).
//! - [`Envelope`] decodes the `{"Response": ...}` wrapper, an API error or a typed answer, in one pass.
//! - [`lenient`] holds the `deserialize_with` helpers with which generated answers tolerate what real
//!   servers send: `null` for a list, a number in a string.
//! - [`wire`] holds the `serialize_with` helpers of requests.
//! - [`Base64`] is a file inside JSON, [`time`] turns the services' numbers into times.
//! - [`catalogue`] describes a service as data, for callers that know actions only by name.
//! - [`check`] (feature `json`) tells what the catalogue has against a request before it is sent, and
//!   [`skeleton`] makes one to fill in.
//!
//! Nothing here knows a particular service or opens a socket.

mod action;
mod base64;
pub mod catalogue;
#[cfg(feature = "json")]
pub mod check;
mod envelope;
pub mod lenient;
#[cfg(feature = "json")]
pub mod skeleton;
pub mod time;
pub mod wire;

pub use action::{Action, ActionInfo};
pub use base64::Base64;
pub use envelope::{ApiError, Envelope, Success};

/// What generated code refers to by absolute path, so that a models crate needs one dependency.
#[doc(hidden)]
pub mod __private {
    pub use serde;

    /// Stands in `Debug` where a sensitive value would.
    pub struct Redacted;

    impl core::fmt::Debug for Redacted {
        fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
            f.write_str("***")
        }
    }
}

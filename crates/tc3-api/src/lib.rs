//! What generated Tencent Cloud API 3.0 models stand on.
//!
//! - [`Action`] ties a request type to its answer type and to the facts a call needs ([`ActionInfo`]).
//! - [`Envelope`] decodes the `{"Response": ...}` wrapper, an API error or a typed answer, in one pass.
//! - [`json`] reads and writes generated types, leniently.
//! - With the feature `serde` they are types of serde too, and types of serde that are written by hand may be
//!   requests and answers; `lenient` reads members of those as leniently.
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
#[cfg(feature = "json")]
pub mod skeleton;
pub mod time;

pub use action::{Action, ActionInfo};
pub use base64::Base64;
pub use envelope::{ApiError, Envelope, Success};
pub use tc3_json as json;
#[cfg(feature = "serde")]
pub use tc3_json::lenient;
#[doc(hidden)]
pub use tc3_json::{__deserialize, __serialize};

/// What generated code refers to by absolute path, so that a models crate needs one dependency.
#[doc(hidden)]
pub mod __private {
    /// Stands in `Debug` where a sensitive value would.
    pub struct Redacted;

    impl core::fmt::Debug for Redacted {
        fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
            f.write_str("***")
        }
    }

    /// What lines of a key, a tab and a text each say of a key.
    pub fn fact(lines: &'static str, key: &str) -> Option<&'static str> {
        lines.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('\t'))
    }
}

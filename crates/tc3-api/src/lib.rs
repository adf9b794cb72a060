//! The base of generated Tencent Cloud API 3.0 models.
//!
//! - [`Action`] ties a request type to its response type and to the metadata of a call ([`ActionInfo`]).
//! - [`Envelope`] decodes the `{"Response": ...}` envelope, an API error or a typed response, in one pass.
//! - [`json`] is the crate `tc3-json`, which reads and writes generated types.
//! - With the feature `serde`, generated types implement `Serialize` and `Deserialize`, and any type of serde
//!   may be a request or response; `lenient` reads fields of those by the lenient rules.
//! - [`Base64`] is a file in JSON, [`time`] converts the services' numbers to times.
//!
//! Nothing here is about a particular service or opens a socket. The crate `tc3-catalogue` describes a service
//! as data.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod action;
mod base64;
mod envelope;
pub mod time;

#[cfg(feature = "serde")]
pub use action::Visitor;
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

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
pub mod json;
#[cfg(feature = "serde")]
pub mod lenient;
#[cfg(feature = "json")]
pub mod skeleton;
pub mod time;

pub use action::{Action, ActionInfo};
pub use base64::Base64;
pub use envelope::{ApiError, Envelope, Success};

/// What generated code refers to by absolute path, so that a models crate needs one dependency.
#[doc(hidden)]
pub mod __private {
    #[cfg(feature = "serde")]
    pub use serde;

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

/// Makes a type one of serde's, for reading.
#[cfg(feature = "serde")]
#[doc(hidden)]
#[macro_export]
macro_rules! __deserialize {
    ($type:ident) => {
        impl<'de> $crate::__private::serde::Deserialize<'de> for $type {
            fn deserialize<D: $crate::__private::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                $crate::json::deserialize(deserializer)
            }
        }
    };
}

/// Makes a type one of serde's, for writing.
#[cfg(feature = "serde")]
#[doc(hidden)]
#[macro_export]
macro_rules! __serialize {
    ($type:ident) => {
        impl $crate::__private::serde::Serialize for $type {
            fn serialize<S: $crate::__private::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                $crate::json::serialize(self, serializer)
            }
        }
    };
}

/// Without serde there is nothing to make.
#[cfg(not(feature = "serde"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __deserialize {
    ($type:ident) => {};
}

/// Without serde there is nothing to make.
#[cfg(not(feature = "serde"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __serialize {
    ($type:ident) => {};
}

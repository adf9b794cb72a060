//! Downloads to an object store.

mod conditional_put;
mod error;
mod location;
#[cfg(feature = "ureq")]
mod runtime;
mod sink;
mod verify;

pub(crate) use self::location::StoreLocation;
#[cfg(feature = "ureq")]
pub(crate) use self::runtime::StoreRuntime;
pub(crate) use self::sink::StoreSink;

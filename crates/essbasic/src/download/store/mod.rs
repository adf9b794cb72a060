//! Downloads to an object store.

mod attributes;
mod check;
mod conditional_put;
mod error;
mod location;
#[cfg(feature = "ureq")]
mod runtime;
mod sink;
mod verify;

use std::time::Duration;

pub(crate) use self::location::StoreLocation;
#[cfg(feature = "ureq")]
pub(crate) use self::runtime::StoreRuntime;
pub(crate) use self::sink::StoreSink;

/// Interval at which a stop is checked while an operation of a store is in flight.
const STOP_CHECK: Duration = Duration::from_millis(50);

//! The pages of a list: an engine without IO, and its async and blocking drivers.

#[cfg(feature = "async-core")]
pub(crate) mod asynchronous;
#[cfg(feature = "ureq")]
pub(crate) mod blocking;
mod pager;

pub use pager::Pager;

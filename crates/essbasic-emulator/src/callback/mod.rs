//! Callbacks: messages to the address of a platform.
//!
//! The module follows the service's description and uses no code of the SDK's receiver, so that tests compare
//! two independent implementations.

mod address;
pub(crate) mod config;
mod exchange;
pub(crate) mod log;
pub(crate) mod message;
pub(crate) mod outbox;
mod seal;
pub(crate) mod sender;
pub(crate) mod single;
pub(crate) mod stats;

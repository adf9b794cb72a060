//! Callbacks: verified, committed, then acknowledged.

mod group;
mod listener;
mod message;

pub(crate) use self::group::Queue;
pub(crate) use self::listener::{Receiving, router};
pub(crate) use self::message::Converter;

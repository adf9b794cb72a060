//! Streamed responses: events (`text/event-stream`), and the actions that respond with them.

mod action;
mod decoder;
mod failure;

pub use action::{ErrorFields, StreamInfo, StreamingAction};
pub use decoder::{Event, EventDecoder, EventError};
pub use failure::EventFailure;

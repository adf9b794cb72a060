//! What the targets share.

mod json;
mod pipe;

pub use json::{edited, text};
pub use pipe::{blocking_client, response};

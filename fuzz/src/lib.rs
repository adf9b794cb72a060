//! Helpers of the fuzz targets.

mod client;
mod json;

pub use client::{blocking_client, response};
pub use json::{mutate, text};

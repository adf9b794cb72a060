//! PDF files: generated contracts and conversions, and signatures stamped on uploaded files.

pub(crate) mod contract;
pub(crate) mod converted;
mod document;
pub(crate) mod stamp;

//! PDF files: generated contracts, and signatures stamped on uploaded files.

pub(crate) mod contract;
mod document;
pub(crate) mod stamp;

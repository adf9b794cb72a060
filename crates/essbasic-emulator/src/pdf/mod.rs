//! PDF files: generated contracts and conversions, and signatures stamped on uploaded files.

pub(crate) mod contract;
pub(crate) mod converted;
mod document;
pub(crate) mod stamp;

use bytes::Bytes;

use crate::state::flow::Flow;

/// Returns the file of a contract with the first `signatures` signatures. `min_bytes` is the minimum size of a generated one.
pub(crate) fn file(flow: &Flow, signatures: usize, min_bytes: usize) -> Bytes {
    match &flow.terms.file {
        Some(file) => stamp::stamped(file, flow, signatures),
        None => contract::contract(flow, signatures, min_bytes).into(),
    }
}

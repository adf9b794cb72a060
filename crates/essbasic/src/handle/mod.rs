//! Handles of one contract, whose methods have one result each.

#[cfg(feature = "async-core")]
mod asynchronous;
mod pdf_options;
#[cfg(feature = "async-core")]
mod stream;

use crate::batch::missing_item;
use crate::error::{Error, FlowError};
use crate::links::{FlowLinks, ResourceLink};
use crate::wait::{FlowWait, WaitOutcome};

#[cfg(feature = "async-core")]
pub use asynchronous::ContractHandle;
pub use pdf_options::PdfOptions;
#[cfg(feature = "async-core")]
pub use stream::{PdfAsyncRead, PdfStream};

/// Returns the result of the only contract.
pub(crate) fn one<T>(results: Vec<Result<T, FlowError>>) -> Result<T, Error> {
    let first = results.into_iter().next();
    Ok(first.unwrap_or_else(|| Err(missing_item()))?)
}

/// Returns the links of the only contract.
pub(crate) fn links_of_one(links: Vec<FlowLinks>) -> Result<Vec<ResourceLink>, Error> {
    one(links.into_iter().map(|flow| flow.result).collect())
}

/// Returns the outcome of the only contract.
///
/// # Errors
/// Returns [`Error::Flow`] if the contract was not found.
pub(crate) fn outcome_of_one(waits: Vec<FlowWait>) -> Result<WaitOutcome, Error> {
    let outcomes = waits.into_iter().map(|flow| match flow.outcome {
        WaitOutcome::NotFound => Err(FlowError::not_found().with_request_id(&flow.request_id)),
        WaitOutcome::Pending { error: Some(error), .. } if error.is_not_found() => Err(error),
        outcome => Ok(outcome),
    });
    one(outcomes.collect())
}

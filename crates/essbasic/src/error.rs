//! Errors of workflows.

use core::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tc3_client::api::ErrorClass;

mod facts;
mod flow;

pub use flow::{FlowError, FlowErrorKind};

/// Error that ends a whole workflow. The failure of one contract is a [`FlowError`] among the results, and
/// [`Flow`](Self::Flow) if the method is for one contract.
///
/// [`Display`](fmt::Display) prints the failure, [`hint`](Self::hint) returns the fix.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Error {
    /// A call failed for a reason that affects every further call.
    Call(tc3_client::Error),
    /// A method for one contract failed ([`Client::contract`](crate::Client::contract)).
    Flow(FlowError),
    /// The folder for the files cannot be used.
    Folder {
        /// Path of the folder, or of a file in it.
        path: PathBuf,
        /// Cause of the failure.
        source: Arc<io::Error>,
    },
    /// The destination, an object store or a sink, rejects a request that every further file requires, or an object of an
    /// earlier run cannot be verified.
    #[non_exhaustive]
    Destination {
        /// Cause of the failure.
        message: String,
        /// Fix, if one is known.
        hint: Option<&'static str>,
        /// Whether the destination may accept files later, without a change of its settings or permissions.
        is_transient: bool,
    },
    /// The agent lacks this field, which the workflow requires.
    Agent(&'static str),
    /// The template of file names lacks `{flow_id}`, which this use requires.
    Names(&'static str),
    /// A call was stopped ([`Stop`](crate::Stop)) before its response. No action was executed that is not idempotent.
    Stopped,
    /// The async runtime shut down, or a function of the caller panicked in another thread.
    Interrupted,
}

impl Error {
    pub(crate) fn folder(path: &Path, source: io::Error) -> Self {
        Self::Folder { path: path.to_owned(), source: Arc::new(source) }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(error) => error.fmt(f),
            Self::Flow(error) => error.fmt(f),
            Self::Folder { path, source } => write!(f, "{}: {source}", path.display()),
            Self::Destination { message, .. } => f.write_str(message),
            Self::Agent(field) => {
                write!(f, "the agent has no {field}, which this workflow requires")
            }
            Self::Names(usage) => write!(f, "{usage} requires {{flow_id}} in file names"),
            Self::Stopped => f.write_str("stopped by the caller before any result"),
            Self::Interrupted => f.write_str(
                "the workflow was interrupted: its runtime shut down, or an iterator or handler panicked",
            ),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            // Display includes the messages of these two.
            Self::Call(error) => error.source(),
            Self::Flow(error) => error.source(),
            Self::Folder { source, .. } => source.source(),
            Self::Destination { .. }
            | Self::Agent(_)
            | Self::Names(_)
            | Self::Stopped
            | Self::Interrupted => None,
        }
    }
}

impl From<tc3_client::Error> for Error {
    fn from(error: tc3_client::Error) -> Self {
        Self::Call(error)
    }
}

impl From<FlowError> for Error {
    fn from(error: FlowError) -> Self {
        Self::Flow(error)
    }
}

/// Returns a failed call as the error of each of the `contracts` in its batch.
///
/// # Errors
/// Returns [`Error::Call`] if every other batch would fail for the same reason.
pub(crate) fn into_flow_error(
    error: tc3_client::Error,
    contracts: usize,
) -> Result<FlowError, Error> {
    // An unknown outcome is one of these contracts.
    if affects_every_request(&error) && !error.is_outcome_unknown() {
        return Err(error.into());
    }
    // An error code for one contract is the answer of the service about it.
    let kind = match contracts {
        1 if error.is_not_found() => FlowErrorKind::NotFound,
        1 if is_refused(&error) => FlowErrorKind::Refused,
        _ => FlowErrorKind::Call,
    };
    Ok(FlowError::of_call(kind, error))
}

/// Codes without a sub-code that concern the agent. The responses of these actions have a result for each unknown contract,
/// and files are part of the request.
const AGENT_CODES: [(&str, &str); 4] = [
    ("DescribeFlowDetailInfo", "ResourceNotFound"),
    ("DescribeResourceUrlsByFlows", "ResourceNotFound"),
    ("UploadFiles", "ResourceNotFound"),
    ("UploadFiles", "OperationDenied"),
];

/// Returns whether every other request would fail for the same reason.
pub(crate) fn affects_every_request(error: &tc3_client::Error) -> bool {
    error.affects_every_request() || AGENT_CODES.contains(&(error.action(), error.code()))
}

/// Returns whether the service refused a request with an error code, without a fault of its own.
fn is_refused(error: &tc3_client::Error) -> bool {
    error
        .class()
        .is_some_and(|class| !matches!(class, ErrorClass::Throttled | ErrorClass::Transient))
}

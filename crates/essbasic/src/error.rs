//! Errors of workflows.

use core::fmt;
use std::io;
use std::path::{Path, PathBuf};

use essbasic_models::ErrorCode;

mod flow;

pub use flow::{FlowError, FlowErrorKind};

/// Error that ends a whole workflow. The failure of one contract is a [`FlowError`] among the results.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A call failed for a reason that affects every further call.
    Call(tc3_client::Error),
    /// The folder for the files cannot be used.
    Folder {
        /// Path of the folder, or of a file in it.
        path: PathBuf,
        /// Cause of the failure.
        source: io::Error,
    },
    /// The object store rejects a request that every further file requires; the cause and the fix.
    Store(String),
    /// The agent lacks this field, which the workflow requires.
    Agent(&'static str),
    /// The template of file names lacks `{flow_id}`, which this use requires.
    Names(&'static str),
    /// A call was stopped ([`Stop`](crate::Stop)) before its response, or an archive job before it started. No file was
    /// changed, and no action was executed that is not idempotent.
    Stopped,
    /// The async runtime shut down, or a function of the caller panicked in another thread.
    Interrupted,
}

impl Error {
    pub(crate) fn folder(path: &Path, source: io::Error) -> Self {
        Self::Folder { path: path.to_owned(), source }
    }
}

/// Returns the fix for an error code of this service. The client's error covers platform codes itself.
fn advice(error: &tc3_client::Error) -> Option<&'static str> {
    if error.hint().is_some() || !error.code().contains('.') {
        return None;
    }
    ErrorCode::advice_on(error.code())
}

/// Returns the fix for an error of the file system.
fn remedy(kind: io::ErrorKind) -> &'static str {
    use io::ErrorKind as Kind;
    match kind {
        Kind::StorageFull | Kind::QuotaExceeded | Kind::FileTooLarge => {
            "free some space, or choose a folder on another disk"
        }
        Kind::PermissionDenied => "grant write permission, or choose a writable folder",
        Kind::ReadOnlyFilesystem => "choose a folder on a writable file system",
        Kind::NotADirectory | Kind::AlreadyExists => {
            "choose a folder, or a path at which no file exists"
        }
        Kind::ResourceBusy => "wait until the other job ends, or choose another folder",
        Kind::InvalidInput | Kind::InvalidData => "move it away, or choose another path",
        _ => "choose a writable folder",
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(error) => {
                error.fmt(f)?;
                match advice(error) {
                    Some(advice) => write!(f, ". {advice}"),
                    None => Ok(()),
                }
            }
            Self::Folder { path, source } => {
                write!(f, "{}: {source}; {}", path.display(), remedy(source.kind()))
            }
            Self::Store(message) => f.write_str(message),
            Self::Agent(field) => {
                write!(f, "the agent has no {field}, which this workflow requires; set it")
            }
            Self::Names(usage) => {
                write!(f, "{usage} requires {{flow_id}} in file names; add it to the template")
            }
            Self::Stopped => {
                f.write_str("stopped by the caller before any result; run it again to continue")
            }
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
            Self::Folder { source, .. } => source.source(),
            Self::Store(_)
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

/// Returns a failed call as the error of each contract in its batch.
///
/// # Errors
/// Returns [`Error::Call`] if every other batch would fail for the same reason.
pub(crate) fn into_flow_error(error: tc3_client::Error) -> Result<FlowError, Error> {
    if affects_every_batch(&error) {
        return Err(error.into());
    }
    Ok(FlowError::new(FlowErrorKind::Call, error.to_string()))
}

/// Returns whether the cause affects every batch: configuration, credentials, permissions, the agent, or a server that
/// cannot be reached.
fn affects_every_batch(error: &tc3_client::Error) -> bool {
    use tc3_client::ErrorKind;
    match error.kind() {
        ErrorKind::Config | ErrorKind::Request | ErrorKind::Credentials => true,
        ErrorKind::Transport(kind) => kind.never_sent(),
        ErrorKind::Api => {
            error.is_auth()
                || matches!(
                    error.code(),
                    "ResourceNotFound.Application"
                        | "ResourceNotFound.Organization"
                        | "InvalidParameter.Application"
                        | "OperationDenied.UserNotInOrganization"
                        | "MissingParameter.UserOpenId"
                        | "InvalidAction"
                        | "NoSuchVersion"
                        | "MissingParameter"
                        | "UnsupportedOperation"
                        | "IpNotInWhitelist"
                        | "IpInBlacklist"
                )
        }
        _ => false,
    }
}

//! The outcome of fetching one file.

use std::io;

use super::content::Mismatch;
use super::destination::Finished;
use super::report::SavedFile;
use crate::error::{FlowError, FlowErrorKind};

/// The event if a destination does not abort a file after a stop.
#[cfg(any(feature = "async-core", feature = "object-store"))]
pub(crate) const NOT_DISCARDED: &str = "the destination did not discard an unfinished file in time";

/// The outcome of fetching one file over one link.
#[derive(Debug)]
pub(crate) enum FetchOutcome {
    Saved(SavedFile),
    /// The link has expired; a new one may work.
    LinkExpired(FlowError),
    /// A retry may succeed.
    Failed(FlowError),
    /// A retry would fail too.
    Refused(FlowError),
    /// The disk failed, which affects every file.
    Disk(io::Error),
    /// The destination failed for this reason, which affects every file; the cause and the fix.
    #[cfg(any(feature = "object-store", all(feature = "async-core", feature = "ureq")))]
    Destination(String, &'static str),
    /// The job was stopped, and a request for the file or an operation of the destination did not end in time.
    Stopped,
}

impl From<Finished> for FetchOutcome {
    fn from(finished: Finished) -> Self {
        match finished {
            Finished::Saved(file) => Self::Saved(file),
            Finished::Conflict { message, hint } => {
                Self::Refused(FlowError::new(FlowErrorKind::Exists, message).with_hint(hint))
            }
        }
    }
}

impl From<Mismatch> for FetchOutcome {
    fn from(mismatch: Mismatch) -> Self {
        match mismatch {
            Mismatch::Expired(error) => Self::LinkExpired(error),
            Mismatch::Transient(error) => Self::Failed(error),
            Mismatch::Permanent(error) => Self::Refused(error),
        }
    }
}

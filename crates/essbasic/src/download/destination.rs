//! The destination of one file, and the handling of an existing file with the same name.

use std::io;
use std::sync::Arc;

use super::entry::Entry;
use super::report::SavedFile;

/// The handling of an existing file with the same name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Existing {
    /// It belongs to the same contract and is replaced.
    Replace,
    /// It is kept. The contract is saved if its bytes are the same, and fails otherwise.
    #[default]
    Keep,
    /// As `Keep`, but a file with this SHA-256 was written by an earlier run and is replaced.
    KeepUnless(String),
    /// It is kept, and the new file gets the next unused number.
    Number,
}

impl Existing {
    /// Returns whether a file with this SHA-256 is replaced.
    pub(super) fn replaces(&self, sha256: &str) -> bool {
        match self {
            Self::Replace => true,
            Self::KeepUnless(own) => own == sha256,
            Self::Keep | Self::Number => false,
        }
    }
}

/// The name of one file, and how the file gets it.
pub(crate) struct Destination {
    pub(crate) flow_id: String,
    pub(crate) name: String,
    pub(crate) existing: Existing,
    /// `true` if the journal assigns the name to this contract.
    pub(crate) owned: bool,
    pub(crate) intents: Option<Arc<dyn IntentLog>>,
}

/// A log of the names that files are about to get.
pub(crate) trait IntentLog: Send + Sync {
    /// Records that a file of this contract is about to get this name.
    fn record_intent(&self, flow_id: &str, file: &Entry) -> io::Result<()>;
}

/// The result of giving a file its final name.
pub(crate) enum Finished {
    Saved(SavedFile),
    /// Another file has the name; the message of the error.
    Conflict(String),
}

impl Destination {
    pub(super) fn record_intent(&self, entry: &Entry) -> io::Result<()> {
        self.intents.as_ref().map_or(Ok(()), |intents| intents.record_intent(&self.flow_id, entry))
    }
}

/// Returns the message of [`Finished::Conflict`] if an existing file has different bytes.
pub(crate) fn conflict_message(name: &str) -> String {
    format!(
        "{name} exists with different content and was not saved by this job, so it is not replaced; move it away, \
         or choose another name template"
    )
}

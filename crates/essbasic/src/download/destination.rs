//! The destination of one file, and the handling of an existing file with the same name.

use core::fmt;
use std::io;
#[cfg(feature = "object-store")]
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::entry::Entry;
use super::name_set::NameSet;
use super::report::SavedFile;

/// The handling of an existing file with the same name.
#[derive(Debug, Clone, Default)]
pub(crate) enum Existing {
    /// It belongs to the same contract and is replaced.
    Replace,
    /// It is kept. The contract is saved if its bytes are the same, and fails otherwise.
    #[default]
    Keep,
    /// As `Keep`, but a file with this SHA-256 was written by an earlier run and is replaced.
    KeepUnless(String),
    /// It is kept. If its bytes are not the same, the new file gets the next unused number.
    Number(Numbers),
}

/// The numbers that make a name unique, such as ` (2)` before its extension.
#[derive(Clone)]
pub(crate) struct Numbers {
    /// The name without number.
    pub(super) base: String,
    /// The first number that a new file may get. Lower numbers are assigned to other files.
    pub(super) first: u32,
    pub(super) used: UsedNames,
}

/// The names of the files that a job and its earlier runs have saved, shared by all destinations of the job.
///
/// Without it, two files of a job with the same bytes would be saved as one.
#[derive(Clone, Default)]
pub(crate) struct UsedNames(Arc<Mutex<NameSet>>);

impl UsedNames {
    pub(super) fn lock(&self) -> MutexGuard<'_, NameSet> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Numbers {
    /// Omits the name, which is that of the contract.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Numbers").field("first", &self.first).finish_non_exhaustive()
    }
}

/// Returns a name with a number; the first name has none.
pub(super) fn numbered(base: &str, number: u32) -> String {
    match (number, base.rsplit_once('.')) {
        (1, _) => base.to_owned(),
        (_, Some((stem, extension))) => format!("{stem} ({number}).{extension}"),
        (_, None) => format!("{base} ({number})"),
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
    /// Number of uploads of the whole file that a store did not complete.
    #[cfg(feature = "object-store")]
    pub(super) uncompleted: AtomicU32,
}

/// A log of the names that files are about to get.
pub(crate) trait IntentLog: Send + Sync {
    /// Records that a file of this contract is about to get this name.
    fn record_intent(&self, flow_id: &str, file: &Entry) -> io::Result<()>;
}

/// The result of giving a file its final name.
pub(crate) enum Finished {
    Saved(SavedFile),
    /// Other files have the names.
    Conflict {
        /// Cause of the failure.
        message: String,
        /// The fix.
        hint: &'static str,
    },
}

impl Finished {
    /// Returns the conflict with one existing file.
    pub(super) fn conflict(message: String) -> Self {
        Self::Conflict {
            message,
            hint: "move the existing file away, or choose another name template",
        }
    }
}

impl Destination {
    pub(super) fn record_intent(&self, entry: &Entry) -> io::Result<()> {
        self.intents.as_ref().map_or(Ok(()), |intents| intents.record_intent(&self.flow_id, entry))
    }
}

/// Returns the message of a conflict with an existing file that has different bytes.
pub(crate) fn conflict_message(name: &str) -> String {
    format!(
        "{name} exists with different content and was not saved by this job, so it is not replaced"
    )
}

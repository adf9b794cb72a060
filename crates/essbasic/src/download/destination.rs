//! The destination of one file, and the fate of a file that already has its name.

use std::io;
use std::sync::Arc;

use super::options::SavedFile;

/// What happens to a file that already has the name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Existing {
    /// It belongs to the same contract and is replaced.
    Replace,
    /// It is kept. The contract is saved if its bytes are the same, and fails otherwise.
    #[default]
    Keep,
    /// As `Keep`, but a file with this SHA-256 was written by an earlier run and is replaced.
    KeepUnless(String),
    /// It is kept, and the name gets the next free number.
    Number,
}

impl Existing {
    /// Whether a file with this SHA-256 is replaced.
    pub(super) fn replaces(&self, sha256: &str) -> bool {
        match self {
            Self::Replace => true,
            Self::KeepUnless(ours) => ours == sha256,
            Self::Keep | Self::Number => false,
        }
    }
}

/// The name of one file, and how the file gets it.
pub(crate) struct Destination {
    pub(crate) flow_id: String,
    pub(crate) name: String,
    pub(crate) existing: Existing,
    /// Whether the name comes from the journal, by which it is this contract's.
    pub(crate) owned: bool,
    pub(crate) ledger: Option<Arc<dyn Ledger>>,
}

/// The record of names, written before files get them.
pub(crate) trait Ledger: Send + Sync {
    /// Records that a file of this contract is about to get this name.
    fn intend(&self, flow_id: &str, file: &Entry) -> io::Result<()>;
}

/// A file as a journal lists it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) bytes: u64,
    /// SHA-256 in hexadecimal; empty if an earlier version saved the file.
    pub(crate) sha256: String,
}

/// The result of giving a file its name.
pub(crate) enum Finished {
    Saved(SavedFile),
    /// Something else has the name; the reason.
    Taken(String),
}

impl Destination {
    pub(super) fn intend(&self, entry: &Entry) -> io::Result<()> {
        self.ledger.as_ref().map_or(Ok(()), |ledger| ledger.intend(&self.flow_id, entry))
    }
}

/// Returns a digest in hexadecimal.
pub(crate) fn hex(digest: &[u8]) -> String {
    use core::fmt::Write as _;
    digest.iter().fold(String::with_capacity(2 * digest.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The reason for [`Finished::Taken`] if the bytes of an existing file differ.
pub(crate) fn taken(name: &str) -> String {
    format!(
        "{name} exists with other content and was not saved by this job, so it is not replaced; move it away, \
         or choose other names"
    )
}

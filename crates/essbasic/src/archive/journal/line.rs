//! The lines of a journal.

use std::io;

use essbasic_models::FlowStatus;
use tc3_client::api::json::{self, Encode};

use crate::download::{Entry, ReportedFlow, truncate};
use crate::error::FlowError;

/// Version of the format. Version 1 has neither intents nor hashes, and identifies a store by its display name.
pub(crate) const VERSION: u64 = 2;

/// Maximum length of an error message in a journal, in bytes.
pub(super) const MAX_MESSAGE_BYTES: usize = 4 << 10;

/// Maximum length of a status in a journal, in bytes. Those of the service have at most 8.
const MAX_STATUS_BYTES: usize = 256;

/// The first line, which identifies the job of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) essbasic_archive: u64,
    pub(crate) app_id: String,
    pub(crate) organization: String,
    pub(crate) shard: String,
    /// Digest of the identity of the store; `None` for a folder.
    pub(crate) store: Option<String>,
}

json::object! {
    Header {
        "essbasic_archive" => essbasic_archive: required,
        "app_id" => app_id: required,
        "organization" => organization: required,
        "shard" => shard: required,
        "store" => store: optional,
    }
}

/// The result of one contract, or an intent for its files.
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) struct Record {
    pub(crate) flow_id: String,
    /// Saved files: names in the folder or store, and lengths in bytes.
    pub(crate) files: Vec<(String, u64)>,
    /// Files that are about to get their names. A line with this field is an intent, not a result.
    pub(crate) intent: Vec<(String, u64)>,
    /// SHA-256 of each file, in the order of `files` or `intent`.
    pub(crate) sha256: Vec<String>,
    /// Status of the contract when it was checked, before its download; `None` if it was not checked, or if an earlier
    /// version wrote the line. A status that exceeds [`MAX_STATUS_BYTES`] is omitted.
    pub(crate) status: Option<FlowStatus>,
    pub(crate) error: Option<FlowError>,
}

json::object! {
    Record {
        "flow_id" => flow_id: required,
        "files" => files: nonempty,
        "intent" => intent: nonempty,
        "sha256" => sha256: nonempty,
        "status" => status: optional,
        "error" => error: optional,
    }
}

impl Record {
    pub(crate) fn of(flow: &ReportedFlow) -> Self {
        let failure = |error: &FlowError| {
            let message = truncate(&error.message, MAX_MESSAGE_BYTES).to_owned();
            error.with_message(message)
        };
        Self {
            flow_id: flow.flow_id.to_string(),
            files: flow.files.iter().map(|file| (file.name().to_owned(), file.bytes)).collect(),
            sha256: flow.files.iter().map(|file| file.sha256.clone()).collect(),
            status: flow.status.clone().filter(|status| status.as_str().len() <= MAX_STATUS_BYTES),
            error: flow.error.as_ref().map(failure),
            ..Self::default()
        }
    }

    pub(crate) fn of_intent(flow_id: &str, files: &[Entry]) -> Self {
        Self {
            flow_id: flow_id.to_owned(),
            intent: files.iter().map(|file| (file.name.clone(), file.bytes)).collect(),
            sha256: files.iter().map(|file| file.sha256.clone()).collect(),
            ..Self::default()
        }
    }

    pub(crate) fn is_intent(&self) -> bool {
        !self.intent.is_empty()
    }

    /// Returns whether the files were downloaded after every party had signed. Otherwise this is not known.
    pub(crate) fn is_signed(&self) -> bool {
        self.status == Some(FlowStatus::All)
    }

    /// Returns the listed files.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        let files = self.files.iter().chain(&self.intent);
        let hashes = self.sha256.iter().map(String::as_str).chain(std::iter::repeat(""));
        let entry = |((name, bytes), sha256): (&(String, u64), &str)| Entry {
            name: name.clone(),
            bytes: *bytes,
            sha256: sha256.to_owned(),
        };
        files.zip(hashes).map(entry).collect()
    }

    /// Returns whether every name is a plain file name, which is neither hidden nor leads out of the folder.
    pub(super) fn has_plain_names(&self) -> bool {
        let plain = |name: &str| {
            !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', ':', '\0'])
        };
        self.files.iter().chain(&self.intent).all(|(name, _)| plain(name))
    }
}

/// Encodes a value as one line.
pub(super) fn line_of(value: &impl Encode) -> io::Result<Vec<u8>> {
    let mut line = json::encode(value).map_err(io::Error::other)?;
    line.push(b'\n');
    Ok(line)
}

//! The journal of `start`: which contracts exist, and whose outcome is unknown.
//!
//! An intent is fsynced before its request is sent, and the outcome before it is printed. A killed command
//! leaves an intent without an outcome: whether that contract exists is unknown.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use essbasic::blocking::Client;
use essbasic_files::LineFile;
use serde::{Deserialize, Serialize};

use super::entry::Entry;
use crate::digest::Digest;
use crate::failure::Failure;

/// Maximum length of a line, in bytes; written lines have a few hundred.
const MAX_LINE_BYTES: usize = 64 << 10;

/// Start of every journal.
const MAGIC: &[u8] = b"{\"essbasic_start\":";

const VERSION: u32 = 1;

/// First line: the server and the agent that contracts are created for.
#[derive(Serialize, Deserialize)]
struct Header {
    essbasic_start: u32,
    endpoint: String,
    app_id: String,
    organization: String,
}

impl Header {
    /// Returns the names of the fields that differ.
    fn differences(&self, other: &Self) -> Vec<&'static str> {
        let fields = [
            ("endpoint", self.endpoint != other.endpoint),
            ("application", self.app_id != other.app_id),
            ("organization", self.organization != other.organization),
        ];
        fields.into_iter().filter_map(|(name, differs)| differs.then_some(name)).collect()
    }
}

/// One further line.
#[derive(Serialize, Deserialize)]
struct Record {
    /// Number of the entry, from 1.
    entry: usize,
    digest: Digest,
    event: Event,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    flow_id: Option<String>,
}

#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Event {
    /// A request is about to be sent.
    Intent,
    Created,
    /// The contract was not created.
    Refused,
    /// The response was lost.
    Unknown,
}

/// State of one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// Not created.
    Open,
    /// Created, under this id.
    Created(String),
    /// Requested, with an unknown outcome.
    Unknown,
}

/// The journal of one input, locked for this process.
pub(super) struct Journal {
    path: PathBuf,
    file: LineFile,
    known: BTreeMap<usize, (Digest, State)>,
}

impl Journal {
    /// Opens or creates the journal, and compares it with the input. A journal of another endpoint or agent is replaced
    /// if none of its contracts exists or may exist.
    ///
    /// # Errors
    /// Returns an error if the file is in use or not a journal of this client, or if an entry that was requested
    /// has changed since.
    pub(super) fn open(path: &Path, client: &Client, entries: &[Entry]) -> Result<Self, Failure> {
        let agent = client.agent();
        let header = Header {
            essbasic_start: VERSION,
            endpoint: client.client().endpoint().to_string(),
            app_id: agent.app_id.clone(),
            organization: agent.proxy_organization_open_id.clone().unwrap_or_default(),
        };
        let mut found = Found::default();
        let opened = refuse_foreign(path)
            .and_then(|()| LineFile::open(path, MAX_LINE_BYTES, |line| found.read_line(line)))
            .and_then(|mut file| {
                if found.is_replaceable(&header)? {
                    file.clear()?;
                    found.known.clear();
                }
                Ok(file)
            });
        let shown = path.display();
        let file = opened.map_err(|error| match error.kind() {
            io::ErrorKind::ResourceBusy => Failure::new(format!(
                "{shown} is in use by another essbasic start; wait for it, or give another --journal"
            )),
            _ => Failure::new(format!("{shown}: {error}; give another file with --journal")),
        })?;
        let mut journal = Self { path: path.to_owned(), file, known: found.known };
        journal.refuse_changes(entries)?;
        if journal.file.is_empty() {
            journal.append(&header)?;
        }
        Ok(journal)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the state of the entry at this index.
    pub(super) fn state(&self, index: usize) -> &State {
        self.known.get(&index).map_or(&State::Open, |(_, state)| state)
    }

    /// Records that a request is about to be sent.
    pub(super) fn intend(&mut self, index: usize, entry: &Entry) -> Result<(), Failure> {
        self.record(index, entry, Event::Intent, None)
    }

    /// Records the id of a created contract.
    pub(super) fn created(
        &mut self,
        index: usize,
        entry: &Entry,
        flow_id: &str,
    ) -> Result<(), Failure> {
        self.record(index, entry, Event::Created, Some(flow_id))
    }

    /// Records that the contract was not created.
    pub(super) fn refused(&mut self, index: usize, entry: &Entry) -> Result<(), Failure> {
        self.record(index, entry, Event::Refused, None)
    }

    /// Records that the outcome is unknown.
    pub(super) fn unknown(&mut self, index: usize, entry: &Entry) -> Result<(), Failure> {
        self.record(index, entry, Event::Unknown, None)
    }

    fn record(
        &mut self,
        index: usize,
        entry: &Entry,
        event: Event,
        flow_id: Option<&str>,
    ) -> Result<(), Failure> {
        let flow_id = flow_id.map(str::to_owned);
        self.append(&Record { entry: index + 1, digest: entry.digest.clone(), event, flow_id })
    }

    fn append(&mut self, line: &impl Serialize) -> Result<(), Failure> {
        let bytes = serde_json::to_vec(line).map_err(io::Error::from);
        let written = bytes.and_then(|bytes| self.file.append([bytes]));
        written.map_err(|error| {
            Failure::new(format!(
                "{} cannot be written: {error}; free some space, then run the same command",
                self.path.display()
            ))
        })
    }

    /// Refuses an input whose requested entries are not those of the journal.
    fn refuse_changes(&self, entries: &[Entry]) -> Result<(), Failure> {
        let requested = self.known.iter().filter(|(_, (_, state))| *state != State::Open);
        for (index, (digest, state)) in requested {
            let what = match entries.get(*index) {
                Some(entry) if entry.digest == *digest => continue,
                Some(_) => "was changed",
                None => "was removed",
            };
            let state = match state {
                State::Created(flow_id) => format!("it was created as {flow_id}"),
                _ => "it was requested".to_owned(),
            };
            return Err(Failure::new(format!(
                "contract {} {what} after {state} (journal {}); restore it and its file, or start other \
                 contracts with another --journal",
                index + 1,
                self.path.display()
            )));
        }
        Ok(())
    }
}

/// Refuses a file with content that is not a journal of `start`, before it is changed.
fn refuse_foreign(path: &Path) -> io::Result<()> {
    let start = essbasic_files::read_start(path, MAGIC.len())?;
    if MAGIC.starts_with(&start) { Ok(()) } else { Err(invalid("not a journal of essbasic start")) }
}

/// The content of an existing journal.
#[derive(Default)]
struct Found {
    /// Number of lines read.
    lines: usize,
    header: Option<Header>,
    known: BTreeMap<usize, (Digest, State)>,
}

impl Found {
    fn read_line(&mut self, line: &[u8]) -> io::Result<()> {
        self.lines += 1;
        let number = self.lines;
        if number == 1 {
            let header: Header = serde_json::from_slice(line).map_err(|error| {
                invalid(&format!("line 1 is not the start of a journal: {error}"))
            })?;
            if header.essbasic_start != VERSION {
                let version = header.essbasic_start;
                return Err(invalid(&format!("unknown journal version {version}")));
            }
            self.header = Some(header);
            return Ok(());
        }
        let record: Record = serde_json::from_slice(line)
            .map_err(|error| invalid(&format!("line {number} is not a record: {error}")))?;
        let index = record.entry.checked_sub(1);
        let index = index.ok_or_else(|| invalid(&format!("line {number} has entry 0")))?;
        let state = match (record.event, record.flow_id) {
            (Event::Created, Some(flow_id)) => State::Created(flow_id),
            (Event::Created, None) => {
                return Err(invalid(&format!("line {number} has no flow_id")));
            }
            (Event::Refused, _) => State::Open,
            (Event::Intent | Event::Unknown, _) => State::Unknown,
        };
        self.known.insert(index, (record.digest, state));
        Ok(())
    }

    /// Returns whether the journal belongs to another endpoint or agent, and lists no contract that exists or may exist.
    ///
    /// # Errors
    /// Returns an error that lists the differences if it lists such a contract.
    fn is_replaceable(&self, own: &Header) -> io::Result<bool> {
        let differs = self.header.as_ref().map(|found| found.differences(own)).unwrap_or_default();
        if differs.is_empty() {
            return Ok(false);
        }
        if self.known.values().all(|(_, state)| *state == State::Open) {
            return Ok(true);
        }
        let differs = differs.join(" and ");
        Err(invalid(&format!("the journal belongs to another job: different {differs}")))
    }
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

//! The creation of contracts, one request each.

use std::collections::HashMap;
use std::path::Path;

use essbasic::blocking::Client;
use essbasic::{Error, FileId, FlowError, FlowErrorKind, Stop};

use super::entry::{Entry, Source};
use super::journal::{Journal, State};
use crate::cause::{Cause, counted, one_line, shown};
use crate::failure::{Exit, Failure};
use crate::{output, upload};

/// The creation of all contracts of an input.
pub(super) struct Creation<'a> {
    client: Client,
    stop: Stop,
    entries: &'a [Entry],
    journal: Journal,
    retry_unknown: bool,
    /// IDs of uploaded files, by the entry's index.
    uploads: HashMap<usize, Result<FileId, FlowError>>,
    count: Count,
}

#[derive(Default)]
struct Count {
    created_before: usize,
    failed: usize,
    unknown: usize,
    not_reached: usize,
}

impl<'a> Creation<'a> {
    pub(super) fn new(
        client: Client,
        stop: Stop,
        entries: &'a [Entry],
        journal: Journal,
        retry_unknown: bool,
    ) -> Self {
        let (uploads, count) = (HashMap::new(), Count::default());
        Self { client, stop, entries, journal, retry_unknown, uploads, count }
    }

    /// Prints or creates each contract, in order.
    pub(super) fn run(mut self) -> Result<Exit, Failure> {
        for (index, entry) in self.entries.iter().enumerate() {
            self.entry(index, entry)?;
        }
        let Count { created_before, failed, unknown, not_reached } = self.count;
        let journal = shown(self.journal.path());
        if created_before > 0 {
            output::note(format_args!(
                "created by an earlier run: {}, not created again; see {journal}",
                counted(created_before, "contract")
            ));
        }
        if unknown > 0 {
            output::note(format_args!(
                "outcome unknown: {}; look for them in the console, and create those that do not exist with \
                 --retry-unknown",
                counted(unknown, "contract")
            ));
        }
        if not_reached > 0 {
            output::note(format_args!(
                "interrupted: {} not started; run the same command to continue",
                counted(not_reached, "contract")
            ));
        }
        Ok(Exit::when_complete(failed + unknown + not_reached == 0))
    }

    fn entry(&mut self, index: usize, entry: &Entry) -> Result<(), Failure> {
        match self.journal.state(index) {
            State::Created(flow_id) => {
                self.count.created_before += 1;
                let line = line(flow_id, entry);
                return self.print(&line);
            }
            State::Unknown if !self.retry_unknown => {
                self.count.unknown += 1;
                output::note(one_line(&format!(
                    "{}: the outcome of an earlier run is unknown: it may have been created",
                    entry.name
                )));
                return Ok(());
            }
            State::Unknown | State::Open => {}
        }
        if self.stop.is_stopped() {
            self.count.not_reached += 1;
            return Ok(());
        }
        let file_id = match &entry.source {
            Source::Template(_) => None,
            Source::File(_) => match self.uploaded(index)? {
                Ok(file_id) => Some(file_id),
                Err(error) if error.kind == FlowErrorKind::Stopped => {
                    self.count.not_reached += 1;
                    return Ok(());
                }
                Err(error) => {
                    self.failed(entry, &error);
                    return Ok(());
                }
            },
        };
        // The upload may have taken long.
        if self.stop.is_stopped() {
            self.count.not_reached += 1;
            return Ok(());
        }
        self.create(index, entry, file_id)
    }

    /// Creates one contract. The journal contains the intent before the request, and the outcome before it is
    /// printed.
    fn create(
        &mut self,
        index: usize,
        entry: &Entry,
        file_id: Option<FileId>,
    ) -> Result<(), Failure> {
        self.journal.intend(index, entry)?;
        let contract = entry.contract.clone();
        let results = match (&entry.source, file_id) {
            (Source::File(_), Some(file_id)) => self.client.start_from_files([(file_id, contract)]),
            (Source::File(_), None) => return Ok(()),
            (Source::Template(id), _) => self.client.start_from_templates([(id.clone(), contract)]),
        };
        match results.map(|results| results.into_iter().next()) {
            Ok(Some(Ok(started))) => {
                let flow_id = started.flow_id;
                let kept = self.journal.created(index, entry, flow_id.as_str());
                // The ID is printed even if the journal could not be written.
                let printed = self.print(&line(flow_id.as_str(), entry));
                kept.and(printed)
            }
            // Each attempt was rejected or never sent.
            Ok(Some(Err(error))) if error.kind == FlowErrorKind::Stopped => {
                self.count.not_reached += 1;
                self.journal.refused(index, entry)
            }
            Ok(Some(Err(error))) if was_refused(&error) => {
                self.failed(entry, &error);
                self.journal.refused(index, entry)
            }
            Ok(Some(Err(error))) => {
                self.count.unknown += 1;
                output::note(one_line(&format!("{}: {}", entry.name, Cause::of(&error))));
                self.journal.unknown(index, entry)
            }
            Ok(None) => {
                self.count.unknown += 1;
                output::note(one_line(&format!("{}: the response has no result", entry.name)));
                self.journal.unknown(index, entry)
            }
            Err(error) => {
                let known = matches!(&error, Error::Call(call) if !call.is_outcome_unknown());
                match known {
                    true => self.journal.refused(index, entry)?,
                    false => self.journal.unknown(index, entry)?,
                }
                Err(self.ended(&error))
            }
        }
    }

    /// Returns the id of the entry's file. Files of later entries are uploaded in the same request.
    fn uploaded(&mut self, index: usize) -> Result<Result<FileId, FlowError>, Failure> {
        if !self.uploads.contains_key(&index) {
            let ahead: Vec<(usize, &Path)> = (self.entries.iter().enumerate().skip(index))
                .filter(|(index, _)| self.is_wanted(*index))
                .filter_map(|(index, entry)| match &entry.source {
                    Source::File(path) => Some((index, path.as_path())),
                    Source::Template(_) => None,
                })
                .take(upload::MAX_BATCH_FILES)
                .collect();
            let count = upload::batch_len(ahead.iter().map(|(_, path)| *path));
            let (indices, paths): (Vec<usize>, Vec<&Path>) = ahead.into_iter().take(count).unzip();
            let results =
                upload::send(&self.client, &paths).map_err(|failure| self.advised(failure))?;
            self.uploads.extend(indices.into_iter().zip(results));
        }
        let missing = || Failure::new("the response to the upload has no id for a file; try again");
        self.uploads.remove(&index).ok_or_else(missing)
    }

    fn is_wanted(&self, index: usize) -> bool {
        match self.journal.state(index) {
            State::Created(_) => false,
            State::Unknown => self.retry_unknown,
            State::Open => true,
        }
    }

    /// Reports a contract that was not created.
    fn failed(&mut self, entry: &Entry, error: &FlowError) {
        self.count.failed += 1;
        output::note(one_line(&format!("{}: {}", entry.name, Cause::of(error))));
    }

    fn print(&self, line: &str) -> Result<(), Failure> {
        output::result(line).map_err(|error| {
            Failure::new(format!(
                "stdout cannot be written: {error}; the ids are in {}, and the same command prints them again",
                self.journal.path().display()
            ))
        })
    }

    fn ended(&self, error: &Error) -> Failure {
        self.advised(Failure::from(error))
    }

    fn advised(&self, failure: Failure) -> Failure {
        failure.then("the same command continues")
    }
}

/// Returns whether the contract was certainly not created.
fn was_refused(error: &FlowError) -> bool {
    use FlowErrorKind::{Call, NotFound, Refused};
    matches!(error.kind, Refused | NotFound | Call)
}

fn line(flow_id: &str, entry: &Entry) -> String {
    one_line(&format!("{flow_id}  {}", entry.name))
}

//! Recovery of the state of earlier runs from their journal.

use std::collections::{HashMap, HashSet};
use std::io;

use tc3_client::Stop;

use super::journal::{Record, RecordFilter, VERSION};
use super::shard::digest;
use crate::download::{Entry, Existing, FileNames, Target, Verification};
use crate::error::FlowErrorKind;

/// The state of earlier runs, read from their journal.
///
/// After a stop no further file is verified: the journal still lists it, and the next run verifies it.
pub(super) struct Recovery {
    pub(super) target: Target,
    /// `true` if other jobs may write to the same target.
    pub(super) shared: bool,
    pub(super) verify: bool,
    /// `true` if the run checks the status of each contract.
    pub(super) checks_status: bool,
    pub(super) stop: Option<Stop>,
    /// Digests of the contracts that are saved.
    pub(super) saved: HashSet<u128>,
    /// The part of `saved` whose files were not verified, because the job was stopped.
    pub(super) unverified: HashSet<u128>,
    pub(super) names: FileNames,
    /// Files of contracts that are not saved, by flow ID.
    pub(super) unfinished: HashMap<String, Vec<Entry>>,
}

impl Recovery {
    fn verification(&self, version: u64) -> Verification {
        match (self.verify, self.target.folder()) {
            (true, _) => Verification::Content,
            (false, Some(_)) => Verification::Length,
            // Version 1 identifies a store only by its display name, which another store may share.
            (false, None) if version < VERSION => Verification::Length,
            (false, None) => Verification::None,
        }
    }

    fn add_unfinished(&mut self, flow_id: &str, files: Vec<Entry>) {
        if files.is_empty() {
            return;
        }
        let known = self.unfinished.entry(flow_id.to_owned()).or_default();
        for file in files {
            known.retain(|other| other.name != file.name);
            known.push(file);
        }
    }

    /// Returns whether the files certainly belong to the contract of the record. In version 1 two jobs could assign the
    /// same name, so the name must contain the flow ID if the target is shared.
    fn is_owned(&self, record: &Record, version: u64) -> bool {
        let named = || record.files.iter().all(|(name, _)| name.contains(&record.flow_id));
        version >= VERSION || !self.shared || named()
    }

    fn failed(&mut self, record: &Record, error: FlowErrorKind) {
        if error == FlowErrorKind::Exists
            && let Some(known) = self.unfinished.get_mut(&record.flow_id)
        {
            // The file did not get the intended name, because another file has it.
            known.retain(|file| record.files.iter().any(|(name, _)| *name == file.name));
        }
        self.add_unfinished(&record.flow_id, replaceable_entries(record));
    }
}

/// Returns the files of a record, without hashes: each is replaced regardless of its content.
fn replaceable_entries(record: &Record) -> Vec<Entry> {
    let any = |file| Entry { sha256: String::new(), ..file };
    record.entries().into_iter().map(any).collect()
}

impl RecordFilter for Recovery {
    fn retain(&mut self, version: u64, records: Vec<Record>) -> io::Result<Vec<Record>> {
        let mut saved = Vec::with_capacity(records.len());
        for record in records {
            match &record.error {
                Some(error) => self.failed(&record, error.kind),
                None if record.is_intent() => {
                    self.add_unfinished(&record.flow_id, record.entries())
                }
                // Downloaded again, with another name.
                None if record.files.is_empty() || !self.is_owned(&record, version) => {}
                // Not signed by every party when it was saved, as far as is known: checked and downloaded again.
                None if self.checks_status && !record.is_signed() => {
                    self.add_unfinished(&record.flow_id, replaceable_entries(&record));
                }
                None => saved.push(record),
            }
        }
        let files: Vec<_> = saved.iter().map(Record::entries).collect();
        let verification = self.verification(version);
        let is_stopped = || self.stop.as_ref().is_some_and(Stop::is_stopped);
        let exist = self.target.verify(files, verification, &is_stopped)?;
        let mut kept = Vec::with_capacity(saved.len());
        for (record, exists) in saved.into_iter().zip(exist) {
            let unfinished = self.unfinished.remove(&record.flow_id);
            let digest = digest(&record.flow_id);
            if exists == Some(false) {
                self.unfinished.extend(unfinished.map(|files| (record.flow_id.clone(), files)));
                self.add_unfinished(&record.flow_id, replaceable_entries(&record));
            } else if self.saved.insert(digest) {
                if exists.is_none() {
                    self.unverified.insert(digest);
                }
                for (name, _) in &record.files {
                    self.names.mark_used(name);
                }
                kept.push(record);
            }
        }
        Ok(kept)
    }

    fn additional(&mut self) -> Vec<Record> {
        let in_folder = self.target.folder().is_some();
        let mut lines = Vec::with_capacity(self.unfinished.len());
        self.unfinished.retain(|_, files| !files.is_empty());
        for (flow_id, files) in self.unfinished.drain() {
            lines.push(Record::of_intent(&flow_id, &files));
            for file in files {
                // In a folder an intent is recorded only if no file has the name. In a store this is not checked
                // before, so only the hash shows whether the object is the intended one.
                let existing = match in_folder || file.sha256.is_empty() {
                    true => Existing::Replace,
                    false => Existing::KeepUnless(file.sha256),
                };
                // The name of the journal itself is not assigned to a file.
                if self.names.mark_used(&file.name) {
                    self.names.reserve(&flow_id, file.name, existing);
                }
            }
        }
        lines
    }
}

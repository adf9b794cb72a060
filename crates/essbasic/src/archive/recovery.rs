//! The files that earlier runs have saved, or were about to save.

use std::collections::{HashMap, HashSet};
use std::io;

use super::intake::digest;
use super::journal::{Record, Sift, VERSION};
use crate::download::{Entry, Existing, FileNames, Target, Thoroughness};
use crate::error::FlowErrorKind;
use crate::stop::Stop;

/// Reads the journal of earlier runs.
pub(super) struct Recovery {
    pub(super) target: Target,
    /// Whether other jobs may write to the same place.
    pub(super) shared: bool,
    pub(super) verify: bool,
    pub(super) stop: Stop,
    /// Contracts that are saved.
    pub(super) done: HashSet<u128>,
    pub(super) names: FileNames,
    /// Files of contracts that are not, by contract.
    pub(super) unfinished: HashMap<String, Vec<Entry>>,
}

impl Recovery {
    fn thoroughness(&self, version: u64) -> Thoroughness {
        match (self.verify, self.target.folder()) {
            (true, _) => Thoroughness::Bytes,
            (false, Some(_)) => Thoroughness::Length,
            // The place may be another store of the same display name.
            (false, None) if version < VERSION => Thoroughness::Length,
            (false, None) => Thoroughness::None,
        }
    }

    fn remember(&mut self, flow_id: &str, files: Vec<Entry>) {
        if files.is_empty() {
            return;
        }
        let known = self.unfinished.entry(flow_id.to_owned()).or_default();
        for file in files {
            known.retain(|other| other.name != file.name);
            known.push(file);
        }
    }

    /// Whether it can be told by the name, if not by the journal, whose file it is. In version 1 two jobs could have
    /// given out one name.
    fn is_ours(&self, record: &Record, version: u64) -> bool {
        let named = || record.files.iter().all(|(name, _)| name.contains(&record.flow_id));
        version >= VERSION || !self.shared || named()
    }

    fn failed(&mut self, record: &Record, error: FlowErrorKind) {
        if error == FlowErrorKind::Exists
            && let Some(known) = self.unfinished.get_mut(&record.flow_id)
        {
            // An intent that came to nothing.
            known.retain(|file| record.files.iter().any(|(name, _)| *name == file.name));
        }
        self.remember(&record.flow_id, of_the_contract(record));
    }
}

/// The files of a record, each to be replaced whatever its bytes are.
fn of_the_contract(record: &Record) -> Vec<Entry> {
    let any = |file| Entry { sha256: String::new(), ..file };
    record.entries().into_iter().map(any).collect()
}

impl Sift for Recovery {
    fn sift(&mut self, version: u64, records: Vec<Record>) -> io::Result<Vec<Record>> {
        if self.stop.is_stopped() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let mut saved = Vec::with_capacity(records.len());
        for record in records {
            match &record.error {
                Some(error) => self.failed(&record, error.kind),
                None if record.is_intent() => self.remember(&record.flow_id, record.entries()),
                None if !record.files.is_empty() && self.is_ours(&record, version) => {
                    saved.push(record);
                }
                // Fetched again, under another name.
                None => {}
            }
        }
        let files: Vec<_> = saved.iter().map(Record::entries).collect();
        let there =
            self.target.hold(files, self.thoroughness(version), &|| self.stop.is_stopped())?;
        let mut kept = Vec::with_capacity(saved.len());
        for (record, there) in saved.into_iter().zip(there) {
            let unfinished = self.unfinished.remove(&record.flow_id);
            if !there {
                self.unfinished.extend(unfinished.map(|files| (record.flow_id.clone(), files)));
                self.remember(&record.flow_id, of_the_contract(&record));
            } else if self.done.insert(digest(&record.flow_id)) {
                for (name, _) in &record.files {
                    self.names.take(name);
                }
                kept.push(record);
            }
        }
        Ok(kept)
    }

    fn rest(&mut self) -> Vec<Record> {
        let in_folder = self.target.folder().is_some();
        let mut lines = Vec::with_capacity(self.unfinished.len());
        self.unfinished.retain(|_, files| !files.is_empty());
        for (flow_id, files) in self.unfinished.drain() {
            lines.push(Record::of_intent(&flow_id, &files));
            for file in files {
                // In a folder an intent is written only if the name is free. A store is not asked before: only
                // the hash tells whether the object is the one intended.
                let existing = match in_folder || file.sha256.is_empty() {
                    true => Existing::Replace,
                    false => Existing::KeepUnless(file.sha256),
                };
                // A name that the journal itself has is not given to a file.
                if self.names.take(&file.name) {
                    self.names.own(&flow_id, file.name, existing);
                }
            }
        }
        lines
    }
}

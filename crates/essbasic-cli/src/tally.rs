//! Results of a download, printed as they occur.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use essbasic::{
    DownloadEvent, Error, FlowErrorKind, ReportedFlow, SavedFile, WaitEvent, WaitOutcome,
};
use indicatif::HumanBytes;

use crate::cause::{Cause, one_line};
use crate::failure::Failure;
use crate::folder;
use crate::input::FlowList;
use crate::progress::Progress;
use crate::report::{Document, Flow, location};

/// Collects the result of each contract. The library's report is not enough: a full disk ends a download with an
/// error, and the files that are already saved count.
pub(crate) struct Tally {
    progress: Progress,
    /// Whether files are reported at the end, in a document.
    silent: bool,
    ends: Mutex<HashMap<String, End>>,
    /// Reasons that a person gave for ending a contract. The library's errors do not contain them.
    reasons: Mutex<HashMap<String, String>>,
    /// The first failure to write stdout.
    stdout: Mutex<Option<Failure>>,
}

enum End {
    OnDisk {
        files: Vec<SavedFile>,
        status: Option<String>,
    },
    Failed {
        kind: &'static str,
        reason: Cause,
        status: Option<String>,
        /// Files that were saved before.
        files: Vec<SavedFile>,
    },
    /// The call for its batch failed. Reported at the end: if this is the case for all contracts, nothing has
    /// started, and one line reports it.
    Uncalled(Cause),
}

/// Kind of a failure of the output folder, which ends a download.
const FOLDER: &str = "folder";

impl Tally {
    pub(crate) fn new(progress: Progress, silent: bool) -> Self {
        let (ends, reasons, stdout) = (Mutex::default(), Mutex::default(), Mutex::default());
        Self { progress, silent, ends, reasons, stdout }
    }

    fn ends(&self) -> MutexGuard<'_, HashMap<String, End>> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn doing(&self, what: &str) {
        self.progress.doing(what);
    }

    pub(crate) fn on(&self, event: DownloadEvent<'_>) {
        match event {
            DownloadEvent::Bytes(bytes) => self.progress.received(bytes),
            DownloadEvent::Saved { flow_id, files, status, .. } => {
                let flow_id = flow_id.as_str();
                let status = status.map(|status| status.as_str().to_owned());
                if !self.silent {
                    files.iter().for_each(|file| self.saved(file, status.as_deref()));
                }
                self.end(flow_id, End::OnDisk { files: files.to_vec(), status });
            }
            DownloadEvent::Failed { flow_id, error, .. } => {
                let flow_id = flow_id.as_str();
                let mut reason = Cause::of(error);
                match error.kind {
                    FlowErrorKind::NotSigned => {
                        reason.message.push_str(&self.reason(flow_id));
                        self.failed(flow_id, error.kind, reason);
                    }
                    FlowErrorKind::Call => self.end(flow_id, End::Uncalled(reason)),
                    kind => self.failed(flow_id, kind, reason),
                }
            }
            _ => {}
        }
    }

    /// Prints a file. If stdout cannot be written, the download continues, and one error is reported at its end.
    fn saved(&self, file: &SavedFile, status: Option<&str>) {
        let mut failure = self.stdout.lock().unwrap_or_else(PoisonError::into_inner);
        if failure.is_none() {
            let (path, status) = (location(file), status.unwrap_or_default());
            let shown = format!("{path} ({})  {}", HumanBytes(file.bytes), one_line(status));
            let shown = shown.trim_end();
            *failure = self.progress.line(shown).err();
        }
    }

    /// Returns an error if stdout could not be written.
    pub(crate) fn stdout(&self) -> Result<(), Failure> {
        self.stdout.lock().unwrap_or_else(PoisonError::into_inner).take().map_or(Ok(()), Err)
    }

    /// Keeps the reason for which a contract ended.
    pub(crate) fn on_wait(&self, event: WaitEvent<'_>) {
        if let WaitEvent::Ended { flow_id, outcome: WaitOutcome::Ended { reason, .. } } = event {
            let mut reasons = self.reasons.lock().unwrap_or_else(PoisonError::into_inner);
            reasons.insert(flow_id.to_string(), one_line(reason));
        }
    }

    fn reason(&self, flow_id: &str) -> String {
        let reasons = self.reasons.lock().unwrap_or_else(PoisonError::into_inner);
        let reason = reasons.get(flow_id).filter(|reason| !reason.is_empty());
        reason.map(|reason| format!(": {reason}")).unwrap_or_default()
    }

    fn failed(&self, flow_id: &str, kind: FlowErrorKind, reason: Cause) {
        self.progress.note(format_args!("{flow_id}: {reason}"));
        let kind = kind.as_str();
        self.end(flow_id, End::Failed { kind, reason, status: None, files: Vec::new() });
    }

    fn end(&self, flow_id: &str, end: End) {
        let mut ends = self.ends();
        ends.insert(flow_id.to_owned(), end);
        self.progress.reached(ends.len());
    }

    /// Completes the results with those of the whole download.
    ///
    /// Returns an error if nothing has started: no contract has a result.
    pub(crate) fn settle(
        &self,
        list: &FlowList,
        result: Result<Vec<ReportedFlow>, Error>,
    ) -> Result<(), Failure> {
        let mut ends = self.ends();
        let (flows, fatal) = match result {
            Ok(flows) => (flows, None),
            Err(fatal) => (Vec::new(), Some(fatal)),
        };
        if !ends.values().any(|end| matches!(end, End::OnDisk { .. } | End::Failed { .. })) {
            let uncalled = list.ids.iter().find_map(|id| match ends.get(id) {
                Some(End::Uncalled(reason)) => Some(reason.clone().into()),
                _ => None,
            });
            let fatal = fatal.as_ref().map(folder::explain);
            return fatal.or(uncalled).map_or(Ok(()), Err);
        }
        if let Some(fatal) = fatal {
            let failure = folder::explain(&fatal);
            let reason = failure.cause();
            let kind = match fatal {
                Error::Folder { .. } => FOLDER,
                _ => FlowErrorKind::Call.as_str(),
            };
            self.progress.note(format_args!("error: {failure}"));
            for flow_id in &list.ids {
                ends.entry(flow_id.clone()).or_insert_with(|| End::Failed {
                    kind,
                    reason: reason.clone(),
                    status: None,
                    files: Vec::new(),
                });
            }
        }
        // Files of a contract that were on disk before another of its files failed.
        for flow in flows {
            if let Some(End::Failed { files, status, .. }) = ends.get_mut(flow.flow_id.as_str()) {
                *files = flow.files;
                *status = flow.status.map(|status| status.as_str().to_owned());
            }
        }
        for flow_id in &list.ids {
            if let Some(End::Uncalled(reason)) = ends.get(flow_id) {
                self.progress.note(format_args!("{flow_id}: {reason}"));
            }
        }
        Ok(())
    }

    /// Removes the bar, and passes the document to `show`.
    pub(crate) fn show<T>(&self, list: &FlowList, show: impl FnOnce(&Document<'_>) -> T) -> T {
        self.progress.clear();
        let ends = self.ends();
        let flows = list.ids.iter().map(|flow_id| match ends.get(flow_id) {
            Some(End::OnDisk { files, status }) => {
                Flow::done(flow_id, files).with_status(status.as_deref())
            }
            Some(End::Failed { kind, reason, status, files }) => {
                Flow::failed(flow_id, files, reason.reason(kind)).with_status(status.as_deref())
            }
            Some(End::Uncalled(reason)) => {
                Flow::failed(flow_id, &[], reason.reason(FlowErrorKind::Call.as_str()))
            }
            None => Flow::not_reached(flow_id),
        });
        show(&Document::new(flows.collect(), list.repeated))
    }
}

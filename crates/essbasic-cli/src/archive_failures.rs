//! The failed contracts of an archive: the first ones, and a count per kind.

use std::path::Path;

use essbasic::{ArchiveReport, FlowErrorKind};

use crate::cause::{Cause, counted, one_line, shown};
use crate::failure::Failure;
use crate::output;

/// Maximum number of failed contracts that are printed.
const MAX_SHOWN: usize = 20;

/// The failed contracts of one run. The journal keeps no failures of earlier ones.
#[derive(Default)]
pub(crate) struct Failures {
    /// A line for each of the first [`MAX_SHOWN`] contracts.
    first: Vec<String>,
    count: usize,
    /// The number of contracts of each kind, with one example of the cause.
    pub(crate) kinds: Vec<(FlowErrorKind, u64, Cause)>,
}

impl Failures {
    /// Reads the failures from the journal.
    ///
    /// # Errors
    /// Returns an error if the journal cannot be read.
    pub(crate) fn of(report: &ArchiveReport) -> Result<Self, Failure> {
        let unreadable = |error| Failure::new(format!("the journal cannot be read: {error}"));
        let mut failures = Self::default();
        for flow in report.flows().map_err(unreadable)? {
            let flow = flow.map_err(unreadable)?;
            if let Some(error) = &flow.error {
                failures.add(flow.flow_id.as_str(), error.kind, Cause::of(error));
            }
        }
        Ok(failures)
    }

    fn add(&mut self, flow_id: &str, kind: FlowErrorKind, cause: Cause) {
        self.count += 1;
        if self.first.len() < MAX_SHOWN {
            self.first.push(one_line(&format!("{flow_id}: {kind}: {cause}")));
        }
        match self.kinds.iter_mut().find(|(known, ..)| *known == kind) {
            Some((_, count, _)) => *count += 1,
            None => self.kinds.push((kind, 1, cause)),
        }
    }

    /// Prints the first failed contracts on stderr, and how many there are beyond them.
    pub(crate) fn note(&self, report: Option<&Path>) {
        self.first.iter().for_each(output::note);
        let rest = self.count - self.first.len();
        if rest == 0 {
            return;
        }
        let rest = counted(rest, "more contract");
        output::note(match report {
            Some(path) => format!("{rest} failed; {} lists them", shown(path)),
            None => format!("{rest} failed; --report FILE lists them"),
        });
    }
}

//! Results of an operation on contracts, one per ID, printed as they arrive.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Exit;
use crate::failure::Failure;
use crate::json::SelectedJson;
use crate::log;
use crate::output::{Output, json};

/// Width of the IDs of the service.
const WIDTH: usize = 32;

/// Results that were printed. In JSON they are one document, complete also if the operation ends early.
pub(super) struct Results {
    counts: BTreeMap<&'static str, u64>,
    separator: &'static str,
}

impl Results {
    pub(super) fn begin(output: &mut Output) -> Result<Self, Failure> {
        if output.is_json() {
            output.part("{\"results\":[")?;
        }
        Ok(Self { counts: BTreeMap::new(), separator: "" })
    }

    /// Prints the result of an ID.
    pub(super) fn push(
        &mut self,
        output: &mut Output,
        result: &SelectedJson,
    ) -> Result<(), Failure> {
        self.push_other(output, &result.flow_id, result.result, result)
    }

    /// Prints a result: `text` for people, or the document.
    pub(super) fn push_other(
        &mut self,
        output: &mut Output,
        text: &str,
        result: &'static str,
        document: &impl Serialize,
    ) -> Result<(), Failure> {
        *self.counts.entry(result).or_default() += 1;
        if !output.is_json() {
            return output.text(&format!("{text:<WIDTH$}  {result}"));
        }
        output.part(std::mem::replace(&mut self.separator, ","))?;
        output.part(&json(document)?)
    }

    /// Ends the output, with a summary on stderr for people.
    pub(super) fn end(self, output: &mut Output) -> Result<Exit, Failure> {
        if output.is_json() {
            output.part("]}\n")?;
        }
        output.flush()?;
        if !output.is_json() {
            let counts = self
                .counts
                .iter()
                .map(|(result, count)| format!("{count} {}", result.replace('_', " ")));
            let counts: Vec<String> = counts.collect();
            log::line(&if counts.is_empty() { "no IDs".to_owned() } else { counts.join(", ") });
        }
        let is_failed = |result: &&str| !matches!(*result, "added" | "known" | "done");
        Ok(if self.counts.keys().any(is_failed) { Exit::Partly } else { Exit::Done })
    }
}

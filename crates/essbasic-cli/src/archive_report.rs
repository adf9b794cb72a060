//! `archive --report`: every requested contract, from the journal.

use std::collections::HashSet;
use std::io::{self, Write};
use std::path::Path;

use essbasic::ArchiveReport;
use serde::Serialize;

use crate::digest::{self, Digest};
use crate::report::{File, Flow, Summary};

/// Start of every report.
pub(crate) const START: &[u8] = b"{\"flows\":[";

/// Writes the report. Memory holds a digest per contract, not the list.
///
/// The paths of files begin with `out`. Contracts of other runs in the journal are left out; those that were not reached are added.
///
/// # Errors
/// Returns an error if the journal cannot be read or the report cannot be written.
pub(crate) fn write(
    report: &ArchiveReport,
    out: &Path,
    asked: impl Fn() -> Box<dyn Iterator<Item = String> + Send>,
    to: &mut dyn Write,
) -> io::Result<()> {
    let mut left: HashSet<Digest> = HashSet::new();
    let mut repeated = 0;
    for flow_id in asked() {
        repeated += usize::from(!left.insert(digest::of(flow_id.as_bytes())));
    }
    let mut list = List { to, summary: Summary::new(repeated) };
    list.to.write_all(START)?;
    for flow in report.flows()? {
        let flow = flow?;
        if !left.remove(&digest::of(flow.flow_id.as_str().as_bytes())) {
            continue;
        }
        let mut hashes = flow.sha256.iter().map(String::as_str);
        let files = flow.files.iter().map(|(name, bytes)| File {
            path: below(out, name).into(),
            bytes: *bytes,
            sha256: hashes.next(),
        });
        let listed = match &flow.error {
            None => Flow::done(flow.flow_id.as_str(), files),
            Some(error) => Flow::failed(flow.flow_id.as_str(), files, error),
        };
        list.add(&listed.with_status(flow.status.as_ref().map(|status| status.as_str())))?;
    }
    for flow_id in asked() {
        if left.remove(&digest::of(flow_id.as_bytes())) {
            list.add(&Flow::not_reached(&flow_id))?;
        }
    }
    list.finish(report)
}

/// Returns the path or URL of a file, as the option `--out` is given.
fn below(out: &Path, name: &str) -> String {
    match out.to_str().filter(|out| out.contains("://")) {
        Some(url) => format!("{}/{name}", url.trim_end_matches('/')),
        None => out.join(name).to_string_lossy().into_owned(),
    }
}

struct List<'a> {
    to: &'a mut dyn Write,
    summary: Summary,
}

/// Fields after the list.
#[derive(Serialize)]
struct End<'a> {
    #[serde(flatten)]
    summary: &'a Summary,
    /// Whether the job was interrupted.
    stopped: bool,
    /// Number of contracts of earlier runs that were not verified before.
    unverified: u64,
    seconds: f64,
}

impl List<'_> {
    fn add(&mut self, flow: &Flow<'_>) -> io::Result<()> {
        self.to.write_all(if self.summary.is_empty() { b"\n" } else { b",\n" })?;
        self.summary.add(flow);
        serde_json::to_writer(&mut *self.to, flow).map_err(io::Error::from)
    }

    fn finish(mut self, report: &ArchiveReport) -> io::Result<()> {
        // Contracts that were not verified are in the list as done.
        self.summary.complete &= report.is_complete();
        let end = End {
            summary: &self.summary,
            stopped: report.stopped,
            unverified: report.unverified,
            seconds: report.took.as_secs_f64(),
        };
        let end = serde_json::to_string(&end)?;
        let fields = end.strip_prefix('{').unwrap_or(&end);
        writeln!(self.to, "\n],{fields}")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a panic fails the test")]

    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn an_interrupted_verification_is_not_complete() {
        for (stopped, complete) in [(true, false), (false, true)] {
            let report = json!({
                "total": 1, "already": 1, "unverified": u64::from(stopped), "saved": 0, "failed": 0, "bytes": 0,
                "stopped": stopped, "took": 0.5, "journal": "j"
            });
            let report: ArchiveReport = serde_json::from_value(report).unwrap();
            let mut text = START.to_vec();
            let mut list = List { to: &mut text, summary: Summary::new(0) };
            list.add(&Flow::done("f", Vec::<File<'_>>::new())).unwrap();
            list.finish(&report).unwrap();
            let written: Value = serde_json::from_slice(&text).unwrap();
            assert_eq!((&written["complete"], &written["done"]), (&json!(complete), &json!(1)));
        }
    }
}

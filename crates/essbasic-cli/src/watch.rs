//! Progress of an archive job: a bar on a terminal, otherwise a line every few seconds.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use essbasic::DownloadEvent;
use indicatif::HumanBytes;

use crate::progress::Progress;

/// Interval between two lines, if there is no bar.
const INTERVAL: Duration = Duration::from_secs(10);

/// Shows the progress of the job.
pub(crate) struct Watch {
    progress: Progress,
    count: u64,
    began: Instant,
    seen: Mutex<Seen>,
}

/// Events of the job so far.
struct Seen {
    kept: u64,
    saved: u64,
    /// Failed contracts. One that is saved by a second try is removed.
    failed: HashSet<String>,
    bytes: u64,
    last_line: Instant,
}

impl Watch {
    pub(crate) fn new(count: u64, lines: bool) -> Self {
        let progress = Progress::new(usize::try_from(count).unwrap_or(usize::MAX), lines);
        let began = Instant::now();
        let seen = Seen { kept: 0, saved: 0, failed: HashSet::new(), bytes: 0, last_line: began };
        Self { progress, count, began, seen: Mutex::new(seen) }
    }

    pub(crate) fn on(&self, event: DownloadEvent<'_>) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            DownloadEvent::AlreadySaved { .. } => seen.kept += 1,
            DownloadEvent::Saved { flow_id, .. } => seen.save(flow_id.as_str()),
            DownloadEvent::Failed { flow_id, .. } => seen.fail(flow_id.as_str()),
            DownloadEvent::Bytes(bytes) => seen.bytes += bytes,
            _ => return,
        }
        if self.progress.is_bar() {
            self.progress.reached(usize::try_from(seen.done()).unwrap_or(usize::MAX));
            let failed = seen.failed.len();
            self.progress.doing(format!("{}, {failed} failed", HumanBytes(seen.bytes)));
        } else if seen.last_line.elapsed() >= INTERVAL {
            seen.last_line = Instant::now();
            self.progress.note(self.line(&seen));
        }
    }

    fn line(&self, seen: &Seen) -> String {
        let failed = seen.failed.len();
        let counts = format!("{} of {} contracts", seen.done(), self.count);
        // Contracts of an earlier run took no time in this one.
        let done = seen.done() - seen.kept;
        if done == 0 {
            return format!("{counts}, {failed} failed");
        }
        let rate = done as f64 / self.began.elapsed().as_secs_f64().max(0.001);
        let left = self.count.saturating_sub(seen.done()) as f64 / rate;
        let left = humantime::format_duration(Duration::from_secs(left as u64));
        format!("{counts}, {rate:.0} per second, {left} left, {failed} failed")
    }

    /// Removes the bar.
    pub(crate) fn end(&self) {
        self.progress.clear();
    }
}

impl Seen {
    fn save(&mut self, flow_id: &str) {
        self.failed.remove(flow_id);
        self.saved += 1;
    }

    fn fail(&mut self, flow_id: &str) {
        self.failed.insert(flow_id.to_owned());
    }

    /// Returns the number of finished contracts.
    fn done(&self) -> u64 {
        self.kept + self.saved + self.failed.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contract_that_a_second_try_saves_has_not_failed() {
        let watch = Watch::new(4, true);
        assert_eq!(watch.line(&watch.seen.lock().unwrap()), "0 of 4 contracts, 0 failed");
        watch.on(DownloadEvent::AlreadySaved { flow_id: &"a".into() });
        assert_eq!(watch.line(&watch.seen.lock().unwrap()), "1 of 4 contracts, 0 failed");
        let mut seen = watch.seen.lock().unwrap();
        for flow_id in ["b", "c", "b"] {
            seen.fail(flow_id);
        }
        seen.save("b");
        let line = watch.line(&seen);
        assert!(line.starts_with("3 of 4 contracts, ") && line.ends_with(" 1 failed"), "{line}");
    }
}

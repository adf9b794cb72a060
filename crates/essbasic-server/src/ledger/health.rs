//! Health of the commits of a process: whether messages can be committed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::error::{Error, ErrorKind};
use super::operation::Lane;

/// Least time between two lines of the log about the same kind of failure.
const LOG_PERIOD: Duration = Duration::from_secs(10);

/// Result of the last change. A clone is a handle of the same one.
#[derive(Clone, Default)]
pub(super) struct Health(Arc<Inner>);

#[derive(Default)]
struct Inner {
    is_failing: AtomicBool,
    outage: Mutex<Outage>,
}

/// Failures since the last change that was committed.
#[derive(Default)]
struct Outage {
    since: Option<Instant>,
    /// Kind and time of the last line.
    logged: Option<(ErrorKind, Instant)>,
    /// Whether the log has a line about this outage.
    is_reported: bool,
    /// Failures that the log does not have.
    unlogged: u64,
}

/// Line of the log.
#[derive(Debug, PartialEq, Eq)]
enum Line {
    /// Number of failures since the line before.
    Failing(u64),
    /// Duration of the outage.
    Available(Duration),
}

impl Health {
    /// Notes the result of an operation. `confirms`: that it has committed as much as a message, if it succeeded. Others may have written
    /// nothing, which also succeeds on a full disk or without the standby.
    pub(super) fn note(&self, operation: &str, lane: Lane, confirms: bool, failed: Option<&Error>) {
        if lane == Lane::Read {
            return;
        }
        let is_of_store =
            |error: &&Error| matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Unusable);
        match failed {
            None if confirms => {
                if !self.0.is_failing.swap(false, Ordering::Relaxed) {
                    return;
                }
            }
            Some(error) if is_of_store(&error) => self.fail(),
            _ => return,
        }
        let mut outage = self.0.outage.lock().unwrap_or_else(PoisonError::into_inner);
        let line = outage.note(failed.map(Error::kind), Instant::now());
        match (line, failed) {
            (Some(Line::Failing(failures)), Some(error)) => {
                tracing::warn!(%error, operation, failures, "the store is unavailable");
            }
            (Some(Line::Available(outage)), _) => {
                tracing::info!("the store is available again after {} s", outage.as_secs());
            }
            _ => {}
        }
    }

    /// Notes that a change was not committed in time.
    pub(super) fn fail(&self) {
        self.0.is_failing.store(true, Ordering::Relaxed);
    }

    /// Returns whether a change was not committed because of the store, and none was since.
    pub(super) fn is_failing(&self) -> bool {
        self.0.is_failing.load(Ordering::Relaxed)
    }
}

impl Outage {
    fn note(&mut self, failed: Option<ErrorKind>, now: Instant) -> Option<Line> {
        let Some(kind) = failed else {
            let since = self.since.take();
            self.unlogged = 0;
            let is_reported = std::mem::take(&mut self.is_reported);
            return since
                .filter(|_| is_reported)
                .map(|since| Line::Available(now.duration_since(since)));
        };
        self.since.get_or_insert(now);
        self.unlogged += 1;
        let is_recent =
            |(logged, at): (ErrorKind, Instant)| logged == kind && now < at + LOG_PERIOD;
        if self.logged.is_some_and(is_recent) {
            return None;
        }
        self.logged = Some((kind, now));
        self.is_reported = true;
        Some(Line::Failing(std::mem::take(&mut self.unlogged)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_logged_every_ten_seconds_and_at_its_end() {
        let began = Instant::now();
        let mut outage = Outage::default();
        let mut note = |seconds, failed| outage.note(failed, began + Duration::from_secs(seconds));
        let unavailable = Some(ErrorKind::Unavailable);
        assert_eq!(note(0, None), None);
        assert_eq!(note(0, unavailable), Some(Line::Failing(1)));
        assert_eq!(note(1, unavailable), None);
        assert_eq!(note(9, unavailable), None);
        assert_eq!(note(10, unavailable), Some(Line::Failing(3)));
        assert_eq!(note(11, Some(ErrorKind::Unusable)), Some(Line::Failing(1)), "another kind");
        assert_eq!(note(12, None), Some(Line::Available(Duration::from_secs(12))));
        assert_eq!(note(13, None), None);
        // A failure that the log does not have has no end in it either.
        assert_eq!(note(14, Some(ErrorKind::Unusable)), None);
        assert_eq!(note(15, None), None);
    }

    #[test]
    fn only_a_commit_of_a_change_ends_a_failure() {
        let health = Health::default();
        let is_failing = |lane, confirms, failed: Option<ErrorKind>| {
            let error = failed.map(|kind| Error::new(kind, "failed"));
            health.note("Receive", lane, confirms, error.as_ref());
            health.is_failing()
        };
        assert!(!is_failing(Lane::Write, true, Some(ErrorKind::Expired)));
        assert!(!is_failing(Lane::Read, false, Some(ErrorKind::Unavailable)));
        for failed in [ErrorKind::Unavailable, ErrorKind::Unusable] {
            assert!(is_failing(Lane::Write, true, Some(failed)));
            assert!(is_failing(Lane::Write, false, None), "a claim of nothing");
            assert!(is_failing(Lane::Write, true, Some(ErrorKind::Expired)));
            assert!(is_failing(Lane::Read, true, None));
            assert!(!is_failing(Lane::Write, true, None));
        }
        health.fail();
        assert!(health.is_failing());
    }
}

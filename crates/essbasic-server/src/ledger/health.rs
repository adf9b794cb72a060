//! Health of the commits of a process: whether messages can be committed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::error::ErrorKind;
use super::operation::Lane;

/// Whether the last change failed. A clone is a handle of the same one.
#[derive(Clone, Default)]
pub(super) struct Health(Arc<AtomicBool>);

impl Health {
    /// Notes the result of an operation. `confirms`: that it has committed as much as a message, if it succeeded. Others may have written
    /// nothing, which also succeeds on a full disk or without the standby.
    pub(super) fn note(&self, lane: Lane, confirms: bool, failed: Option<ErrorKind>) {
        match failed {
            _ if lane == Lane::Read => {}
            Some(ErrorKind::Unavailable | ErrorKind::Unusable) => self.fail(),
            None if confirms => self.0.store(false, Ordering::Relaxed),
            _ => {}
        }
    }

    /// Notes that a change was not committed in time.
    pub(super) fn fail(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Returns whether a change was not committed because of the store, and none was since.
    pub(super) fn is_failing(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_commit_of_a_change_ends_a_failure() {
        let health = Health::default();
        let is_failing = |lane, confirms, failed| {
            health.note(lane, confirms, failed);
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

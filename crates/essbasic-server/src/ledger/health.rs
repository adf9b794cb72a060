//! Health of the commits of a process: whether its last change was committed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::error::ErrorKind;
use super::operation::Lane;

/// Result of the last change. A clone is a handle of the same one.
#[derive(Clone, Default)]
pub(super) struct Health(Arc<AtomicBool>);

impl Health {
    /// Notes the result of an operation.
    pub(super) fn note(&self, lane: Lane, failed: Option<ErrorKind>) {
        if lane != Lane::Read {
            let is_failing = matches!(failed, Some(ErrorKind::Unavailable | ErrorKind::Unusable));
            self.0.store(is_failing, Ordering::Relaxed);
        }
    }

    /// Returns whether the last change was not committed because of the store.
    pub(super) fn is_failing(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

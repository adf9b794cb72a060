//! Log lines of failed operations of the ledger.

use crate::ledger::{Error, ErrorKind};

/// Logs an error of the ledger. The ledger itself reports that the store is unavailable, once for all loops.
pub(crate) fn failed(error: &Error, task: &str, what: &str) {
    if matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Unusable) {
        tracing::debug!(%error, task, "{what}");
    } else {
        tracing::warn!(%error, task, "{what}");
    }
}

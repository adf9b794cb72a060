//! Waiting for the end of tasks.

use tc3_client::{Stop, TaskOptions, TaskOutcome};

use crate::trace::Outcome;

/// Returns the options with the stop of the client, unless they have one.
pub(crate) fn stopped_by(options: &TaskOptions, stop: Option<&Stop>) -> TaskOptions {
    match (options.stop(), stop) {
        (None, Some(stop)) => options.clone().with_stop(stop.clone()),
        _ => options.clone(),
    }
}

impl<T> Outcome for TaskOutcome<T> {
    /// Counts a task whose state is unknown: a failed one has been waited for.
    fn failed(&self) -> u64 {
        u64::from(matches!(self, Self::Pending { error: Some(_), .. }))
    }
}

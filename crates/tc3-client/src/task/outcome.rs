//! Outcomes of waiting for a task.

use crate::error::Error;

/// How the wait for a task ended.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum TaskOutcome<T> {
    /// The task has ended, and this response has its result. Parts of the result may have failed.
    Succeeded(T),
    /// The task has ended without a result. The response states the reason.
    Failed(T),
    /// The wait timed out or was stopped. The task goes on.
    Pending {
        /// The last response to a query.
        response: Option<T>,
        /// The cause if the last query failed.
        error: Option<Error>,
    },
    /// The service has started no task: its response has no ID, and states the reason.
    NotStarted,
}

impl<T> TaskOutcome<T> {
    /// Returns the response with the result, if the task has succeeded.
    pub fn succeeded(self) -> Option<T> {
        match self {
            Self::Succeeded(response) => Some(response),
            _ => None,
        }
    }
}

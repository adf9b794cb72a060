//! Tasks: actions that start work, and actions that report its progress.

use std::time::Duration;

use crate::Action;

/// A request that starts a task, whose progress another action reports.
///
/// Generated models implement it for the tasks of the overlay. A client starts the task and waits for its end.
pub trait StartTask: Action {
    /// Request for the progress.
    type Query: TaskQuery;

    /// Returns the request for the progress of the task of this response, with the fields that both requests have; `None` if
    /// the response has no ID, because no task was started.
    fn query(&self, response: &Self::Response) -> Option<Self::Query>;
}

/// A request for the progress of a task.
pub trait TaskQuery: Action {
    /// Default delay before the second query; later delays are longer.
    const INTERVAL: Duration;

    /// Error codes of a task that has not ended.
    const RUNNING_CODES: &'static [&'static str] = &[];

    /// Returns the state of the task. A status without a known meaning is that of a running task.
    fn state(response: &Self::Response) -> TaskState;
}

/// State of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TaskState {
    /// The task has not ended.
    Running,
    /// The task has ended, and the response has its result. Parts of it may have failed.
    Succeeded,
    /// The task has ended without a result.
    Failed,
}

//! Waiting for the end of tasks, as a sans-IO state machine.

mod handle;
mod options;
mod outcome;

use std::time::Duration;

use tc3_api::{TaskQuery, TaskState};

pub use self::options::TaskOptions;
pub use self::outcome::TaskOutcome;
use crate::error::Error;
use crate::pace::Pace;
use crate::time::Now;

/// The next action of a driver.
pub(crate) enum Step {
    /// Send the query, then report its response.
    Query,
    /// Sleep for this time, or until a stop.
    Sleep(Duration),
    Done,
}

/// The wait for one task, whose queries have responses of this type.
pub(crate) struct Waiting<T> {
    options: TaskOptions,
    /// Error codes of a task that has not ended.
    running_codes: &'static [&'static str],
    pace: Pace,
    deadline: Duration,
    /// Time of the next query, on the monotonic clock.
    next_query: Duration,
    /// `true` after the first query.
    queried: bool,
    /// The last response, with the state of the task.
    last: Option<(TaskState, T)>,
    /// The error of the last query.
    error: Option<Error>,
}

impl<T> Waiting<T> {
    pub(crate) fn new<Q: TaskQuery<Response = T>>(options: &TaskOptions, now: Now) -> Self {
        let interval = options.interval.unwrap_or(Q::INTERVAL);
        Self {
            running_codes: Q::RUNNING_CODES,
            pace: Pace::new(interval, options.max_interval.max(interval)),
            deadline: now.monotonic.saturating_add(options.timeout),
            next_query: now.monotonic,
            queried: false,
            last: None,
            error: None,
            options: options.clone(),
        }
    }

    /// Returns the next action. The first query is sent at once, and at least one is sent whatever the timeout is.
    pub(crate) fn next(&mut self, now: Now) -> Step {
        let has_ended = matches!(self.last, Some((TaskState::Succeeded | TaskState::Failed, _)));
        let is_late = self.queried && now.monotonic >= self.deadline;
        if has_ended || is_late || self.options.is_stopped() {
            return Step::Done;
        }
        if now.monotonic >= self.next_query {
            let is_first = !std::mem::replace(&mut self.queried, true);
            self.next_query = now.monotonic.saturating_add(self.pace.next(is_first));
            return Step::Query;
        }
        Step::Sleep(self.next_query.min(self.deadline).saturating_sub(now.monotonic))
    }

    /// Processes the response to a query; `None` if the query was stopped.
    ///
    /// # Errors
    /// Returns the error of the call, unless the task is running according to its code. After a first response, an error that
    /// a later query may not have does not end the wait.
    pub(crate) fn on(
        &mut self,
        state: fn(&T) -> TaskState,
        response: Result<Option<T>, Error>,
    ) -> Result<(), Error> {
        match response {
            Ok(None) => {}
            Ok(Some(response)) => {
                self.error = None;
                self.last = Some((state(&response), response));
            }
            Err(error) if self.running_codes.contains(&error.code()) => self.error = Some(error),
            // An earlier error is that of a running task.
            Err(error) if (self.last.is_some() || self.error.is_some()) && error.is_retryable() => {
                self.error = Some(error);
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> TaskOutcome<T> {
        match self.last {
            Some((TaskState::Succeeded, response)) => TaskOutcome::Succeeded(response),
            Some((TaskState::Failed, response)) => TaskOutcome::Failed(response),
            last => TaskOutcome::Pending {
                response: last.map(|(_, response)| response),
                error: self.error,
            },
        }
    }
}

#[cfg(all(test, feature = "test-util"))]
mod tests;

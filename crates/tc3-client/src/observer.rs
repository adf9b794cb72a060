//! Observers: what metrics and logs of a program learn about calls.

use std::sync::Arc;
use std::time::Duration;

use tc3_api::ErrorClass;

use crate::error::{Error, ErrorKind};

/// A receiver of the results of attempts and calls, for metrics and logs. Added by
/// [`Config::with_observer`](crate::Config::with_observer).
///
/// The methods run within the call, so they must not block. A panic ends the call as a panic of its caller.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use tc3_client::{AttemptEvent, CallEvent, Config, Observer, credentials};
///
/// #[derive(Default)]
/// struct Counters {
///     failed: AtomicU64,
///     retries: AtomicU64,
/// }
///
/// impl Observer for Counters {
///     fn on_attempt(&self, attempt: &AttemptEvent<'_>) {
///         self.retries.fetch_add(attempt.retry_in.is_some().into(), Ordering::Relaxed);
///     }
///
///     fn on_call(&self, call: &CallEvent<'_>) {
///         self.failed.fetch_add((!call.outcome.is_success()).into(), Ordering::Relaxed);
///     }
/// }
///
/// let config = Config::new(credentials::default_chain()).with_observer(Counters::default());
/// ```
pub trait Observer: Send + Sync {
    /// Called at the end of each attempt, before a retry. If the service rejects a credential, it is called once it is known
    /// whether the source has another one.
    fn on_attempt(&self, attempt: &AttemptEvent<'_>) {
        let _ = attempt;
    }

    /// Called at the end of each call, after the event of its last attempt.
    ///
    /// Calls that fail before their first step, for an invalid body or endpoint, are not reported.
    fn on_call(&self, call: &CallEvent<'_>) {
        let _ = call;
    }
}

/// The end of one attempt. It contains no secrets, bodies or messages of the service.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct AttemptEvent<'a> {
    /// Name of the service, such as `cvm`.
    pub service: &'a str,
    /// Name of the action; the inner one of an [encapsulated](crate::Encapsulation) call.
    pub action: &'a str,
    /// Number of the attempt in its call, from one.
    pub number: u32,
    /// Time from sending the request to its response or failure.
    pub elapsed: Duration,
    /// HTTP status, if there was a response.
    pub status: Option<u16>,
    /// Request ID, if there was one in the response.
    pub request_id: Option<&'a str>,
    /// Result of the attempt.
    pub outcome: CallOutcome<'a>,
    /// Planned delay before the next attempt; `None` if no retry is planned. It excludes waits for the rate limit and for a
    /// credential. A stop or the timeout of the call can prevent a planned retry.
    pub retry_in: Option<Duration>,
}

/// The end of a call. It contains no secrets, bodies or messages of the service.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct CallEvent<'a> {
    /// Name of the service, such as `cvm`.
    pub service: &'a str,
    /// Name of the action; the inner one of an [encapsulated](crate::Encapsulation) call.
    pub action: &'a str,
    /// Number of attempts; zero if no request was sent.
    pub attempts: u32,
    /// Time from the start of the call, including delays and waits.
    pub elapsed: Duration,
    /// HTTP status of the last attempt, if there was a response.
    pub status: Option<u16>,
    /// Request ID of the last attempt, if there was one in the response.
    pub request_id: Option<&'a str>,
    /// Result of the call.
    pub outcome: CallOutcome<'a>,
}

/// The result of an attempt or a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallOutcome<'a> {
    /// The response was decoded.
    Success,
    /// It failed.
    #[non_exhaustive]
    Failed {
        /// Kind of the failure.
        kind: ErrorKind,
        /// Class of the error code; `None` if the API returned no error.
        class: Option<ErrorClass>,
        /// Error code of the API; empty if the API returned no error.
        code: &'a str,
    },
    /// It was stopped ([`Stop`](crate::Stop)), or its future was dropped, for example by a timeout of the program.
    Cancelled,
}

impl<'a> CallOutcome<'a> {
    pub(crate) fn of(error: &'a Error) -> Self {
        Self::Failed { kind: error.kind(), class: error.class(), code: error.code() }
    }

    /// Returns whether the response was decoded.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Success)
    }

    /// Returns the failure as a label of a metric: [`Error::error_type`], or `cancelled`. Returns `None` for a success.
    pub fn error_type(&self) -> Option<&'a str> {
        match *self {
            Self::Success => None,
            Self::Failed { kind, code: "", .. } => Some(kind.name()),
            Self::Failed { code, .. } => Some(code),
            Self::Cancelled => Some("cancelled"),
        }
    }
}

/// The observers of a client, in the order in which they were added.
pub(crate) type Observers = Vec<Arc<dyn Observer>>;

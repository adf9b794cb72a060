//! The caller's decision about retries.

use std::sync::Arc;

use crate::error::{Error, ErrorKind};
use crate::retry::Verdict;

/// A failed attempt, for a [`RetryClassifier`].
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct FailedAttempt<'a> {
    /// Name of the action.
    pub action: &'a str,
    /// True if the action is idempotent, by its metadata or the options of the call.
    pub idempotent: bool,
    /// Number of the attempt, from one.
    pub attempt: u32,
    /// Failure of the attempt. It has no facts of the whole call, such as the number of attempts.
    pub error: &'a Error,
}

/// A decision about the retry of a failed attempt. Number of attempts, deadline and retry budget bound retries nevertheless.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RetryDecision {
    /// The rules of the client decide.
    Standard,
    /// The call fails.
    Never,
    /// The attempt is retried if it was certainly not executed: it was never sent, or the service refused it because of the
    /// rate limit, the clock or an expired credential.
    IfNotExecuted,
    /// The attempt is retried if the action is idempotent or the attempt was certainly not executed.
    IfIdempotent,
}

/// The caller's rules about retries, which precede those of the client. It is called for each failed attempt, except
/// one that an [`Interceptor`](crate::Interceptor) has failed.
///
/// A closure is one. The type of its parameter must be given, as here:
///
/// ```
/// use tc3_client::{Config, FailedAttempt, RetryDecision, credentials};
///
/// let config = Config::new(credentials::default_chain()).with_retry_classifier(
///     |attempt: &FailedAttempt<'_>| match attempt.error.code() {
///         // This operation is busy for a moment.
///         "FailedOperation.Busy" => RetryDecision::IfIdempotent,
///         code if code.starts_with("InternalError") => RetryDecision::Never,
///         _ => RetryDecision::Standard,
///     },
/// );
/// ```
pub trait RetryClassifier: Send + Sync {
    /// Returns the decision about a failed attempt.
    fn classify(&self, attempt: &FailedAttempt<'_>) -> RetryDecision;
}

impl<F: Fn(&FailedAttempt<'_>) -> RetryDecision + Send + Sync> RetryClassifier for F {
    fn classify(&self, attempt: &FailedAttempt<'_>) -> RetryDecision {
        self(attempt)
    }
}

impl<T: RetryClassifier + ?Sized> RetryClassifier for Arc<T> {
    fn classify(&self, attempt: &FailedAttempt<'_>) -> RetryDecision {
        (**self).classify(attempt)
    }
}

impl RetryDecision {
    /// Returns the reaction to a failed attempt whose reaction by the rules of the client is `standard`.
    pub(crate) fn apply(self, standard: Verdict, attempt: &FailedAttempt<'_>) -> Verdict {
        let is_refused = matches!(
            standard,
            Verdict::Throttled | Verdict::CorrectClock | Verdict::RefreshCredential
        );
        let never_sent = matches!(
            attempt.error.kind(),
            ErrorKind::Transport(kind) if kind.never_sent()
        );
        let is_safe = match self {
            Self::Standard => return standard,
            Self::Never => return Verdict::GiveUp,
            Self::IfNotExecuted => never_sent,
            Self::IfIdempotent => never_sent || attempt.idempotent,
        };
        match is_safe {
            _ if is_refused => standard,
            true => Verdict::Retry,
            false => Verdict::GiveUp,
        }
    }
}

#[cfg(test)]
mod tests {
    use tc3_transport::{TransportError, TransportErrorKind};

    use super::*;

    #[test]
    fn a_decision_retries_only_what_is_safe() {
        use RetryDecision::{IfIdempotent, IfNotExecuted, Never, Standard};
        use Verdict::{CorrectClock, GiveUp, RefreshCredential, Retry, Throttled};
        let of = |kind| Error::transport(TransportError::new(kind));
        let never_sent = of(TransportErrorKind::Proxy);
        let broken = of(TransportErrorKind::Interrupted);
        let cases = [
            (Standard, &broken, true, Retry, Retry),
            (Standard, &broken, false, GiveUp, GiveUp),
            (Never, &broken, true, Retry, GiveUp),
            (Never, &broken, true, Throttled, GiveUp),
            (Never, &never_sent, true, RefreshCredential, GiveUp),
            (IfNotExecuted, &broken, true, Retry, GiveUp),
            (IfNotExecuted, &broken, false, Throttled, Throttled),
            (IfNotExecuted, &broken, false, CorrectClock, CorrectClock),
            (IfNotExecuted, &never_sent, false, GiveUp, Retry),
            (IfIdempotent, &broken, false, GiveUp, GiveUp),
            (IfIdempotent, &broken, true, GiveUp, Retry),
            (IfIdempotent, &never_sent, false, GiveUp, Retry),
            (IfIdempotent, &broken, false, RefreshCredential, RefreshCredential),
        ];
        for (decision, error, idempotent, standard, expected) in cases {
            let attempt = FailedAttempt { action: "A", idempotent, attempt: 1, error };
            let label = format!("{decision:?} {error} {idempotent} {standard:?}");
            assert_eq!(decision.apply(standard, &attempt), expected, "{label}");
        }
    }
}

//! The reaction to the result of an attempt: the end of the call, or a retry.

use std::borrow::Cow;
use std::sync::PoisonError;
use std::time::Duration;

use tc3_transport::HeaderMap;

use super::{Call, Step};
use crate::classifier::FailedAttempt;
use crate::error::{Error, ErrorKind};
use crate::headers::{RetryAfter, server_time};
use crate::one_line::one_line;
use crate::response::{ApiResponse, Content};
use crate::retry::{self, RetryPolicy, Verdict};
use crate::time::Now;

/// Minimum time for an attempt; a tenth of the timeout if that is less.
const MIN_ATTEMPT_TIME: Duration = Duration::from_secs(1);

/// Maximum `Retry-After` that a call waits for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);

/// End of the retries by the timeout of the call.
pub(super) const NO_TIME: &str = "the timeout of the call leaves no time for another attempt";

impl<'a> Call<'a> {
    pub(super) fn on_response(&mut self, now: Now, response: ApiResponse) -> Step<'a> {
        self.sent = true;
        self.is_connection_broken = false;
        let status = response.status.as_u16();
        tracing::debug!(status, request_id = response.request_id, "response received");
        let id = response.request_id;
        if response.content.accepts_signature(&self.info) {
            self.confirm_skew();
        }
        let (verdict, error) = match response.content {
            Content::Success | Content::Deprecated(_) if !response.status.is_success() => {
                let message = format!("HTTP status {status} without an error in the response");
                let verdict = retry::on_status(&self.info, status);
                (verdict, Error::response(ErrorKind::Status, message, id, status))
            }
            Content::Success => {
                self.attempt_succeeded(now, status, id);
                return self.succeed();
            }
            Content::Deprecated(warning) => {
                let warning = one_line(&warning, 500);
                tracing::warn!(action = self.info.name, warning, "deprecated action");
                self.attempt_succeeded(now, status, id);
                return self.succeed();
            }
            Content::Stream => return self.on_stream(now, status, id),
            Content::Intercepted(cause) => {
                (Verdict::GiveUp, Error::interceptor(cause).of_response(id, status))
            }
            Content::Error(error) => {
                let verdict = retry::on_code(&self.info, &error.code);
                (verdict, Error::api(&self.info, &error, id, status))
            }
            Content::Unexpected(description) if response.status.is_success() => {
                let error = Error::response(ErrorKind::Decode, description, id, status);
                (Verdict::GiveUp, error.retryable(false))
            }
            Content::Unexpected(description) | Content::Undecodable(description) => {
                let (kind, message) = if response.status.is_success() {
                    (ErrorKind::Decode, description)
                } else {
                    (ErrorKind::Status, format!("HTTP status {status}: {description}"))
                };
                let verdict = retry::on_status(&self.info, status);
                (verdict, Error::response(kind, message, id, status))
            }
        };
        self.react(now, verdict, Some(&response.headers), error)
    }

    pub(super) fn react(
        &mut self,
        now: Now,
        verdict: Verdict,
        headers: Option<&HeaderMap>,
        error: Error,
    ) -> Step<'a> {
        self.note_outcome(&error);
        let failure = error.clone();
        self.failure = Some(error.clone());
        let step = self.decide(now, verdict, headers, error);
        self.attempt_failed(now, &failure, &step);
        step
    }

    fn decide(
        &mut self,
        now: Now,
        verdict: Verdict,
        headers: Option<&HeaderMap>,
        error: Error,
    ) -> Step<'a> {
        let verdict = self.classify(verdict, &error);
        let server = headers.and_then(server_time);
        let error = match verdict {
            Verdict::CorrectClock => self.explain_expiry(now, server, error),
            _ => error,
        };
        let max_attempts = self.retry_policy().max_attempts;
        if let Verdict::Throttled = verdict
            && max_attempts > 1
        {
            return self.on_throttled(now, headers, error);
        }
        if self.attempts.saturating_sub(self.throttled) >= max_attempts {
            return self.fail(error);
        }
        match verdict {
            Verdict::GiveUp | Verdict::Throttled => self.fail(error),
            Verdict::Retry => self.back_off(now, headers, error),
            Verdict::CorrectClock => self.correct_clock(now, server, error),
            Verdict::RefreshCredential if !self.refreshed && self.credential.is_some() => {
                self.refreshed = true;
                self.rejection = Some(error);
                Step::Credential(self.credential.clone())
            }
            Verdict::RefreshCredential => self.fail(error),
        }
    }

    fn back_off(&mut self, now: Now, headers: Option<&HeaderMap>, error: Error) -> Step<'a> {
        let after = headers.and_then(|headers| RetryAfter::of(headers, now));
        let failed = self.attempts.saturating_sub(self.throttled);
        let retry = self.retry_policy();
        let after = after.map(|after| after.wait(retry.longest_delay()));
        let delay = self.with_rng(|rng| retry.delay(failed, after, rng));
        // This error is more useful than a timeout.
        if let Some(end) = self.end_of_retries(after, self.has_time_for(now, delay)) {
            return self.fail(error.with_end_of_retries(end));
        }
        if let Some(budget) = &self.engine.budget {
            let Some(tokens) = budget.reserve(error.is_timeout()) else {
                tracing::debug!(attempt = self.attempts, "no retry: the retry budget is exhausted");
                return self
                    .fail(error.with_end_of_retries("the retry budget is exhausted".into()));
            };
            self.tokens = Some(tokens);
        }
        self.retry_in(delay, &error)
    }

    /// Retries until the timeout of the call: the service rejected the request before it was executed.
    fn on_throttled(&mut self, now: Now, headers: Option<&HeaderMap>, error: Error) -> Step<'a> {
        self.throttled = self.throttled.saturating_add(1);
        let since = *self.throttled_since.get_or_insert(now.monotonic);
        let after = headers.and_then(|headers| RetryAfter::of(headers, now));
        let after = after.map(|after| after.wait(retry::MAX_THROTTLE_DELAY));
        let retry = self.retry_policy();
        let (min_delay, delay) =
            self.with_rng(|rng| retry.throttle_delay(self.throttled, after, rng));
        let end = since.saturating_add(retry::MAX_THROTTLED_TIME);
        let has_time_for = |wait: Duration| match self.deadline {
            Some(_) => self.has_time_for(now, wait),
            None => now.monotonic.saturating_add(wait) < end,
        };
        if let Some(end) = self.end_of_retries(after, has_time_for(min_delay)) {
            return self.fail(error.with_end_of_retries(end));
        }
        // If little time is left, the jitter is omitted.
        self.retry_in(if has_time_for(delay) { delay } else { min_delay }, &error)
    }

    /// Returns why there is no retry after a wait for `after`.
    fn end_of_retries(&self, after: Option<Duration>, has_time: bool) -> Option<Cow<'static, str>> {
        match after {
            Some(after) if after > MAX_RETRY_AFTER || (!has_time && !after.is_zero()) => {
                Some(Cow::Owned(format!(
                    "the server asks to retry after {} s (Retry-After)",
                    after.as_secs()
                )))
            }
            _ if has_time => None,
            _ if self.deadline.is_none() => Some("the service throttles for 5 minutes".into()),
            _ => Some(NO_TIME.into()),
        }
    }

    fn retry_policy(&self) -> RetryPolicy {
        self.options.retry.unwrap_or(self.engine.config.retry)
    }

    /// Returns the reaction after the decision of the caller.
    fn classify(&self, verdict: Verdict, error: &Error) -> Verdict {
        let Some(classifier) = &self.engine.config.retry_classifier else { return verdict };
        // The error of an interceptor is final.
        if error.kind() == ErrorKind::Interceptor {
            return verdict;
        }
        let (action, idempotent) = (self.info.name, self.info.idempotent);
        let attempt = FailedAttempt { action, idempotent, attempt: self.attempts, error };
        classifier.classify(&attempt).apply(verdict, &attempt)
    }

    fn succeed(&self) -> Step<'a> {
        self.refill_budget();
        Step::Done(Ok(()))
    }

    pub(super) fn refill_budget(&self) {
        if let Some(budget) = &self.engine.budget {
            budget.succeeded(self.spent);
        }
    }

    fn with_rng<T>(&self, f: impl FnOnce(&mut fastrand::Rng) -> T) -> T {
        f(&mut self.engine.rng.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn retry_in(&self, delay: Duration, error: &Error) -> Step<'a> {
        tracing::debug!(
            attempt = self.attempts,
            error.type = error.error_type(),
            http.response.status_code = error.status(),
            wait_ms = delay.as_millis() as u64,
            "attempt failed, will retry"
        );
        Step::Sleep(delay)
    }

    /// Returns whether an attempt after this wait has time for a response. Otherwise a known failure would become
    /// a timeout with an unknown outcome.
    pub(super) fn has_time_for(&self, now: Now, wait: Duration) -> bool {
        let (Some(deadline), Some(timeout)) = (self.deadline, self.timeout) else {
            return true;
        };
        let attempt = MIN_ATTEMPT_TIME.min(timeout / 10);
        now.monotonic.saturating_add(wait).saturating_add(attempt) < deadline
    }
}

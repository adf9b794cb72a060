//! The reaction to the result of an attempt: the end of the call, or a retry.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tc3_transport::HeaderMap;

use super::{Call, Step};
use crate::classifier::FailedAttempt;
use crate::error::{Error, ErrorKind};
use crate::headers::{retry_after, server_time};
use crate::one_line::one_line;
use crate::response::{ApiResponse, Content};
use crate::retry::{self, RetryPolicy, Verdict};
use crate::time::{Now, skew};

/// Minimum difference, in seconds, of a second clock skew correction in one call.
const MIN_SKEW_CHANGE: u64 = 60;

/// Minimum time for an attempt; a tenth of the timeout if that is less.
const MIN_ATTEMPT_TIME: Duration = Duration::from_secs(1);

/// Maximum `Retry-After` that a call waits for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);

impl<'a> Call<'a> {
    pub(super) fn on_response(&mut self, now: Now, response: ApiResponse) -> Step<'a> {
        self.sent = true;
        let status = response.status.as_u16();
        tracing::debug!(status, request_id = response.request_id, "response received");
        let id = response.request_id;
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
            Verdict::CorrectClock => match headers.and_then(server_time) {
                Some(server) => self.correct_clock(now, server, error),
                None => self.fail(error),
            },
            Verdict::RefreshCredential if !self.refreshed && self.credential.is_some() => {
                self.refreshed = true;
                self.rejection = Some(error);
                Step::Credential(self.credential.clone())
            }
            Verdict::RefreshCredential => self.fail(error),
        }
    }

    /// Retries with the server's time. A call corrects the skew a second time only if the value differs: then
    /// the first server's clock was wrong.
    fn correct_clock(&mut self, now: Now, server: Duration, error: Error) -> Step<'a> {
        let skew = skew(server, now);
        if self.corrected.is_some_and(|tried| tried.abs_diff(skew) < MIN_SKEW_CHANGE) {
            return self.fail(error);
        }
        self.corrected = Some(skew);
        tracing::warn!(skew_seconds = skew, "clock skew corrected with the time of the server");
        self.engine.skew.store(skew, Ordering::Relaxed);
        self.begin(now)
    }

    fn back_off(&mut self, now: Now, headers: Option<&HeaderMap>, error: Error) -> Step<'a> {
        let after = headers.and_then(|headers| retry_after(headers, now));
        let failed = self.attempts.saturating_sub(self.throttled);
        let retry = self.retry_policy();
        let delay = self.with_rng(|rng| retry.delay(failed, after, rng));
        // This error is more useful than a timeout.
        if after.is_some_and(|after| after > MAX_RETRY_AFTER) || !self.has_time_for(now, delay) {
            return self.fail(error);
        }
        if let Some(budget) = &self.engine.budget {
            let Some(tokens) = budget.reserve(error.is_timeout()) else {
                tracing::debug!(attempt = self.attempts, "no retry: the retry budget is exhausted");
                return self.fail(error);
            };
            self.tokens = Some(tokens);
        }
        self.retry_in(delay, &error)
    }

    /// Retries until the timeout of the call: the service rejected the request before it was executed.
    fn on_throttled(&mut self, now: Now, headers: Option<&HeaderMap>, error: Error) -> Step<'a> {
        self.throttled = self.throttled.saturating_add(1);
        let since = *self.throttled_since.get_or_insert(now.monotonic);
        let after = headers.and_then(|headers| retry_after(headers, now));
        let retry = self.retry_policy();
        let (min_delay, delay) =
            self.with_rng(|rng| retry.throttle_delay(self.throttled, after, rng));
        let end = since.saturating_add(retry::MAX_THROTTLED_TIME);
        let has_time_for = |wait: Duration| match self.deadline {
            Some(_) => self.has_time_for(now, wait),
            None => now.monotonic.saturating_add(wait) < end,
        };
        if after.is_some_and(|after| after > MAX_RETRY_AFTER) || !has_time_for(min_delay) {
            return self.fail(error);
        }
        // If little time is left, the jitter is omitted.
        self.retry_in(if has_time_for(delay) { delay } else { min_delay }, &error)
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
        if let Some(budget) = &self.engine.budget {
            budget.succeeded(self.spent);
        }
        Step::Done(Ok(()))
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

//! The call engine: a sans-IO state machine. A driver passes it events and the time, and performs the steps that
//! it returns.

mod observe;
mod permit;

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tc3_api::ActionInfo;
use tc3_transport::{Bytes, HeaderMap, Method, Request, TransportError};

use crate::credentials::{CredentialError, ValidCredential};
use crate::endpoint::Target;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind};
use crate::headers::{retry_after, server_time};
use crate::interceptor::UnsignedRequest;
use crate::one_line::one_line;
use crate::request_headers;
use crate::response::{ApiResponse, Content};
use crate::retry::{self, Verdict};
use crate::time::{Now, skew};
use observe::Observed;
pub(crate) use observe::Watched;

/// The result of a step.
pub(crate) enum Event {
    Credential(Result<ValidCredential, CredentialError>),
    /// The deadline of the call has passed before there was a credential.
    Expired,
    Response(Result<ApiResponse, TransportError>),
    Woke,
}

/// A step that the driver performs.
///
/// A call has exactly one operation in flight until it is done: a credential, a request or a timer.
#[expect(clippy::large_enum_variant, reason = "a driver has only one, on its stack")]
pub(crate) enum Step {
    /// Get a credential; if possible, a different one than the rejected one.
    Credential(Option<ValidCredential>),
    /// Send the request and read the whole response.
    Send(Request),
    Sleep(Duration),
    Done(Result<(), Error>),
}

/// The state of one call.
pub(crate) struct Call<'a> {
    engine: Arc<Engine>,
    info: ActionInfo<'a>,
    /// The action of the HTTP request. It differs from `info` if the call is encapsulated.
    outer_action: ActionInfo<'a>,
    target: Target,
    body: Bytes,
    /// Deadline on the monotonic clock.
    deadline: Option<Duration>,
    attempts: u32,
    /// Number of throttled attempts.
    throttled: u32,
    /// Time of the first throttled attempt, on the monotonic clock.
    throttled_since: Option<Duration>,
    /// True if an attempt may have reached the server.
    sent: bool,
    credential: Option<ValidCredential>,
    /// The error of the attempt whose credential was rejected, while the credential is refreshed.
    rejection: Option<Error>,
    refreshed: bool,
    /// The clock skew that this call has set.
    corrected: Option<i64>,
    /// The permit that the call is waiting for: its time on the monotonic clock.
    reserved: Option<Duration>,
    observed: Observed,
}

impl<'a> Call<'a> {
    pub(crate) fn new(
        engine: &Arc<Engine>,
        info: ActionInfo<'a>,
        body: Bytes,
        now: Now,
    ) -> Result<Self, Error> {
        let outer_action =
            engine.encapsulation(&info).map_or(info, |encapsulation| encapsulation.outer_action());
        let target = engine
            .config
            .endpoint
            .target(&outer_action)
            .map_err(|error| error.of_call(info.name, 0, false))?;
        Ok(Self {
            engine: Arc::clone(engine),
            info,
            outer_action,
            observed: Observed::new(&info, &target, now),
            target,
            body,
            deadline: engine.config.timeout.map(|timeout| now.monotonic.saturating_add(timeout)),
            attempts: 0,
            throttled: 0,
            throttled_since: None,
            sent: false,
            credential: None,
            rejection: None,
            refreshed: false,
            corrected: None,
            reserved: None,
        })
    }

    /// Returns the deadline on the monotonic clock.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.deadline
    }

    /// Returns the error of a call without a credential at its deadline.
    pub(crate) fn expired() -> Error {
        Error::new(ErrorKind::Timeout, "the timeout of the call expired before it had a credential")
    }

    /// Returns whether the call may be dropped while a request is in flight.
    pub(crate) fn is_idempotent(&self) -> bool {
        self.info.idempotent
    }

    /// Returns the first step.
    pub(crate) fn start(&mut self, now: Now) -> Step {
        let step = self.begin(now);
        self.observe(now, step)
    }

    fn begin(&mut self, now: Now) -> Step {
        if self.outer_action.signed { Step::Credential(None) } else { self.attempt(now) }
    }

    /// Returns the step after an event.
    pub(crate) fn on(&mut self, now: Now, event: Event) -> Step {
        let step = self.next(now, event);
        self.observe(now, step)
    }

    fn next(&mut self, now: Now, event: Event) -> Step {
        match event {
            Event::Credential(Ok(credential)) => self.on_credential(now, credential),
            Event::Credential(Err(error)) => {
                // If a refresh fails, the call fails with the rejection by the server.
                let error = self.rejection.take().unwrap_or_else(|| error.into_error());
                self.fail(error)
            }
            Event::Response(Ok(response)) => self.on_response(now, response),
            Event::Response(Err(error)) => {
                self.sent |= !error.kind().never_sent();
                let verdict = retry::on_transport(&self.info, error.kind());
                self.react(now, verdict, None, Error::transport(error))
            }
            Event::Expired => {
                let rejection = self.rejection.take();
                self.fail(rejection.unwrap_or_else(Self::expired))
            }
            Event::Woke => match self.reserved.take() {
                Some(reserved) => self.on_permit(now, reserved),
                None => self.begin(now),
            },
        }
    }

    fn on_credential(&mut self, now: Now, credential: ValidCredential) -> Step {
        if let Some(rejection) = self.rejection.take()
            && self.credential.as_ref().is_some_and(|old| old.is_same(&credential))
        {
            return self.fail(rejection);
        }
        self.credential = Some(credential);
        self.attempt(now)
    }

    fn send(&mut self, now: Now) -> Step {
        match self.request(now) {
            Ok(request) => {
                self.attempts += 1;
                self.attempt_sent(now);
                tracing::debug!(attempt = self.attempts, "sending");
                Step::Send(request)
            }
            Err(error) => self.fail(error),
        }
    }

    /// Returns the request, signed with the current time.
    fn request(&self, now: Now) -> Result<Request, Error> {
        let timeout = match self.deadline {
            Some(deadline) => match deadline.checked_sub(now.monotonic) {
                Some(left) if !left.is_zero() => Some(left),
                _ => {
                    return Err(Error::new(
                        ErrorKind::Timeout,
                        "the timeout of the call has expired",
                    ));
                }
            },
            None => None,
        };
        let skew = self.engine.skew.load(Ordering::Relaxed);
        let timestamp = now.unix.as_secs().saturating_add_signed(skew);
        let mut unsigned = UnsignedRequest {
            info: self.info,
            attempt: self.attempts.saturating_add(1),
            headers: HeaderMap::new(),
            body: self.body.clone(),
        };
        self.engine
            .config
            .interceptors
            .before_signing(&mut unsigned)
            .map_err(Error::interceptor)?;
        let UnsignedRequest { headers, body, .. } = unsigned;
        let body = match self.engine.encapsulation(&self.info) {
            None => body,
            Some(encapsulation) => encapsulation
                .seal(self.info.name, &body)
                .map_err(|error| Error::new(ErrorKind::Request, error.to_string()))?
                .into(),
        };
        Ok(Request {
            method: Method::POST,
            headers: request_headers::build(
                &self.engine.config,
                &self.target,
                &self.outer_action,
                self.credential.as_ref(),
                timestamp,
                &body,
            )
            .and_then(|own| request_headers::with_others(own, headers))?,
            body,
            timeout,
            ..Request::get(self.target.uri.clone())
        })
    }

    /// Returns the request of the first attempt without sending it.
    #[cfg(feature = "serde")]
    pub(crate) fn preview(
        mut self,
        now: Now,
        credential: Option<ValidCredential>,
    ) -> Result<Request, Error> {
        self.credential = credential;
        self.request(now).map_err(|error| error.of_call(self.info.name, 0, false))
    }

    /// Returns whether the call needs a credential.
    #[cfg(feature = "serde")]
    pub(crate) fn is_signed(&self) -> bool {
        self.outer_action.signed
    }

    fn on_response(&mut self, now: Now, response: ApiResponse) -> Step {
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
                return Step::Done(Ok(()));
            }
            Content::Deprecated(warning) => {
                let warning = one_line(&warning, 500);
                tracing::warn!(action = self.info.name, warning, "deprecated action");
                self.attempt_succeeded(now, status, id);
                return Step::Done(Ok(()));
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

    fn react(
        &mut self,
        now: Now,
        verdict: Verdict,
        headers: Option<&HeaderMap>,
        error: Error,
    ) -> Step {
        let failure = error.clone();
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
    ) -> Step {
        let max_attempts = self.engine.config.retry.max_attempts;
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
    fn correct_clock(&mut self, now: Now, server: Duration, error: Error) -> Step {
        let skew = skew(server, now);
        if self.corrected.is_some_and(|tried| tried.abs_diff(skew) < MIN_SKEW_CHANGE) {
            return self.fail(error);
        }
        self.corrected = Some(skew);
        tracing::warn!(skew_seconds = skew, "clock skew corrected with the time of the server");
        self.engine.skew.store(skew, Ordering::Relaxed);
        self.begin(now)
    }

    fn back_off(&mut self, now: Now, headers: Option<&HeaderMap>, error: Error) -> Step {
        let after = headers.and_then(|headers| retry_after(headers, now));
        let failed = self.attempts.saturating_sub(self.throttled);
        let retry = &self.engine.config.retry;
        let delay = self.with_rng(|rng| retry.delay(failed, after, rng));
        // This error is more useful than a timeout.
        if after.is_some_and(|after| after > MAX_RETRY_AFTER) || !self.has_time_for(now, delay) {
            return self.fail(error);
        }
        self.retry_in(delay, &error)
    }

    /// Retries until the timeout of the call: the service rejected the request before it was executed.
    fn on_throttled(&mut self, now: Now, headers: Option<&HeaderMap>, error: Error) -> Step {
        self.throttled = self.throttled.saturating_add(1);
        let since = *self.throttled_since.get_or_insert(now.monotonic);
        let after = headers.and_then(|headers| retry_after(headers, now));
        let retry = &self.engine.config.retry;
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

    fn with_rng<T>(&self, f: impl FnOnce(&mut fastrand::Rng) -> T) -> T {
        f(&mut self.engine.rng.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn retry_in(&self, delay: Duration, error: &Error) -> Step {
        tracing::debug!(
            attempt = self.attempts,
            code = error.code(),
            wait_ms = delay.as_millis() as u64,
            "attempt failed, will retry"
        );
        Step::Sleep(delay)
    }

    /// Returns whether an attempt after this wait has time for a response. Otherwise a known failure would become
    /// a timeout with an unknown outcome.
    fn has_time_for(&self, now: Now, wait: Duration) -> bool {
        let (Some(deadline), Some(timeout)) = (self.deadline, self.engine.config.timeout) else {
            return true;
        };
        let attempt = MIN_ATTEMPT_TIME.min(timeout / 10);
        now.monotonic.saturating_add(wait).saturating_add(attempt) < deadline
    }

    fn fail(&self, error: Error) -> Step {
        let error = error.of_call(self.info.name, self.attempts, self.sent);
        Step::Done(Err(if self.info.idempotent { error } else { error.of_non_idempotent_call() }))
    }
}

/// Minimum difference, in seconds, of a second clock skew correction in one call.
const MIN_SKEW_CHANGE: u64 = 60;

/// Minimum time for an attempt; a tenth of the timeout if that is less.
const MIN_ATTEMPT_TIME: Duration = Duration::from_secs(1);

/// Maximum `Retry-After` that a call waits for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);

//! The call machine: told events with the time, it answers with the next step. No IO, no clock.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tc3_api::ActionInfo;
use tc3_signer::{Payload, UNSIGNED_PAYLOAD};
use tc3_transport::{Bytes, HeaderMap, HeaderValue, Method, Request, TransportError, header};

use crate::answer::{Answer, Content};
use crate::credentials::{CredentialError, ValidCredential};
use crate::endpoint::Target;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind};
use crate::headers::{self, header_value, retry_after, server_time};
use crate::retry::{self, Verdict};
use crate::time::{Now, skew};

/// What a driver tells a call.
pub(crate) enum Event {
    Credential(Result<ValidCredential, CredentialError>),
    Answer(Result<Answer, TransportError>),
    Woke,
}

/// What a call asks of its driver.
///
/// A call has exactly one thing in flight until it is done: a credential, a request or a timer. So there is
/// no step for "nothing to do", and a call cannot wait for what is not in flight.
#[expect(clippy::large_enum_variant, reason = "one lives at a time, on the stack of its driver")]
pub(crate) enum Step {
    /// Get a credential; another one than the one refused, where that is possible.
    Credential(Option<ValidCredential>),
    /// Send this, and read the whole answer.
    Send(Request),
    Sleep(Duration),
    Done(Result<(), Error>),
}

/// One call, from its first attempt to its last.
pub(crate) struct Call<'a> {
    engine: &'a Engine,
    info: ActionInfo<'a>,
    /// The action as it goes over the wire: another one where a encapsulation carries it.
    sent_as: ActionInfo<'a>,
    target: Target,
    body: Bytes,
    /// On the monotonic clock.
    deadline: Option<Duration>,
    attempts: u32,
    /// How many of the attempts were throttled.
    throttled: u32,
    /// When the first of them was, on the monotonic clock.
    throttled_since: Option<Duration>,
    /// Whether an attempt may have reached the server.
    sent: bool,
    credential: Option<ValidCredential>,
    /// The credential that the server refused, with what it said, while another is sought.
    refused: Option<Error>,
    refreshed: bool,
    /// The correction of the clock that this call has made.
    corrected: Option<i64>,
    /// The moment that the limiter keeps for the request, while that waits for it.
    booked: Option<Duration>,
}

impl<'a> Call<'a> {
    pub(crate) fn new(
        engine: &'a Engine,
        info: ActionInfo<'a>,
        body: Bytes,
        now: Now,
    ) -> Result<Self, Error> {
        let sent_as =
            engine.encapsulation(&info).map_or(info, |encapsulation| encapsulation.outer_action());
        let target =
            engine.config.endpoint.target(&sent_as).map_err(|e| e.of_call(info.name, 0, false))?;
        Ok(Self {
            engine,
            info,
            sent_as,
            target,
            body,
            deadline: engine.config.timeout.map(|limit| now.monotonic.saturating_add(limit)),
            attempts: 0,
            throttled: 0,
            throttled_since: None,
            sent: false,
            credential: None,
            refused: None,
            refreshed: false,
            corrected: None,
            booked: None,
        })
    }

    /// The first step.
    pub(crate) fn start(&mut self, now: Now) -> Step {
        if self.sent_as.signed { Step::Credential(None) } else { self.attempt(now) }
    }

    /// The step after an event.
    pub(crate) fn on(&mut self, now: Now, event: Event) -> Step {
        match event {
            Event::Credential(Ok(credential)) => self.on_credential(now, credential),
            Event::Credential(Err(error)) => match self.refused.take() {
                // The server's refusal is the news; that there is no other credential is its reason.
                Some(refusal) => self.fail(refusal),
                None => self.fail(Error::credentials(error)),
            },
            Event::Answer(Ok(answer)) => self.on_answer(now, answer),
            Event::Answer(Err(error)) => {
                self.sent |= !error.kind().never_sent();
                let verdict = retry::on_transport(&self.info, error.kind());
                self.decide(now, verdict, None, Error::transport(error))
            }
            Event::Woke if self.booked.is_some() => self.send(now),
            Event::Woke => self.start(now),
        }
    }

    fn on_credential(&mut self, now: Now, credential: ValidCredential) -> Step {
        if let Some(refusal) = self.refused.take() {
            let same = self.credential.as_ref().is_some_and(|old| old.is_same(&credential));
            if same {
                return self.fail(refusal);
            }
        }
        self.credential = Some(credential);
        self.attempt(now)
    }

    /// Begins an attempt, when the limiter lets it.
    fn attempt(&mut self, now: Now) -> Step {
        let limit = self.engine.config.rate_limit;
        let at = self.engine.limiter.reserve(limit, &self.sent_as, now.monotonic);
        let wait = at.saturating_sub(now.monotonic);
        if wait.is_zero() {
            return self.send(now);
        }
        self.booked = Some(at);
        if !self.has_time_for(now, wait) {
            return self.fail(Error::new(
                ErrorKind::TimeLimit,
                "the client's own rate limit leaves no place within the call's time limit",
            ));
        }
        tracing::debug!(wait_ms = wait.as_millis() as u64, "held back by the rate limit");
        Step::Sleep(wait)
    }

    fn send(&mut self, now: Now) -> Step {
        self.booked = None;
        match self.request(now) {
            Ok(request) => {
                self.attempts += 1;
                tracing::debug!(attempt = self.attempts, "sending");
                Step::Send(request)
            }
            Err(error) => self.fail(error),
        }
    }

    /// The request as it is at this moment: each attempt is signed afresh.
    fn request(&self, now: Now) -> Result<Request, Error> {
        let timeout = match self.deadline {
            Some(deadline) => match deadline.checked_sub(now.monotonic) {
                Some(left) if !left.is_zero() => Some(left),
                _ => return Err(Error::new(ErrorKind::TimeLimit, "the call's time limit is up")),
            },
            None => None,
        };
        let skew = self.engine.skew.load(Ordering::Relaxed);
        let timestamp = now.unix.as_secs().saturating_add_signed(skew);
        let body = match self.engine.encapsulation(&self.info) {
            None => self.body.clone(),
            Some(encapsulation) => encapsulation
                .seal(self.info.name, &self.body)
                .map_err(|error| Error::new(ErrorKind::Request, error.to_string()))?
                .into(),
        };
        Ok(Request {
            method: Method::POST,
            headers: self.headers(timestamp, &body)?,
            body,
            timeout,
            ..Request::get(self.target.uri.clone())
        })
    }

    fn headers(&self, timestamp: u64, body: &[u8]) -> Result<HeaderMap, Error> {
        let config = &self.engine.config;
        let mut headers = HeaderMap::with_capacity(12);
        headers.insert(header::HOST, header_value("host", &self.target.host)?);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(JSON));
        headers.insert(headers::ACTION, header_value("action", self.sent_as.name)?);
        headers.insert(headers::VERSION, header_value("version", self.sent_as.version)?);
        headers.insert(headers::TIMESTAMP, HeaderValue::from(timestamp));
        headers.insert(headers::CLIENT, HeaderValue::from_static(CLIENT));
        headers.insert(header::USER_AGENT, HeaderValue::from_static(CLIENT));
        if let Some(region) = &config.region {
            headers.insert(headers::REGION, header_value("region", region)?);
        }
        if let Some(language) = config.language {
            headers.insert(headers::LANGUAGE, HeaderValue::from_static(language.as_str()));
        }
        let Some(credential) = self.credential.as_ref().filter(|_| self.sent_as.signed) else {
            headers.insert(header::AUTHORIZATION, HeaderValue::from_static("SKIP"));
            return Ok(headers);
        };
        if let Some(token) = credential.token() {
            let mut token = header_value("token", token)?;
            token.set_sensitive(true);
            headers.insert(headers::TOKEN, token);
        }
        let mut to_sign = tc3_signer::Request {
            content_type: JSON,
            ..tc3_signer::Request::post(&self.target.host, self.sent_as.name, body)
        };
        if !config.sign_action {
            to_sign = to_sign.without_action();
        }
        if !config.sign_payload {
            to_sign.payload = Payload::Unsigned;
            headers.insert(headers::CONTENT_SHA256, HeaderValue::from_static(UNSIGNED_PAYLOAD));
        }
        let authorization = credential
            .signer()
            .sign(&to_sign, self.sent_as.service, timestamp)
            .map_err(|error| Error::new(ErrorKind::Request, error.to_string()))?;
        let mut authorization = header_value("authorization", &authorization)?;
        authorization.set_sensitive(true);
        headers.insert(header::AUTHORIZATION, authorization);
        Ok(headers)
    }

    /// The request that the first attempt would send, for a look before sending.
    #[cfg(feature = "serde")]
    pub(crate) fn preview(
        mut self,
        now: Now,
        credential: Option<ValidCredential>,
    ) -> Result<Request, Error> {
        self.credential = credential;
        self.request(now).map_err(|error| error.of_call(self.info.name, 0, false))
    }

    /// Whether a credential is needed at all.
    #[cfg(feature = "serde")]
    pub(crate) fn is_signed(&self) -> bool {
        self.sent_as.signed
    }

    fn on_answer(&mut self, now: Now, answer: Answer) -> Step {
        self.sent = true;
        let status = answer.status.as_u16();
        tracing::debug!(status, request_id = answer.request_id, "answered");
        let id = answer.request_id;
        let (verdict, error) = match answer.content {
            Content::Success | Content::Warned(_) if !answer.status.is_success() => {
                let message = format!("HTTP status {status} with an answer that names no error");
                let verdict = retry::on_status(&self.info, status);
                (verdict, Error::answer(ErrorKind::Status, message, id, status))
            }
            Content::Success => return Step::Done(Ok(())),
            Content::Warned(warning) => {
                let warning = crate::error::one_line(&warning, 500);
                tracing::warn!(action = self.info.name, warning, "deprecated action");
                return Step::Done(Ok(()));
            }
            Content::Error(error) => {
                let verdict = retry::on_code(&self.info, &error.code);
                let code = match error.code.as_str() {
                    // An error is an error, also one that the service left without a name.
                    "" => "Unknown".to_owned(),
                    code => crate::error::one_line(code, 128),
                };
                (verdict, Error::api(code, &error.message, id, status))
            }
            Content::Unexpected(what) if answer.status.is_success() => {
                (Verdict::GiveUp, Error::answer(ErrorKind::Decode, what, id, status).permanent())
            }
            Content::Unexpected(what) | Content::Undecodable(what) => {
                let (kind, message) = if answer.status.is_success() {
                    (ErrorKind::Decode, what)
                } else {
                    (ErrorKind::Status, format!("HTTP status {status}: {what}"))
                };
                let verdict = retry::on_status(&self.info, status);
                (verdict, Error::answer(kind, message, id, status))
            }
        };
        self.decide(now, verdict, Some(&answer.headers), error)
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
                self.refused = Some(error);
                Step::Credential(self.credential.clone())
            }
            Verdict::RefreshCredential => self.fail(error),
        }
    }

    /// Tries again by the server's clock. A second correction must be another one: it is for the next
    /// server, where the first one's clock was wrong.
    fn correct_clock(&mut self, now: Now, server: Duration, error: Error) -> Step {
        let skew = skew(server, now);
        if self.corrected.is_some_and(|tried| tried.abs_diff(skew) < SAME_CLOCK) {
            return self.fail(error);
        }
        self.corrected = Some(skew);
        tracing::warn!(skew_seconds = skew, "the clock is off: corrected by the server's");
        self.engine.skew.store(skew, Ordering::Relaxed);
        self.start(now)
    }

    fn back_off(&mut self, now: Now, headers: Option<&HeaderMap>, error: Error) -> Step {
        let after = headers.and_then(|headers| retry_after(headers, now));
        let failed = self.attempts.saturating_sub(self.throttled);
        let retry = &self.engine.config.retry;
        let delay = self.draw(|rng| retry.delay(failed, after, rng));
        // The failure tells more than "no time left" would.
        if after.is_some_and(|after| after > LONGEST_RETRY_AFTER) || !self.has_time_for(now, delay)
        {
            return self.fail(error);
        }
        self.retry_in(delay, &error)
    }

    /// Retries until the call's time limit: the service refused the request before it executed it.
    fn on_throttled(&mut self, now: Now, headers: Option<&HeaderMap>, error: Error) -> Step {
        self.throttled = self.throttled.saturating_add(1);
        let since = *self.throttled_since.get_or_insert(now.monotonic);
        let after = headers.and_then(|headers| retry_after(headers, now));
        let retry = &self.engine.config.retry;
        let (least, delay) = self.draw(|rng| retry.throttle_delay(self.throttled, after, rng));
        let patience = since.saturating_add(retry::THROTTLE_PATIENCE);
        let has_time_for = |wait: Duration| match self.deadline {
            Some(_) => self.has_time_for(now, wait),
            None => now.monotonic.saturating_add(wait) < patience,
        };
        if after.is_some_and(|after| after > LONGEST_RETRY_AFTER) || !has_time_for(least) {
            return self.fail(error);
        }
        // Little time left is used without the jitter.
        self.retry_in(if has_time_for(delay) { delay } else { least }, &error)
    }

    fn draw<T>(&self, draw: impl FnOnce(&mut fastrand::Rng) -> T) -> T {
        draw(&mut self.engine.rng.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn retry_in(&self, delay: Duration, error: &Error) -> Step {
        tracing::debug!(
            attempt = self.attempts,
            code = error.code(),
            wait_ms = delay.as_millis() as u64,
            "failed, will retry"
        );
        Step::Sleep(delay)
    }

    /// Whether an attempt after this wait has time to be answered. One that has not would turn a failure that
    /// is known into a timeout, whose outcome is not.
    fn has_time_for(&self, now: Now, wait: Duration) -> bool {
        let (Some(deadline), Some(limit)) = (self.deadline, self.engine.config.timeout) else {
            return true;
        };
        let attempt = MIN_ATTEMPT.min(limit / 10);
        now.monotonic.saturating_add(wait).saturating_add(attempt) < deadline
    }

    fn fail(&self, error: Error) -> Step {
        let error = error.of_call(self.info.name, self.attempts, self.sent);
        Step::Done(Err(if self.info.idempotent { error } else { error.of_unsafe_call() }))
    }
}

/// A call that is given up while it waits for its turn leaves that to the next.
impl Drop for Call<'_> {
    fn drop(&mut self) {
        if let Some(at) = self.booked {
            self.engine.limiter.release(&self.sent_as, at);
        }
    }
}

const JSON: &str = "application/json";

/// Who calls, as `X-TC-RequestClient` and `User-Agent`.
const CLIENT: &str = concat!("tc3-client/", env!("CARGO_PKG_VERSION"));

/// Corrections that lie closer together, in seconds, come from one clock.
const SAME_CLOCK: u64 = 60;

/// Time kept for an attempt, in calls that have ten times as much.
const MIN_ATTEMPT: Duration = Duration::from_secs(1);

/// A server that asks for more patience than this is better reported than waited for.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(60);

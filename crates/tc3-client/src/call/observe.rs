//! The span of a call, and the events for observers.

use core::fmt;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use tc3_api::ActionInfo;
use tracing::Span;
use tracing::field::Empty;

use super::awaited::Awaited;
use super::{Call, Step};
use crate::endpoint::Target;
use crate::error::Error;
use crate::observer::{AttemptEvent, CallEvent, CallOutcome};
use crate::one_line::one_line;
use crate::time::Now;

/// State of one call for its observers.
pub(super) struct Observed {
    /// Span with the names of OpenTelemetry. What is unknown at the start is recorded at the end.
    span: Span,
    /// Start of the call on the monotonic clock.
    began: Duration,
    /// Start of the attempt in flight on the monotonic clock.
    sent_at: Option<Duration>,
    /// HTTP status and request ID of the last attempt.
    last: (Option<u16>, String),
    /// A failed attempt, until it is known whether there is another credential for a retry.
    pending: Option<Pending>,
    is_ended: bool,
}

impl Observed {
    pub(super) fn new(info: &ActionInfo<'_>, target: &Target, now: Now) -> Self {
        Self {
            span: span(info, target),
            began: now.monotonic,
            sent_at: None,
            last: (None, String::new()),
            pending: None,
            is_ended: false,
        }
    }
}

/// A failed attempt that is not reported yet.
struct Pending {
    elapsed: Duration,
    error: Error,
}

/// Maximum length of the text of an error in a log, in characters.
const MAX_LOGGED_CHARS: usize = 700;

/// Returns the span of a call, by the conventions of OpenTelemetry for RPC clients.
fn span(info: &ActionInfo<'_>, target: &Target) -> Span {
    let port = || match target.uri.scheme_str() {
        Some("http") => 80,
        _ => 443,
    };
    tracing::info_span!(
        "tc3_call",
        otel.name = %FullName(info),
        otel.kind = "client",
        otel.status_code = Empty,
        rpc.system.name = "tencentcloud-api",
        rpc.method = %FullName(info),
        rpc.status_code = Empty,
        server.address = target.uri.host().unwrap_or_default(),
        server.port = target.uri.port_u16().unwrap_or_else(port),
        http.response.status_code = Empty,
        http.request.resend_count = Empty,
        tencentcloud.request_id = Empty,
        error.type = Empty,
    )
}

/// The full name of an action, such as `cvm/DescribeZones`.
struct FullName<'a>(&'a ActionInfo<'a>);

impl fmt::Display for FullName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.0.service, self.0.name)
    }
}

impl Call<'_> {
    /// Returns the span of the call.
    pub(crate) fn span(&self) -> &Span {
        &self.observed.span
    }

    /// Notes that an attempt was sent.
    pub(super) fn attempt_sent(&mut self, now: Now) {
        self.observed.sent_at = Some(now.monotonic);
        self.observed.last = (None, String::new());
    }

    /// Returns the time that the attempt in flight has taken, and ends the attempt.
    fn attempt_ended(&mut self, now: Now) -> Option<Duration> {
        self.observed.sent_at.take().map(|sent_at| now.monotonic.saturating_sub(sent_at))
    }

    /// Reports an attempt whose response was decoded.
    pub(super) fn attempt_succeeded(&mut self, now: Now, status: u16, request_id: String) {
        if let Some(elapsed) = self.attempt_ended(now) {
            let id = id(&request_id);
            self.report_attempt(elapsed, Some(status), id, CallOutcome::Success, None);
        }
        self.observed.last = (Some(status), request_id);
    }

    /// Reports a failed attempt, after which the driver performs `step`.
    pub(super) fn attempt_failed(&mut self, now: Now, error: &Error, step: &Step<'_>) {
        let Some(elapsed) = self.attempt_ended(now) else { return };
        self.observed.last = (error.status(), error.request_id().unwrap_or_default().to_owned());
        let retry_in = match step {
            Step::Done(_) | Step::Opened => None,
            Step::Sleep(delay) => Some(*delay),
            // A source may have no other credential than the rejected one.
            Step::Credential(Some(_)) => {
                self.observed.pending = Some(Pending { elapsed, error: error.clone() });
                return;
            }
            Step::Credential(None) | Step::Reserve(..) | Step::Send(_) => Some(Duration::ZERO),
        };
        self.report_failure(elapsed, error, retry_in);
    }

    /// Reports the attempt whose credential was rejected, if there is one.
    pub(super) fn report_pending(&mut self, retry_in: Option<Duration>) {
        if let Some(Pending { elapsed, error }) = self.observed.pending.take() {
            self.report_failure(elapsed, &error, retry_in);
        }
    }

    fn report_failure(&self, elapsed: Duration, error: &Error, retry_in: Option<Duration>) {
        let outcome = CallOutcome::of(error);
        self.report_attempt(elapsed, error.status(), error.request_id(), outcome, retry_in);
    }

    fn report_attempt(
        &self,
        elapsed: Duration,
        status: Option<u16>,
        request_id: Option<&str>,
        outcome: CallOutcome<'_>,
        retry_in: Option<Duration>,
    ) {
        let event = AttemptEvent {
            service: self.info.service,
            action: self.info.name,
            number: self.attempts,
            elapsed,
            status,
            request_id,
            outcome,
            retry_in,
        };
        self.engine.config.observers.iter().for_each(|observer| observer.on_attempt(&event));
    }

    /// Notes the step, and reports the end of the call if it is the last one.
    pub(super) fn observe<'s>(&mut self, now: Now, step: Step<'s>) -> Step<'s> {
        self.awaited = Awaited::of(&step);
        if self.observed.is_ended {
            return step;
        }
        match &step {
            Step::Done(Ok(())) => self.report_call(now, CallOutcome::Success),
            Step::Done(Err(error)) => {
                self.report_pending(None);
                self.call_failed(now, error);
            }
            Step::Credential(_)
            | Step::Reserve(..)
            | Step::Send(_)
            | Step::Sleep(_)
            | Step::Opened => {}
        }
        step
    }

    fn call_failed(&mut self, now: Now, error: &Error) {
        self.report_call(now, CallOutcome::of(error));
        tracing::debug!(
            parent: &self.observed.span,
            error = one_line(&error.to_string(), MAX_LOGGED_CHARS),
            "call failed"
        );
    }

    /// Returns HTTP status and request ID of the last attempt.
    pub(super) fn last_response(&self) -> (Option<u16>, &str) {
        (self.observed.last.0, &self.observed.last.1)
    }

    /// Reports the end of the stream of the call.
    pub(super) fn stream_ended(&mut self, now: Now, result: Result<(), &Error>) {
        if self.observed.is_ended {
            return;
        }
        match result {
            Ok(()) => self.report_call(now, CallOutcome::Success),
            Err(error) => self.call_failed(now, error),
        }
    }

    /// Reports that the driver stops before the call has a result.
    pub(crate) fn cancel(&mut self, now: Now) {
        if !self.observed.is_ended {
            self.report_pending(None);
            if let Some(elapsed) = self.attempt_ended(now) {
                self.report_attempt(elapsed, None, None, CallOutcome::Cancelled, None);
            }
            self.report_call(now, CallOutcome::Cancelled);
        }
    }

    fn report_call(&mut self, now: Now, outcome: CallOutcome<'_>) {
        self.observed.is_ended = true;
        let (status, request_id) = (self.observed.last.0, id(&self.observed.last.1));
        let span = &self.observed.span;
        status.map(|status| span.record("http.response.status_code", status));
        request_id.map(|id| span.record("tencentcloud.request_id", id));
        if self.attempts > 1 {
            span.record("http.request.resend_count", self.attempts - 1);
        }
        if let CallOutcome::Failed { code, .. } = outcome
            && !code.is_empty()
        {
            span.record("rpc.status_code", code);
        }
        if let Some(error_type) = outcome.error_type() {
            span.record("error.type", error_type);
            span.record("otel.status_code", "ERROR");
        }
        let event = CallEvent {
            service: self.info.service,
            action: self.info.name,
            attempts: self.attempts,
            elapsed: now.monotonic.saturating_sub(self.observed.began),
            status,
            request_id,
            outcome,
        };
        self.engine.config.observers.iter().for_each(|observer| observer.on_call(&event));
    }
}

fn id(request_id: &str) -> Option<&str> {
    Some(request_id).filter(|id| !id.is_empty())
}

/// A call that is reported as cancelled if it is dropped before its result, or before the end of its stream.
pub(crate) struct Watched<'a>(Call<'a>);

impl<'a> Watched<'a> {
    pub(crate) fn new(call: Call<'a>) -> Self {
        Self(call)
    }
}

impl<'a> Deref for Watched<'a> {
    type Target = Call<'a>;

    fn deref(&self) -> &Call<'a> {
        &self.0
    }
}

impl<'a> DerefMut for Watched<'a> {
    fn deref_mut(&mut self) -> &mut Call<'a> {
        &mut self.0
    }
}

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        // A second panic, in an observer, would abort the process.
        if !std::thread::panicking() {
            let now = self.0.engine.config.clock.now();
            self.0.cancel(now);
        }
    }
}

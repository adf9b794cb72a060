//! The call engine: a sans-IO state machine. A driver passes it events and the time, and performs the steps that
//! it returns.

mod awaited;
mod observe;
mod permit;
mod reaction;
mod request;

use std::sync::Arc;
use std::time::Duration;

use tc3_api::ActionInfo;
use tc3_transport::{Bytes, Request, TransportError, TransportErrorKind};

use crate::budget::Tokens;
use crate::credentials::{CredentialError, ValidCredential};
use crate::endpoint::Target;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind};
use crate::limiter::{LimiterError, PermitRequest, Reservation};
use crate::options::CallOptions;
use crate::response::ApiResponse;
use crate::retry;
use crate::time::Now;
use awaited::Awaited;
use observe::Observed;
pub(crate) use observe::Watched;

/// The result of a step.
pub(crate) enum Event {
    Credential(Result<ValidCredential, CredentialError>),
    Permit(Result<Reservation, LimiterError>),
    /// The deadline of the call has passed before there was a credential or a permit.
    Expired,
    Response(Result<ApiResponse, TransportError>),
    Woke,
}

/// A step that the driver performs.
///
/// A call has exactly one operation in flight until it is done: a credential, a permit, a request or a timer.
pub(crate) enum Step<'a> {
    /// Get a credential; if possible, a different one than the rejected one.
    Credential(Option<ValidCredential>),
    /// Reserve a permit of the rate limit, or confirm the reserved one.
    Reserve(PermitRequest<'a>, Option<Reservation>),
    /// Send the request and read the whole response.
    Send(Request),
    Sleep(Duration),
    Done(Result<(), Error>),
}

/// The state of one call.
pub(crate) struct Call<'a> {
    engine: Arc<Engine>,
    options: Arc<CallOptions>,
    info: ActionInfo<'a>,
    /// The action of the HTTP request. It differs from `info` if the call is encapsulated.
    outer_action: ActionInfo<'a>,
    target: Target,
    body: Bytes,
    timeout: Option<Duration>,
    /// Deadline on the monotonic clock.
    deadline: Option<Duration>,
    attempts: u32,
    /// Number of throttled attempts.
    throttled: u32,
    /// Time of the first throttled attempt, on the monotonic clock.
    throttled_since: Option<Duration>,
    /// Number of tokens of the retry budget for the last retry.
    spent: Option<u32>,
    /// Tokens of the retry budget for a retry that is not sent yet.
    tokens: Option<Tokens>,
    /// True if an attempt may have reached the server.
    sent: bool,
    credential: Option<ValidCredential>,
    /// The error of the attempt whose credential was rejected, while the credential is refreshed.
    rejection: Option<Error>,
    /// The error of the last attempt, with which a call fails that has no time for another one.
    failure: Option<Error>,
    refreshed: bool,
    /// The clock skew that this call has set.
    corrected: Option<i64>,
    /// The result that the step in progress has.
    awaited: Awaited,
    /// The permit that the call is waiting for.
    reserved: Option<Reservation>,
    /// The time that the call has waited for a permit until, on the monotonic clock.
    waited_until: Option<Duration>,
    observed: Observed,
}

impl<'a> Call<'a> {
    pub(crate) fn new(
        engine: &Arc<Engine>,
        options: &Arc<CallOptions>,
        mut info: ActionInfo<'a>,
        body: Bytes,
        now: Now,
    ) -> Result<Self, Error> {
        info.idempotent = options.idempotent.unwrap_or(info.idempotent);
        let timeout = options.timeout.unwrap_or(engine.config.timeout);
        let outer_action =
            engine.encapsulation(&info).map_or(info, |encapsulation| encapsulation.outer_action());
        let target = engine
            .config
            .endpoint
            .target(&outer_action)
            .map_err(|error| error.of_call(info.name, 0, false))?;
        Ok(Self {
            engine: Arc::clone(engine),
            options: Arc::clone(options),
            info,
            outer_action,
            observed: Observed::new(&info, &target, now),
            target,
            body,
            timeout,
            deadline: timeout.map(|timeout| now.monotonic.saturating_add(timeout)),
            attempts: 0,
            throttled: 0,
            throttled_since: None,
            spent: None,
            tokens: None,
            sent: false,
            credential: None,
            rejection: None,
            failure: None,
            refreshed: false,
            corrected: None,
            awaited: Awaited::Nothing,
            reserved: None,
            waited_until: None,
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

    fn on_expired(&mut self) -> Step<'a> {
        let error = match self.awaited {
            Awaited::Credential => Self::expired(),
            Awaited::Permit => Error::new(
                ErrorKind::Timeout,
                "the timeout of the call expired before the rate limiter returned a permit",
            ),
            _ => Error::new(ErrorKind::Timeout, "the timeout of the call has expired"),
        };
        self.fail_unsent(error)
    }

    /// Fails a call that cannot send its next attempt. The error of the last attempt is more useful than a timeout.
    fn fail_unsent(&mut self, error: Error) -> Step<'a> {
        let error = match error.kind() {
            ErrorKind::Timeout => self.failure.take().unwrap_or(error),
            _ => error,
        };
        self.fail(error)
    }

    /// Returns whether the call may be dropped while a request is in flight.
    pub(crate) fn is_idempotent(&self) -> bool {
        self.info.idempotent
    }

    /// Returns the first step.
    pub(crate) fn start(&mut self, now: Now) -> Step<'a> {
        let step = self.begin(now);
        self.observe(now, step)
    }

    fn begin(&mut self, now: Now) -> Step<'a> {
        if self.outer_action.signed { Step::Credential(None) } else { self.attempt(now) }
    }

    /// Returns the step after an event.
    pub(crate) fn on(&mut self, now: Now, event: Event) -> Step<'a> {
        let step = match self.awaited.checked(event) {
            Some(event) => self.next(now, event),
            None => self.on_unexpected(now),
        };
        self.observe(now, step)
    }

    /// Fails the call after an event that is not the result of the step in progress.
    fn on_unexpected(&mut self, now: Now) -> Step<'a> {
        const MESSAGE: &str =
            "the driver passed the result of another step; pass that of the step in progress";
        if self.awaited != Awaited::Response {
            return self.fail(Error::new(ErrorKind::Request, MESSAGE));
        }
        // The service may have executed the request in flight.
        self.sent = true;
        let error = TransportError::new(TransportErrorKind::Other).with_detail(MESSAGE);
        let error = Error::transport(error);
        let step = self.fail(error.clone());
        self.attempt_failed(now, &error, &step);
        step
    }

    fn next(&mut self, now: Now, event: Event) -> Step<'a> {
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
            Event::Permit(permit) => self.on_permit(now, permit),
            Event::Expired => self.on_expired(),
            Event::Woke => match self.reserved.take() {
                Some(reserved) => self.reserve(now, Some(reserved)),
                None => self.begin(now),
            },
        }
    }

    fn on_credential(&mut self, now: Now, credential: ValidCredential) -> Step<'a> {
        if let Some(rejection) = self.rejection.take()
            && self.credential.as_ref().is_some_and(|old| old.is_same(&credential))
        {
            return self.fail(rejection);
        }
        self.credential = Some(credential);
        self.attempt(now)
    }

    /// Returns whether the call needs a credential.
    #[cfg(feature = "serde")]
    pub(crate) fn is_signed(&self) -> bool {
        self.outer_action.signed
    }

    fn fail(&self, error: Error) -> Step<'a> {
        let error = error.of_call(self.info.name, self.attempts, self.sent);
        Step::Done(Err(if self.info.idempotent { error } else { error.of_non_idempotent_call() }))
    }
}

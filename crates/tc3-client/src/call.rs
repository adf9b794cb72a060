//! The call engine: a sans-IO state machine. A driver passes it events and the time, and performs the steps that
//! it returns.

mod awaited;
mod clock;
mod observe;
mod permit;
mod reaction;
mod request;
mod stream;

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
    /// Read the stream of events. The call is not done until the stream has ended.
    Opened,
    Done(Result<(), Error>),
}

/// The state of one call.
pub(crate) struct Call<'a> {
    engine: Arc<Engine>,
    options: Arc<CallOptions>,
    /// The action. It is idempotent by its metadata or the options of the call.
    info: ActionInfo<'a>,
    /// True if the action is idempotent by its own metadata, and not declared otherwise.
    has_no_effect: bool,
    /// True if the response may be a stream of events.
    is_streamed: bool,
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
    /// True if an attempt may have been executed, by an action that is not idempotent.
    is_outcome_unknown: bool,
    credential: Option<ValidCredential>,
    /// True if the credential may be fetched again for this attempt because it has expired during the wait for a permit.
    may_renew: bool,
    /// The error of the attempt whose credential was rejected, while the credential is refreshed.
    rejection: Option<Error>,
    /// The error of the last attempt, with which a call fails that has no time for another one.
    failure: Option<Error>,
    refreshed: bool,
    /// True if the last attempt was sent and its connection failed: another idle connection may be broken too.
    is_connection_broken: bool,
    /// The clock skew with which this call signs. It is that of later calls once a response confirms it.
    corrected: Option<i64>,
    /// Time of the last signature, on the monotonic clock.
    signed_at: Duration,
    /// True if an attempt has followed one whose signature expired during its transfer.
    is_signed_again: bool,
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
        let has_no_effect = info.idempotent && options.idempotent != Some(false);
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
            has_no_effect,
            is_streamed: false,
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
            is_outcome_unknown: false,
            credential: None,
            may_renew: false,
            rejection: None,
            failure: None,
            refreshed: false,
            is_connection_broken: false,
            corrected: None,
            signed_at: now.monotonic,
            is_signed_again: false,
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
        Error::unsent("the timeout of the call expired before it had a credential").with_hint(
            "check the source of the credentials, or raise the timeout of the call".into(),
        )
    }

    fn on_expired(&mut self) -> Step<'a> {
        let error = match self.awaited {
            Awaited::Credential => Self::expired(),
            Awaited::Permit => Self::limited(
                "the timeout of the call expired before the rate limiter returned a permit",
            ),
            _ => Error::unsent("the timeout of the call has expired"),
        };
        self.fail_unsent(error)
    }

    /// Fails a call that cannot send its next attempt. The error of the last attempt is more useful than a timeout.
    fn fail_unsent(&mut self, error: Error) -> Step<'a> {
        let error = match error.kind() {
            ErrorKind::Timeout => match self.failure.take() {
                Some(failure) => failure.with_end_of_retries(reaction::NO_TIME.into()),
                None => error,
            },
            _ => error,
        };
        self.fail(error)
    }

    /// Returns whether the call may be dropped while a request is in flight: the action has no effect that the caller has to
    /// know.
    pub(crate) fn is_idempotent(&self) -> bool {
        self.has_no_effect
    }

    /// Ends the call before its next step, because the driver stops. Returns false if nothing was executed.
    ///
    /// # Errors
    /// Returns the error of the last attempt if an attempt may have been executed.
    pub(crate) fn stop(&mut self, now: Now) -> Result<bool, Error> {
        let Some(error) = self.failure.take().filter(|_| self.is_outcome_unknown) else {
            return Ok(false);
        };
        let step = self.fail(error);
        match self.observe(now, step) {
            Step::Done(Err(error)) => Err(error),
            _ => Ok(false),
        }
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
        self.note_outcome(&error);
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
                self.is_connection_broken = !error.kind().never_sent();
                self.sent |= self.is_connection_broken;
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
        // The local clock is ahead of the source if it is expired already.
        self.may_renew = self.reserved.is_none() && !credential.is_expired(now);
        self.credential = Some(credential);
        match self.reserved.take() {
            Some(reserved) => self.reserve(now, Some(reserved)),
            None => self.attempt(now),
        }
    }

    /// Notes whether the action may have been executed by an attempt with this error.
    fn note_outcome(&mut self, error: &Error) {
        self.is_outcome_unknown |= !self.has_no_effect && error.may_be_executed();
    }

    /// Returns whether the call needs a credential.
    #[cfg(feature = "serde")]
    pub(crate) fn is_signed(&self) -> bool {
        self.outer_action.signed
    }

    fn fail(&self, error: Error) -> Step<'a> {
        let error = error.of_call(self.info.name, self.attempts, self.sent);
        let is_unknown = self.is_outcome_unknown;
        Step::Done(Err(if is_unknown { error.with_unknown_outcome() } else { error }))
    }
}

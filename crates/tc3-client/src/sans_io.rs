//! The call engine without IO, for drivers of other runtimes and for simulations.
//!
//! A [`Call`] is a state machine. Its driver performs each [`Step`], such as sending a request over any HTTP client or
//! sleeping on any timer, and passes the result back as an [`Event`], with the current time. The engine signs, retries,
//! corrects the clock and decodes responses. The clients of this crate are drivers of the same engine.
//!
//! ```
//! use tc3_client::api::Action;
//! use tc3_client::credentials::Credential;
//! use tc3_client::sans_io::{Call, Engine, Event, Step};
//! use tc3_client::transport::{Bytes, Request, Response, TransportError};
//! use tc3_client::{Clock, Error, SystemClock};
//!
//! fn call<R: Action>(
//!     engine: &Engine,
//!     request: &R,
//!     credential: &Credential,
//!     exchange: impl Fn(Request) -> Result<Response<Bytes>, TransportError>,
//! ) -> Result<R::Response, Error> {
//!     let clock = SystemClock::new();
//!     let mut call = Call::new(engine, request, clock.now())?;
//!     let mut step = call.start(clock.now());
//!     loop {
//!         let event = match step {
//!             Step::Credential(_) => Event::Credential(Ok(credential.clone())),
//!             Step::Reserve(request, previous) => {
//!                 Event::Permit(Ok(engine.reserve(&request, previous)))
//!             }
//!             Step::Send(request) => Event::Response(exchange(request)),
//!             Step::Sleep(time) => {
//!                 std::thread::sleep(time);
//!                 Event::Woke
//!             }
//!             Step::Done(result) => return result,
//!         };
//!         step = call.on(clock.now(), event);
//!     }
//! }
//! ```
//!
//! A [`Pager`] is the engine of a list: it returns the request of each page.
//!
//! Of the [`Config`], a driver performs itself what needs IO: credentials, timers, clock, transport, rate limiters of the
//! caller, and the limit on the size of a response.

use core::fmt;
use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use tc3_api::Action;
use tc3_transport::{Bytes, Request, Response, TransportError};

use crate::call;
use crate::config::Config;
use crate::credentials::{Credential, CredentialError, ValidCredential};
use crate::engine;
use crate::error::Error;
use crate::limiter::PermitRequest;
pub use crate::limiter::Reservation;
use crate::options::CallOptions;
pub use crate::pages::Pager;
use crate::response::{self, Decode};
use crate::time::Now;

/// The settings and the state that calls share: rate limit, retry budget and clock skew. Clones share them too.
#[derive(Clone)]
pub struct Engine {
    engine: Arc<engine::Engine>,
    options: Arc<CallOptions>,
}

impl Engine {
    /// Creates an engine.
    ///
    /// # Errors
    /// Returns an [`Error`] of kind `Request` if the region cannot be a header.
    pub fn new(config: Config) -> Result<Self, Error> {
        Ok(Self { engine: Arc::new(engine::Engine::new(config)?), options: Arc::default() })
    }

    /// Returns an engine whose calls have other options, and which shares the rest with this one.
    #[must_use]
    pub fn with_options(&self, options: CallOptions) -> Self {
        Self { engine: Arc::clone(&self.engine), options: Arc::new(options) }
    }

    /// Reserves a permit with the rate limiter within this process, or confirms the previous one.
    pub fn reserve(
        &self,
        request: &PermitRequest<'_>,
        previous: Option<Reservation>,
    ) -> Reservation {
        Reservation::in_process(&self.engine.limiter, request, previous)
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("config", &self.engine.config).finish_non_exhaustive()
    }
}

/// The result of a step. `Debug` shows its kind.
#[non_exhaustive]
pub enum Event {
    /// The credential, or the failure of its source.
    Credential(Result<Credential, CredentialError>),
    /// The permit, or the failure of the limiter.
    Permit(Result<Reservation, Box<dyn StdError + Send + Sync>>),
    /// The [deadline](Call::deadline) has passed before there was a credential or a permit. A request in flight has timed
    /// out.
    Expired,
    /// The response with its whole body, or the failure of the exchange. Its kind decides about a retry.
    Response(Result<Response<Bytes>, TransportError>),
    /// The end of a sleep.
    Woke,
}

/// A step that the driver performs. A call has exactly one step in progress until it is done. `Debug` shows its kind.
///
/// It is exhaustive on purpose: a driver that lacks a step must not compile.
pub enum Step<T> {
    /// Get a credential; if possible, a different one than the rejected one.
    Credential(Option<Credential>),
    /// Reserve a permit of the rate limit. With a reservation, confirm its permit after the wait for it.
    Reserve(PermitRequest<'static>, Option<Reservation>),
    /// Send the request once, and read the whole response, within [`Request::timeout`].
    Send(Request),
    /// Sleep for this time.
    Sleep(Duration),
    /// Return the result of the call.
    Done(Result<T, Error>),
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Credential(_) => "Credential",
            Self::Permit(_) => "Permit",
            Self::Expired => "Expired",
            Self::Response(_) => "Response",
            Self::Woke => "Woke",
        })
    }
}

impl<T> fmt::Debug for Step<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Credential(_) => "Credential",
            Self::Reserve(..) => "Reserve",
            Self::Send(_) => "Send",
            Self::Sleep(_) => "Sleep",
            Self::Done(_) => "Done",
        })
    }
}

/// The state of one call. Dropping it releases its permit.
pub struct Call<T> {
    call: call::Call<'static>,
    engine: Arc<engine::Engine>,
    decode: Decode<T>,
    /// The decoded response of a success.
    value: Option<T>,
    info: tc3_api::ActionInfo<'static>,
}

impl<T> Call<T> {
    /// Creates a call. Its timeout begins now.
    ///
    /// # Errors
    /// Returns an [`Error`] if the request cannot be encoded, or if the endpoint does not have the action.
    pub fn new<R: Action<Response = T>>(
        engine: &Engine,
        request: &R,
        now: Now,
    ) -> Result<Self, Error> {
        let Engine { engine, options } = engine;
        let body = engine.body(&R::INFO, request.encode())?;
        let call = call::Call::new(engine, options, R::INFO, body, now)?;
        let engine = Arc::clone(engine);
        Ok(Self { call, engine, decode: R::decode, value: None, info: R::INFO })
    }

    /// Returns the deadline on the monotonic clock, if there is one. It bounds credentials and permits; requests have their
    /// own timeout.
    pub fn deadline(&self) -> Option<Duration> {
        self.call.deadline()
    }

    /// Returns whether a request in flight may be dropped: the action is idempotent by its own metadata.
    pub fn is_idempotent(&self) -> bool {
        self.call.is_idempotent()
    }

    /// Returns the first step.
    pub fn start(&mut self, now: Now) -> Step<T> {
        let _entered = self.call.span().clone().entered();
        let step = self.call.start(now);
        self.step(step)
    }

    /// Returns the step after the result of the previous one. The event of another step fails the call.
    pub fn on(&mut self, now: Now, event: Event) -> Step<T> {
        let _entered = self.call.span().clone().entered();
        let event = match event {
            Event::Credential(result) => call::Event::Credential(
                result.and_then(|credential| ValidCredential::new(credential, "credential")),
            ),
            Event::Permit(result) => call::Event::Permit(result),
            Event::Expired => call::Event::Expired,
            Event::Response(result) => call::Event::Response(result.map(|response| {
                let opening = self.engine.opening(self.info);
                response::read(response, Some(opening), self.decode, &mut self.value)
            })),
            Event::Woke => call::Event::Woke,
        };
        let step = self.call.on(now, event);
        self.step(step)
    }

    /// Cancels the call: releases its permit, and reports it to the [observers](crate::Observer). A call that is dropped
    /// before it is done is not reported.
    pub fn cancel(mut self, now: Now) {
        self.call.cancel(now);
    }

    fn step(&mut self, step: call::Step<'static>) -> Step<T> {
        match step {
            call::Step::Credential(rejected) => {
                Step::Credential(rejected.map(ValidCredential::into_credential))
            }
            call::Step::Reserve(request, previous) => Step::Reserve(request, previous),
            call::Step::Send(request) => Step::Send(request),
            call::Step::Sleep(time) => Step::Sleep(time),
            // Only a streamed call opens a stream.
            call::Step::Opened => Step::Done(response::decoded(&self.info, None)),
            call::Step::Done(result) => {
                Step::Done(result.and_then(|()| response::decoded(&self.info, self.value.take())))
            }
        }
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("action", &self.info.name).finish_non_exhaustive()
    }
}

//! The blocking client.

use std::sync::Arc;
use std::time::Duration;

use tc3_api::{Action, ActionInfo, json};
use tc3_transport::{
    BlockingBody, BlockingTransport, Bytes, Request, Response, TransportError, UreqTransport,
};

use crate::call::{Call, Event, Step};
use crate::client_methods::client_methods;
use crate::config::Config;
use crate::credentials::{CredentialError, ValidCredential};
use crate::endpoint::Endpoint;
use crate::engine::{Engine, span};
use crate::error::{Error, ErrorKind};
use crate::response::{self, ApiResponse, Decode};
use crate::time::Now;

/// A blocking client without an async runtime. Clones are cheap and share connections, credentials and the rate
/// limit.
#[derive(Clone)]
pub struct Client {
    engine: Arc<Engine>,
    transport: Arc<dyn BlockingTransport>,
}

client_methods! {
    transport: BlockingTransport,
    body: BlockingBody,
    timer: blocking_sleep,
    async: [],
    await: [],
    send: [],
    sync: [],
    call_bounds: [R: Action],
}

impl Client {
    /// Creates a client over ureq.
    ///
    /// # Errors
    /// Returns an [`Error`] if the configuration is invalid, such as a certificate or a proxy URL.
    pub fn new(config: Config) -> Result<Self, Error> {
        let transport = UreqTransport::new(&config.transport).map_err(Error::transport)?;
        Self::with_transport(config, transport)
    }

    /// Makes a typed call that can be cancelled while it waits for the rate limit or the next attempt. Returns
    /// `None` if it was cancelled.
    ///
    /// `is_cancelled` is polled every 50 milliseconds, and before each attempt. An exchange with the server is not
    /// interrupted. A cancelled call of an action that is not idempotent was not executed: only rejected attempts and
    /// those that were never sent are retried.
    ///
    /// # Errors
    /// Returns an [`Error`] if the call failed.
    pub fn call_cancellable<R>(
        &self,
        request: &R,
        is_cancelled: &dyn Fn() -> bool,
    ) -> Result<Option<R::Response>, Error>
    where
        R: Action,
    {
        self.call_until(R::INFO, request.encode(), R::decode, Some(is_cancelled))
    }

    fn call_as<T>(
        &self,
        info: ActionInfo<'_>,
        body: Result<Vec<u8>, json::Error>,
        decode: Decode<T>,
    ) -> Result<T, Error> {
        self.call_until(info, body, decode, None)?
            .ok_or_else(|| Error::new(ErrorKind::Timeout, "the call was cancelled"))
    }

    /// Returns `None` if the call was cancelled.
    fn call_until<T>(
        &self,
        info: ActionInfo<'_>,
        body: Result<Vec<u8>, json::Error>,
        decode: Decode<T>,
        is_cancelled: Option<&dyn Fn() -> bool>,
    ) -> Result<Option<T>, Error> {
        let body = self.engine.body(&info, body)?;
        let mut value = None;
        let encapsulation = self.engine.encapsulation(&info);
        let _entered = span(&info).entered();
        let is_complete = self.drive(
            info,
            body,
            &mut |response| response::read(response, encapsulation, decode, &mut value),
            is_cancelled,
        )?;
        match value {
            None if is_complete => Err(response::missing_body(&info)),
            value => Ok(value),
        }
    }

    /// Returns false if the call was cancelled.
    fn drive(
        &self,
        info: ActionInfo<'_>,
        body: Bytes,
        read: &mut dyn FnMut(Response<Bytes>) -> ApiResponse,
        is_cancelled: Option<&dyn Fn() -> bool>,
    ) -> Result<bool, Error> {
        let mut call = Call::new(&self.engine, info, body, self.now())?;
        let mut step = call.start(self.now());
        loop {
            let event = match step {
                Step::Credential(_) | Step::Send(_) if is_cancelled.is_some_and(|is| is()) => {
                    return Ok(false);
                }
                Step::Credential(rejected) => Event::Credential(self.credential(rejected.as_ref())),
                Step::Send(request) => Event::Response(self.exchange(request).map(&mut *read)),
                Step::Sleep(time) => {
                    match is_cancelled {
                        None => self.sleep(time),
                        Some(is_cancelled) if self.sleep_unless(time, is_cancelled) => {}
                        Some(_) => return Ok(false),
                    }
                    Event::Woke
                }
                Step::Done(result) => return result.map(|()| true),
            };
            step = call.on(self.now(), event);
        }
    }

    fn credential(
        &self,
        rejected: Option<&ValidCredential>,
    ) -> Result<ValidCredential, CredentialError> {
        let config = &self.engine.config;
        let (sleep, clock) = (&*config.blocking_sleep, &*config.clock);
        config.credentials.get_blocking(&*self.transport, sleep, clock, rejected)
    }

    /// Sleeps on the client's timer until `is_cancelled`, which is polled every 50 milliseconds, returns true.
    /// Returns false if it was cancelled.
    pub fn sleep_unless(&self, time: Duration, is_cancelled: &dyn Fn() -> bool) -> bool {
        let mut left = time;
        while !is_cancelled() {
            if left.is_zero() {
                return true;
            }
            let slice = left.min(POLL_INTERVAL);
            self.sleep(slice);
            left = left.saturating_sub(slice);
        }
        false
    }
}

/// Interval at which a sleeping thread checks for cancellation. A [`BlockingSleep`] cannot be interrupted.
///
/// [`BlockingSleep`]: crate::BlockingSleep
const POLL_INTERVAL: Duration = Duration::from_millis(50);

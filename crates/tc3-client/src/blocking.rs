//! The blocking client.

use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "serde")]
use serde::{Serialize, de::DeserializeOwned};
#[cfg(feature = "serde")]
use serde_json::Value;
#[cfg(feature = "serde")]
use tc3_api::Envelope;
use tc3_api::{Action, ActionInfo, json};
use tc3_transport::{
    BlockingBody, BlockingTransport, Bytes, Request, Response, TransportError, UreqTransport,
};

use crate::answer::{self, Answer, Decode};
use crate::call::{Call, Event, Step};
use crate::config::Config;
use crate::endpoint::Endpoint;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind};
use crate::time::Now;

/// A blocking client, free of any async runtime. Clones are cheap and share connections, credentials and the rate limit.
#[derive(Clone)]
pub struct Client {
    engine: Arc<Engine>,
    transport: Arc<dyn BlockingTransport>,
}

impl Client {
    /// A client on ureq.
    ///
    /// # Errors
    /// Where the configuration is unusable: an extra root certificate that is none, a proxy that is
    /// no URL.
    pub fn new(config: Config) -> Result<Self, Error> {
        let transport = UreqTransport::new(&config.transport).map_err(Error::transport)?;
        Self::with_transport(config, transport)
    }

    /// A client on another transport; a closure from [`Request`] is one.
    ///
    /// # Errors
    /// Where the configuration is unusable.
    pub fn with_transport(
        config: Config,
        transport: impl BlockingTransport + 'static,
    ) -> Result<Self, Error> {
        Ok(Self { engine: Arc::new(Engine::new(config)?), transport: Arc::new(transport) })
    }

    /// Makes a typed call.
    ///
    /// # Errors
    /// See [`Error`], whose predicates tell the kinds apart.
    pub fn call<R>(&self, request: &R) -> Result<R::Response, Error>
    where
        R: Action,
    {
        self.call_as(R::INFO, request.encode(), R::decode, None).and_then(uncancelled)
    }

    /// Makes a typed call that a wait of its own does not outlive once `is_cancelled` returns true: for the rate
    /// limit, or for the next attempt. Returns `None` if it was cancelled. An exchange with the server is
    /// completed.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn call_cancellable<R>(
        &self,
        request: &R,
        is_cancelled: &dyn Fn() -> bool,
    ) -> Result<Option<R::Response>, Error>
    where
        R: Action,
    {
        self.call_as(R::INFO, request.encode(), R::decode, Some(is_cancelled))
    }

    /// Calls an action by name, for which there is no type. The body is any type of serde; the result is the
    /// content of `Response`.
    ///
    /// A [`Value`] sorts the names of an object and rounds numbers to 64 bits. To keep text as it is, pass and
    /// return `RawValue`s of serde_json: see [`call_json_as`](Self::call_json_as).
    ///
    /// # Errors
    /// Returns an [`Error`] of kind `Request`, before anything is sent, if the body has no form in JSON: a float
    /// that is NaN or infinite, or an object that has a name twice. See [`Error`] for failures of the call.
    #[cfg(feature = "serde")]
    pub fn call_json<B>(&self, info: ActionInfo<'_>, body: &B) -> Result<Value, Error>
    where
        B: Serialize + ?Sized,
    {
        self.call_json_as(info, body)
    }

    /// As [`call_json`](Self::call_json), with the content of `Response` as any type of serde.
    ///
    /// ```
    /// # use tc3_client::{blocking::Client, Error, api::ActionInfo};
    /// use serde_json::value::RawValue;
    ///
    /// # fn example(client: Client, info: ActionInfo<'_>) -> Result<(), Error> {
    /// let body: &RawValue = serde_json::from_str(r#"{"Limit": 1E2, "Filter": "x"}"#).expect("valid JSON");
    /// let response: Box<RawValue> = client.call_json_as(info, body)?;
    /// println!("{response}");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`call_json`](Self::call_json).
    #[cfg(feature = "serde")]
    pub fn call_json_as<T, B>(&self, info: ActionInfo<'_>, body: &B) -> Result<T, Error>
    where
        T: DeserializeOwned,
        B: Serialize + ?Sized,
    {
        let body = json::encode_by_serde(body);
        self.call_as(info, body, Envelope::deserialize, None).and_then(uncancelled)
    }

    fn call_as<T>(
        &self,
        info: ActionInfo<'_>,
        body: Result<Vec<u8>, json::Error>,
        decode: Decode<T>,
        is_cancelled: Option<&dyn Fn() -> bool>,
    ) -> Result<Option<T>, Error> {
        let body = self.engine.body(&info, body)?;
        let mut value = None;
        let encapsulation = self.engine.encapsulation(&info);
        let _entered = crate::span(&info).entered();
        let is_complete = self.drive(
            info,
            body,
            &mut |response| answer::read(response, encapsulation, decode, &mut value),
            is_cancelled,
        )?;
        match value {
            None if is_complete => Err(answer::lost(&info)),
            value => Ok(value),
        }
    }

    /// Returns false if the call was cancelled.
    fn drive(
        &self,
        info: ActionInfo<'_>,
        body: Bytes,
        read: &mut dyn FnMut(Response<Bytes>) -> Answer,
        is_cancelled: Option<&dyn Fn() -> bool>,
    ) -> Result<bool, Error> {
        let mut call = Call::new(&self.engine, info, body, self.now())?;
        let mut step = call.start(self.now());
        loop {
            let event = match step {
                Step::Credential(refused) => Event::Credential(self.credential(refused.as_ref())),
                Step::Send(request) => Event::Answer(self.exchange(request).map(&mut *read)),
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
        refused: Option<&crate::credentials::ValidCredential>,
    ) -> Result<crate::credentials::ValidCredential, crate::credentials::CredentialError> {
        let config = &self.engine.config;
        let (sleep, clock) = (&*config.blocking_sleep, &*config.clock);
        config.credentials.get_blocking(&*self.transport, sleep, clock, refused)
    }

    fn exchange(&self, request: Request) -> Result<Response<Bytes>, TransportError> {
        let Response { status, headers, body } = self.transport.send(request)?;
        let body = body.collect(self.engine.config.max_response_bytes)?;
        Ok(Response { status, headers, body })
    }

    /// The request that a call would send now, signed, without sending it.
    ///
    /// # Errors
    /// Where no credential is found, or the body cannot be encoded.
    #[cfg(feature = "serde")]
    pub fn preview<B>(&self, info: ActionInfo<'_>, body: &B) -> Result<Request, Error>
    where
        B: Serialize + ?Sized,
    {
        let body = self.engine.body(&info, json::encode_by_serde(body))?;
        let call = Call::new(&self.engine, info, body, self.now())?;
        let credential = match call.is_signed() {
            true => Some(self.credential(None).map_err(Error::credentials)?),
            false => None,
        };
        call.preview(self.now(), credential)
    }

    /// Which servers it calls.
    pub fn endpoint(&self) -> &Endpoint {
        &self.engine.config.endpoint
    }

    /// Sends a request as it stands, unsigned and once, over the client's transport: a download.
    ///
    /// # Errors
    /// Where the exchange fails; every HTTP status is an answer.
    pub fn send(&self, request: Request) -> Result<Response<BlockingBody>, TransportError> {
        self.transport.send(request)
    }

    /// The time by the client's clock.
    pub fn now(&self) -> Now {
        self.engine.config.clock.now()
    }

    /// Waits by the client's timer.
    pub fn sleep(&self, time: Duration) {
        self.engine.config.blocking_sleep.sleep(time);
    }

    /// Waits by the client's timer until `is_cancelled` returns true, which is asked every 50 milliseconds.
    /// Returns whether it waited for the whole time.
    pub fn sleep_unless(&self, time: Duration, is_cancelled: &dyn Fn() -> bool) -> bool {
        let mut left = time;
        while !is_cancelled() {
            if left.is_zero() {
                return true;
            }
            let slice = left.min(SLICE);
            self.sleep(slice);
            left = left.saturating_sub(slice);
        }
        false
    }
}

/// Longest time for which a thread that sleeps does not see that it is cancelled. A [`BlockingSleep`] cannot be
/// woken.
///
/// [`BlockingSleep`]: crate::BlockingSleep
const SLICE: Duration = Duration::from_millis(50);

/// The response of a call that nobody can cancel.
fn uncancelled<T>(response: Option<T>) -> Result<T, Error> {
    response.ok_or_else(|| Error::new(ErrorKind::TimeLimit, "the call was cancelled"))
}

impl core::fmt::Debug for Client {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Client").field("config", &self.engine.config).finish_non_exhaustive()
    }
}

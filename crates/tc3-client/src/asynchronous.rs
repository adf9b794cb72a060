use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "serde")]
use serde::{Serialize, de::DeserializeOwned};
#[cfg(feature = "serde")]
use serde_json::Value;
#[cfg(feature = "serde")]
use tc3_api::Envelope;
use tc3_api::{Action, ActionInfo, json};
use tc3_transport::{AsyncBody, AsyncTransport, Bytes, Request, Response, TransportError};
use tracing::Instrument;

use crate::answer::{self, Answer, Decode};
use crate::call::{Call, Event, Step};
use crate::config::Config;
use crate::endpoint::Endpoint;
use crate::engine::Engine;
use crate::error::Error;
use crate::time::Now;

/// An async client. Clones are cheap and share connections, credentials and the rate limit.
///
/// Dropping the future of a call cancels it.
#[derive(Clone)]
pub struct Client {
    engine: Arc<Engine>,
    transport: Arc<dyn AsyncTransport>,
}

impl Client {
    /// A client on reqwest and tokio.
    ///
    /// # Errors
    /// Where the configuration is unusable: an extra root certificate that is none, a proxy that is
    /// no URL.
    #[cfg(feature = "reqwest")]
    pub fn new(config: Config) -> Result<Self, Error> {
        let transport = tc3_transport::ReqwestTransport::new(&config.transport);
        Self::with_transport(config, transport.map_err(Error::transport)?)
    }

    /// A client on hyper and tokio: less below it than reqwest has, and less time for a call.
    ///
    /// # Errors
    /// Where the configuration is unusable: an extra root certificate that is none, a proxy that is
    /// no URL.
    #[cfg(feature = "hyper")]
    pub fn on_hyper(config: Config) -> Result<Self, Error> {
        let transport = tc3_transport::HyperTransport::new(&config.transport);
        Self::with_transport(config, transport.map_err(Error::transport)?)
    }

    /// A client on another transport; a closure from [`Request`] to a future is one.
    ///
    /// # Errors
    /// Where the configuration is unusable.
    pub fn with_transport(
        config: Config,
        transport: impl AsyncTransport + 'static,
    ) -> Result<Self, Error> {
        Ok(Self { engine: Arc::new(Engine::new(config)?), transport: Arc::new(transport) })
    }

    /// Makes a typed call.
    ///
    /// # Errors
    /// See [`Error`], whose predicates tell the kinds apart.
    pub async fn call<R>(&self, request: &R) -> Result<R::Response, Error>
    where
        R: Action + Sync,
        R::Response: Send,
    {
        self.call_as(R::INFO, request.encode(), R::decode).await
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
    pub async fn call_json<B>(&self, info: ActionInfo<'_>, body: &B) -> Result<Value, Error>
    where
        B: Serialize + Sync + ?Sized,
    {
        self.call_json_as(info, body).await
    }

    /// As [`call_json`](Self::call_json), with the content of `Response` as any type of serde.
    ///
    /// ```
    /// # use tc3_client::{Client, Error, api::ActionInfo};
    /// use serde_json::value::RawValue;
    ///
    /// # async fn example(client: Client, info: ActionInfo<'_>) -> Result<(), Error> {
    /// let body: &RawValue = serde_json::from_str(r#"{"Limit": 1E2, "Filter": "x"}"#).expect("valid JSON");
    /// let response: Box<RawValue> = client.call_json_as(info, body).await?;
    /// println!("{response}");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`call_json`](Self::call_json).
    #[cfg(feature = "serde")]
    pub async fn call_json_as<T, B>(&self, info: ActionInfo<'_>, body: &B) -> Result<T, Error>
    where
        T: DeserializeOwned + Send,
        B: Serialize + Sync + ?Sized,
    {
        self.call_as(info, json::encode_by_serde(body), Envelope::deserialize).await
    }

    async fn call_as<T: Send>(
        &self,
        info: ActionInfo<'_>,
        body: Result<Vec<u8>, json::Error>,
        decode: Decode<T>,
    ) -> Result<T, Error> {
        let body = self.engine.body(&info, body)?;
        let mut value = None;
        let encapsulation = self.engine.encapsulation(&info);
        let span = crate::span(&info);
        self.drive(info, body, &mut |response| {
            answer::read(response, encapsulation, decode, &mut value)
        })
        .instrument(span)
        .await?;
        value.ok_or_else(|| answer::lost(&info))
    }

    async fn drive(
        &self,
        info: ActionInfo<'_>,
        body: Bytes,
        read: &mut (dyn FnMut(Response<Bytes>) -> Answer + Send),
    ) -> Result<(), Error> {
        let mut call = Call::new(&self.engine, info, body, self.now())?;
        let mut step = call.start(self.now());
        loop {
            let event = match step {
                Step::Credential(refused) => {
                    Event::Credential(self.credential(refused.as_ref()).await)
                }
                Step::Send(request) => Event::Answer(self.exchange(request).await.map(&mut *read)),
                Step::Sleep(time) => {
                    self.sleep(time).await;
                    Event::Woke
                }
                Step::Done(result) => return result,
            };
            step = call.on(self.now(), event);
        }
    }

    async fn credential(
        &self,
        refused: Option<&crate::credentials::ValidCredential>,
    ) -> Result<crate::credentials::ValidCredential, crate::credentials::CredentialError> {
        let config = &self.engine.config;
        let (sleep, clock) = (&*config.async_sleep, &*config.clock);
        config.credentials.get(&*self.transport, sleep, clock, refused).await
    }

    async fn exchange(&self, request: Request) -> Result<Response<Bytes>, TransportError> {
        let Response { status, headers, body } = self.transport.send(request).await?;
        let body = body.collect(self.engine.config.max_response_bytes).await?;
        Ok(Response { status, headers, body })
    }

    /// The request that a call would send now, signed, without sending it.
    ///
    /// # Errors
    /// Where no credential is found, or the body cannot be encoded.
    #[cfg(feature = "serde")]
    pub async fn preview<B>(&self, info: ActionInfo<'_>, body: &B) -> Result<Request, Error>
    where
        B: Serialize + Sync + ?Sized,
    {
        let body = self.engine.body(&info, json::encode_by_serde(body))?;
        let call = Call::new(&self.engine, info, body, self.now())?;
        let credential = match call.is_signed() {
            true => Some(self.credential(None).await.map_err(Error::credentials)?),
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
    pub async fn send(&self, request: Request) -> Result<Response<AsyncBody>, TransportError> {
        self.transport.send(request).await
    }

    /// The time by the client's clock.
    pub fn now(&self) -> Now {
        self.engine.config.clock.now()
    }

    /// Waits by the client's timer.
    pub async fn sleep(&self, time: Duration) {
        self.engine.config.async_sleep.sleep(time).await;
    }
}

impl core::fmt::Debug for Client {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Client").field("config", &self.engine.config).finish_non_exhaustive()
    }
}

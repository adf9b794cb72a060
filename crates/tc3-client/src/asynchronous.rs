use std::sync::Arc;
use std::time::Duration;

use tc3_api::{Action, ActionInfo, Paginated, StreamInfo, StreamingAction, json};
use tc3_transport::{
    AsyncBody, AsyncChunks, AsyncTransport, Bytes, Request, Response, SendGate, TransportError,
};
use tracing::Instrument;

use crate::call::{Call, Event, Step, Watched};
use crate::client_methods::client_methods;
use crate::config::Config;
use crate::credentials::{CredentialError, ValidCredential, Wanted};
use crate::endpoint::Endpoint;
use crate::engine::Engine;
use crate::error::Error;
use crate::exchange::complete;
use crate::limiter::{PermitRequest, Reservation};
use crate::options::CallOptions;
use crate::pages::asynchronous::Pages;
use crate::response::{self, ApiResponse, Decode, DecodeEvent};
use crate::stop::{Stop, stopped};
use crate::stream::Items;
use crate::stream::asynchronous::EventStream;
use crate::time::{Now, within};

/// An async client. Clones are cheap and share connections, credentials and the rate limit.
///
/// Dropping the future of a call cancels the call.
#[derive(Clone)]
pub struct Client {
    engine: Arc<Engine>,
    options: Arc<CallOptions>,
    transport: Arc<dyn AsyncTransport>,
}

mod task;

pub use task::Task;

client_methods! {
    transport: AsyncTransport,
    body: AsyncBody,
    timer: async_sleep,
    check_limiter: check_async_limiter,
    async: [async],
    await: [.await],
    send: [+ Send],
    sync: [+ Sync],
    call_bounds: [R: Action + Sync, R::Response: Send],
    stream_bounds: [R: StreamingAction + Sync, R::Item: Send],
}

impl Client {
    /// Creates a client over reqwest and tokio.
    ///
    /// # Errors
    /// Returns an [`Error`] if the configuration is invalid, such as a certificate or a proxy URL.
    #[cfg(feature = "reqwest")]
    pub fn new(config: Config) -> Result<Self, Error> {
        let transport = tc3_transport::ReqwestTransport::new(&config.transport);
        Self::with_transport(config, transport.map_err(Error::transport)?)
    }

    /// Creates a client over hyper and tokio. Compared with `new`, it has fewer dependencies and a lower overhead per
    /// call.
    ///
    /// # Errors
    /// Returns an [`Error`] if there is no TLS provider, which the feature `ring` or `aws-lc-rs` adds, or if the
    /// configuration is invalid, such as a certificate or a proxy URL.
    #[cfg(feature = "hyper")]
    pub fn on_hyper(config: Config) -> Result<Self, Error> {
        let transport = tc3_transport::HyperTransport::new(&config.transport);
        Self::with_transport(config, transport.map_err(Error::transport)?)
    }

    #[doc = include_str!("pages/docs/pages.md")]
    pub fn pages<R>(&self, request: R) -> Pages<R>
    where
        R: Paginated + Send + Sync + 'static,
        R::Response: Send,
    {
        let client = self.clone();
        Pages::new(request, move |request| {
            let client = client.clone();
            async move { client.call(&request).await }
        })
    }

    /// Returns `None` if the call was cancelled.
    async fn call_until<T: Send>(
        &self,
        info: ActionInfo<'_>,
        body: Result<Vec<u8>, json::Error>,
        decode: Decode<T>,
        stop: Option<&Stop>,
    ) -> Result<Option<T>, Error> {
        let body = self.engine.body(&info, body)?;
        let mut value = None;
        let opening = self.engine.opening(info);
        let call = Call::new(&self.engine, &self.options, info, body, self.now())?;
        let span = call.span().clone();
        let mut read =
            |response: Response<Bytes>| response::read(response, Some(opening), decode, &mut value);
        let mut call = Watched::new(call);
        let is_complete =
            self.drive(&mut call, &mut None, &mut read, stop).instrument(span).await?;
        // Otherwise a value is that of a rejected attempt.
        is_complete.then(|| response::decoded(&info, value)).transpose()
    }

    /// Opens the stream of a response, or decodes a response that is not a stream.
    async fn open<T: Send>(
        &self,
        info: ActionInfo<'static>,
        stream: StreamInfo,
        body: Result<Vec<u8>, json::Error>,
        decode: DecodeEvent<T>,
    ) -> Result<EventStream<T>, Error> {
        let body = self.engine.body(&info, body)?;
        let (mut value, mut events) = (None, None);
        let opening = self.engine.opening(info);
        let call = Call::streamed(&self.engine, &self.options, info, body, self.now())?;
        let span = call.span().clone();
        let mut read = |response: Response<Bytes>| {
            response::read_event(response, Some(opening), decode, &mut value)
        };
        let mut call = Watched::new(call);
        self.drive(&mut call, &mut events, &mut read, None).instrument(span).await?;
        let single = events.is_none().then(|| response::decoded(&info, value)).transpose()?;
        Ok(EventStream::new(Items::new(call, stream, decode, single), events))
    }

    /// Returns false if the call was cancelled.
    async fn drive(
        &self,
        call: &mut Watched<'_>,
        body: &mut Option<AsyncBody>,
        read: &mut (dyn FnMut(Response<Bytes>) -> ApiResponse + Send),
        stop: Option<&Stop>,
    ) -> Result<bool, Error> {
        let mut step = call.start(self.now());
        // Another request in flight may be dropped only if it is not sent yet.
        let is_idempotent = call.is_idempotent();
        loop {
            let event = match step {
                Step::Credential(rejected) => {
                    let credential = self.credential(rejected.as_ref().into(), call.deadline());
                    unless_stopped(stop, credential)
                        .await
                        .map(|result| result.map_or(Event::Expired, Event::Credential))
                }
                Step::Reserve(request, reserved) => {
                    unless_stopped(stop, self.reserve(&request, reserved)).await
                }
                Step::Send(_) if stop.is_some_and(Stop::is_stopped) => None,
                Step::Send(mut request) => {
                    let gate = stop.filter(|_| !is_idempotent).map(|_| SendGate::default());
                    request.gate = gate.clone();
                    let (timer, max_bytes) =
                        (&*self.engine.config.async_sleep, self.engine.config.max_response_bytes);
                    let exchange = complete(&*self.transport, timer, request, max_bytes);
                    let response = match (stop, gate) {
                        (Some(stop), Some(gate)) => stop.unless_withdrawn(&gate, exchange).await,
                        (Some(stop), None) => stop.within_grace(exchange).await,
                        (None, _) => Some(exchange.await),
                    };
                    response.map(|exchanged| {
                        Event::Response(exchanged.map(|(response, stream)| {
                            *body = stream;
                            read(response)
                        }))
                    })
                }
                Step::Sleep(time) => {
                    unless_stopped(stop, self.sleep(time)).await.map(|()| Event::Woke)
                }
                Step::Opened => return Ok(true),
                Step::Done(result) => return result.map(|()| true),
            };
            let Some(event) = event else { return call.stop(self.now()) };
            step = call.on(self.now(), event);
        }
    }

    /// Reserves a permit or confirms the reserved one.
    async fn reserve(&self, request: &PermitRequest<'_>, reserved: Option<Reservation>) -> Event {
        let Engine { config, limiter, .. } = &*self.engine;
        let Some(custom) = &config.async_rate_limiter else {
            return Event::Permit(Ok(Reservation::in_process(limiter, request, reserved)));
        };
        let reserve = Reservation::reserve(custom, request, reserved);
        within(&*config.async_sleep, request.timeout, reserve)
            .await
            .map_or(Event::Expired, Event::Permit)
    }

    async fn send_until(
        &self,
        request: Request,
        stop: &Stop,
    ) -> Option<Result<Response<AsyncBody>, TransportError>> {
        let result = stop.within_grace(self.transport.send(request)).await?;
        let stop = stop.clone();
        Some(result.map(|response| response.map(|body| AsyncBody::stream(Chunks { body, stop }))))
    }

    /// Returns `None` if there is no credential at the deadline.
    async fn credential(
        &self,
        wanted: Wanted<'_>,
        deadline: Option<Duration>,
    ) -> Option<Result<ValidCredential, CredentialError>> {
        let config = &self.engine.config;
        let (sleep, clock) = (&*config.async_sleep, &*config.clock);
        config.credentials.get(&*self.transport, sleep, clock, wanted, deadline).await
    }

    /// Returns a credential, or an error at the deadline.
    async fn credential_before(
        &self,
        deadline: Option<Duration>,
        wanted: Wanted<'_>,
    ) -> Result<ValidCredential, Error> {
        let credential = self.credential(wanted, deadline).await;
        credential.ok_or_else(Call::expired)?.map_err(CredentialError::into_error)
    }
}

/// Returns the output of a future, or `None` after a stop.
async fn unless_stopped<T>(stop: Option<&Stop>, work: impl Future<Output = T>) -> Option<T> {
    match stop {
        Some(stop) => stop.unless_stopped(work).await,
        None => Some(work.await),
    }
}

/// A body that fails after the grace of a stop.
struct Chunks {
    body: AsyncBody,
    stop: Stop,
}

#[async_trait::async_trait]
impl AsyncChunks for Chunks {
    async fn next(&mut self) -> Result<Option<Bytes>, TransportError> {
        self.stop.within_grace(self.body.chunk()).await.ok_or_else(stopped)?
    }
}

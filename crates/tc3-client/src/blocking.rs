//! The blocking client.

use std::sync::Arc;
use std::time::Duration;

use tc3_api::{Action, ActionInfo, Paginated, StreamInfo, StreamingAction, json};
use tc3_transport::{
    BlockingBody, BlockingTransport, Bytes, Request, Response, SendGate, TransportError,
    UreqTransport,
};

use crate::call::{Call, Event, Step, Watched};
use crate::client_methods::client_methods;
use crate::config::Config;
use crate::credentials::{CredentialError, ValidCredential, Wanted};
use crate::detached;
use crate::endpoint::Endpoint;
use crate::engine::Engine;
use crate::error::Error;
use crate::limiter::{LimiterError, PermitRequest, Reservation};
use crate::options::CallOptions;
pub use crate::pages::blocking::{ByPage, Pages};
use crate::response::{self, ApiResponse, Decode, DecodeEvent};
use crate::stop::Stop;
use crate::stream::Items;
pub use crate::stream::blocking::EventStream;
use crate::time::{self, Now};

/// A blocking client without an async runtime. Clones are cheap and share connections, credentials and the rate
/// limit.
#[derive(Clone)]
pub struct Client {
    engine: Arc<Engine>,
    options: Arc<CallOptions>,
    transport: Arc<dyn BlockingTransport>,
}

mod task;

pub use task::Task;

client_methods! {
    transport: BlockingTransport,
    body: BlockingBody,
    timer: blocking_sleep,
    check_limiter: check_blocking_limiter,
    async: [],
    await: [],
    send: [],
    sync: [],
    call_bounds: [R: Action],
    stream_bounds: [R: StreamingAction],
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

    #[doc = include_str!("pages/docs/pages.md")]
    pub fn pages<R: Paginated + 'static>(&self, request: R) -> Pages<R> {
        let client = self.clone();
        Pages::new(request, move |request| client.call(request))
    }

    /// Returns `None` if the call was cancelled.
    fn call_until<T>(
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
        let _entered = call.span().clone().entered();
        let mut read =
            |response: Response<Bytes>| response::read(response, Some(opening), decode, &mut value);
        let is_complete = self.drive(&mut Watched::new(call), &mut None, &mut read, stop)?;
        // Otherwise a value is that of a rejected attempt.
        is_complete.then(|| response::decoded(&info, value)).transpose()
    }

    /// Opens the stream of a response, or decodes a response that is not a stream.
    fn open<T>(
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
        let _entered = call.span().clone().entered();
        let mut read = |response: Response<Bytes>| {
            response::read_event(response, Some(opening), decode, &mut value)
        };
        let mut call = Watched::new(call);
        self.drive(&mut call, &mut events, &mut read, None)?;
        let single = events.is_none().then(|| response::decoded(&info, value)).transpose()?;
        Ok(EventStream::new(Items::new(call, stream, decode, single), events))
    }

    /// Returns false if the call was cancelled.
    fn drive(
        &self,
        call: &mut Watched<'_>,
        body: &mut Option<BlockingBody>,
        read: &mut dyn FnMut(Response<Bytes>) -> ApiResponse,
        stop: Option<&Stop>,
    ) -> Result<bool, Error> {
        let mut step = call.start(self.now());
        // Another request in flight may be dropped only if it is not sent yet.
        let is_idempotent = call.is_idempotent();
        loop {
            let event = match step {
                Step::Credential(_) | Step::Reserve(..) | Step::Send(_)
                    if stop.is_some_and(Stop::is_stopped) =>
                {
                    None
                }
                Step::Credential(rejected) => {
                    match self.credential(rejected.as_ref().into(), call.deadline(), stop) {
                        Some(result) => Some(Event::Credential(result)),
                        None if stop.is_some_and(Stop::is_stopped) => None,
                        None => Some(Event::Expired),
                    }
                }
                Step::Reserve(request, reserved) => {
                    self.reserve(&request, reserved, stop).map(Event::Permit)
                }
                Step::Send(mut request) => {
                    let max_bytes = self.engine.config.max_response_bytes;
                    let gate = stop.filter(|_| !is_idempotent).map(|_| SendGate::default());
                    request.gate = gate.clone();
                    let is_over = |stop: &Stop| match &gate {
                        Some(gate) => stop.is_stopped() && gate.close(),
                        None => stop.is_grace_over(),
                    };
                    let response =
                        detached::exchange(&self.transport, request, max_bytes, stop, &is_over);
                    response.map(|exchanged| {
                        Event::Response(exchanged.map(|(response, stream)| {
                            *body = stream;
                            read(response)
                        }))
                    })
                }
                Step::Sleep(time) => {
                    let timer = &*self.engine.config.blocking_sleep;
                    time::sleep_until_stop(timer, time, stop).then_some(Event::Woke)
                }
                Step::Opened => return Ok(true),
                Step::Done(result) => return result.map(|()| true),
            };
            let Some(event) = event else { return call.stop(self.now()) };
            step = call.on(self.now(), event);
        }
    }

    /// Reserves a permit or confirms the reserved one. Returns `None` at a stop.
    fn reserve(
        &self,
        request: &PermitRequest<'_>,
        reserved: Option<Reservation>,
        stop: Option<&Stop>,
    ) -> Option<Result<Reservation, LimiterError>> {
        let Engine { config, limiter, .. } = &*self.engine;
        match &config.blocking_rate_limiter {
            None => Some(Ok(Reservation::in_process(limiter, request, reserved))),
            Some(custom) => detached::reserve(custom, request, reserved, stop),
        }
    }

    fn send_until(
        &self,
        request: Request,
        stop: &Stop,
    ) -> Option<Result<Response<BlockingBody>, TransportError>> {
        detached::send(&self.transport, request, stop)
    }

    /// Returns `None` if there is no credential at the deadline or at a stop.
    fn credential(
        &self,
        wanted: Wanted<'_>,
        deadline: Option<Duration>,
        stop: Option<&Stop>,
    ) -> Option<Result<ValidCredential, CredentialError>> {
        let config = &self.engine.config;
        let (sleep, clock) = (&*config.blocking_sleep, &*config.clock);
        let cache = &config.credentials;
        cache.get_blocking(&self.transport, sleep, clock, wanted, deadline, stop)
    }

    /// Returns a credential, or an error at the deadline.
    fn credential_before(
        &self,
        deadline: Option<Duration>,
        wanted: Wanted<'_>,
    ) -> Result<ValidCredential, Error> {
        let credential = self.credential(wanted, deadline, None);
        credential.ok_or_else(Call::expired)?.map_err(CredentialError::into_error)
    }

    /// Sleeps on the client's timer until `is_cancelled`, which is polled every 50 milliseconds, returns true.
    /// Returns false if it was cancelled.
    pub fn sleep_unless(&self, time: Duration, is_cancelled: &dyn Fn() -> bool) -> bool {
        time::sleep_unless(&*self.engine.config.blocking_sleep, time, is_cancelled)
    }
}

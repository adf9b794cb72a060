use std::sync::Arc;
use std::time::Duration;

use tc3_api::{Action, ActionInfo, json};
use tc3_transport::{AsyncBody, AsyncTransport, Bytes, Request, Response, TransportError};
use tracing::Instrument;

use crate::call::{Call, Event, Step};
use crate::client_methods::client_methods;
use crate::config::Config;
use crate::credentials::{CredentialError, ValidCredential};
use crate::endpoint::Endpoint;
use crate::engine::{Engine, span};
use crate::error::Error;
use crate::response::{self, ApiResponse, Decode};
use crate::time::Now;

/// An async client. Clones are cheap and share connections, credentials and the rate limit.
///
/// Dropping the future of a call cancels the call.
#[derive(Clone)]
pub struct Client {
    engine: Arc<Engine>,
    transport: Arc<dyn AsyncTransport>,
}

client_methods! {
    transport: AsyncTransport,
    body: AsyncBody,
    timer: async_sleep,
    async: [async],
    await: [.await],
    send: [+ Send],
    sync: [+ Sync],
    call_bounds: [R: Action + Sync, R::Response: Send],
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

    /// Creates a client over hyper and tokio. Compared with [`new`](Self::new), it has fewer dependencies and a
    /// lower overhead per call.
    ///
    /// # Errors
    /// Returns an [`Error`] if the configuration is invalid, such as a certificate or a proxy URL.
    #[cfg(feature = "hyper")]
    pub fn on_hyper(config: Config) -> Result<Self, Error> {
        let transport = tc3_transport::HyperTransport::new(&config.transport);
        Self::with_transport(config, transport.map_err(Error::transport)?)
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
        let span = span(&info);
        self.drive(info, body, &mut |response| {
            response::read(response, encapsulation, decode, &mut value)
        })
        .instrument(span)
        .await?;
        value.ok_or_else(|| response::missing_body(&info))
    }

    async fn drive(
        &self,
        info: ActionInfo<'_>,
        body: Bytes,
        read: &mut (dyn FnMut(Response<Bytes>) -> ApiResponse + Send),
    ) -> Result<(), Error> {
        let mut call = Call::new(&self.engine, info, body, self.now())?;
        let mut step = call.start(self.now());
        loop {
            let event = match step {
                Step::Credential(rejected) => {
                    Event::Credential(self.credential(rejected.as_ref()).await)
                }
                Step::Send(request) => {
                    Event::Response(self.exchange(request).await.map(&mut *read))
                }
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
        rejected: Option<&ValidCredential>,
    ) -> Result<ValidCredential, CredentialError> {
        let config = &self.engine.config;
        let (sleep, clock) = (&*config.async_sleep, &*config.clock);
        config.credentials.get(&*self.transport, sleep, clock, rejected).await
    }
}

//! Calls over the blocking client.

use std::fmt;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use essbasic::api::ActionInfo;
use essbasic::credentials::Credential;
use essbasic::transport::{BlockingTransport, Request, Response};
use essbasic::{CallError, Config, LinkHost};
use serde_json::json;
use serde_json::value::RawValue;
use tc3_client::blocking::Client;
use tokio::task::spawn_blocking;

use crate::caller::{CallRecord, Caller, FileError};
use crate::calls::{Parts, any_action, failed, file_body, has_credential, record, recorded};
use crate::captured::SessionKeys;
use crate::record::Recording;

/// Makes calls with the blocking client, on threads of their own.
pub struct BlockingCaller {
    client: Client,
    parts: Parts,
}

impl fmt::Debug for BlockingCaller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockingCaller").field("client", &self.client).finish_non_exhaustive()
    }
}

impl BlockingCaller {
    /// Creates a caller. `keys` is the source of the configuration.
    ///
    /// # Errors
    /// Returns an error if the configuration is invalid.
    pub fn new(
        config: Config,
        keys: SessionKeys,
        transport: impl BlockingTransport + 'static,
    ) -> Result<Self, CallError> {
        let client = Client::with_transport(recorded(config), transport)?;
        Ok(Self { client, parts: Parts::new(keys) })
    }

    /// Adds a host to the allowlist of download links.
    #[must_use]
    pub fn with_link_host(mut self, host: LinkHost) -> Self {
        self.parts = self.parts.with_link_host(host);
        self
    }

    /// Returns whether there is a credential.
    ///
    /// # Errors
    /// Returns the error of a source that is configured but invalid.
    pub fn has_credential(&self) -> Result<bool, CallError> {
        has_credential(preview_any(&self.client))
    }

    /// Returns whether the credential that was fetched last has this SecretId.
    pub fn has_secret_id(&self, secret_id: &str) -> bool {
        self.parts.keys.last().is_some_and(|credential| credential.secret_id() == secret_id)
    }

    /// Returns the response to a `GET` of the endpoint's server, if it has one.
    pub fn probe(&self, path: &str) -> Option<Response<Bytes>> {
        const MAX_BYTES: usize = 64 << 10;
        let base = self.client.endpoint().url()?.to_string();
        let uri = format!("{}{path}", base.trim_end_matches('/')).parse().ok()?;
        let timeout = Some(Duration::from_secs(2));
        let response = self.client.send(Request { timeout, ..Request::get(uri) }).ok()?;
        let Response { status, headers, body } = response;
        Some(Response { status, headers, body: body.collect(MAX_BYTES).ok()? })
    }
}

#[async_trait]
impl Caller for BlockingCaller {
    async fn preview(
        &self,
        info: ActionInfo<'static>,
        body: Box<RawValue>,
    ) -> Result<Request, CallError> {
        let client = self.client.clone();
        on_thread(move || client.preview(info, &body)).await
    }

    async fn call(&self, info: ActionInfo<'static>, body: Box<RawValue>) -> CallRecord {
        let client = self.client.clone();
        on_thread(move || {
            let (recording, started) = (Recording::default(), Instant::now());
            let result = recording.scope(|| client.call_json_as(info, &body));
            record(&recording, started, result)
        })
        .await
    }

    async fn file(&self, link: &str, max_bytes: usize) -> Result<Bytes, FileError> {
        let client = self.client.clone();
        let request = self.parts.link_request(link, client.endpoint())?;
        on_thread(move || file_body(client.send(request))?.collect(max_bytes).map_err(failed)).await
    }

    async fn credential(&self) -> Option<Credential> {
        let client = self.client.clone();
        // Fetches it the first time, and after it has expired.
        self.parts.credential(on_thread(move || preview_any(&client)).await)
    }
}

/// Signs a request of any action, for which a credential is fetched. Nothing is sent to the service.
fn preview_any(client: &Client) -> Result<(), CallError> {
    any_action().map(|info| client.preview(info, &json!({}))).transpose().map(drop)
}

/// Runs a blocking function on a thread that may block.
async fn on_thread<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> T {
    match spawn_blocking(run).await {
        Ok(value) => value,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime ends.
            Err(_cancelled) => std::future::pending().await,
        },
    }
}

//! Calls over the blocking client.

use std::fmt;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use essbasic::api::ActionInfo;
use essbasic::credentials::{Credential, CredentialError};
use essbasic::models::CATALOGUE;
use essbasic::transport::{BlockingTransport, Request, Response};
use essbasic::{CallError, Config, DownloadOptions, LinkHost};
use serde_json::value::RawValue;
use tc3_client::blocking::Client;
use tokio::task::spawn_blocking;

use crate::caller::{CallRecord, Caller, FileError};
use crate::captured::SessionKeys;
use crate::record::{Recorder, Recording};

/// Timeout of a download.
const FILE_TIMEOUT: Duration = Duration::from_secs(60);

/// Makes calls with the blocking client, on threads of their own.
pub struct BlockingCaller {
    client: Client,
    keys: SessionKeys,
    downloads: DownloadOptions,
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
        let config = config.with_interceptor(Recorder).with_observer(Recorder);
        let client = Client::with_transport(config, transport)?;
        let downloads = DownloadOptions::to("").with_file_timeout(FILE_TIMEOUT);
        Ok(Self { client, keys, downloads })
    }

    /// Adds a host to the allowlist of download links.
    #[must_use]
    pub fn with_link_host(mut self, host: LinkHost) -> Self {
        self.downloads = self.downloads.with_link_host(host);
        self
    }

    /// Returns whether there is a credential.
    ///
    /// # Errors
    /// Returns the error of a source that is configured but invalid.
    pub fn has_credential(&self) -> Result<bool, CallError> {
        let is_absent = |error: &CallError| {
            error.cause().and_then(|e| e.downcast_ref()).is_some_and(CredentialError::is_absent)
        };
        match preview_any(&self.client) {
            Ok(()) => Ok(true),
            Err(error) if is_absent(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Returns whether the credential that was fetched last has this SecretId.
    pub fn has_secret_id(&self, secret_id: &str) -> bool {
        self.keys.last().is_some_and(|credential| credential.secret_id() == secret_id)
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
            let record = recording.take();
            CallRecord {
                result,
                attempts: record.attempts,
                elapsed: started.elapsed(),
                status: record.status,
                request_id: record.request_id,
                headers: record.headers,
                body: record.body,
            }
        })
        .await
    }

    async fn file(&self, link: &str, max_bytes: usize) -> Result<Bytes, FileError> {
        let client = self.client.clone();
        let request = self.downloads.link_request(link, client.endpoint());
        let request = request.map_err(|error| FileError::Refused {
            message: error.message.clone(),
            hint: error.hint().map(str::to_owned),
        })?;
        on_thread(move || {
            let failed = |error: &dyn fmt::Display| FileError::Failed(error.to_string());
            let response = client.send(request).map_err(|error| failed(&error))?;
            if !response.status.is_success() {
                let status = response.status;
                return Err(FileError::Failed(format!("the link returned the status {status}")));
            }
            response.body.collect(max_bytes).map_err(|error| failed(&error))
        })
        .await
    }

    async fn credential(&self) -> Option<Credential> {
        let client = self.client.clone();
        // Fetches it the first time, and after it has expired.
        let fetched = on_thread(move || preview_any(&client)).await;
        fetched.ok().and_then(|()| self.keys.last())
    }
}

/// Signs a request of any action, for which a credential is fetched. Nothing is sent to the service.
fn preview_any(client: &Client) -> Result<(), CallError> {
    let mut actions = CATALOGUE.actions.iter();
    let previewed =
        actions.next().map(|action| client.preview(action.info, &serde_json::json!({})));
    previewed.transpose().map(drop)
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

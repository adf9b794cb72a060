//! Calls over the async client.

use std::fmt;
use std::time::Instant;

use async_trait::async_trait;
use bytes::Bytes;
use essbasic::api::ActionInfo;
use essbasic::credentials::Credential;
use essbasic::transport::{AsyncTransport, Request};
use essbasic::{CallError, Config, LinkHost};
use serde_json::json;
use serde_json::value::RawValue;
use tc3_client::Client;

use crate::caller::{CallRecord, Caller, FileError};
use crate::calls::{Parts, any_action, failed, file_body, has_credential, record, recorded};
use crate::captured::SessionKeys;
use crate::record::Recording;

/// Makes calls with the async client.
pub struct AsyncCaller {
    client: Client,
    parts: Parts,
}

impl fmt::Debug for AsyncCaller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncCaller").field("client", &self.client).finish_non_exhaustive()
    }
}

impl AsyncCaller {
    /// Creates a caller. `keys` is the source of the configuration. Its client shares the rate limit of clones of the
    /// configuration.
    ///
    /// # Errors
    /// Returns an error if the configuration is invalid.
    pub fn new(
        config: Config,
        keys: SessionKeys,
        transport: impl AsyncTransport + 'static,
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
    pub async fn has_credential(&self) -> Result<bool, CallError> {
        has_credential(self.preview_any().await)
    }

    /// Signs a request of any action, for which a credential is fetched. Nothing is sent to the service.
    async fn preview_any(&self) -> Result<(), CallError> {
        match any_action() {
            Some(info) => self.client.preview(info, &json!({})).await.map(drop),
            None => Ok(()),
        }
    }
}

#[async_trait]
impl Caller for AsyncCaller {
    async fn preview(
        &self,
        info: ActionInfo<'static>,
        body: Box<RawValue>,
    ) -> Result<Request, CallError> {
        self.client.preview(info, &body).await
    }

    async fn call(&self, info: ActionInfo<'static>, body: Box<RawValue>) -> CallRecord {
        let (recording, started) = (Recording::default(), Instant::now());
        let result = recording.scope_async(self.client.call_json_as(info, &body)).await;
        record(&recording, started, result)
    }

    async fn file(&self, link: &str, max_bytes: usize) -> Result<Bytes, FileError> {
        let request = self.parts.link_request(link, self.client.endpoint())?;
        let body = file_body(self.client.send(request).await)?;
        body.collect(max_bytes).await.map_err(failed)
    }

    async fn credential(&self) -> Option<Credential> {
        // Fetches it the first time, and after it has expired.
        self.parts.credential(self.preview_any().await)
    }
}

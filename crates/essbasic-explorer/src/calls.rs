//! Parts that the callers over both clients share.

use std::fmt::Display;
use std::time::{Duration, Instant};

use essbasic::api::ActionInfo;
use essbasic::credentials::{Credential, CredentialError};
use essbasic::models::CATALOGUE;
use essbasic::transport::{Request, Response};
use essbasic::{CallError, Config, DownloadOptions, Endpoint, LinkHost};
use serde_json::value::RawValue;

use crate::caller::{CallRecord, FileError};
use crate::captured::SessionKeys;
use crate::record::{Recorder, Recording};

/// Timeout of a download.
const FILE_TIMEOUT: Duration = Duration::from_secs(60);

/// Keys and downloads of a caller.
pub(crate) struct Parts {
    pub(crate) keys: SessionKeys,
    downloads: DownloadOptions,
}

impl Parts {
    pub(crate) fn new(keys: SessionKeys) -> Self {
        Self { keys, downloads: DownloadOptions::to("").with_file_timeout(FILE_TIMEOUT) }
    }

    /// Adds a host to the allowlist of download links.
    pub(crate) fn with_link_host(mut self, host: LinkHost) -> Self {
        self.downloads = self.downloads.with_link_host(host);
        self
    }

    /// Returns the request for a file.
    pub(crate) fn link_request(&self, link: &str, of: &Endpoint) -> Result<Request, FileError> {
        self.downloads.link_request(link, of).map_err(|error| FileError::Refused {
            message: error.message.clone(),
            hint: error.hint().map(str::to_owned),
        })
    }

    /// Returns the credential that a request was signed with.
    pub(crate) fn credential(&self, previewed: Result<(), CallError>) -> Option<Credential> {
        previewed.ok().and_then(|()| self.keys.last())
    }
}

/// Returns a configuration whose calls are recorded.
pub(crate) fn recorded(config: Config) -> Config {
    config.with_interceptor(Recorder).with_observer(Recorder)
}

/// Returns the record of a call.
pub(crate) fn record(
    recording: &Recording,
    started: Instant,
    result: Result<Box<RawValue>, CallError>,
) -> CallRecord {
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
}

/// Returns the body of the response to a request for a file.
pub(crate) fn file_body<B, E: Display>(response: Result<Response<B>, E>) -> Result<B, FileError> {
    let response = response.map_err(failed)?;
    match response.status {
        status if status.is_success() => Ok(response.body),
        status => Err(FileError::Failed(format!("the link returned the status {status}"))),
    }
}

/// Returns the error of a download that failed.
pub(crate) fn failed(error: impl Display) -> FileError {
    FileError::Failed(error.to_string())
}

/// Returns an action whose request can be signed to fetch a credential. Nothing is sent to the service.
pub(crate) fn any_action() -> Option<ActionInfo<'static>> {
    CATALOGUE.actions.first().map(|action| action.info)
}

/// Returns whether there was a credential to sign a request with.
pub(crate) fn has_credential(previewed: Result<(), CallError>) -> Result<bool, CallError> {
    let is_absent = |error: &CallError| {
        error.cause().and_then(|e| e.downcast_ref()).is_some_and(CredentialError::is_absent)
    };
    match previewed {
        Ok(()) => Ok(true),
        Err(error) if is_absent(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

//! The transfer of one file over one link: its request, and the sink that receives the response.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use essbasic_files::{TemporaryFileLost, sync_folder};
use tc3_client::Endpoint;
use tc3_client::Stop;
use tc3_client::transport::{
    Bytes, HeaderMap, HeaderValue, Request, Response, TransportError, TransportErrorKind, Uri,
    header,
};

use super::content::Content;
use super::destination::Destination;
use super::file::FileWriter;
use super::format::Expected;
use super::head;
use super::link_host::{allow_hint, check_link, is_endpoint};
use super::options::DownloadOptions;
use super::outcome::FetchOutcome;
use super::sink::{Sink, SinkFile};
#[cfg(feature = "async-core")]
use super::sink_file::AsyncFile;
use super::sink_file::{BlockingFile, Checked};
#[cfg(feature = "object-store")]
use super::store::StoreSink;
use super::target::Target;
use super::write::BlockingWrite;
use crate::error::{FlowError, FlowErrorKind};
use crate::links::ResourceLink;

/// A file to fetch.
#[derive(Clone)]
pub(crate) struct Fetch {
    /// Index of the contract in the job.
    pub(crate) flow: usize,
    /// Index of the file in the contract.
    pub(crate) file: usize,
    pub(crate) link: ResourceLink,
    /// Time at which the link expires, on the client's monotonic clock.
    pub(crate) link_expires_at: Duration,
    pub(crate) target: Target,
    pub(crate) to: Arc<Destination>,
    pub(crate) max_bytes: u64,
    /// If `true`, the folder is fsynced after the file gets its name.
    pub(crate) sync_name: bool,
    /// Delay before the request.
    pub(crate) delay: Duration,
    /// If `true`, no idle connection is used: the one of the attempt before is broken, and others may be too.
    pub(crate) new_connection: bool,
}

/// Minimum timeout of a file: ureq takes zero for no timeout.
const MIN_TIMEOUT: Duration = Duration::from_millis(1);

/// Maximum timeout of a file, which does not overflow a clock.
const MAX_TIMEOUT: Duration = Duration::from_secs(365 * 86_400);

impl DownloadOptions {
    /// Returns the request for the file behind a link of a response, such as that of a contract or of a report.
    ///
    /// It has the timeout of these options. `endpoint` is that of the client which received the link: a link to its URL is
    /// allowed, and leads to its address. The request is sent by `Client::send` of [`Client::client`](crate::Client::client).
    ///
    /// # Errors
    /// Returns an error of the kind [`Untrusted`](FlowErrorKind::Untrusted) if the link is invalid, or if its host is not on
    /// the allowlist ([`link_hosts`](Self::link_hosts)).
    pub fn link_request(&self, link: &str, endpoint: &Endpoint) -> Result<Request, FlowError> {
        let uri = link
            .parse::<Uri>()
            .map_err(|_| FlowError::new(FlowErrorKind::Untrusted, "the link is not a valid URL"))?;
        let public_only = check_link(&uri, &self.link_hosts, endpoint.url())?;
        let timeout = Some(self.file_timeout.clamp(MIN_TIMEOUT, MAX_TIMEOUT));
        let connect_to = endpoint.address().filter(|_| is_endpoint(&uri, endpoint.url())).cloned();
        let mut headers = HeaderMap::new();
        // The Content-Length of an encoded body would not be the length of the file.
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        Ok(Request { public_only, timeout, headers, connect_to, ..Request::get(uri) })
    }
}

/// Returns the request for a file.
///
/// # Errors
/// Returns [`FetchOutcome::Refused`] if the link is invalid or its host is not on the allowlist. It is not retried,
/// because another link to the file would have the same host.
pub(crate) fn file_request(
    fetch: &Fetch,
    options: &DownloadOptions,
    endpoint: &Endpoint,
) -> Result<Request, FetchOutcome> {
    let request = options.link_request(&fetch.link.url, endpoint).map_err(FetchOutcome::Refused)?;
    Ok(Request { new_connection: fetch.new_connection, ..request })
}

/// Returns the outcome of a failed HTTP exchange. After the grace of a stop the exchange was dropped.
pub(crate) fn exchange_failed(error: &TransportError, stop: Option<&Stop>) -> FetchOutcome {
    if stop.is_some_and(Stop::is_grace_over) {
        return FetchOutcome::Stopped;
    }
    let error_of = |kind| FlowError::new(kind, error.to_string());
    match error.kind() {
        kind if kind.is_transient() => FetchOutcome::Failed(error_of(FlowErrorKind::Network)),
        TransportErrorKind::NotPublic => {
            let error = error_of(FlowErrorKind::Untrusted).with_hint(allow_hint("HOST"));
            FetchOutcome::Refused(error)
        }
        TransportErrorKind::BodyTooLarge => FetchOutcome::Refused(error_of(FlowErrorKind::Content)),
        _ => FetchOutcome::Refused(error_of(FlowErrorKind::Network)),
    }
}

/// The sink of a response body: a file in a folder, an object in a store, or a file for a sink of the caller.
pub(crate) enum FileSink {
    Folder(FolderSink),
    Blocking(BlockingFile),
    #[cfg(feature = "async-core")]
    Async(AsyncFile),
    #[cfg(feature = "object-store")]
    Store(StoreSink),
}

impl FileSink {
    /// Checks the head of the response and creates the sink, without access to disk or store.
    pub(crate) fn new<B>(fetch: &Fetch, response: &Response<B>) -> Result<Self, FetchOutcome> {
        let media_type = response.headers.get(header::CONTENT_TYPE);
        let media_type = media_type.and_then(|value| value.to_str().ok());
        let expected = Expected::of(&fetch.link.kind, &fetch.link.name, media_type);
        let content = content(fetch, response, expected)?;
        Ok(match &fetch.target {
            Target::Folder(folder) => {
                let (folder, to) = (folder.clone(), Arc::clone(&fetch.to));
                let sync_name = fetch.sync_name;
                Self::Folder(FolderSink { folder, to, sync_name, content, writer: None })
            }
            Target::Sink(sink) => {
                let file = SinkFile {
                    flow_id: fetch.to.flow_id.clone().into(),
                    name: fetch.to.name.clone(),
                    bytes: content.expected_length(),
                };
                let checked = Checked::new(content, file);
                match sink {
                    Sink::Blocking(sink) => {
                        Self::Blocking(BlockingFile::new(Arc::clone(sink), checked))
                    }
                    #[cfg(feature = "async-core")]
                    Sink::Async(sink) => Self::Async(AsyncFile::new(Arc::clone(sink), checked)),
                }
            }
            #[cfg(feature = "object-store")]
            Target::Store(location) => Self::Store(StoreSink::new(location, &fetch.to, content)),
        })
    }
}

/// Checks the head of the response and returns the check of its body.
pub(super) fn content<B>(
    fetch: &Fetch,
    response: &Response<B>,
    expected: Expected,
) -> Result<Content, FetchOutcome> {
    let length = head::length(response.status, &response.headers)?;
    Ok(Content::new(length, fetch.max_bytes, expected)?)
}

/// The sink of a file in a folder.
pub(crate) struct FolderSink {
    folder: PathBuf,
    to: Arc<Destination>,
    sync_name: bool,
    content: Content,
    /// Created with the first bytes, on a thread that may block.
    writer: Option<FileWriter>,
}

impl BlockingWrite for FolderSink {
    fn write(&mut self, bytes: Bytes) -> Result<(), FetchOutcome> {
        self.content.update(&bytes)?;
        let writer = match &mut self.writer {
            Some(writer) => writer,
            none => none.insert(FileWriter::create(&self.folder).map_err(FetchOutcome::Disk)?),
        };
        writer.write(&bytes).map_err(FetchOutcome::Disk)
    }

    fn finish(self) -> FetchOutcome {
        if let Err(mismatch) = self.content.check() {
            return mismatch.into();
        }
        let writer = self.writer.map_or_else(|| FileWriter::create(&self.folder), Ok);
        let finished = writer.and_then(|writer| {
            let finished = writer.finish(&self.to)?;
            if self.sync_name {
                sync_folder(&self.folder)?;
            }
            Ok(finished)
        });
        finished.map_or_else(failed, FetchOutcome::from)
    }
}

/// Returns the outcome of a file that could not be written. One that another program changed is fetched again.
fn failed(error: io::Error) -> FetchOutcome {
    match TemporaryFileLost::is_cause_of(&error) {
        true => {
            let error = FlowError::new(FlowErrorKind::Content, error.to_string());
            FetchOutcome::Failed(match TemporaryFileLost.hint() {
                Some(hint) => error.with_hint(hint),
                None => error,
            })
        }
        false => FetchOutcome::Disk(error),
    }
}

//! Options of a download.

use core::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tc3_client::Stop;

use super::event::DownloadEvent;
use super::link_host::LinkHost;
#[cfg(feature = "async-core")]
use super::sink::AsyncSink;
use super::sink::{BlockingSink, Sink};
#[cfg(feature = "object-store")]
use super::store::StoreLocation;
use super::target::Target;
use super::template::NameTemplate;
use crate::wait::WaitOptions;

/// Options of a download.
#[derive(Clone)]
#[non_exhaustive]
pub struct DownloadOptions {
    /// Folder for the files, created if it does not exist; unused if they are saved to a store or sink.
    ///
    /// A download never replaces an existing file. If its content is that of the contract, it is kept and counts as
    /// saved, so that a repeated download adds no files. Otherwise the new file gets the next unused number;
    /// [`SavedFile::path`](crate::SavedFile::path) is the path of the file.
    pub folder: PathBuf,
    /// Number of concurrent downloads; default 8, clamped to 1..=128.
    pub concurrency: usize,
    /// Maximum size of a file, in bytes; default 1 GiB.
    pub max_file_bytes: u64,
    /// Timeout of one file over one link; default one hour.
    ///
    /// It covers the request, the whole body, and writing to the destination. It is the only limit for a server
    /// that sends single bytes at long intervals.
    pub file_timeout: Duration,
    /// Template of the file names; by default the service's name of the file and the flow ID.
    pub names: NameTemplate,
    /// Allowlist of hosts of links; default `*.ess.tencent.cn`, the known hosts of the service's files.
    ///
    /// If the caller has set the endpoint ([`Config::with_endpoint_url`](crate::Config::with_endpoint_url)), links to
    /// that server are allowed too. A link to any other host is not fetched, and its contract fails with
    /// [`FlowErrorKind::Untrusted`](crate::FlowErrorKind::Untrusted). Redirects are not followed.
    pub link_hosts: Vec<LinkHost>,
    /// If `true`, contracts are downloaded in any status.
    ///
    /// If `false`, the default, a contract that not every party has signed fails with
    /// [`FlowErrorKind::NotSigned`](crate::FlowErrorKind::NotSigned).
    pub any_state: bool,
    /// Delay between the last signature and the download, in which the service composes the PDF; default 3 seconds,
    /// at most one hour.
    pub settle: Duration,
    pub(crate) wait: Option<WaitOptions>,
    pub(crate) stop: Option<Stop>,
    pub(crate) progress: Option<Progress>,
    /// If `true`, the caller reads the first PDF of the contract, and no file is saved.
    pub(crate) reads_pdf: bool,
    /// Whether a rejection by the destination is a failure of its contract only.
    pub(crate) is_independent: bool,
    #[cfg(feature = "object-store")]
    pub(crate) location: Option<StoreLocation>,
    pub(crate) sink: Option<Sink>,
}

pub(crate) type Progress = Arc<dyn Fn(DownloadEvent<'_>) + Send + Sync>;

impl DownloadOptions {
    /// Creates the default options for a download to this folder.
    pub fn to(folder: impl AsRef<Path>) -> Self {
        Self {
            folder: folder.as_ref().to_owned(),
            concurrency: 8,
            max_file_bytes: 1 << 30,
            file_timeout: Duration::from_secs(3600),
            names: NameTemplate::default(),
            link_hosts: vec![LinkHost::service()],
            any_state: false,
            settle: Duration::from_secs(3),
            wait: None,
            stop: None,
            progress: None,
            reads_pdf: false,
            is_independent: false,
            #[cfg(feature = "object-store")]
            location: None,
            sink: None,
        }
    }

    /// Creates the default options for a download to a sink of the caller, in both clients.
    ///
    /// Each file has the same checks, fresh links and retries as in a folder. The sink receives it while it is
    /// transferred, and either finishes it after all checks or discards it. [`SavedFile::key`](crate::SavedFile::key)
    /// is the key that the sink returned.
    ///
    /// Names need not contain `{flow_id}`, which the sink receives too.
    pub fn to_sink(sink: impl BlockingSink) -> Self {
        Self { sink: Some(Sink::Blocking(Arc::new(sink))), ..Self::to("") }
    }

    /// Creates the default options for a download to an async sink of the caller, as [`to_sink`](Self::to_sink).
    ///
    /// The blocking client refuses it with [`Error::Destination`](crate::Error::Destination).
    #[cfg(feature = "async-core")]
    pub fn to_async_sink(sink: impl AsyncSink) -> Self {
        Self { sink: Some(Sink::Async(Arc::new(sink))), ..Self::to("") }
    }

    /// Creates the default options for a PDF that the caller reads.
    pub(crate) fn to_reader() -> Self {
        let names = NameTemplate::name();
        Self { reads_pdf: true, concurrency: 1, names, ..Self::to("") }
    }

    /// Creates the default options for a download to an object store, below this prefix.
    ///
    /// Objects have the same names as files in a folder, which must contain `{flow_id}`. An existing object is kept.
    /// If its content is that of the contract, the contract counts as saved; otherwise it fails with
    /// [`FlowErrorKind::Exists`](crate::FlowErrorKind::Exists). An archive replaces only objects that its journal lists.
    ///
    /// The credentials need permission to list, read and put objects below the prefix and to abort uploads.
    ///
    /// An object is created only after the whole file has passed the same checks as on disk. A file that fits in one
    /// part (see [`with_part_bytes`](Self::with_part_bytes)) is sent in one request. A longer file is sent as a
    /// multipart upload, which is aborted if the file fails its checks or the job is dropped. A killed process cannot
    /// abort its uploads: configure a lifecycle rule of the bucket that removes unfinished uploads after a day.
    ///
    /// Objects have the content type of their format, such as `application/pdf`, if the store supports it, and no
    /// metadata unless [`with_object_metadata`](Self::with_object_metadata) is set.
    ///
    /// The store retries transient failures according to its own options. A file whose upload it does not complete is
    /// uploaded at most three times; if the response to the completion is lost, the object decides. Stores are async only: the blocking client
    /// runs them on a separate runtime with one thread.
    ///
    /// For S3 and compatible stores use `object_store::aws::AmazonS3Builder`, of that crate's feature `aws`. Tencent
    /// COS accepts only virtual-hosted-style requests, for which the builder requires the bucket in the endpoint:
    /// `https://BUCKET.cos.REGION.myqcloud.com`.
    #[cfg(feature = "object-store")]
    pub fn to_store(
        store: Arc<dyn object_store::ObjectStore>,
        prefix: impl Into<object_store::path::Path>,
    ) -> Self {
        Self { location: Some(StoreLocation::new(store, prefix.into())), ..Self::to("") }
    }

    /// Sets the size of a part of a multipart upload, in bytes; default 8 MiB.
    ///
    /// Each concurrent download buffers at most one part. S3 requires at least 5 MiB, and at most 10,000 parts per
    /// file.
    #[cfg(feature = "object-store")]
    #[must_use]
    pub fn with_part_bytes(mut self, bytes: usize) -> Self {
        if let Some(location) = &mut self.location {
            location.part_bytes = bytes;
        }
        self
    }

    /// Replaces existing objects of a store, instead of keeping them.
    ///
    /// For a prefix that belongs to the program, with names that are a function of the contract: a repeated download writes
    /// the same object, in one request per part. The credentials need no permission to list or read, except to read after a
    /// completion of an upload whose response was lost.
    #[cfg(feature = "object-store")]
    #[must_use]
    pub fn with_replaced_objects(mut self) -> Self {
        if let Some(location) = &mut self.location {
            location.replaces = true;
        }
        self
    }

    /// Adds metadata to the objects of a store: the flow ID as `flowid`, and the hexadecimal SHA-256 as `sha256`.
    ///
    /// An object of a multipart upload has no `sha256`, because it is known only after the upload has started;
    /// [`SavedFile::sha256`](crate::SavedFile::sha256) is that of every file. On S3 the names are `x-amz-meta-flowid` and
    /// `x-amz-meta-sha256`.
    ///
    /// A store that supports no metadata, such as `LocalFileSystem`, then fails the download with
    /// [`Error::Destination`](crate::Error::Destination).
    #[cfg(feature = "object-store")]
    #[must_use]
    pub fn with_object_metadata(mut self) -> Self {
        if let Some(location) = &mut self.location {
            location.attributes.with_metadata = true;
        }
        self
    }

    /// Sets [`concurrency`](Self::concurrency).
    #[must_use]
    pub fn with_concurrency(mut self, downloads: usize) -> Self {
        self.concurrency = downloads;
        self
    }

    /// Sets [`max_file_bytes`](Self::max_file_bytes).
    #[must_use]
    pub fn with_max_file_bytes(mut self, bytes: u64) -> Self {
        self.max_file_bytes = bytes;
        self
    }

    /// Sets [`file_timeout`](Self::file_timeout).
    #[must_use]
    pub fn with_file_timeout(mut self, timeout: Duration) -> Self {
        self.file_timeout = timeout;
        self
    }

    /// Sets [`names`](Self::names).
    #[must_use]
    pub fn with_names(mut self, names: NameTemplate) -> Self {
        self.names = names;
        self
    }

    /// Adds a host to the allowlist of links ([`link_hosts`](Self::link_hosts)), such as
    /// `"files.example.com".parse()?`.
    #[must_use]
    pub fn with_link_host(mut self, host: LinkHost) -> Self {
        self.link_hosts.push(host);
        self
    }

    /// Downloads contracts in any status, including those that not every party has signed; sets
    /// [`any_state`](Self::any_state).
    ///
    /// Their files are not final. [`ReportedFlow::status`](crate::ReportedFlow::status) contains the status of each
    /// contract.
    #[must_use]
    pub fn with_any_state(mut self) -> Self {
        self.any_state = true;
        self
    }

    /// Sets [`settle`](Self::settle).
    #[must_use]
    pub fn with_settle(mut self, settle: Duration) -> Self {
        self.settle = settle;
        self
    }

    /// Waits until every party has signed a contract before it is downloaded.
    ///
    /// Each contract is downloaded once it is signed, while the wait for the others continues. A contract that
    /// is not signed before the deadline fails with [`FlowErrorKind::NotSigned`](crate::FlowErrorKind::NotSigned). The
    /// [`Stop`] of the download replaces that of the wait. An archive job does not wait.
    #[must_use]
    pub fn with_wait(mut self, options: WaitOptions) -> Self {
        self.wait = Some(options);
        self
    }

    /// Sets a handle that stops the download early.
    ///
    /// Contracts that are not complete by then fail with
    /// [`FlowErrorKind::Stopped`](crate::FlowErrorKind::Stopped).
    #[must_use]
    pub fn with_stop(mut self, stop: Stop) -> Self {
        self.stop = Some(stop);
        self
    }

    /// Continues after the store has rejected files: each rejection is a failure of its contract, of the kind
    /// [`FlowErrorKind::Destination`](crate::FlowErrorKind::Destination).
    ///
    /// By default, a rejection that probably concerns all files ends the download with
    /// [`Error::Destination`](crate::Error::Destination), and so do many rejections in a row. A store may reject single objects for the
    /// same reasons, such as a retention rule.
    #[must_use]
    pub fn with_independent_contracts(mut self) -> Self {
        self.is_independent = true;
        self
    }

    /// Sets a function that is called with each event, on the thread or task that causes the event.
    ///
    /// It should return quickly, because the download waits for it.
    #[must_use]
    pub fn on_event(
        mut self,
        progress: impl Fn(DownloadEvent<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.progress = Some(Arc::new(progress));
        self
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.as_ref().is_some_and(Stop::is_stopped)
    }

    /// Returns [`concurrency`](Self::concurrency), clamped to its limits.
    pub(crate) fn effective_concurrency(&self) -> usize {
        self.concurrency.clamp(1, 128)
    }

    pub(crate) fn target(&self) -> Target {
        #[cfg(feature = "object-store")]
        if let Some(location) = &self.location {
            return Target::Store(location.clone());
        }
        match &self.sink {
            Some(sink) => Target::Sink(sink.clone()),
            None => Target::Folder(self.folder.clone()),
        }
    }

    pub(crate) fn emit(&self, event: DownloadEvent<'_>) {
        if let Some(progress) = &self.progress {
            progress(event);
        }
    }
}

impl fmt::Debug for DownloadOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DownloadOptions")
            .field("folder", &self.folder)
            .field("concurrency", &self.concurrency)
            .field("max_file_bytes", &self.max_file_bytes)
            .finish_non_exhaustive()
    }
}

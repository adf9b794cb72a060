use core::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use essbasic_models::FlowStatus;
use tc3_client::api::json;

use super::link_host::LinkHost;
#[cfg(feature = "object-store")]
use super::store::Place;
use super::target::Target;
use super::template::NameTemplate;

use crate::error::FlowError;
use crate::stop::Stop;
use crate::wait::{Signals, WaitOptions};

/// How to download.
#[derive(Clone)]
#[non_exhaustive]
pub struct DownloadOptions {
    /// The folder for the files, created if it is absent; unused if they go to a store. If the names contain
    /// `{flow_id}`, a download replaces an earlier file of the same contract. Otherwise it never replaces a file that
    /// was there before: names get the next free number.
    pub folder: PathBuf,
    /// Downloads at a time; 8. Zero counts as one, and more than 128 as 128.
    pub concurrency: usize,
    /// The longest file taken, in bytes; 1 GiB.
    pub max_file_bytes: u64,
    /// How long one file may take over one link, from the request to its last byte, what the disk or store
    /// takes included; an hour. A server that sends a byte now and then is given up by this alone.
    pub file_timeout: Duration,
    /// How files are named; by default by the service's name and the contract's id.
    pub names: NameTemplate,
    /// The hosts that links may lead to; `*.ess.tencent.cn`, where the service keeps files by what is known.
    /// Links on the server that is called need not be among them where the caller has set it:
    /// [`Config::with_endpoint_url`](crate::Config::with_endpoint_url). A link to any other is not fetched,
    /// and its contract fails with [`FlowErrorKind::Untrusted`](crate::FlowErrorKind::Untrusted). Redirects
    /// are not followed.
    pub link_hosts: Vec<LinkHost>,
    /// Whether contracts are downloaded that not every party has signed; `false`: such a contract fails with
    /// [`FlowErrorKind::NotSigned`](crate::FlowErrorKind::NotSigned).
    pub any_state: bool,
    /// How long a PDF takes to be composed after the last signature; 3 seconds, and one hour at most.
    pub settle: Duration,
    pub(crate) wait: Option<WaitOptions>,
    pub(crate) stop: Stop,
    pub(crate) progress: Option<Progress>,
    #[cfg(feature = "object-store")]
    pub(crate) place: Option<Place>,
}

pub(crate) type Progress = Arc<dyn Fn(DownloadEvent<'_>) + Send + Sync>;

impl DownloadOptions {
    /// The defaults, into this folder.
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
            stop: Stop::default(),
            progress: None,
            #[cfg(feature = "object-store")]
            place: None,
        }
    }

    /// The defaults, to objects below this prefix in a store, instead of a folder. Their names are those
    /// that files would have, and must contain `{flow_id}`. A download replaces an object with the same key; an archive
    /// replaces only objects that its journal lists.
    ///
    /// A file is an object only once it is whole and has passed the same checks as on disk. One that fits
    /// in a part (see [`with_part_bytes`](Self::with_part_bytes)) is sent in one request, a longer one as
    /// a multipart upload, which is aborted where the file turns out wrong or the job is given up. A
    /// process that is killed cannot do that: let a rule of the bucket remove unfinished uploads after a
    /// day.
    ///
    /// A store tries again by itself what may pass, as its own options say. It has no blocking form: the
    /// blocking client runs it on a runtime of its own, with one thread.
    ///
    /// S3 and its like are `object_store::aws::AmazonS3Builder`, of that crate's feature `aws`. Tencent's
    /// COS takes requests of the virtual hosted style alone, and the builder wants the bucket in their
    /// endpoint: `https://BUCKET.cos.REGION.myqcloud.com`.
    #[cfg(feature = "object-store")]
    pub fn to_store(
        store: Arc<dyn object_store::ObjectStore>,
        prefix: impl Into<object_store::path::Path>,
    ) -> Self {
        Self { place: Some(Place::new(store, prefix.into())), ..Self::to("") }
    }

    /// Sets how much of a file is held until it is sent to the store, in bytes; 8 MiB. Each download holds
    /// as much at most. S3 takes no less than 5 MiB, and no more than 10,000 parts of a file.
    #[cfg(feature = "object-store")]
    #[must_use]
    pub fn with_part_bytes(mut self, bytes: usize) -> Self {
        if let Some(place) = &mut self.place {
            place.part_bytes = bytes;
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

    /// Agrees to links to this host too, such as `"files.example.com".parse()?`.
    #[must_use]
    pub fn with_link_host(mut self, host: LinkHost) -> Self {
        self.link_hosts.push(host);
        self
    }

    /// Downloads contracts in any state ([`any_state`](Self::any_state)): also those that not every party has
    /// signed. Their files are not the final ones; the state of each is in
    /// [`ReportedFlow::status`].
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

    /// Waits until every party has signed each contract, and downloads it then, while others are still waited
    /// for. A contract that is not signed when the time is over fails with
    /// [`FlowErrorKind::NotSigned`](crate::FlowErrorKind::NotSigned). A stop is that of the download. An archive
    /// job does not wait.
    #[must_use]
    pub fn with_wait(mut self, options: WaitOptions) -> Self {
        self.wait = Some(options);
        self
    }

    /// Ends the download early if it is stopped through this handle. Contracts that are not complete by then
    /// are reported as [`FlowErrorKind::Stopped`](crate::FlowErrorKind::Stopped).
    #[must_use]
    pub fn with_stop(mut self, stop: Stop) -> Self {
        self.stop = stop;
        self
    }

    /// Calls this function as things happen, from whatever thread or task they happen in. It should
    /// return quickly: a download waits for it.
    #[must_use]
    pub fn on_event(
        mut self,
        progress: impl Fn(DownloadEvent<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.progress = Some(Arc::new(progress));
        self
    }

    /// [`concurrency`](Self::concurrency) within its bounds.
    pub(crate) fn downloads(&self) -> usize {
        self.concurrency.clamp(1, 128)
    }

    /// The callbacks that end a pause of the wait.
    pub(crate) fn signals(&self) -> Option<&Signals> {
        self.wait.as_ref().and_then(WaitOptions::signals)
    }

    pub(crate) fn target(&self) -> Target {
        #[cfg(feature = "object-store")]
        if let Some(place) = &self.place {
            return Target::Store(place.clone());
        }
        Target::Folder(self.folder.clone())
    }

    pub(crate) fn tell(&self, event: DownloadEvent<'_>) {
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

/// Something that happened in a download.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum DownloadEvent<'a> {
    /// The first file of this contract is being asked for.
    Started {
        /// The contract.
        flow_id: &'a str,
    },
    /// This many bytes more have come. Those of a file that is begun anew count again.
    Bytes(u64),
    /// All files of this contract are on disk.
    Saved {
        /// The contract.
        flow_id: &'a str,
        /// Its files.
        files: &'a [SavedFile],
        /// Its state, if it was looked up.
        status: Option<&'a FlowStatus>,
    },
    /// An earlier run of an archive job has saved this contract.
    AlreadySaved {
        /// The contract.
        flow_id: &'a str,
    },
    /// This contract is not on disk. In an archive job it may be tried once more at the end, and have
    /// another event then.
    Failed {
        /// The contract.
        flow_id: &'a str,
        /// Why.
        error: &'a FlowError,
    },
}

/// A file on disk.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SavedFile {
    /// Where it is; in a store, its key.
    pub path: PathBuf,
    /// How long it is.
    pub bytes: u64,
    /// SHA-256 of its content, in hexadecimal.
    pub sha256: String,
}

impl fmt::Debug for SavedFile {
    /// Not its name, which is the contract's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SavedFile").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

/// What came of a download: each contract once, in the order of its first place among those asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The contracts.
    pub flows: Vec<ReportedFlow>,
}

/// What came of one contract.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReportedFlow {
    /// The contract.
    pub flow_id: String,
    /// Its state, if it was looked up: `All` unless contracts in any state are downloaded.
    pub status: Option<FlowStatus>,
    /// Its files on disk; where `error` is set, those that had been saved before it.
    pub files: Vec<SavedFile>,
    /// Why it is not, or not whole, on disk.
    pub error: Option<FlowError>,
}

json::object! {
    SavedFile { "path" => path: required, "bytes" => bytes: required, "sha256" => sha256: required }
}

json::object! {
    Report { "flows" => flows: required }
}

json::object! {
    ReportedFlow {
        "flow_id" => flow_id: required,
        "status" => status: optional,
        "files" => files: default,
        "error" => error: optional,
    }
}

impl Report {
    /// Whether every contract is on disk.
    pub fn is_complete(&self) -> bool {
        self.failed().next().is_none()
    }

    /// The contracts that are on disk.
    pub fn saved(&self) -> impl Iterator<Item = &ReportedFlow> {
        self.flows.iter().filter(|flow| flow.error.is_none())
    }

    /// The contracts that are not.
    pub fn failed(&self) -> impl Iterator<Item = &ReportedFlow> {
        self.flows.iter().filter(|flow| flow.error.is_some())
    }
}

use std::path::{Path, PathBuf};
#[cfg(feature = "object-store")]
use std::sync::Arc;
use std::time::Duration;

use super::intake::digest;
use crate::download::{DownloadEvent, DownloadOptions, LinkHost, NameTemplate};
use crate::error::Error;
use crate::stop::Stop;

/// How to archive.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ArchiveOptions {
    /// Where the files go, how many at a time, how they are named.
    pub download: DownloadOptions,
    /// The file that remembers what is done; by default `.essbasic-archive.jsonl` in the folder.
    pub journal: Option<PathBuf>,
    /// The part of the contracts that is this job's, where several share the work; by default all.
    pub shard: Shard,
    /// Whether each contract is looked up first and left alone where it is not signed by all; `true`.
    pub check: bool,
    /// How long a PDF takes to be composed after the last signature; 3 seconds, and one hour at most.
    pub settle: Duration,
    /// How often contracts that failed for reasons that may pass are tried anew once all others are done; 2, and 100 at most.
    /// An answer that is no PDF is one of these: it may be the page of a server that is busy.
    pub retry_rounds: u32,
    /// Whether files of earlier runs are read and compared with their SHA-256, and fetched again if they differ;
    /// `false`. Otherwise files in a folder are compared by length, and objects in a store are not looked at.
    pub verify: bool,
}

impl ArchiveOptions {
    /// The defaults, into this folder.
    pub fn to(folder: impl AsRef<Path>) -> Self {
        Self {
            download: DownloadOptions::to(folder),
            journal: None,
            shard: Shard::default(),
            check: true,
            settle: Duration::from_secs(3),
            retry_rounds: 2,
            verify: false,
        }
    }

    /// The defaults, to objects below this prefix in a store, as [`DownloadOptions::to_store`] says.
    ///
    /// The journal, a file on this machine's disk, lists what is saved. The store is not asked whether it still has
    /// it, unless [`verify`](Self::verify) is set. Without the journal all contracts are fetched again.
    ///
    /// The journal belongs to one place, which is identified by the store's `Display` and the prefix. Of most
    /// stores `Display` names neither endpoint nor account: set [`with_store_id`](Self::with_store_id) too.
    #[cfg(feature = "object-store")]
    pub fn to_store(
        store: Arc<dyn object_store::ObjectStore>,
        prefix: impl Into<object_store::path::Path>,
        journal: impl Into<PathBuf>,
    ) -> Self {
        let download = DownloadOptions::to_store(store, prefix);
        Self { download, journal: Some(journal.into()), ..Self::to("") }
    }

    /// Identifies the store by endpoint, region, account and bucket, or anything else that no other store shares. A
    /// journal written with another identity is refused, so that nothing counts as saved in a store that does not
    /// have it. The journal holds a digest of the identity. By default it is the store's `Display`.
    #[cfg(feature = "object-store")]
    #[must_use]
    pub fn with_store_id(mut self, id: impl Into<String>) -> Self {
        if let Some(place) = &mut self.download.place {
            place.id = Some(id.into());
        }
        self
    }

    /// Sets how much of a file is held until it is sent, as [`DownloadOptions::with_part_bytes`] does.
    #[cfg(feature = "object-store")]
    #[must_use]
    pub fn with_part_bytes(mut self, bytes: usize) -> Self {
        self.download = self.download.with_part_bytes(bytes);
        self
    }

    /// Sets how many files are downloaded at a time; 8.
    #[must_use]
    pub fn with_concurrency(mut self, downloads: usize) -> Self {
        self.download = self.download.with_concurrency(downloads);
        self
    }

    /// Sets how files are named.
    #[must_use]
    pub fn with_names(mut self, names: NameTemplate) -> Self {
        self.download = self.download.with_names(names);
        self
    }

    /// Agrees to links to this host too, as [`DownloadOptions::with_link_host`] does.
    #[must_use]
    pub fn with_link_host(mut self, host: LinkHost) -> Self {
        self.download = self.download.with_link_host(host);
        self
    }

    /// Calls this function as things happen, as [`DownloadOptions::on_event`] does. A contract that is
    /// tried anew is told of anew.
    #[must_use]
    pub fn on_event(
        mut self,
        progress: impl Fn(DownloadEvent<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.download = self.download.on_event(progress);
        self
    }

    /// Sets [`journal`](Self::journal).
    #[must_use]
    pub fn with_journal(mut self, journal: impl Into<PathBuf>) -> Self {
        self.journal = Some(journal.into());
        self
    }

    /// Sets [`shard`](Self::shard).
    #[must_use]
    pub fn with_shard(mut self, shard: Shard) -> Self {
        self.shard = shard;
        self
    }

    /// Takes contracts as they are, signed by all or not, and saves the calls that look them up.
    #[must_use]
    pub fn skip_status_check(mut self) -> Self {
        self.check = false;
        self
    }

    /// Reads and compares the files of earlier runs; sets [`verify`](Self::verify).
    #[must_use]
    pub fn with_verify(mut self) -> Self {
        self.verify = true;
        self
    }

    /// Ends the job early if it is stopped through this handle. The journal holds every contract completed by then.
    #[must_use]
    pub fn with_stop(mut self, stop: Stop) -> Self {
        self.download = self.download.with_stop(stop);
        self
    }

    /// Whether other jobs may write to the same place.
    pub(crate) fn is_shared(&self) -> bool {
        let in_folder = self.download.target().folder().is_some();
        self.shard.count() > 1 || self.journal.is_some() || !in_folder
    }

    /// Refuses names that other jobs could give out too.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match self.is_shared() && !self.download.names.has_flow_id() {
            true => Err(Error::Names("an archive with a shard, a journal of its own or a store")),
            false => Ok(()),
        }
    }

    pub(crate) fn journal_path(&self) -> PathBuf {
        let default = || self.download.folder.join(".essbasic-archive.jsonl");
        self.journal.clone().unwrap_or_else(default)
    }
}

/// One of several equal parts of all contracts. Which part a contract belongs to follows from its id
/// alone, so that machines need not talk to each other. Each should take its part of the rate too:
/// [`RateLimit::Fixed`](crate::RateLimit::Fixed).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    index: u32,
    count: u32,
}

impl Default for Shard {
    /// All contracts.
    fn default() -> Self {
        Self { index: 1, count: 1 }
    }
}

impl Shard {
    /// Part `index` of `count`, counted from 1; `None` where there is no such part.
    pub fn new(index: u32, count: u32) -> Option<Self> {
        (1..=count).contains(&index).then_some(Self { index, count })
    }

    /// Of how many parts this is one.
    pub fn count(self) -> u32 {
        self.count
    }

    /// Whether the contract belongs to it.
    pub fn contains(self, flow_id: &str) -> bool {
        self.contains_digest(digest(flow_id))
    }

    pub(crate) fn contains_digest(self, digest: u128) -> bool {
        digest % u128::from(self.count) == u128::from(self.index - 1)
    }
}

impl core::fmt::Display for Shard {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl core::str::FromStr for Shard {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split_once('/');
        let parts = parts.and_then(|(i, n)| Some((i.trim().parse().ok()?, n.trim().parse().ok()?)));
        parts.and_then(|(index, count)| Self::new(index, count)).ok_or("is no part such as 2/5")
    }
}

//! Options of an archive job.

use std::path::{Path, PathBuf};
#[cfg(feature = "object-store")]
use std::sync::Arc;
use std::time::Duration;

use tc3_client::Stop;

use super::shard::Shard;
use crate::download::{DownloadEvent, DownloadOptions, LinkHost, NameTemplate};
use crate::error::Error;

/// Options of an archive job.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ArchiveOptions {
    /// Options of the download: target, concurrency, names.
    pub download: DownloadOptions,
    /// Path of the journal, which lists the saved contracts; default `.essbasic-archive.jsonl` in the folder.
    pub journal: Option<PathBuf>,
    /// The part of the contracts that this job archives, if several jobs share the work; default all.
    pub shard: Shard,
    /// If `true`, the default, the status of each contract is checked before its download. Contracts that not every
    /// party has signed fail with [`FlowErrorKind::NotSigned`](crate::FlowErrorKind::NotSigned).
    ///
    /// A contract that an earlier run saved without the check is checked and downloaded again, and its file is
    /// replaced. The same applies to lines of the journal without a status, which earlier versions wrote.
    pub check: bool,
    /// Delay between the last signature and the download, in which the service composes the PDF; default 3 seconds,
    /// at most one hour.
    pub settle: Duration,
    /// Number of rounds in which contracts with transient failures are retried after all others; default 2, at most
    /// 100. There is a delay of five seconds before each round.
    ///
    /// A response that is not a PDF counts as transient, because it may be the error page of an overloaded server.
    pub retry_rounds: u32,
    /// If `true`, the files of earlier runs are read, and downloaded again if their SHA-256 differs.
    ///
    /// If `false`, the default, only the length of files in a folder is verified, and objects in a store are not
    /// verified.
    pub verify: bool,
}

impl ArchiveOptions {
    /// Creates the default options for an archive in this folder.
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

    /// Creates the default options for an archive in an object store, below this prefix; see
    /// [`DownloadOptions::to_store`].
    ///
    /// The journal is a file on the local disk and lists the saved contracts. Without it, all contracts are downloaded
    /// again. Whether the objects still exist is checked only if [`verify`](Self::verify) is set.
    ///
    /// The journal belongs to one store and prefix. The store is identified by its `Display` output, which usually
    /// contains neither endpoint nor account: set [`with_store_id`](Self::with_store_id) too.
    #[cfg(feature = "object-store")]
    pub fn to_store(
        store: Arc<dyn object_store::ObjectStore>,
        prefix: impl Into<object_store::path::Path>,
        journal: impl Into<PathBuf>,
    ) -> Self {
        let download = DownloadOptions::to_store(store, prefix);
        Self { download, journal: Some(journal.into()), ..Self::to("") }
    }

    /// Sets the identity of the store: endpoint, region, account and bucket, or any other unique string; default the
    /// store's `Display` output.
    ///
    /// A journal written with another identity is refused, so that no contract counts as saved in a store that does not
    /// contain it. The journal contains only a digest of the identity.
    #[cfg(feature = "object-store")]
    #[must_use]
    pub fn with_store_id(mut self, id: impl Into<String>) -> Self {
        if let Some(location) = &mut self.download.location {
            location.id = Some(id.into());
        }
        self
    }

    /// Sets the size of a part of a multipart upload, in bytes; see [`DownloadOptions::with_part_bytes`].
    #[cfg(feature = "object-store")]
    #[must_use]
    pub fn with_part_bytes(mut self, bytes: usize) -> Self {
        self.download = self.download.with_part_bytes(bytes);
        self
    }

    /// Adds the flow ID and the SHA-256 to the objects of a store; see [`DownloadOptions::with_object_metadata`].
    #[cfg(feature = "object-store")]
    #[must_use]
    pub fn with_object_metadata(mut self) -> Self {
        self.download = self.download.with_object_metadata();
        self
    }

    /// Sets the number of concurrent downloads; see [`DownloadOptions::concurrency`].
    #[must_use]
    pub fn with_concurrency(mut self, downloads: usize) -> Self {
        self.download = self.download.with_concurrency(downloads);
        self
    }

    /// Sets the template of the file names; see [`DownloadOptions::names`].
    #[must_use]
    pub fn with_names(mut self, names: NameTemplate) -> Self {
        self.download = self.download.with_names(names);
        self
    }

    /// Adds a host to the allowlist of links; see [`DownloadOptions::link_hosts`].
    #[must_use]
    pub fn with_link_host(mut self, host: LinkHost) -> Self {
        self.download = self.download.with_link_host(host);
        self
    }

    /// Sets a function that is called with each event; see [`DownloadOptions::on_event`]. A retried contract causes
    /// further events.
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

    /// Archives contracts in any status, without the calls that check it; sets [`check`](field@Self::check) to `false`.
    ///
    /// A later run that checks the status downloads these contracts again, and replaces their files.
    #[must_use]
    pub fn skip_status_check(mut self) -> Self {
        self.check = false;
        self
    }

    /// Sets [`settle`](Self::settle).
    #[must_use]
    pub fn with_settle(mut self, settle: Duration) -> Self {
        self.settle = settle;
        self
    }

    /// Sets [`retry_rounds`](Self::retry_rounds).
    #[must_use]
    pub fn with_retry_rounds(mut self, rounds: u32) -> Self {
        self.retry_rounds = rounds;
        self
    }

    /// Verifies the files of earlier runs; sets [`verify`](Self::verify) to `true`.
    #[must_use]
    pub fn with_verify(mut self) -> Self {
        self.verify = true;
        self
    }

    /// Sets a handle that stops the job early. The journal lists every contract completed by then.
    #[must_use]
    pub fn with_stop(mut self, stop: Stop) -> Self {
        self.download = self.download.with_stop(stop);
        self
    }

    /// Returns whether other jobs may write to the same target.
    pub(crate) fn is_shared(&self) -> bool {
        let in_folder = self.download.target().folder().is_some();
        self.shard.count() > 1 || self.journal.is_some() || !in_folder
    }

    /// Checks that the names cannot collide with those of other jobs.
    ///
    /// # Errors
    /// Returns [`Error::Names`] if the target may be shared and the names lack the flow ID.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match self.is_shared() && !self.download.names.has_flow_id() {
            true => Err(Error::Names("an archive with a shard, a custom journal or a store")),
            false => Ok(()),
        }
    }

    /// Returns whether the status of each contract is checked before its download.
    pub(crate) fn checks_status(&self) -> bool {
        self.check && !self.download.any_state
    }

    pub(crate) fn journal_path(&self) -> PathBuf {
        let default = || self.download.folder.join(".essbasic-archive.jsonl");
        self.journal.clone().unwrap_or_else(default)
    }
}

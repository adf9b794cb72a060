//! Destination of the archive: a folder or a bucket.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use essbasic::DownloadOptions;
use essbasic::object_store::{ObjectStore, path};
use essbasic::transport::{ReqwestTransport, TransportConfig};
use essbasic_s3::{AsyncHttp, Bucket, Defaults, Program};

use super::folder::Folder;
use crate::failure::Failure;

/// Words of this command in the errors of buckets.
pub(crate) const PROGRAM: Program = Program {
    setting: "archive.to",
    accepts_cos: true,
    proxy: "set HTTPS_PROXY",
    authorities: "add certificate authorities to those of the system",
    region: "set AWS_REGION or service.region",
    help: "correct the AWS_* variables",
};

/// Destination of the archive. A file of an earlier download of the same contract is replaced.
#[derive(Clone)]
pub(crate) enum Sink {
    Folder(Folder),
    Bucket { store: Arc<dyn ObjectStore>, prefix: path::Path },
}

/// Reason why no file can be stored at the moment.
#[derive(Debug)]
pub(crate) struct Unusable {
    /// Cause and fix, without names of files.
    pub(crate) cause: String,
    /// Whether it may end without a change of settings, permissions or space.
    pub(crate) is_transient: bool,
}

impl Sink {
    /// Creates the folder that `archive.to` names.
    ///
    /// # Errors
    /// Returns an error if the folder cannot be created.
    pub(crate) fn folder(to: &str) -> Result<Self, Failure> {
        let folder = Folder::open(Path::new(to));
        folder.map(Self::Folder).map_err(|error| {
            Failure::new(format!("archive.to: cannot use the folder {to}: {error}"))
        })
    }

    /// Opens the bucket that `archive.to` names. `None` if it names a folder. No request is sent yet.
    ///
    /// # Errors
    /// Returns an error if a setting of the bucket is missing or invalid.
    pub(crate) fn bucket(
        to: &str,
        environment: impl Iterator<Item = (OsString, OsString)>,
        defaults: &Defaults,
    ) -> Result<Option<Self>, Failure> {
        let refuse = |error: &dyn std::fmt::Display| Failure::new(format!("archive.to: {error}"));
        let Some(bucket) = Bucket::parse(to, &PROGRAM).map_err(|error| refuse(&error))? else {
            return Ok(None);
        };
        let transport =
            ReqwestTransport::new(&TransportConfig::default()).map_err(|error| refuse(&error))?;
        let http = AsyncHttp::new(transport);
        let open = bucket.open(environment, defaults, &PROGRAM, http);
        let open = open.map_err(|error| refuse(&error))?;
        Ok(Some(Self::Bucket { store: open.store, prefix: bucket.prefix() }))
    }

    /// Returns options of downloads to it.
    pub(super) fn options(&self) -> DownloadOptions {
        match self {
            Self::Folder(folder) => DownloadOptions::to_sink(folder.clone()),
            Self::Bucket { store, prefix } => {
                DownloadOptions::to_store(Arc::clone(store), prefix.clone())
                    .with_object_metadata()
                    .with_replaced_objects()
            }
        }
    }

    /// Checks that files can be stored.
    ///
    /// # Errors
    /// Returns the reason if they cannot.
    pub(crate) async fn check(&self) -> Result<(), Unusable> {
        let error = match self {
            Self::Folder(folder) => {
                let folder = folder.clone();
                let checked = tokio::task::spawn_blocking(move || folder.check()).await;
                return match checked.unwrap_or_else(|error| Err(std::io::Error::other(error))) {
                    Ok(()) => Ok(()),
                    Err(error) => {
                        let cause = format!("cannot write to the folder: {error}");
                        Err(Unusable::new(
                            &cause,
                            Some("make it writable, or free some space"),
                            false,
                        ))
                    }
                };
            }
            Self::Bucket { .. } => match self.options().check_store().await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            },
        };
        Err(Unusable::new(&error.to_string(), error.hint(), error.is_retryable()))
    }
}

impl Unusable {
    fn new(cause: &str, hint: Option<&str>, is_transient: bool) -> Self {
        let cause = match hint {
            Some(hint) => format!("archive.to: {cause}; {hint}"),
            None => format!("archive.to: {cause}"),
        };
        Self { cause, is_transient }
    }
}

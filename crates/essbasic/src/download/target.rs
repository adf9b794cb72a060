//! The target of a download: a folder or an object store.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use essbasic_files::{remove_orphans, sync_folder};

use super::destination::Existing;
use super::entry::{Entry, Verification, VerificationError};
use super::file::{hash_file, prepare_folder};
use super::sink::Sink;
#[cfg(feature = "object-store")]
use super::store::StoreLocation;
use crate::error::Error;

/// A folder, a prefix in an object store, or a sink of the caller. An archive has no sink.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    Folder(PathBuf),
    #[cfg(feature = "object-store")]
    Store(StoreLocation),
    Sink(Sink),
}

impl Target {
    /// Returns whether names must contain the flow ID, because an existing file is kept and names get no numbers.
    pub(crate) fn requires_flow_id(&self) -> bool {
        match self {
            Self::Folder(_) | Self::Sink(_) => false,
            #[cfg(feature = "object-store")]
            Self::Store(_) => true,
        }
    }

    /// Returns the handling of an existing file or object by a download.
    pub(crate) fn existing(&self) -> Existing {
        match self {
            #[cfg(feature = "object-store")]
            Self::Store(location) if location.replaces => Existing::Replace,
            _ => Existing::Keep,
        }
    }

    /// Checks that files can be written, before the first request to the service. A store is checked with the first
    /// file.
    pub(crate) fn prepare(&self) -> Result<(), Error> {
        match self {
            Self::Folder(folder) => prepare_folder(folder).map_err(|error| self.error(error)),
            #[cfg(feature = "object-store")]
            Self::Store(_) => Ok(()),
            Self::Sink(_) => Ok(()),
        }
    }

    /// Removes temporary files of killed processes. Unfinished uploads of other processes cannot be identified.
    pub(crate) fn remove_orphans(&self) -> Result<(), Error> {
        match self {
            Self::Folder(folder) => remove_orphans(folder).map_err(|error| self.error(error)),
            #[cfg(feature = "object-store")]
            Self::Store(_) => Ok(()),
            Self::Sink(_) => Ok(()),
        }
    }

    /// Fsyncs the folder, and with it the names of all files. A store needs no fsync.
    pub(crate) fn sync_names(&self) -> io::Result<()> {
        match self {
            Self::Folder(folder) => sync_folder(folder),
            #[cfg(feature = "object-store")]
            Self::Store(_) => Ok(()),
            Self::Sink(_) => Ok(()),
        }
    }

    /// Returns the folder; `None` for a store or sink.
    pub(crate) fn folder(&self) -> Option<PathBuf> {
        match self {
            Self::Folder(folder) => Some(folder.clone()),
            #[cfg(feature = "object-store")]
            Self::Store(_) => None,
            Self::Sink(_) => None,
        }
    }

    /// Returns the identity of a store; `None` for a folder, whose files are always checked.
    pub(crate) fn identity(&self) -> Option<String> {
        match self {
            Self::Folder(_) => None,
            #[cfg(feature = "object-store")]
            Self::Store(location) => Some(location.identity()),
            Self::Sink(_) => None,
        }
    }

    /// Returns the [`identity`](Self::identity) used by journals of version 1.
    pub(crate) fn identity_v1(&self) -> Option<String> {
        match self {
            Self::Folder(_) => None,
            #[cfg(feature = "object-store")]
            Self::Store(location) => Some(location.identity_v1()),
            Self::Sink(_) => None,
        }
    }

    /// Returns for each list of files whether all of them are saved; `None` if the job was stopped before.
    ///
    /// # Errors
    /// Returns a [`VerificationError`] if a file cannot be verified.
    pub(crate) fn verify(
        &self,
        files: Vec<Vec<Entry>>,
        verification: Verification,
        stopped: &(dyn Fn() -> bool + Sync),
    ) -> io::Result<Vec<Option<bool>>> {
        match self {
            Self::Folder(folder) => {
                let verify = |files: Vec<Entry>| {
                    for file in &files {
                        let found = match is_in_folder(folder, file, verification, stopped) {
                            Err(error) if error.kind() == ErrorKind::Interrupted && stopped() => {
                                return Ok(None);
                            }
                            found => found,
                        };
                        let failed = |error: io::Error| {
                            let message = format!("{}: {error}", file.name);
                            VerificationError::io(error.kind(), message)
                        };
                        if !found.map_err(failed)? {
                            return Ok(Some(false));
                        }
                    }
                    Ok(Some(true))
                };
                files.into_iter().map(verify).collect()
            }
            #[cfg(feature = "object-store")]
            Self::Store(_) if verification == Verification::None => {
                Ok(vec![Some(true); files.len()])
            }
            #[cfg(feature = "object-store")]
            Self::Store(location) => location.verify(files, verification, stopped),
            Self::Sink(_) => Ok(vec![Some(false); files.len()]),
        }
    }

    /// Returns the error of a job for an error of the disk.
    pub(crate) fn error(&self, error: io::Error) -> Error {
        match self {
            Self::Folder(folder) => Error::folder(folder, error),
            #[cfg(feature = "object-store")]
            Self::Store(_) => {
                let hint = verification_error(&error).and_then(|error| error.hint);
                Error::Destination { message: error.to_string(), hint, is_transient: false }
            }
            Self::Sink(_) => {
                let message = error.to_string();
                Error::Destination { message, hint: None, is_transient: false }
            }
        }
    }
}

/// Returns the error of a verification, if it is one.
pub(crate) fn verification_error(error: &io::Error) -> Option<&VerificationError> {
    error.get_ref()?.downcast_ref()
}

/// Returns whether a file in the folder is the recorded one.
///
/// # Errors
/// Returns an error of the kind `Interrupted` if the job is stopped before or while the file is read.
fn is_in_folder(
    folder: &Path,
    file: &Entry,
    verification: Verification,
    stopped: &dyn Fn() -> bool,
) -> io::Result<bool> {
    if stopped() {
        return Err(ErrorKind::Interrupted.into());
    }
    let path = folder.join(&file.name);
    let found = match path.symlink_metadata() {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    if !found.is_file() || found.len() != file.bytes {
        return Ok(false);
    }
    match verification {
        Verification::None | Verification::Length => Ok(true),
        Verification::Content => {
            let found = hash_file(&path, stopped)?;
            Ok(found.is_some_and(|(bytes, sha256)| bytes == file.bytes && sha256 == file.sha256))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// The stop is checked before each file and between the reads of a large one.
    #[test]
    fn a_stop_ends_the_verification_of_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let target = Target::Folder(folder.path().to_owned());
        let files: Vec<Vec<Entry>> = [("a", 3 << 20), ("b", 1)]
            .map(|(name, bytes)| {
                let path = folder.path().join(name);
                std::fs::write(&path, vec![7; bytes]).unwrap();
                let (bytes, sha256) = hash_file(&path, &|| false).unwrap().unwrap();
                vec![Entry { name: name.to_owned(), bytes, sha256 }]
            })
            .into();
        let verify = |verification, checks| {
            let checked = AtomicUsize::new(0);
            let stopped = || checked.fetch_add(1, Ordering::SeqCst) >= checks;
            let verified = target.verify(files.clone(), verification, &stopped).unwrap();
            (verified, checked.into_inner())
        };
        let saved = vec![Some(true), Some(true)];
        assert_eq!(verify(Verification::Length, usize::MAX), (saved.clone(), 2));
        let (verified, checks) = verify(Verification::Content, usize::MAX);
        assert_eq!(verified, saved);
        assert!(checks > 10, "{checks}");
        for stop in 0..checks {
            let (verified, _) = verify(Verification::Content, stop);
            // The last three checks are those of the second file: before it, before its only read, and at its end.
            let first = (stop + 3 >= checks).then_some(true);
            assert_eq!(verified, [first, None], "{stop} of {checks}");
        }
    }
}

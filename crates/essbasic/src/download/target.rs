//! The place where files go.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::destination::Entry;
use super::file::{entry_of, prepare_folder, remove_orphans, sync_folder};
#[cfg(feature = "object-store")]
use super::store::Place;
use crate::error::Error;

/// A folder or a place in a store.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    Folder(PathBuf),
    #[cfg(feature = "object-store")]
    Store(Place),
}

/// How thoroughly files of earlier runs are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Thoroughness {
    /// They are believed to be there.
    None,
    /// They must have the recorded length.
    Length,
    /// Their bytes must have the recorded SHA-256.
    Bytes,
}

impl Target {
    /// Makes sure that files can be written, before anything is asked of the service. A store shows that with the
    /// first file.
    pub(crate) fn prepare(&self) -> Result<(), Error> {
        match self {
            Self::Folder(folder) => prepare_folder(folder).map_err(|error| self.refused(error)),
            #[cfg(feature = "object-store")]
            Self::Store(_) => Ok(()),
        }
    }

    /// Removes temporary files of killed processes. Unfinished uploads are not known to this process.
    pub(crate) fn remove_orphans(&self) -> Result<(), Error> {
        match self {
            Self::Folder(folder) => remove_orphans(folder).map_err(|error| self.refused(error)),
            #[cfg(feature = "object-store")]
            Self::Store(_) => Ok(()),
        }
    }

    /// Makes the names of all files durable. A store's are.
    pub(crate) fn sync_names(&self) -> io::Result<()> {
        match self {
            Self::Folder(folder) => sync_folder(folder),
            #[cfg(feature = "object-store")]
            Self::Store(_) => Ok(()),
        }
    }

    /// The folder, if the files go to one.
    pub(crate) fn folder(&self) -> Option<PathBuf> {
        match self {
            Self::Folder(folder) => Some(folder.clone()),
            #[cfg(feature = "object-store")]
            Self::Store(_) => None,
        }
    }

    /// The identity of a store; `None` for a folder, whose files are looked at.
    pub(crate) fn identity(&self) -> Option<String> {
        match self {
            Self::Folder(_) => None,
            #[cfg(feature = "object-store")]
            Self::Store(place) => Some(place.identity()),
        }
    }

    /// As [`identity`](Self::identity) in journals of version 1.
    pub(crate) fn identity_v1(&self) -> Option<String> {
        match self {
            Self::Folder(_) => None,
            #[cfg(feature = "object-store")]
            Self::Store(place) => Some(place.identity_v1()),
        }
    }

    /// Returns for each list of files whether all of them are there.
    pub(crate) fn hold(
        &self,
        files: Vec<Vec<Entry>>,
        thoroughness: Thoroughness,
        stopped: &(dyn Fn() -> bool + Sync),
    ) -> io::Result<Vec<bool>> {
        match self {
            Self::Folder(folder) => {
                let hold = |files: Vec<Entry>| {
                    if stopped() {
                        return Err(ErrorKind::Interrupted.into());
                    }
                    for file in &files {
                        if !is_in_folder(folder, file, thoroughness)? {
                            return Ok(false);
                        }
                    }
                    Ok(true)
                };
                files.into_iter().map(hold).collect()
            }
            #[cfg(feature = "object-store")]
            Self::Store(_) if thoroughness == Thoroughness::None => Ok(vec![true; files.len()]),
            #[cfg(feature = "object-store")]
            Self::Store(place) => place.hold(files, thoroughness, stopped),
        }
    }

    /// The disk has refused.
    pub(crate) fn refused(&self, error: io::Error) -> Error {
        match self {
            Self::Folder(folder) => Error::folder(folder, error),
            #[cfg(feature = "object-store")]
            Self::Store(_) => Error::Store(error.to_string()),
        }
    }
}

/// Returns whether a file in the folder is the recorded one.
fn is_in_folder(folder: &Path, file: &Entry, thoroughness: Thoroughness) -> io::Result<bool> {
    let path = folder.join(&file.name);
    let found = match path.symlink_metadata() {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    if !found.is_file() || found.len() != file.bytes {
        return Ok(false);
    }
    match thoroughness {
        Thoroughness::None | Thoroughness::Length => Ok(true),
        Thoroughness::Bytes => {
            let found = entry_of(&path)?;
            Ok(found.is_some_and(|(bytes, sha256)| bytes == file.bytes && sha256 == file.sha256))
        }
    }
}

//! Where files go.

use std::io;
use std::path::{Path, PathBuf};

use super::file::{clear_leftovers, prepare_folder, sync_folder};
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

impl Target {
    /// Makes sure that files can be written, before anything is asked of the service. Of a store that
    /// shows with the first file: whoever may write to one need not be allowed anything else.
    pub(crate) fn prepare(&self) -> Result<(), Error> {
        match self {
            Self::Folder(folder) => prepare_folder(folder).map_err(|error| self.refused(error)),
            #[cfg(feature = "object-store")]
            Self::Store(_) => Ok(()),
        }
    }

    /// Removes what jobs that were killed have left.
    pub(crate) fn clear_leftovers(&self) -> Result<(), Error> {
        match self {
            Self::Folder(folder) => clear_leftovers(folder).map_err(|error| self.refused(error)),
            // Nobody knows the uploads of a process that is no more; none of them is a file.
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

    /// Whether files that are said to be done are there. Of a store it is believed: asking would be a
    /// request a file, and another right that the key would have to have.
    pub(crate) fn holds(&self, files: &[(String, u64)]) -> bool {
        match self {
            Self::Folder(folder) => {
                files.iter().all(|(name, bytes)| is_file(&folder.join(name), *bytes))
            }
            #[cfg(feature = "object-store")]
            Self::Store(_) => true,
        }
    }

    /// What tells a store from others; nothing for a folder, whose files are looked at.
    pub(crate) fn identity(&self) -> Option<String> {
        match self {
            Self::Folder(_) => None,
            #[cfg(feature = "object-store")]
            Self::Store(place) => Some(place.identity()),
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

fn is_file(path: &Path, bytes: u64) -> bool {
    std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() == bytes)
}

//! The file of a SQLite store: a file that was removed or replaced while it is open would lose what is committed to it.

use std::path::{Path, PathBuf};

use super::error::{Error, ErrorKind};

/// Device and number of a file.
type Identity = (u64, u64);

/// An opened file.
pub(super) struct StoreFile {
    path: PathBuf,
    /// `None` if the system has no such numbers.
    identity: Option<Identity>,
}

impl StoreFile {
    pub(super) fn of(path: &Path) -> Self {
        Self { path: path.to_owned(), identity: identity(path) }
    }

    /// Returns an error if the path leads to another file, or to none.
    pub(super) fn check(&self) -> Result<(), Error> {
        if self.identity.is_none() || self.identity == identity(&self.path) {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Unusable,
            format!(
                "{} was removed or replaced while it was open; restore it, and restart the server",
                self.path.display()
            ),
        ))
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn identity(_path: &Path) -> Option<Identity> {
    None
}

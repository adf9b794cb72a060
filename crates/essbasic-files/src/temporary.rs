//! Files written under a temporary name.

use std::fmt;
use std::fs::{File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::open::{create_new, open};
use crate::path::{is_at, or_current};

const PREFIX: &str = ".essbasic-";
const SUFFIX: &str = ".part";

/// A file with a temporary name. It is removed if it is dropped before [`persist`](Self::persist) or
/// [`persist_new`](Self::persist_new).
///
/// The file has an advisory lock while it is open, so that [`remove_orphans`] does not remove it. If another program
/// removes, replaces or truncates it, it is not renamed.
#[derive(Debug)]
pub struct TemporaryFile {
    file: File,
    /// Number of bytes written.
    bytes: u64,
    /// Path with the temporary name; `None` after the rename.
    path: Option<PathBuf>,
}

impl TemporaryFile {
    /// Creates a temporary file in the folder of its final name, so that the rename is atomic.
    ///
    /// # Errors
    /// Returns the error of the operating system.
    pub fn create_in(folder: &Path) -> io::Result<Self> {
        let folder = or_current(folder);
        loop {
            let path = folder.join(format!("{PREFIX}{:016x}{SUFFIX}", fastrand::u64(..)));
            let file = match create_new(&path) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(error),
            };
            let locked = file.try_lock();
            let temporary = Self { file, bytes: 0, path: Some(path) };
            match locked {
                Ok(()) => {}
                // Another process found it between creation and locking, and is removing it as an orphan.
                Err(TryLockError::WouldBlock) => continue,
                // The file system has no locks, so `remove_orphans` removes no files either.
                Err(TryLockError::Error(_)) => return Ok(temporary),
            }
            if temporary.is_in_place()? {
                return Ok(temporary);
            }
        }
    }

    fn is_in_place(&self) -> io::Result<bool> {
        self.path.as_deref().map_or(Ok(false), |path| is_at(&self.file, path))
    }

    /// Returns the open file.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Writes data and metadata to disk.
    ///
    /// # Errors
    /// Returns the error of the operating system.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    /// Renames the file to `path` atomically. A file that exists there is replaced; a symbolic link is replaced, not
    /// followed.
    ///
    /// The content is durable after [`sync`](Self::sync), the name after [`sync_folder`](crate::sync_folder).
    ///
    /// # Errors
    /// Returns [`TemporaryFileLost`] as the source if another program changed the temporary file, and the error of the
    /// operating system otherwise. The file keeps its temporary name then.
    pub fn persist(&mut self, path: &Path) -> io::Result<()> {
        if let Some(temporary) = &self.path {
            self.check(temporary)?;
            std::fs::rename(temporary, path).map_err(|error| self.lost_or(temporary, error))?;
        }
        self.path = None;
        self.check(path)
    }

    /// Returns an error unless the path is that of this file, and the file has the bytes written to it.
    fn check(&self, path: &Path) -> io::Result<()> {
        match is_at(&self.file, path)? && self.file.metadata()?.len() == self.bytes {
            true => Ok(()),
            false => Err(io::Error::other(TemporaryFileLost)),
        }
    }

    /// Returns the error of a rename, or [`TemporaryFileLost`] if another program removed the file after the check.
    fn lost_or(&self, temporary: &Path, error: io::Error) -> io::Error {
        match error.kind() == io::ErrorKind::NotFound
            && !is_at(&self.file, temporary).unwrap_or(true)
        {
            true => io::Error::other(TemporaryFileLost),
            false => error,
        }
    }

    /// Renames the file to `path` unless anything exists there.
    ///
    /// # Errors
    /// Returns [`io::ErrorKind::AlreadyExists`] if anything, a dangling link included, exists at `path`,
    /// [`TemporaryFileLost`] as the source if another program changed the temporary file, and the error of the operating
    /// system otherwise. The file keeps its temporary name then.
    pub fn persist_new(&mut self, path: &Path) -> io::Result<()> {
        let Some(temporary) = &self.path else { return Ok(()) };
        self.check(temporary)?;
        match std::fs::hard_link(temporary, path) {
            Ok(()) => {
                // Another program changed it after the first check. The new name is the one just created.
                if let Err(error) = self.check(path) {
                    let _ = std::fs::remove_file(path);
                    return Err(error);
                }
                // If the temporary name cannot be removed, it remains as an orphan.
                let _ = std::fs::remove_file(temporary);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(error),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(self.lost_or(temporary, error));
            }
            // The file system has no hard links; an empty file reserves the name.
            Err(_) => {
                let reserved = create_new(path)?;
                if let Err(error) = std::fs::rename(temporary, path) {
                    if is_at(&reserved, path).unwrap_or_default() {
                        let _ = std::fs::remove_file(path);
                    }
                    return Err(self.lost_or(temporary, error));
                }
            }
        }
        self.path = None;
        Ok(())
    }
}

impl Write for TemporaryFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.bytes = self.bytes.saturating_add(written as u64);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            // If this fails, `remove_orphans` removes the file later.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// The error of a [`TemporaryFile`] that another program removed, replaced or truncated before it got its final name.
///
/// It is the source of an [`io::Error`]: see [`is_cause_of`](Self::is_cause_of).
#[derive(Debug)]
pub struct TemporaryFileLost;

impl TemporaryFileLost {
    /// Returns whether this is the source of an error.
    pub fn is_cause_of(error: &io::Error) -> bool {
        error.get_ref().is_some_and(|source| source.is::<Self>())
    }

    /// Returns the fix.
    pub fn hint(&self) -> Option<&'static str> {
        Some("keep other programs from changing files named .essbasic-*.part")
    }
}

impl fmt::Display for TemporaryFileLost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("another program removed or changed the temporary file")
    }
}

impl std::error::Error for TemporaryFileLost {}

/// Removes temporary files that killed processes have left in a folder. Those of running processes stay, as does
/// anything that is not a regular file.
///
/// # Errors
/// Returns the error of the operating system if the folder cannot be read or a file cannot be removed.
pub fn remove_orphans(folder: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(or_current(folder))? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(PREFIX) && name.ends_with(SUFFIX) {
            remove_orphan(&entry.path())?;
        }
    }
    Ok(())
}

fn remove_orphan(path: &Path) -> io::Result<()> {
    let file = match open(path) {
        Ok(file) => file,
        // Already removed, or not a regular file.
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidInput) =>
        {
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    // Locked by a running process, or the file system has no locks.
    if file.try_lock().is_err() {
        return Ok(());
    }
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

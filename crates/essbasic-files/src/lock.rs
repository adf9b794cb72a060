//! Advisory locks between processes.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

use crate::open::open_regular;
use crate::path::is_at;

/// An exclusive advisory lock on a file, released when dropped. The file itself stays.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Lock {
    /// Acquires the lock on the file at `path`, which is created if it is absent. Never waits.
    ///
    /// # Errors
    /// Returns [`io::ErrorKind::ResourceBusy`] if another process has locked it, [`io::ErrorKind::InvalidInput`] if `path` is
    /// not a regular file, and the error of the operating system otherwise.
    pub fn acquire(path: &Path) -> io::Result<Self> {
        loop {
            let mut options = OpenOptions::new();
            let file = open_regular(options.read(true).append(true).create(true), path)?;
            lock(&file)?;
            // A lock on a file that was removed or replaced in the meantime would have no effect.
            if is_at(&file, path)? {
                return Ok(Self { file });
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing the file is not enough: a child process that another thread is starting has a copy of the descriptor
        // until it executes its program.
        let _ = self.file.unlock();
    }
}

pub(crate) fn lock(file: &File) -> io::Result<()> {
    file.try_lock().map_err(|error| match error {
        TryLockError::Error(error) => error,
        TryLockError::WouldBlock => {
            io::Error::new(io::ErrorKind::ResourceBusy, "in use by another process")
        }
    })
}

//! Messages on stdout.

use std::fs::File;
use std::io::{self, Write};

/// Unbuffered stdout: a line is written when [`line`](Self::line) returns.
pub(super) struct Stdout {
    file: File,
    /// Whether it is redirected to a file, which can be fsynced.
    is_regular: bool,
}

impl Stdout {
    pub(super) fn new() -> io::Result<Self> {
        let file = duplicate()?;
        let is_regular = file.metadata().is_ok_and(|metadata| metadata.is_file());
        Ok(Self { file, is_regular })
    }

    /// Returns whether output is discarded. This is also the case if stdout was closed when the process started: the
    /// standard library opens the null device then.
    #[cfg(unix)]
    pub(super) fn is_null(&self) -> bool {
        crate::closed::is_null(&self.file)
    }

    #[cfg(not(unix))]
    pub(super) fn is_null(&self) -> bool {
        false
    }

    /// Writes a line. A closed pipe is an error: the line was not received.
    pub(super) fn line(&mut self, line: &str) -> io::Result<()> {
        self.file.write_all(format!("{line}\n").as_bytes())?;
        if self.is_regular { self.file.sync_data() } else { Ok(()) }
    }
}

#[cfg(unix)]
fn duplicate() -> io::Result<File> {
    use std::os::fd::AsFd;

    Ok(io::stdout().as_fd().try_clone_to_owned()?.into())
}

#[cfg(windows)]
fn duplicate() -> io::Result<File> {
    use std::os::windows::io::AsHandle;

    Ok(io::stdout().as_handle().try_clone_to_owned()?.into())
}

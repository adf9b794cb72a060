//! Append-only files of lines.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

use crate::lock::lock;
use crate::open::open_append;
use crate::path::{is_at, parent, sync_folder};

/// An append-only file of lines, used by one process at a time.
///
/// Lines are complete: an incomplete last line, left by a killed process, is removed when the file is opened. A line that
/// could not be written is removed too.
#[derive(Debug)]
pub struct LineFile {
    file: File,
    /// Length of the complete lines, in bytes.
    length: u64,
    /// True if bytes after `length` could not be removed.
    broken: bool,
}

impl LineFile {
    /// Opens or creates the file at `path`, locks it and passes each complete line, without its end, to `line`.
    ///
    /// # Errors
    /// Returns [`io::ErrorKind::ResourceBusy`] if another process has it open, [`io::ErrorKind::InvalidInput`] if `path` is
    /// not a regular file or has several hard links, [`io::ErrorKind::InvalidData`] if a line is longer than
    /// `max_line_bytes`, any error that `line` returns, and the error of the operating system otherwise.
    pub fn open(
        path: &Path,
        max_line_bytes: usize,
        mut line: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<Self> {
        let file = loop {
            let file = open_append(path)?;
            lock(&file)?;
            if is_at(&file, path)? {
                break file;
            }
        };
        let mut length = 0;
        let mut number: u64 = 0;
        let mut reader = BufReader::new(&file);
        let mut bytes = Vec::new();
        loop {
            number += 1;
            bytes.clear();
            let limit = (max_line_bytes as u64).saturating_add(1);
            let read = reader.by_ref().take(limit).read_until(b'\n', &mut bytes)? as u64;
            match bytes.strip_suffix(b"\n") {
                Some(whole) => line(whole)?,
                None if read == limit => {
                    let message = format!("line {number} is longer than {max_line_bytes} bytes");
                    return Err(io::Error::new(io::ErrorKind::InvalidData, message));
                }
                None => break,
            }
            length += read;
        }
        if file.metadata()?.len() > length {
            file.set_len(length)?;
        }
        if length == 0 {
            sync_folder(parent(path))?;
        }
        Ok(Self { file, length, broken: false })
    }

    /// Returns whether the file has no lines.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Removes all lines.
    ///
    /// # Errors
    /// Returns the error of the operating system if the file cannot be changed.
    pub fn clear(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        (self.length, self.broken) = (0, false);
        Ok(())
    }

    /// Appends lines, which must not contain line feeds, and syncs the file to disk.
    ///
    /// # Errors
    /// Returns [`io::ErrorKind::InvalidInput`] if a line contains a line feed, and the error of the operating system if
    /// the lines could not be written and synced. The file then contains none of them.
    pub fn append<L: AsRef<[u8]>>(&mut self, lines: impl IntoIterator<Item = L>) -> io::Result<()> {
        let mut bytes = Vec::new();
        for line in lines {
            if line.as_ref().contains(&b'\n') {
                let message = "a line contains a line feed";
                return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
            }
            bytes.extend_from_slice(line.as_ref());
            bytes.push(b'\n');
        }
        self.repair()?;
        self.broken = true;
        match self.file.write_all(&bytes).and_then(|()| self.file.sync_data()) {
            Ok(()) => {
                self.length += bytes.len() as u64;
                self.broken = false;
                Ok(())
            }
            Err(error) => {
                // If this fails, it is retried before the next line.
                let _ = self.repair();
                Err(error)
            }
        }
    }

    fn repair(&mut self) -> io::Result<()> {
        if self.broken {
            self.file.set_len(self.length)?;
            self.broken = false;
        }
        Ok(())
    }
}

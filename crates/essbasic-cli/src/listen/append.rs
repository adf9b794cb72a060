//! The file of `--append`.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use essbasic_files::{is_at, open_append, parent, sync_folder};

/// Maximum number of times that a file removed during a write is created again.
const ATTEMPTS: usize = 8;

/// A file of lines that other programs may rotate or remove at any time.
pub(super) struct AppendFile {
    path: PathBuf,
    /// The file last opened at the path; `None` after a failed write.
    file: Option<File>,
}

impl AppendFile {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), file: Some(open(path)?) })
    }

    /// Appends a line to the file at the path and fsyncs it. After an error, no part of the
    /// line is left.
    pub(super) fn append(&mut self, line: &str) -> io::Result<()> {
        for _ in 0..ATTEMPTS {
            let mut file = match self.file.take() {
                Some(file) if is_at(&file, &self.path)? => file,
                _ => open(&self.path)?,
            };
            append(&mut file, line)?;
            let is_kept = is_kept(&file, &self.path)?;
            self.file = Some(file);
            if is_kept {
                return Ok(());
            }
        }
        Err(io::Error::other("it is removed after each write"))
    }
}

/// Opens and locks the file: two processes could truncate each other's lines after a failed write.
fn open(path: &Path) -> io::Result<File> {
    loop {
        let file = open_append(path)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::Error(error) => error,
            TryLockError::WouldBlock => {
                io::Error::new(io::ErrorKind::ResourceBusy, "in use by another process")
            }
        })?;
        if is_at(&file, path)? {
            // It may have been created just now.
            sync_folder(parent(path))?;
            return Ok(file);
        }
    }
}

fn append(file: &mut File, line: &str) -> io::Result<()> {
    let length = file.metadata()?.len();
    let start = if is_within_line(file, length)? { "\n" } else { "" };
    let written =
        file.write_all(format!("{start}{line}\n").as_bytes()).and_then(|()| file.sync_data());
    if written.is_err() {
        // If this fails too, the next line begins after a line end.
        let _ = file.set_len(length);
    }
    written
}

/// Returns whether the last line is incomplete, because its writer was killed.
fn is_within_line(file: &mut File, length: u64) -> io::Result<bool> {
    let Some(last) = length.checked_sub(1) else { return Ok(false) };
    file.seek(SeekFrom::Start(last))?;
    let mut byte = [0];
    file.read_exact(&mut byte)?;
    Ok(byte != *b"\n")
}

/// Returns whether the file still exists: at the path, or moved by a rotation.
#[cfg(unix)]
fn is_kept(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;

    Ok(is_at(file, path)? || file.metadata()?.nlink() > 0)
}

#[cfg(not(unix))]
fn is_kept(file: &File, path: &Path) -> io::Result<bool> {
    is_at(file, path)
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;

    use super::*;

    /// A change between two lines, and the expected place of the second one.
    #[test]
    fn a_line_is_in_the_file_at_the_path() {
        type Event = fn(&Path, &Path);
        let cases: [(&str, Event, &str, &str); 7] = [
            ("nothing", |_, _| (), "one\ntwo\n", ""),
            ("removed", |path, _| fs::remove_file(path).unwrap(), "two\n", ""),
            ("rotated", |path, old| fs::rename(path, old).unwrap(), "two\n", "one\n"),
            (
                "rotated and created",
                |path, old| {
                    fs::rename(path, old).unwrap();
                    fs::write(path, "").unwrap();
                },
                "two\n",
                "one\n",
            ),
            (
                "copied and truncated",
                |path, old| {
                    fs::copy(path, old).unwrap();
                    fs::write(path, "").unwrap();
                },
                "two\n",
                "one\n",
            ),
            (
                "replaced by one that was cut",
                |path, old| {
                    fs::write(old, "cut").unwrap();
                    fs::rename(old, path).unwrap();
                },
                "cut\ntwo\n",
                "",
            ),
            ("cut", |path, _| fs::write(path, "on").unwrap(), "on\ntwo\n", ""),
        ];
        for (case, event, expected, old_expected) in cases {
            let folder = tempfile::tempdir().unwrap();
            let (path, old) = (folder.path().join("log"), folder.path().join("log.1"));
            let mut file = AppendFile::open(&path).unwrap();
            file.append("one").unwrap();
            event(&path, &old);
            file.append("two").unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), expected, "{case}");
            assert_eq!(fs::read_to_string(&old).unwrap_or_default(), old_expected, "{case}");
        }
    }

    #[test]
    fn two_processes_do_not_share_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let file = AppendFile::open(&path).unwrap();
        let busy = AppendFile::open(&path).err().unwrap();
        assert_eq!(busy.kind(), io::ErrorKind::ResourceBusy);
        drop(file);
        AppendFile::open(&path).unwrap();
    }
}

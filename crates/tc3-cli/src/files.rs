//! Reading and writing of files.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::error::Error;

/// Maximum size of a file, in bytes.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// Reads a text of limited size, without a byte order mark: a compressed file may be a thousand times as large as its
/// archive.
pub(crate) fn bounded(from: impl Read) -> io::Result<String> {
    let mut text = String::new();
    from.take(MAX_FILE_BYTES + 1).read_to_string(&mut text)?;
    match text.len() as u64 > MAX_FILE_BYTES {
        true => Err(io::Error::new(io::ErrorKind::FileTooLarge, "exceeds the limit of 64 MiB")),
        false => Ok(match text.strip_prefix('\u{feff}') {
            Some(rest) => rest.to_owned(),
            None => text,
        }),
    }
}

/// Formats a path for messages, relative to the current folder if it is below.
#[must_use]
pub fn shown(path: &Path) -> String {
    let below = std::env::current_dir().ok();
    let below = below.as_ref().and_then(|folder| path.strip_prefix(folder).ok());
    below.unwrap_or(path).display().to_string()
}

/// Creates the error of a text that cannot be read.
fn unreadable(path: &Path, error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::InvalidData => {
            Error::new(format!("{}: not UTF-8 text; save it as UTF-8", path.display()))
        }
        _ => Error::io(path, error),
    }
}

/// Returns the text of a file.
///
/// # Errors
/// Returns an [`Error`] if the file cannot be read, is not UTF-8, or exceeds 64 MiB.
pub fn read(path: &Path) -> Result<String, Error> {
    File::open(path).and_then(bounded).map_err(|error| unreadable(path, &error))
}

/// Returns the text of a file, or `None` if it does not exist.
///
/// # Errors
/// Returns the other errors of [`read`].
pub fn read_optional(path: &Path) -> Result<Option<String>, Error> {
    match File::open(path).and_then(bounded) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(path, &error)),
    }
}

/// Writes a file and creates its folders. Returns whether its text changed.
///
/// An existing file is replaced atomically: after a failure or a stop, it has its old content or the new one.
///
/// # Errors
/// Returns an [`Error`] if the file or a folder cannot be written.
pub fn write(path: &Path, text: &str) -> Result<bool, Error> {
    if read_optional(path).is_ok_and(|old| old.as_deref() == Some(text)) {
        return Ok(false);
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| Error::io(folder, &error))?;
    }
    replace(path, text.as_bytes()).map_err(|error| Error::io(path, &error))?;
    Ok(true)
}

/// Writes a file, or the target of a symbolic link, by the rename of a temporary file.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let (path, permissions) = match fs::canonicalize(path) {
        Ok(target) => {
            // A rename would also replace a file that is read-only.
            let old = OpenOptions::new().write(true).open(&target)?;
            (target, Some(old.metadata()?.permissions()))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => (path.to_owned(), None),
        Err(error) => return Err(error),
    };
    let (mut file, temporary) = create_next_to(&path)?;
    let fill = || {
        file.write_all(bytes)?;
        if let Some(permissions) = permissions {
            file.set_permissions(permissions)?;
        }
        file.sync_all()
    };
    let filled = fill();
    // An open file cannot be renamed on every system.
    drop(file);
    let renamed = filled.and_then(|()| fs::rename(&temporary, &path));
    if renamed.is_err() {
        // The first error is the one to report.
        let _ = fs::remove_file(&temporary);
    }
    renamed
}

/// Creates a temporary file in the folder of a file.
fn create_next_to(path: &Path) -> io::Result<(File, PathBuf)> {
    let mut number = 0_u64;
    loop {
        let temporary = path.with_file_name(format!(".tc3-{}-{number}.tmp", std::process::id()));
        match File::create_new(&temporary) {
            Ok(file) => return Ok((file, temporary)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(error),
        }
    }
}

/// Returns the SHA-256 of the bytes, in hexadecimal digits.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Returns the entries of a folder, sorted; none if it does not exist.
///
/// # Errors
/// Returns an [`Error`] if the folder cannot be read.
pub fn entries(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::io(folder, &error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        found.push(entry.map_err(|error| Error::io(folder, &error))?.path());
    }
    found.sort();
    Ok(found)
}

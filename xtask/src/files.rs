//! Reading and writing of files.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::error::Error;

/// Returns the root of the repository, the parent of this crate's folder.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// Formats a path for messages, relative to the root if it is below.
pub(crate) fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// Maximum size of a file, in bytes.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// Reads a text of limited size: a compressed file may be a thousand times as large as its archive.
pub(crate) fn bounded(from: impl Read) -> io::Result<String> {
    let mut text = String::new();
    from.take(MAX_FILE_BYTES + 1).read_to_string(&mut text)?;
    match text.len() as u64 > MAX_FILE_BYTES {
        true => Err(io::Error::new(io::ErrorKind::FileTooLarge, "exceeds the limit of 64 MiB")),
        false => Ok(text),
    }
}

pub(crate) fn read(path: &Path) -> Result<String, Error> {
    File::open(path).and_then(bounded).map_err(|error| Error::io(path, &error))
}

/// Reads a file; returns `None` if it does not exist.
pub(crate) fn read_optional(path: &Path) -> Result<Option<String>, Error> {
    match File::open(path).and_then(bounded) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io(path, &error)),
    }
}

/// Writes a file and creates its folders; returns whether its text changed.
pub(crate) fn write(path: &Path, text: &str) -> Result<bool, Error> {
    if read_optional(path).is_ok_and(|old| old.as_deref() == Some(text)) {
        return Ok(false);
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| Error::io(folder, &error))?;
    }
    fs::write(path, text).map_err(|error| Error::io(path, &error))?;
    Ok(true)
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

//! Reading and writing.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::error::Error;

/// The repository's root: this crate stands one folder below it.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// `path` as messages show it: from the root where it stands below.
pub(crate) fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// Far more than any file of the reference or of ours has.
const LONGEST: u64 = 64 << 20;

/// A text, up to a bound: a packed file may be a thousand times as long as it looks.
pub(crate) fn bounded(from: impl Read) -> io::Result<String> {
    let mut text = String::new();
    from.take(LONGEST + 1).read_to_string(&mut text)?;
    match text.len() as u64 > LONGEST {
        true => Err(io::Error::new(io::ErrorKind::FileTooLarge, "longer than 64 MiB")),
        false => Ok(text),
    }
}

pub(crate) fn read(path: &Path) -> Result<String, Error> {
    File::open(path).and_then(bounded).map_err(|error| Error::io(path, &error))
}

/// The text of a file that need not be there.
pub(crate) fn read_optional(path: &Path) -> Result<Option<String>, Error> {
    match File::open(path).and_then(bounded) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io(path, &error)),
    }
}

/// Writes the file where its text differs, with the folders above it.
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

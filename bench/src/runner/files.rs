//! Files of the repository and of the benchmarks.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::error::Error;

/// Returns the root of the repository, the parent of this crate's folder.
pub(super) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// Returns the folder of scratch packages, installed SDKs and results.
pub(super) fn folder() -> PathBuf {
    root().join("target/bench")
}

pub(super) fn read(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(|error| Error::io(path, &error))
}

/// Writes a file and creates its folders. A file with the same content keeps its modification time.
pub(super) fn write(path: &Path, text: &str) -> Result<(), Error> {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| Error::io(folder, &error))?;
    }
    fs::write(path, text).map_err(|error| Error::io(path, &error))
}

/// Removes a folder, if it exists.
pub(super) fn remove(folder: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::io(folder, &error)),
        _ => Ok(()),
    }
}

/// Writes the results of a subject as JSON.
pub(super) fn save_results(name: &str, results: &impl Serialize) -> Result<(), Error> {
    let json = serde_json::to_string_pretty(results)
        .map_err(|error| Error::new(format!("results of {name}: {error}")))?;
    write(&folder().join(format!("{name}.json")), &format!("{json}\n"))
}

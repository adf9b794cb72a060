//! Hand-written atomic writes of files.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

/// Guarantee after a loss of power.
#[derive(Clone, Copy)]
pub(super) enum Durability {
    /// Content of files is fsynced; renames of the last seconds may be lost, as with the SDK.
    Synced,
    /// Files of the last half minute may be lost.
    Unsynced,
}

impl Durability {
    /// Writes a temporary file and renames it.
    pub(super) fn write(self, folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
        let (temporary, path) = (folder.join(format!(".{name}.part")), folder.join(name));
        let mut file = File::create(&temporary)?;
        file.write_all(bytes)?;
        if matches!(self, Self::Synced) {
            file.sync_all()?;
        }
        fs::rename(temporary, path)
    }
}

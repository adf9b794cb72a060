//! A file on its way to disk, by hand.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

/// What a power cut may take.
#[derive(Clone, Copy)]
pub(super) enum Durable {
    /// Names of the last seconds, as with ours.
    Synced,
    /// All of the last half minute.
    Not,
}

impl Durable {
    /// Writes the file beside, and gives it its name once it is whole.
    pub(super) fn write(self, folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
        let (part, path) = (folder.join(format!(".{name}.part")), folder.join(name));
        let mut file = File::create(&part)?;
        file.write_all(bytes)?;
        if matches!(self, Self::Synced) {
            file.sync_all()?;
        }
        fs::rename(part, path)
    }
}

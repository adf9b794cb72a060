//! One file on its way to disk: written under a temporary name, synced, then renamed.

use std::fs::{File, symlink_metadata};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use essbasic_files::TemporaryFile;
pub(crate) use essbasic_files::{remove_orphans, sync_folder};
use sha2::{Digest, Sha256};

use super::destination::{Destination, Entry, Existing, Finished, hex, taken};
use super::options::SavedFile;

/// Attempts at a name before the contract fails. Names are chosen with the folder in view: so many fail only if
/// another program takes them at the same time.
const MAX_ATTEMPTS: u32 = 10_000;

/// A file being written. Dropped before [`finish`](Self::finish), it is removed.
pub(crate) struct Incoming {
    file: TemporaryFile,
    folder: PathBuf,
    bytes: u64,
    hash: Sha256,
}

impl Incoming {
    /// Creates a file in the folder where it will stay, so that renaming it is atomic.
    pub(crate) fn create(folder: &Path) -> io::Result<Self> {
        let file = TemporaryFile::create_in(folder)?;
        Ok(Self { file, folder: folder.to_owned(), bytes: 0, hash: Sha256::new() })
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        self.file.write_all(bytes)
    }

    /// Gives the file its name. Its content is durable then; its name is once the [folder is](sync_folder).
    pub(crate) fn finish(mut self, to: &Destination) -> io::Result<Finished> {
        self.file.sync()?;
        let sha256 = hex(&std::mem::take(&mut self.hash).finalize());
        let mut number = 1;
        for _ in 0..MAX_ATTEMPTS {
            let name = numbered(&to.name, number);
            let path = self.folder.join(&name);
            let saved = SavedFile { path, bytes: self.bytes, sha256: sha256.clone() };
            let replace = match (look(&saved.path)?, &to.existing) {
                (Found::Nothing, _) => false,
                (_, Existing::Number) => {
                    number += 1;
                    continue;
                }
                (Found::Other, _) => return Ok(Finished::Taken(not_regular(&name))),
                (Found::File, Existing::Replace) => true,
                (Found::File, existing) => match entry_of(&saved.path)? {
                    Some(found) if found == (self.bytes, sha256.clone()) => {
                        return Ok(Finished::Saved(saved));
                    }
                    Some((_, found)) if existing.replaces(&found) => true,
                    Some(_) => return Ok(Finished::Taken(taken(&name))),
                    None => continue,
                },
            };
            to.intend(&Entry { name, bytes: self.bytes, sha256: sha256.clone() })?;
            let named = match replace {
                true => self.file.persist(&saved.path),
                false => self.file.persist_new(&saved.path),
            };
            match named {
                Ok(()) => return Ok(Finished::Saved(saved)),
                // Created since it was looked for.
                Err(error) if !replace && error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        let what =
            "no free name was found, because other programs take them; choose another folder";
        Ok(Finished::Taken(format!("{}: {what}", to.name)))
    }
}

enum Found {
    Nothing,
    File,
    Other,
}

/// Looks at a path without following a link there.
fn look(path: &Path) -> io::Result<Found> {
    match symlink_metadata(path) {
        Ok(found) if found.is_file() => Ok(Found::File),
        Ok(_) => Ok(Found::Other),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Found::Nothing),
        Err(error) => Err(error),
    }
}

fn not_regular(name: &str) -> String {
    format!("{name} exists and is not a regular file; move it away, or choose other names")
}

/// The name with a number before its extension; the first has none.
fn numbered(name: &str, number: u32) -> String {
    match (number, name.rsplit_once('.')) {
        (1, _) => name.to_owned(),
        (_, Some((stem, extension))) => format!("{stem} ({number}).{extension}"),
        (_, None) => format!("{name} ({number})"),
    }
}

/// Returns the length and the SHA-256 of a regular file; `None` if there is none.
pub(crate) fn entry_of(path: &Path) -> io::Result<Option<(u64, String)>> {
    let file = match essbasic_files::open(path) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidInput) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    hash(file).map(Some)
}

fn hash(mut file: File) -> io::Result<(u64, String)> {
    let (mut hash, mut bytes) = (Sha256::new(), 0);
    let mut buffer = vec![0; 256 << 10];
    loop {
        let read = match file.read(&mut buffer) {
            Ok(0) => return Ok((bytes, hex(&hash.finalize()))),
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        bytes += read as u64;
        hash.update(buffer.get(..read).unwrap_or_default());
    }
}

/// Makes sure that files can be written in the folder, before anything is asked of the service.
pub(crate) fn prepare_folder(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    Incoming::create(folder).map(drop)
}

#[cfg(test)]
mod tests;

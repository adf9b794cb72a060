//! Writing of one file: to a temporary file, which is fsynced and atomically renamed.

use std::fs::{File, symlink_metadata};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use essbasic_files::TemporaryFile;
use sha2::{Digest, Sha256};

use super::destination::{Destination, Existing, Finished, conflict_message};
use super::entry::{Entry, hex};
use super::report::SavedFile;

/// Maximum number of names tried for one file. Names are checked against the folder, so this is reached only if another
/// program creates files at the same time.
const MAX_ATTEMPTS: u32 = 10_000;

/// The writer of a temporary file, which is removed unless [`finish`](Self::finish) is called.
pub(crate) struct FileWriter {
    file: TemporaryFile,
    folder: PathBuf,
    bytes: u64,
    hash: Sha256,
}

impl FileWriter {
    /// Creates a temporary file in the target folder, so that it can be renamed atomically.
    pub(crate) fn create(folder: &Path) -> io::Result<Self> {
        let file = TemporaryFile::create_in(folder)?;
        Ok(Self { file, folder: folder.to_owned(), bytes: 0, hash: Sha256::new() })
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        self.file.write_all(bytes)
    }

    /// Fsyncs the file and gives it its name. The caller fsyncs the folder.
    pub(crate) fn finish(mut self, to: &Destination) -> io::Result<Finished> {
        self.file.sync()?;
        let sha256 = hex(&std::mem::take(&mut self.hash).finalize());
        let mut number = 1;
        for _ in 0..MAX_ATTEMPTS {
            let name = numbered(&to.name, number);
            let path = self.folder.join(&name);
            let saved = SavedFile { path, bytes: self.bytes, sha256: sha256.clone() };
            let replace = match (inspect(&saved.path)?, &to.existing) {
                (Found::Nothing, _) => false,
                (_, Existing::Number) => {
                    number += 1;
                    continue;
                }
                (Found::Other, _) => return Ok(Finished::Conflict(not_regular(&name))),
                (Found::File, Existing::Replace) => true,
                (Found::File, existing) => match hash_file(&saved.path)? {
                    Some(found) if found == (self.bytes, sha256.clone()) => {
                        return Ok(Finished::Saved(saved));
                    }
                    Some((_, found)) if existing.replaces(&found) => true,
                    Some(_) => return Ok(Finished::Conflict(conflict_message(&name))),
                    None => continue,
                },
            };
            to.record_intent(&Entry { name, bytes: self.bytes, sha256: sha256.clone() })?;
            let named = match replace {
                true => self.file.persist(&saved.path),
                false => self.file.persist_new(&saved.path),
            };
            match named {
                Ok(()) => return Ok(Finished::Saved(saved)),
                // Created by another program in the meantime.
                Err(error) if !replace && error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        let reason = format!("no unused name in {MAX_ATTEMPTS} attempts; choose another folder");
        Ok(Finished::Conflict(format!("{}: {reason}", to.name)))
    }
}

/// The kind of an existing file.
enum Found {
    Nothing,
    File,
    Other,
}

/// Returns the kind of the file at a path, without following symbolic links.
fn inspect(path: &Path) -> io::Result<Found> {
    match symlink_metadata(path) {
        Ok(found) if found.is_file() => Ok(Found::File),
        Ok(_) => Ok(Found::Other),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Found::Nothing),
        Err(error) => Err(error),
    }
}

fn not_regular(name: &str) -> String {
    format!(
        "{name} exists and is not a regular file; move it away, or choose another name template"
    )
}

/// Returns the name with a number before its extension; the first name has no number.
fn numbered(name: &str, number: u32) -> String {
    match (number, name.rsplit_once('.')) {
        (1, _) => name.to_owned(),
        (_, Some((stem, extension))) => format!("{stem} ({number}).{extension}"),
        (_, None) => format!("{name} ({number})"),
    }
}

/// Returns the length and the SHA-256 of a regular file; `None` if the file does not exist or is not regular.
pub(crate) fn hash_file(path: &Path) -> io::Result<Option<(u64, String)>> {
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

/// Creates the folder and checks that files can be created in it.
pub(crate) fn prepare_folder(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    FileWriter::create(folder).map(drop)
}

#[cfg(test)]
mod tests;

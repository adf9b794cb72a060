//! Writing of one file: to a temporary file, which is fsynced and atomically renamed.

use std::fs::{File, symlink_metadata};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use essbasic_files::{TemporaryFile, create_folder, is_at};
use sha2::{Digest, Sha256};

use super::destination::{Destination, Existing, Finished, conflict_message, numbered};
use super::entry::{Entry, hex};
use super::report::SavedFile;

/// Maximum number of names tried for one file, without those of other files of the same job.
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
        let (mut number, mut attempts) = (1_u32, 0);
        while attempts < MAX_ATTEMPTS {
            let name = match &to.existing {
                Existing::Number(numbers) => {
                    let name = numbered(&numbers.base, number);
                    if numbers.used.lock().contains(&name) {
                        number = number.saturating_add(1);
                        continue;
                    }
                    name
                }
                _ => to.name.clone(),
            };
            attempts += 1;
            let file = Entry { name, bytes: self.bytes, sha256: sha256.clone() };
            match self.try_name(to, &file, number)? {
                Attempt::Saved => {
                    let (path, key) = (Some(self.folder.join(&file.name)), file.name);
                    return Ok(Finished::Saved(SavedFile { path, key, bytes: self.bytes, sha256 }));
                }
                Attempt::Changed => {}
                Attempt::Taken(_) if matches!(to.existing, Existing::Number(_)) => {
                    number = number.saturating_add(1);
                }
                Attempt::Taken(message) => return Ok(Finished::conflict(message)),
            }
        }
        let message = format!("{}: no unused name in {MAX_ATTEMPTS} attempts", to.name);
        Ok(Finished::Conflict { message, hint: "choose another folder" })
    }

    /// Gives the file this name, or adopts an existing file with the same bytes.
    fn try_name(&mut self, to: &Destination, file: &Entry, number: u32) -> io::Result<Attempt> {
        let path = self.folder.join(&file.name);
        let found = find(&path, file, &to.existing)?;
        match found {
            Found::Other => return Ok(Attempt::Taken(conflict_message(&file.name))),
            Found::NotRegular => return Ok(Attempt::Taken(not_regular(&file.name))),
            Found::Changed => return Ok(Attempt::Changed),
            Found::Nothing | Found::Replaceable | Found::Same => {}
        }
        if let Existing::Number(numbers) = &to.existing {
            let is_assigned = found == Found::Nothing && number < numbers.first;
            // A file of this job with the same bytes is not shared with another one.
            if is_assigned || !numbers.used.lock().insert(&file.name) {
                return Ok(Attempt::Taken(conflict_message(&file.name)));
            }
        }
        if found == Found::Same {
            return Ok(Attempt::Saved);
        }
        let named = to.record_intent(file).and_then(|()| match found {
            Found::Replaceable => self.file.persist(&path),
            _ => self.file.persist_new(&path),
        });
        if let (Err(_), Existing::Number(numbers)) = (&named, &to.existing) {
            numbers.used.lock().remove(&file.name);
        }
        match named {
            Ok(()) => Ok(Attempt::Saved),
            // Created by another program in the meantime.
            Err(error) if found == Found::Nothing && error.kind() == ErrorKind::AlreadyExists => {
                Ok(Attempt::Changed)
            }
            Err(error) => Err(error),
        }
    }
}

/// The result of an attempt to give a file a name.
enum Attempt {
    Saved,
    /// Another file has the name; the message of the error.
    Taken(String),
    /// Another program changed the folder in the meantime.
    Changed,
}

/// The kind of an existing file.
#[derive(Clone, Copy, PartialEq)]
enum Found {
    Nothing,
    /// A file with the same bytes, which are on the disk.
    Same,
    Replaceable,
    Other,
    NotRegular,
    /// Another program changed it during the comparison.
    Changed,
}

/// Compares a file with the one at a path, without following symbolic links.
fn find(path: &Path, file: &Entry, existing: &Existing) -> io::Result<Found> {
    let found = match symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) => return Err(error),
    };
    if !found.is_file() {
        return Ok(Found::NotRegular);
    }
    let own = match existing {
        Existing::Replace => return Ok(Found::Replaceable),
        Existing::KeepUnless(own) => Some(own),
        Existing::Keep | Existing::Number(_) => None,
    };
    if own.is_none() && found.len() != file.bytes {
        return Ok(Found::Other);
    }
    let opened = match essbasic_files::open(path) {
        Ok(opened) => opened,
        Err(error) => {
            return match error.kind() {
                ErrorKind::NotFound | ErrorKind::InvalidInput => Ok(Found::Changed),
                // It cannot be compared, and is kept.
                ErrorKind::PermissionDenied => Ok(Found::Other),
                _ => Err(error),
            };
        }
    };
    let (bytes, sha256) = hash(&opened, &|| false)?;
    if (bytes, &sha256) != (file.bytes, &file.sha256) {
        let is_own = own.is_some_and(|own| *own == sha256);
        return Ok(if is_own { Found::Replaceable } else { Found::Other });
    }
    // The program that wrote it may have not. Windows syncs only files that are open for writing.
    if cfg!(unix) {
        opened.sync_all()?;
    }
    Ok(if is_at(&opened, path)? { Found::Same } else { Found::Changed })
}

fn not_regular(name: &str) -> String {
    format!("{name} exists and is not a regular file")
}

/// Returns the length and the SHA-256 of a regular file; `None` if the file does not exist or is not regular.
///
/// # Errors
/// Returns an error of the kind `Interrupted` if `stopped` returns true between two reads.
pub(crate) fn hash_file(
    path: &Path,
    stopped: &dyn Fn() -> bool,
) -> io::Result<Option<(u64, String)>> {
    let file = match essbasic_files::open(path) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidInput) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    hash(&file, stopped).map(Some)
}

fn hash(mut file: &File, stopped: &dyn Fn() -> bool) -> io::Result<(u64, String)> {
    let (mut hash, mut bytes) = (Sha256::new(), 0);
    let mut buffer = vec![0; 256 << 10];
    loop {
        if stopped() {
            return Err(ErrorKind::Interrupted.into());
        }
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
    create_folder(folder)?;
    FileWriter::create(folder).map(drop)
}

#[cfg(test)]
mod tests;

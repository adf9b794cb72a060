//! The folder for files: checked before anything is asked of the service.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::failure::Failure;

pub(crate) struct Folder {
    /// What was made on the way to it, the outermost first.
    made: Vec<PathBuf>,
}

impl Folder {
    /// Makes the folder and makes sure that files can be written in it.
    pub(crate) fn prepare(path: &Path) -> Result<Self, Failure> {
        let mut made: Vec<PathBuf> = path
            .ancestors()
            .take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists())
            .map(Path::to_owned)
            .collect();
        made.reverse();
        let folder = Self { made };
        let usable = fs::create_dir_all(path).and_then(|()| tempfile::tempfile_in(path).map(drop));
        usable.map_err(|error| unusable(path, &error))?;
        Ok(folder)
    }
}

impl Drop for Folder {
    /// Takes back what was made, as far as it is empty.
    fn drop(&mut self) {
        for folder in self.made.iter().rev() {
            // One that is not empty stays.
            let _ = fs::remove_dir(folder);
        }
    }
}

fn unusable(path: &Path, error: &io::Error) -> Failure {
    use io::ErrorKind as Kind;
    let (what, remedy) = match error.kind() {
        Kind::StorageFull | Kind::QuotaExceeded => ("cannot be written", "make room there or "),
        Kind::PermissionDenied => ("cannot be written", "grant write permission or "),
        Kind::NotADirectory | Kind::AlreadyExists => ("is not a folder", "move the file away or "),
        Kind::ResourceBusy => ("cannot be used", "wait until it ends or "),
        _ => ("cannot be used", ""),
    };
    let (path, error) = (path.display(), plain(error));
    Failure::new(format!("{path} {what}: {error}; {remedy}choose another folder with --out"))
}

/// What ended a download, in the words of this command.
pub(crate) fn told(error: &essbasic::Error) -> Failure {
    match error {
        essbasic::Error::Folder { path, source, .. } => unusable(path, source),
        other => Failure::new(other),
    }
}

/// The system's own words: `tempfile` adds the path of a file that nobody has heard of.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" at path ").next().unwrap_or(&text).to_owned()
}

//! The output folder, checked before the first request.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use essbasic_files::{TemporaryFileLost, create_folder};

use crate::advice;
use crate::failure::Failure;

pub(crate) struct Folder {
    /// Folders that were created, the outermost first.
    made: Vec<PathBuf>,
}

impl Folder {
    /// Creates the folder and checks that files can be written in it.
    pub(crate) fn prepare(path: &Path) -> Result<Self, Failure> {
        let mut made: Vec<PathBuf> = path
            .ancestors()
            .take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists())
            .map(Path::to_owned)
            .collect();
        if let Some(link) = made.iter().find(|folder| folder.is_symlink()) {
            return Err(Failure::new(format!(
                "{} is a symbolic link to a folder that does not exist; create that folder, or choose another folder \
                 with --out",
                link.display()
            )));
        }
        made.reverse();
        let folder = Self { made };
        let usable = create_folder(path).and_then(|()| tempfile::tempfile_in(path).map(drop));
        usable.map_err(|error| unusable(path, &error))?;
        Ok(folder)
    }
}

impl Drop for Folder {
    /// Removes the folders that were created and are empty.
    fn drop(&mut self) {
        for folder in self.made.iter().rev() {
            // A folder that is not empty is kept.
            let _ = fs::remove_dir(folder);
        }
    }
}

fn unusable(path: &Path, error: &io::Error) -> Failure {
    use io::ErrorKind as Kind;
    if TemporaryFileLost::is_cause_of(error) {
        let remedy = advice::for_own_file(error);
        return Failure::new(format!("{} cannot be written: {error}; {remedy}", path.display()));
    }
    let (what, remedy) = match error.kind() {
        Kind::StorageFull | Kind::QuotaExceeded => ("cannot be written", "make room there or "),
        Kind::FileTooLarge => ("cannot be written", "raise the limit of file sizes or "),
        Kind::PermissionDenied => ("cannot be written", "grant write permission or "),
        Kind::NotADirectory | Kind::AlreadyExists => ("is not a folder", "move the file away or "),
        Kind::ResourceBusy => {
            ("cannot be used", "wait until it ends, give each job a journal with --journal, or ")
        }
        Kind::InvalidData => ("cannot be used", "give each job a journal with --journal, or "),
        _ => ("cannot be used", ""),
    };
    let (path, error) = (path.display(), plain(error));
    Failure::new(format!("{path} {what}: {error}; {remedy}choose another folder with --out"))
}

/// Describes the error that ended a download, with the options of this command.
pub(crate) fn explain(error: &essbasic::Error) -> Failure {
    match error {
        essbasic::Error::Folder { path, source, .. } => unusable(path, source),
        other => Failure::from(other),
    }
}

/// Returns the error of the operating system, without the path of a temporary file that `tempfile` adds.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" at path ").next().unwrap_or(&text).to_owned()
}

//! One file on its way to disk: written beside, made durable, then renamed.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file being written. Dropped before [`finish`](Self::finish), it leaves nothing.
pub(crate) struct Incoming {
    file: File,
    /// What it is called until then.
    part: Option<PathBuf>,
    folder: PathBuf,
}

impl Incoming {
    /// Begins a file in the folder where it will stay, so that renaming it is one step.
    pub(crate) fn create(folder: &Path) -> io::Result<Self> {
        // The empty path is the folder that the process is in; the system knows it by another name.
        let here = Path::new(".");
        let folder = if folder.as_os_str().is_empty() { here } else { folder };
        loop {
            let part = folder.join(format!("{PREFIX}{:016x}{SUFFIX}", fastrand::u64(..)));
            match File::create_new(&part) {
                Ok(file) => return Ok(Self { file, part: Some(part), folder: folder.to_owned() }),
                // Another's, by a chance that does not come twice.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    /// Gives the file its name, replacing one that stands there. The file is durable then; its name once the
    /// [folder is](sync_folder).
    pub(crate) fn finish(mut self, name: &str) -> io::Result<PathBuf> {
        self.file.sync_all()?;
        let path = self.folder.join(name);
        if let Some(part) = &self.part {
            std::fs::rename(part, &path)?;
        }
        self.part = None;
        Ok(path)
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if let Some(part) = &self.part {
            // What stays is cleared away by the next run.
            let _ = std::fs::remove_file(part);
        }
    }
}

/// Makes names in the folder durable, where the system has a way to.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

const PREFIX: &str = ".essbasic-";
const SUFFIX: &str = ".part";

/// Removes what downloads that were killed have left in the folder.
pub(crate) fn clear_leftovers(folder: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(PREFIX) && name.ends_with(SUFFIX) {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Makes sure that files can be written in the folder, before anything is asked of the service.
pub(crate) fn prepare_folder(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    Incoming::create(folder).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PDF: &[u8] = b"%PDF-1.7\n...\n%%EOF\n";

    #[test]
    fn a_file_has_its_name_once_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = Incoming::create(folder.path()).unwrap();
        for byte in PDF.chunks(1) {
            file.write(byte).unwrap();
            assert!(!folder.path().join("a.pdf").exists());
        }
        let path = file.finish("a.pdf").unwrap();
        assert_eq!(std::fs::read(path).unwrap(), PDF);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_is_given_up_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = Incoming::create(folder.path()).unwrap();
        file.write(PDF).unwrap();
        drop(file);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_folder_that_is_none_says_so_in_the_systems_words() {
        let folder = tempfile::tempdir().unwrap();
        let error = Incoming::create(&folder.path().join("none")).err().unwrap();
        assert!(error.raw_os_error().is_some(), "{error}");
        assert!(!error.to_string().contains(".part"), "{error}");
    }

    #[test]
    fn a_file_that_stands_is_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.pdf"), "old").unwrap();
        let mut file = Incoming::create(folder.path()).unwrap();
        file.write(PDF).unwrap();
        file.finish("a.pdf").unwrap();
        assert_eq!(std::fs::read(folder.path().join("a.pdf")).unwrap(), PDF);
    }
}

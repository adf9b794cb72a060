//! Archive in a folder: each file is written under a temporary name, fsynced, and renamed atomically.

use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use essbasic::transport::Bytes;
use essbasic::{BlockingSink, BlockingSinkWriter, SinkFile};
use essbasic_files::{TemporaryFile, create_folder, remove_orphans};

use crate::private;

/// Length of the file of a check, in bytes.
const CHECK_BYTES: usize = 64 << 10;

/// Folder of the archive. A file of an earlier download of the same contract is replaced.
#[derive(Clone)]
pub(crate) struct Folder {
    path: PathBuf,
    /// Whether the disk was full since the last check. A shorter file may still fit.
    is_full: Arc<AtomicBool>,
}

impl Folder {
    /// Creates the folder, and removes temporary files that ended processes have left. Its parent must exist: otherwise the path is
    /// mistyped, or that of a disk which is not mounted.
    ///
    /// # Errors
    /// Returns an error if the folder cannot be created or read.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        if path.exists() && !path.is_dir() {
            return Err(io::Error::new(ErrorKind::NotADirectory, "it is not a folder"));
        }
        let parent = essbasic_files::parent(path);
        if !path.exists() && !parent.is_dir() {
            let text =
                format!("there is no folder {}; check the path, or create it", parent.display());
            return Err(io::Error::new(ErrorKind::NotFound, text));
        }
        create_folder(path)?;
        remove_orphans(path)?;
        Ok(Self { path: path.to_owned(), is_full: Arc::default() })
    }

    /// Checks that a file can be written. A folder that is missing is not created: it may be that of a mount.
    ///
    /// # Errors
    /// Returns an error that names the folder if it is missing or not writable, or if the disk is full or was full since the
    /// last check.
    pub(super) fn check(&self) -> io::Result<()> {
        let check = || {
            if self.is_full.swap(false, Ordering::Relaxed) {
                return Err(ErrorKind::StorageFull.into());
            }
            let mut file = TemporaryFile::create_in(&self.path)?;
            file.write_all(&[0; CHECK_BYTES])?;
            file.sync()
        };
        check().map_err(|error| {
            io::Error::new(error.kind(), format!("{}: {error}", self.path.display()))
        })
    }

    /// Records an error of a file.
    fn record<T>(&self, result: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &result
            && matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
        {
            self.is_full.store(true, Ordering::Relaxed);
        }
        result
    }
}

struct Writer {
    file: TemporaryFile,
    folder: Folder,
    name: String,
}

impl BlockingSink for Folder {
    fn begin(&self, file: &SinkFile) -> io::Result<Box<dyn BlockingSinkWriter>> {
        let temporary = self.record(TemporaryFile::create_in(&self.path))?;
        self.record(private::restrict_to_group(temporary.file()))?;
        Ok(Box::new(Writer { file: temporary, folder: self.clone(), name: file.name.clone() }))
    }
}

impl BlockingSinkWriter for Writer {
    fn write(&mut self, bytes: Bytes) -> io::Result<()> {
        let written = self.file.write_all(&bytes);
        self.folder.record(written)
    }

    fn finish(mut self: Box<Self>) -> io::Result<String> {
        let synced = self.file.sync();
        self.folder.record(synced)?;
        let folder = &self.folder;
        folder.record(self.file.persist(&folder.path.join(&self.name)))?;
        folder.record(essbasic_files::sync_folder(&folder.path))?;
        Ok(std::mem::take(&mut self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_reported_once_although_a_short_file_still_fits() {
        let home = tempfile::tempdir().unwrap();
        let folder = Folder::open(home.path()).unwrap();
        folder.check().unwrap();
        for kind in [ErrorKind::StorageFull, ErrorKind::QuotaExceeded] {
            assert!(folder.record::<()>(Err(kind.into())).is_err());
            let error = folder.clone().check().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::StorageFull);
            assert!(error.to_string().starts_with(home.path().to_str().unwrap()), "{error}");
            folder.check().unwrap();
        }
        // The failure of one file.
        assert!(folder.record::<()>(Err(ErrorKind::IsADirectory.into())).is_err());
        folder.check().unwrap();
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_folder_is_created_in_its_parent_only() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("contracts");
        Folder::open(&path).unwrap();
        Folder::open(&path).unwrap();
        let file = home.path().join("file");
        std::fs::write(&file, "").unwrap();
        for (path, cause) in [
            (file.clone(), "it is not a folder"),
            (file.join("contracts"), "there is no folder "),
            (home.path().join("absent").join("contracts"), "there is no folder "),
        ] {
            let error = Folder::open(&path).err().unwrap().to_string();
            assert!(error.starts_with(cause), "{error}");
        }
        assert!(!home.path().join("absent").exists());
    }

    #[cfg(unix)]
    #[test]
    fn files_are_not_readable_by_every_user() {
        use std::os::unix::fs::PermissionsExt as _;

        let home = tempfile::tempdir().unwrap();
        let folder = Folder::open(home.path()).unwrap();
        let temporary = TemporaryFile::create_in(&folder.path).unwrap();
        private::restrict_to_group(temporary.file()).unwrap();
        let mode = temporary.file().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o137, 0, "{mode:o}");
    }

    #[cfg(unix)]
    #[test]
    fn a_read_only_folder_is_reported() {
        use std::os::unix::fs::PermissionsExt as _;

        let home = tempfile::tempdir().unwrap();
        let folder = Folder::open(home.path()).unwrap();
        std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o500)).unwrap();
        // Root may write to any folder.
        if std::fs::write(home.path().join("probe"), "").is_err() {
            assert_eq!(folder.check().unwrap_err().kind(), ErrorKind::PermissionDenied);
        }
        std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    }
}

//! Archive in a folder: each file is written under a temporary name, fsynced, and renamed atomically.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use essbasic::transport::Bytes;
use essbasic::{BlockingSink, BlockingSinkWriter, SinkFile};
use essbasic_files::{TemporaryFile, create_folder, remove_orphans};

/// Folder of the archive. A file of an earlier download of the same contract is replaced.
#[derive(Clone)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// Creates the folder, and removes temporary files that ended processes have left.
    ///
    /// # Errors
    /// Returns an error if the folder cannot be created or read.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        create_folder(path)?;
        remove_orphans(path)?;
        Ok(Self(path.to_owned()))
    }
}

struct Writer {
    file: TemporaryFile,
    folder: PathBuf,
    name: String,
}

impl BlockingSink for Folder {
    fn begin(&self, file: &SinkFile) -> io::Result<Box<dyn BlockingSinkWriter>> {
        let temporary = TemporaryFile::create_in(&self.0)?;
        let (folder, name) = (self.0.clone(), file.name.clone());
        Ok(Box::new(Writer { file: temporary, folder, name }))
    }
}

impl BlockingSinkWriter for Writer {
    fn write(&mut self, bytes: Bytes) -> io::Result<()> {
        self.file.write_all(&bytes)
    }

    fn finish(mut self: Box<Self>) -> io::Result<String> {
        self.file.sync()?;
        self.file.persist(&self.folder.join(&self.name))?;
        essbasic_files::sync_folder(&self.folder)?;
        Ok(std::mem::take(&mut self.name))
    }
}

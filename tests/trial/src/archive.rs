//! The destination of archives: a folder, or a bucket of an S3 server.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use essbasic_s3::test_util::S3Server;
use sha2::{Digest as _, Sha256};
use tokio::task::block_in_place;
use tokio::time::sleep;

use crate::error::{Context as _, Error, Result};
use crate::options::Destination;

const BUCKET: &str = "contracts-125";

/// A destination.
pub(crate) enum Archive {
    Folder(PathBuf),
    Bucket(S3Server),
}

impl Archive {
    /// Returns an empty destination. A folder is below `folder`.
    pub(crate) fn new(destination: Destination, folder: &Path) -> Result<Self> {
        if destination == Destination::Folder {
            return Ok(Self::Folder(folder.join("archive")));
        }
        let server = S3Server::start().context("S3 server")?;
        let server = server.ok_or_else(|| Error::new("no S3 server; see the line above"))?;
        server.create_bucket(BUCKET).context("bucket")?;
        Ok(Self::Bucket(server))
    }

    /// Returns the value of `archive.to`.
    pub(crate) fn to(&self) -> String {
        match self {
            Self::Folder(path) => path.display().to_string(),
            Self::Bucket(_) => format!("s3://{BUCKET}"),
        }
    }

    /// Returns the variables of a program that uses it.
    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Folder(_) => Vec::new(),
            Self::Bucket(server) => server.variables().into(),
        }
    }

    /// Makes it unavailable for a time.
    pub(crate) async fn away(&mut self, time: Duration) -> Result<()> {
        match self {
            Self::Folder(path) => {
                let away = PathBuf::from(format!("{}.away", path.display()));
                std::fs::rename(&*path, &away).context("archive")?;
                // A file, so that no server that starts meanwhile creates an empty folder.
                std::fs::write(&*path, "").context("archive")?;
                sleep(time).await;
                std::fs::remove_file(&*path).context("archive")?;
                std::fs::rename(&away, path).context("archive")
            }
            Self::Bucket(server) => {
                block_in_place(|| server.kill());
                sleep(time).await;
                block_in_place(|| server.restart()).context("S3 server")
            }
        }
    }

    /// Returns the size and the SHA-256 of each object, by its name.
    pub(crate) fn objects(&self) -> Result<BTreeMap<String, (usize, String)>> {
        let mut objects = BTreeMap::new();
        match self {
            Self::Folder(path) => {
                for entry in std::fs::read_dir(path).context("archive")? {
                    let entry = entry.context("archive")?;
                    let bytes = std::fs::read(entry.path()).context("archive")?;
                    let name = entry.file_name().to_string_lossy().into_owned();
                    objects.insert(name, (bytes.len(), sha256(&bytes)));
                }
            }
            Self::Bucket(server) => {
                for (name, bytes) in server.objects(BUCKET).context("bucket")? {
                    objects.insert(name, (bytes.len(), sha256(&bytes)));
                }
            }
        }
        Ok(objects)
    }
}

/// Returns the SHA-256 in lower-case hexadecimal.
pub(crate) fn sha256(bytes: impl AsRef<[u8]>) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

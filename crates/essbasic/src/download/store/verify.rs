//! Verification of objects that earlier runs have saved.

use std::io;
use std::sync::Arc;

use object_store::path::Path;
use object_store::{Error, ObjectStoreExt};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::super::entry::{Entry, Verification, hex};
use super::STOP_CHECK;
use super::error::describe;
use super::location::StoreLocation;

/// Size of a range read, in bytes.
const READ_BYTES: u64 = 4 << 20;

/// Maximum number of contracts whose objects are verified concurrently.
const MAX_CONCURRENT: usize = 16;

impl StoreLocation {
    /// Returns the length and the hexadecimal SHA-256 of an object; `None` if it does not exist.
    pub(super) async fn hash_object(&self, key: &Path) -> Result<Option<(u64, String)>, Error> {
        let bytes = match self.store.head(key).await {
            Ok(found) => found.size,
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let (mut hash, mut offset) = (Sha256::new(), 0);
        while offset < bytes {
            let end = bytes.min(offset + READ_BYTES);
            match self.store.get_range(key, offset..end).await {
                Ok(part) => hash.update(&part),
                // Removed in the meantime.
                Err(Error::NotFound { .. }) => return Ok(None),
                Err(error) => return Err(error),
            }
            offset = end;
        }
        Ok(Some((bytes, hex(&hash.finalize()))))
    }

    async fn verify_files(
        &self,
        files: Vec<Entry>,
        verification: Verification,
    ) -> Result<bool, Error> {
        for file in files {
            let key = self.key(&file.name);
            let same = match verification {
                Verification::None => true,
                Verification::Length => match self.store.head(&key).await {
                    Ok(found) => found.size == file.bytes,
                    Err(Error::NotFound { .. }) => false,
                    Err(error) => return Err(error),
                },
                Verification::Content => {
                    let found = self.hash_object(&key).await?;
                    found.is_some_and(|found| found == (file.bytes, file.sha256))
                }
            };
            if !same {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Returns for each list of files whether all of them are in the store. Blocks; must not be called from a task.
    pub(crate) fn verify(
        &self,
        files: Vec<Vec<Entry>>,
        verification: Verification,
        stopped: &(dyn Fn() -> bool + Sync),
    ) -> io::Result<Vec<bool>> {
        // On a separate thread: the caller's thread may belong to a runtime, in which blocking on another one panics.
        std::thread::scope(|scope| {
            let thread = scope.spawn(|| {
                let mut builder = tokio::runtime::Builder::new_current_thread();
                let runtime = builder.enable_all().build()?;
                let verified = runtime.block_on(self.verify_all(files, verification, stopped));
                // Without waiting for requests that block a thread.
                runtime.shutdown_background();
                verified
            });
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    async fn verify_all(
        &self,
        files: Vec<Vec<Entry>>,
        verification: Verification,
        stopped: &(dyn Fn() -> bool + Sync),
    ) -> io::Result<Vec<bool>> {
        let mut saved = vec![false; files.len()];
        let (mut tasks, permits) = (JoinSet::new(), Arc::new(Semaphore::new(MAX_CONCURRENT)));
        for (index, files) in files.into_iter().enumerate() {
            let (location, permits) = (self.clone(), Arc::clone(&permits));
            tasks.spawn(async move {
                let _permit = permits.acquire_owned().await;
                (index, location.verify_files(files, verification).await)
            });
        }
        loop {
            let ended = tokio::time::timeout(STOP_CHECK, tasks.join_next()).await;
            if stopped() {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let ended = match ended {
                Ok(Some(ended)) => ended,
                Ok(None) => break,
                Err(_) => continue,
            };
            let (index, verified) = match ended {
                Ok(ended) => ended,
                Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                Err(error) => return Err(io::Error::other(error)),
            };
            let verified = verified.map_err(|error| {
                io::Error::other(format!("a saved object cannot be verified: {}", describe(&error)))
            })?;
            if let Some(saved) = saved.get_mut(index) {
                *saved = verified;
            }
        }
        Ok(saved)
    }
}

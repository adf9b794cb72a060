//! Objects that are in the store, compared with what they should be.

use std::io;
use std::sync::Arc;

use object_store::path::Path;
use object_store::{Error, ObjectStoreExt};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::super::destination::{Entry, hex};
use super::super::target::Thoroughness;
use super::Place;
use super::error::told;

/// Bytes read at a time.
const READ: u64 = 4 << 20;

/// Contracts whose objects are compared at a time.
const COMPARISONS: usize = 16;

impl Place {
    /// Returns length and SHA-256 of an object, in hexadecimal; `None` if there is none.
    pub(super) async fn entry(&self, key: &Path) -> Result<Option<(u64, String)>, Error> {
        let bytes = match self.store.head(key).await {
            Ok(found) => found.size,
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let (mut hash, mut at) = (Sha256::new(), 0);
        while at < bytes {
            let to = bytes.min(at + READ);
            match self.store.get_range(key, at..to).await {
                Ok(part) => hash.update(&part),
                // Removed since.
                Err(Error::NotFound { .. }) => return Ok(None),
                Err(error) => return Err(error),
            }
            at = to;
        }
        Ok(Some((bytes, hex(&hash.finalize()))))
    }

    async fn holds(&self, files: Vec<Entry>, thoroughness: Thoroughness) -> Result<bool, Error> {
        for file in files {
            let key = self.key(&file.name);
            let same = match thoroughness {
                Thoroughness::None => true,
                Thoroughness::Length => match self.store.head(&key).await {
                    Ok(found) => found.size == file.bytes,
                    Err(Error::NotFound { .. }) => false,
                    Err(error) => return Err(error),
                },
                Thoroughness::Bytes => {
                    self.entry(&key).await?.is_some_and(|found| found == (file.bytes, file.sha256))
                }
            };
            if !same {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Returns for each list of files whether all of them are in the store. Blocks; must not be called from a task.
    pub(crate) fn hold(
        &self,
        files: Vec<Vec<Entry>>,
        thoroughness: Thoroughness,
        stopped: &(dyn Fn() -> bool + Sync),
    ) -> io::Result<Vec<bool>> {
        // In a thread of its own: the caller's may belong to a runtime, where blocking on another is refused.
        std::thread::scope(|scope| {
            let thread = scope.spawn(|| {
                let mut builder = tokio::runtime::Builder::new_current_thread();
                builder.enable_all().build()?.block_on(self.hold_all(files, thoroughness, stopped))
            });
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    async fn hold_all(
        &self,
        files: Vec<Vec<Entry>>,
        thoroughness: Thoroughness,
        stopped: &(dyn Fn() -> bool + Sync),
    ) -> io::Result<Vec<bool>> {
        let mut held = vec![false; files.len()];
        let (mut tasks, places) = (JoinSet::new(), Arc::new(Semaphore::new(COMPARISONS)));
        for (index, files) in files.into_iter().enumerate() {
            let (place, places) = (self.clone(), Arc::clone(&places));
            tasks.spawn(async move {
                let _permit = places.acquire_owned().await;
                (index, place.holds(files, thoroughness).await)
            });
        }
        while let Some(ended) = tasks.join_next().await {
            if stopped() {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let (index, holds) = match ended {
                Ok(ended) => ended,
                Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                Err(error) => return Err(io::Error::other(error)),
            };
            let holds = holds.map_err(|error| {
                io::Error::other(format!("a saved object cannot be compared: {}", told(&error)))
            })?;
            if let Some(held) = held.get_mut(index) {
                *held = holds;
            }
        }
        Ok(held)
    }
}

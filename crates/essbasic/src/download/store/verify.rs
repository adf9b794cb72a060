//! Verification of objects that earlier runs have saved.

use std::io;
use std::sync::Arc;

use object_store::path::Path;
use object_store::{Error, GetOptions, ObjectMeta, ObjectStoreExt};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::super::entry::{Entry, Verification, VerificationError, hex};
use super::STOP_CHECK;
use super::error::{Operation, StoreError};
use super::location::StoreLocation;
use crate::trace::{Context, in_context};

/// Size of a range read, in bytes.
const READ_BYTES: u64 = 4 << 20;

/// Maximum number of contracts whose objects are verified concurrently.
const MAX_CONCURRENT: usize = 16;

/// Maximum number of reads of an object that changes while it is read.
const MAX_READS: u32 = 3;

/// The result of reading an object once.
enum Read {
    Hashed((u64, String)),
    Absent,
    /// The object does not have the expected length.
    OtherLength,
    /// Another program replaced the object while it was read.
    Changed,
}

impl StoreLocation {
    /// Returns the length and the hexadecimal SHA-256 of an object; `None` if it does not exist.
    pub(super) async fn hash_object(
        &self,
        key: &Path,
    ) -> Result<Option<(u64, String)>, StoreError> {
        self.hash_if(key, None).await
    }

    /// Returns whether the object has this length and SHA-256. An object of another length is not read.
    pub(super) async fn has_content(
        &self,
        key: &Path,
        bytes: u64,
        sha256: &str,
    ) -> Result<bool, StoreError> {
        let found = self.hash_if(key, Some(bytes)).await?;
        Ok(found.is_some_and(|(length, hash)| length == bytes && hash == sha256))
    }

    /// As [`hash_object`](Self::hash_object); `None` also if the object does not have the length.
    async fn hash_if(
        &self,
        key: &Path,
        length: Option<u64>,
    ) -> Result<Option<(u64, String)>, StoreError> {
        for _ in 0..MAX_READS {
            match self.read(key, length).await? {
                Read::Hashed(found) => return Ok(Some(found)),
                Read::Absent | Read::OtherLength => return Ok(None),
                Read::Changed => {}
            }
        }
        let message = format!("{key} changed in {MAX_READS} reads");
        Err(StoreError::of_file(message, "run again when no other program writes it"))
    }

    /// Reads an object in ranges, all of the same version of the object.
    async fn read(&self, key: &Path, length: Option<u64>) -> Result<Read, StoreError> {
        let found = match self.store.head(key).await {
            Ok(found) => found,
            Err(Error::NotFound { .. }) => return Ok(Read::Absent),
            Err(error) => return Err(StoreError::new(Operation::LookUp, key, &error)),
        };
        if length.is_some_and(|length| length != found.size) {
            return Ok(Read::OtherLength);
        }
        // Without the version, because reading a version requires another permission. A weak ETag matches nothing.
        let tag = found.e_tag.as_deref().filter(|tag| !tag.starts_with("W/"));
        let (mut hash, mut offset) = (Sha256::new(), 0);
        while offset < found.size {
            let end = found.size.min(offset + READ_BYTES);
            let options = GetOptions::new().with_range(Some(offset..end)).with_if_match(tag);
            let part = match self.store.get_opts(key, options).await {
                // Some stores ignore the condition.
                Ok(part) if is_same_object(&found, &part.meta) => part.bytes().await,
                Ok(_) | Err(Error::Precondition { .. }) => return Ok(Read::Changed),
                Err(error) => Err(error),
            };
            match part {
                Ok(part) if part.len() as u64 == end - offset => hash.update(&part),
                Ok(_) => return Ok(Read::Changed),
                // Removed in the meantime.
                Err(Error::NotFound { .. }) => return Ok(Read::Absent),
                Err(error) => return Err(StoreError::new(Operation::ReadRange, key, &error)),
            }
            offset = end;
        }
        Ok(Read::Hashed((found.size, hex(&hash.finalize()))))
    }

    async fn verify_files(
        &self,
        files: Vec<Entry>,
        verification: Verification,
    ) -> Result<bool, StoreError> {
        for file in files {
            let key = self.key(&file.name);
            let same = match verification {
                Verification::None => true,
                Verification::Length => match self.store.head(&key).await {
                    Ok(found) => found.size == file.bytes,
                    Err(Error::NotFound { .. }) => false,
                    Err(error) => return Err(StoreError::new(Operation::LookUp, &key, &error)),
                },
                Verification::Content => self.has_content(&key, file.bytes, &file.sha256).await?,
            };
            if !same {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Returns for each list of files whether all of them are in the store; `None` if the job was stopped before. Blocks;
    /// must not be called from a task.
    pub(crate) fn verify(
        &self,
        files: Vec<Vec<Entry>>,
        verification: Verification,
        stopped: &(dyn Fn() -> bool + Sync),
    ) -> io::Result<Vec<Option<bool>>> {
        // On a separate thread: the caller's thread may belong to a runtime, in which blocking on another one panics.
        std::thread::scope(|scope| {
            let context = Context::current();
            let work = || {
                let mut builder = tokio::runtime::Builder::new_current_thread();
                let runtime = builder.enable_all().build().map_err(failed)?;
                let verified = runtime.block_on(self.verify_all(files, verification, stopped));
                // Without waiting for requests that block a thread.
                runtime.shutdown_background();
                verified
            };
            let thread = scope.spawn(move || context.enter(work));
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    async fn verify_all(
        &self,
        files: Vec<Vec<Entry>>,
        verification: Verification,
        stopped: &(dyn Fn() -> bool + Sync),
    ) -> io::Result<Vec<Option<bool>>> {
        let mut saved = vec![None; files.len()];
        let (mut tasks, permits) = (JoinSet::new(), Arc::new(Semaphore::new(MAX_CONCURRENT)));
        for (index, files) in files.into_iter().enumerate() {
            let (location, permits) = (self.clone(), Arc::clone(&permits));
            tasks.spawn(in_context(async move {
                let _permit = permits.acquire_owned().await;
                (index, location.verify_files(files, verification).await)
            }));
        }
        loop {
            let ended = tokio::time::timeout(STOP_CHECK, tasks.join_next()).await;
            // Dropping the tasks cancels them.
            if stopped() {
                return Ok(saved);
            }
            let ended = match ended {
                Ok(Some(ended)) => ended,
                Ok(None) => return Ok(saved),
                Err(_) => continue,
            };
            let (index, verified) = match ended {
                Ok(ended) => ended,
                Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                Err(error) => return Err(failed(io::Error::other(error))),
            };
            let verified =
                verified.map_err(|error| io::Error::other(VerificationError::from(error)))?;
            if let Some(saved) = saved.get_mut(index) {
                *saved = Some(verified);
            }
        }
    }
}

/// Returns the error of a verification that could not be run.
fn failed(error: io::Error) -> io::Error {
    VerificationError::io(error.kind(), error.to_string())
}

/// Returns whether the metadata of two responses are those of the same object, as far as the store returns them.
fn is_same_object(one: &ObjectMeta, other: &ObjectMeta) -> bool {
    let differs = |one: &Option<String>, other: &Option<String>| {
        one.as_ref().zip(other.as_ref()).is_some_and(|(one, other)| one != other)
    };
    let is_tagged = one.e_tag.is_some() && other.e_tag.is_some();
    one.size == other.size
        && !differs(&one.e_tag, &other.e_tag)
        && !differs(&one.version, &other.version)
        && (is_tagged || one.last_modified == other.last_modified)
}

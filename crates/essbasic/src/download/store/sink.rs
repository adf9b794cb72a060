//! The sink of a file in a store: sent in parts, and created as an object only after it is complete and checked.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use object_store::path::Path;
use object_store::{Attributes, Error, MultipartUpload, PutMode, PutPayload};
use sha2::{Digest, Sha256};
use tc3_client::transport::Bytes;
use tokio::runtime::Handle;

use super::super::content::Content;
use super::super::destination::{Destination, Existing, Finished, conflict_message};
use super::super::entry::{Entry, hex};
use super::super::outcome::FetchOutcome;
use super::super::report::SavedFile;
use super::super::write::AsyncWrite;
use super::attributes::Object;
use super::conditional_put::{Created, exists};
use super::error::{Operation, StoreError, describe};
use super::location::StoreLocation;
use crate::trace::{in_context, run_detached, spawn_blocking};

/// Maximum memory that is reserved for a part before its bytes are received, in bytes.
const MAX_RESERVED_BYTES: usize = 64 << 20;

/// Maximum uploads of a file that a store does not complete.
const MAX_UNCOMPLETED: u32 = 3;

/// The sink of a file in a store.
///
/// It buffers one part, and sends it before it accepts more bytes: each concurrent download buffers at most one part.
/// If it is dropped before [`finish`](Self::finish), it aborts the upload, provided that a runtime is available.
pub(crate) struct StoreSink {
    location: StoreLocation,
    key: Path,
    to: Arc<Destination>,
    content: Content,
    hash: Sha256,
    part: Vec<u8>,
    upload: Upload,
}

/// The state of the upload of a file.
enum Upload {
    /// Not started: the file may fit in one part, which is sent in one request.
    NotStarted,
    Multipart(Box<dyn MultipartUpload>),
    /// Skipped: an object has the key and is kept, and the file is compared with it.
    Skipped,
}

impl StoreSink {
    pub(crate) fn new(location: &StoreLocation, to: &Arc<Destination>, content: Content) -> Self {
        let (location, key, to) = (location.clone(), location.key(&to.name), Arc::clone(to));
        let (hash, part, upload) = (Sha256::new(), Vec::new(), Upload::NotStarted);
        Self { location, key, to, content, hash, part, upload }
    }
}

impl AsyncWrite for StoreSink {
    async fn append(&mut self, bytes: Bytes) -> Result<(), FetchOutcome> {
        let mut bytes = &*bytes;
        self.content.update(bytes)?;
        self.hash.update(bytes);
        let part_bytes = self.location.part_bytes.max(1);
        while !bytes.is_empty() && !matches!(self.upload, Upload::Skipped) {
            // Only if more bytes follow: a file that fits in one part is sent in one request.
            if self.part.len() >= part_bytes {
                self.send_part().await?;
                continue;
            }
            if self.part.capacity() == 0 {
                let remaining = self.content.remaining().map(|rest| rest + bytes.len() as u64);
                let remaining = remaining.and_then(|bytes| usize::try_from(bytes).ok());
                let reserved = remaining.unwrap_or(0).min(part_bytes).min(MAX_RESERVED_BYTES);
                self.part.reserve_exact(reserved);
            }
            let room = part_bytes.saturating_sub(self.part.len()).min(bytes.len());
            let (fits, rest) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
            self.part.extend_from_slice(fits);
            bytes = rest;
        }
        Ok(())
    }

    async fn finish(&mut self) -> FetchOutcome {
        if let Err(mismatch) = self.content.check() {
            return mismatch.into();
        }
        match self.complete().await {
            Ok(finished) => {
                self.upload = Upload::NotStarted;
                finished.into()
            }
            Err(outcome) => outcome,
        }
    }

    async fn abort(mut self) {
        if let Upload::Multipart(upload) = std::mem::replace(&mut self.upload, Upload::NotStarted) {
            run_detached(abort_upload(upload)).await;
        }
    }
}

impl StoreSink {
    /// Sends the buffered part.
    async fn send_part(&mut self) -> Result<(), FetchOutcome> {
        if matches!(self.upload, Upload::NotStarted) {
            self.upload = match self.may_put().await? {
                true => {
                    let attributes = self.attributes(None);
                    let upload = self.location.writer().start_upload(&self.key, &attributes).await;
                    Upload::Multipart(upload.map_err(failed(Operation::StartUpload, &self.key))?)
                }
                false => Upload::Skipped,
            };
        }
        let part = std::mem::take(&mut self.part);
        match &mut self.upload {
            Upload::Multipart(upload) => {
                let sent = upload.put_part(part.into()).await;
                Ok(sent.map_err(failed(Operation::PutPart, &self.key))?)
            }
            Upload::NotStarted | Upload::Skipped => Ok(()),
        }
    }

    /// Returns whether no object has the key, or the object may be replaced.
    async fn may_put(&mut self) -> Result<bool, FetchOutcome> {
        match &self.to.existing {
            Existing::Replace => Ok(true),
            Existing::KeepUnless(own) => {
                let found = self.location.hash_object(&self.key).await?;
                Ok(found.is_none_or(|(_, sha256)| sha256 == *own))
            }
            Existing::Keep | Existing::Number(_) => {
                Ok(!exists(self.location.store.as_ref(), &self.key).await?)
            }
        }
    }

    async fn complete(&mut self) -> Result<Finished, FetchOutcome> {
        let sha256 = hex(&std::mem::take(&mut self.hash).finalize());
        if matches!(self.upload, Upload::Skipped) {
            return self.compare(sha256).await;
        }
        self.record_intent(&sha256).await?;
        if matches!(self.upload, Upload::NotStarted) {
            let content = PutPayload::from(std::mem::take(&mut self.part));
            return match self.put(content, &sha256).await? {
                Created::Created => Ok(Finished::Saved(self.saved(sha256))),
                Created::Exists => self.compare(sha256).await,
            };
        }
        self.send_part().await?;
        if !self.may_put().await? {
            return Err(self.raced("created"));
        }
        if let Upload::Multipart(upload) = &mut self.upload
            && let Err(error) = upload.complete().await
        {
            // The object may have been created although the response was lost or is an error.
            let length = self.content.length();
            let created = self.location.has_content(&self.key, length, &sha256).await;
            if !matches!(created, Ok(true)) {
                return Err(self.uncompleted(&error));
            }
        }
        Ok(Finished::Saved(self.saved(sha256)))
    }

    /// Sends the file in one request.
    async fn put(&mut self, content: PutPayload, sha256: &str) -> Result<Created, FetchOutcome> {
        let (location, key) = (self.location.clone(), self.key.clone());
        let object = Object { key: &key, content, attributes: self.attributes(Some(sha256)) };
        if !matches!(self.to.existing, Existing::Replace) {
            let created = location.conditional_put.create(location.writer(), &object).await?;
            let may_replace = matches!(self.to.existing, Existing::KeepUnless(_));
            if created == Created::Created || !may_replace || !self.may_put().await? {
                return Ok(created);
            }
        }
        let put = location.writer().put(&object, PutMode::Overwrite).await;
        put.map_err(failed(Operation::Put, &key))?;
        Ok(Created::Created)
    }

    fn attributes(&self, sha256: Option<&str>) -> Attributes {
        let media_type = self.content.media_type();
        self.location.attributes.attributes(media_type, &self.to.flow_id, sha256)
    }

    /// Returns the outcome of an upload that the store did not complete, including its own retries. Another attempt
    /// uploads the whole file again.
    fn uncompleted(&self, error: &Error) -> FetchOutcome {
        let uploads = self.to.uncompleted.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        match StoreError::new(Operation::CompleteUpload, &self.key, error).into() {
            FetchOutcome::Failed(error) if uploads >= MAX_UNCOMPLETED => {
                FetchOutcome::Refused(error.exhausted())
            }
            outcome => outcome,
        }
    }

    /// Compares the file with the object that has its key.
    async fn compare(&mut self, sha256: String) -> Result<Finished, FetchOutcome> {
        match self.location.hash_object(&self.key).await? {
            Some(found) if found == (self.content.length(), sha256.clone()) => {
                Ok(Finished::Saved(self.saved(sha256)))
            }
            Some(_) => Ok(Finished::conflict(conflict_message(&self.to.name))),
            None => Err(self.raced("removed")),
        }
    }

    /// Returns the error of an object that another program created or removed in the meantime.
    fn raced(&self, change: &str) -> FetchOutcome {
        let key = &self.key;
        let message = format!("another program {change} the object {key}");
        StoreError::of_file(message, "run again when no other program writes it").into()
    }

    fn saved(&self, sha256: String) -> SavedFile {
        let key = self.key.as_ref().to_owned();
        SavedFile { path: None, key, bytes: self.content.length(), sha256 }
    }

    /// Records the intent, on a thread that may block.
    async fn record_intent(&mut self, sha256: &str) -> Result<(), FetchOutcome> {
        let to = Arc::clone(&self.to);
        let (name, sha256) = (to.name.clone(), sha256.to_owned());
        let entry = Entry { name, bytes: self.content.length(), sha256 };
        let written = spawn_blocking(move || to.record_intent(&entry)).await;
        match written {
            Ok(written) => written.map_err(FetchOutcome::Disk),
            Err(_) => Err(FetchOutcome::Disk(std::io::Error::other("the runtime has shut down"))),
        }
    }
}

fn failed(operation: Operation, key: &Path) -> impl FnOnce(Error) -> StoreError {
    move |error| StoreError::new(operation, key, &error)
}

async fn abort_upload(mut upload: Box<dyn MultipartUpload>) {
    if let Err(error) = upload.abort().await {
        // No object was created; only the parts use storage.
        let error = describe(&error);
        tracing::debug!(error, "failed to abort an upload");
    }
}

impl Drop for StoreSink {
    fn drop(&mut self) {
        if let Upload::Multipart(upload) = std::mem::replace(&mut self.upload, Upload::NotStarted)
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(in_context(abort_upload(upload)));
        }
    }
}

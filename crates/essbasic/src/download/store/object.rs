//! One file on its way to a store: sent in parts, and an object only once it is whole and checked.

use std::path::PathBuf;
use std::sync::Arc;

use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStoreExt, PutPayload};
use sha2::{Digest, Sha256};
use tc3_client::transport::Bytes;
use tokio::runtime::Handle;

use super::super::content::Content;
use super::super::destination::{Destination, Entry, Existing, Finished, hex, taken};
use super::super::fetch::FetchEnd;
use super::super::options::SavedFile;
use super::Place;
use super::creation::Created;
use super::error::{refused_at_first, refused_later, refused_look};
use crate::error::{FlowError, FlowErrorKind};

/// Most memory that is reserved before the bytes of a part have come.
const MAX_RESERVED_BYTES: usize = 64 << 20;

/// A file being sent. It holds one part and waits until that is sent before it takes more, so that what
/// all downloads hold is a part each.
///
/// Dropped before its end, it takes back what was sent, as long as there is a runtime to do so.
pub(crate) struct Object {
    place: Place,
    key: Path,
    to: Arc<Destination>,
    content: Content,
    hash: Sha256,
    part: Vec<u8>,
    sending: Sending,
}

/// The transfer of a file.
enum Sending {
    /// It may fit in one part, which one request sends.
    Whole,
    Parts(Box<dyn MultipartUpload>),
    /// An object has the key and is kept: the file is compared with it and not sent.
    Not,
}

impl Object {
    pub(crate) fn new(place: &Place, to: &Arc<Destination>, content: Content) -> Self {
        let (place, key, to) = (place.clone(), place.key(&to.name), Arc::clone(to));
        let (hash, part, sending) = (Sha256::new(), Vec::new(), Sending::Whole);
        Self { place, key, to, content, hash, part, sending }
    }

    /// Takes more of the file. What has been sent is taken back where that ends it.
    pub(crate) async fn write(mut self, bytes: Bytes) -> Result<Self, FetchEnd> {
        match self.take(&bytes).await {
            Ok(()) => Ok(self),
            Err(end) => Err(self.discard(end).await),
        }
    }

    /// All has come: makes an object of it, if it is the file.
    pub(crate) async fn finish(mut self) -> FetchEnd {
        if let Err(mismatch) = self.content.check() {
            return self.discard(mismatch.into()).await;
        }
        match self.complete().await {
            Ok(end) => {
                self.sending = Sending::Whole;
                end.into()
            }
            Err(end) => self.discard(end).await,
        }
    }

    /// Takes back what has been sent; for this reason.
    pub(crate) async fn discard(mut self, end: FetchEnd) -> FetchEnd {
        if let Sending::Parts(upload) = std::mem::replace(&mut self.sending, Sending::Whole) {
            abort(upload).await;
        }
        end
    }

    async fn take(&mut self, mut bytes: &[u8]) -> Result<(), FetchEnd> {
        self.content.see(bytes)?;
        self.hash.update(bytes);
        let most = self.place.part_bytes.max(1);
        while !bytes.is_empty() && !matches!(self.sending, Sending::Not) {
            // Not before there is more: a file that fits in one part is sent at once.
            if self.part.len() >= most {
                self.send().await?;
                continue;
            }
            if self.part.capacity() == 0 {
                let missing = self.content.missing().map(|left| left + bytes.len() as u64);
                let missing = missing.and_then(|missing| usize::try_from(missing).ok());
                self.part.reserve_exact(missing.unwrap_or(0).min(most).min(MAX_RESERVED_BYTES));
            }
            let room = most.saturating_sub(self.part.len()).min(bytes.len());
            let (fits, rest) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
            self.part.extend_from_slice(fits);
            bytes = rest;
        }
        Ok(())
    }

    /// Sends the part at hand.
    async fn send(&mut self) -> Result<(), FetchEnd> {
        if matches!(self.sending, Sending::Whole) {
            self.sending = match self.may_put().await? {
                true => {
                    let upload = self.place.store.put_multipart(&self.key).await;
                    Sending::Parts(upload.map_err(|error| refused_at_first(&error))?)
                }
                false => Sending::Not,
            };
        }
        let part = std::mem::take(&mut self.part);
        match &mut self.sending {
            Sending::Parts(upload) => {
                upload.put_part(part.into()).await.map_err(|error| refused_later(&error))
            }
            Sending::Whole | Sending::Not => Ok(()),
        }
    }

    /// Whether no object has the key, or one that may be replaced.
    async fn may_put(&mut self) -> Result<bool, FetchEnd> {
        match &self.to.existing {
            Existing::Replace => Ok(true),
            existing @ Existing::KeepUnless(_) => {
                let found = self.place.entry(&self.key).await;
                let found = found.map_err(|error| refused_look(&error))?;
                Ok(found.is_none_or(|(_, sha256)| existing.replaces(&sha256)))
            }
            Existing::Keep | Existing::Number => Ok(!self.place.exists(&self.key).await?),
        }
    }

    async fn complete(&mut self) -> Result<Finished, FetchEnd> {
        let sha256 = hex(&std::mem::take(&mut self.hash).finalize());
        if matches!(self.sending, Sending::Not) {
            return self.compare(sha256).await;
        }
        self.intend(&sha256).await?;
        if matches!(self.sending, Sending::Whole) {
            let whole = PutPayload::from(std::mem::take(&mut self.part));
            return match self.put_whole(whole).await? {
                Created::Created => Ok(Finished::Saved(self.saved(sha256))),
                Created::Exists => self.compare(sha256).await,
            };
        }
        self.send().await?;
        if !self.may_put().await? {
            let message = "an object was created under the same key meanwhile";
            return Err(FetchEnd::Failed(FlowError::new(FlowErrorKind::Store, message)));
        }
        if let Sending::Parts(upload) = &mut self.sending {
            upload.complete().await.map_err(|error| refused_later(&error))?;
        }
        Ok(Finished::Saved(self.saved(sha256)))
    }

    async fn put_whole(&mut self, whole: PutPayload) -> Result<Created, FetchEnd> {
        if self.to.existing != Existing::Replace {
            let created = self.place.create(&self.key, whole.clone()).await?;
            let ours = matches!(self.to.existing, Existing::KeepUnless(_));
            if created == Created::Created || !ours || !self.may_put().await? {
                return Ok(created);
            }
        }
        let put = self.place.store.put(&self.key, whole).await;
        put.map(|_| Created::Created).map_err(|error| refused_at_first(&error))
    }

    /// Compares the file with the object that has its key.
    async fn compare(&mut self, sha256: String) -> Result<Finished, FetchEnd> {
        match self.place.entry(&self.key).await {
            Ok(Some(found)) if found == (self.content.length(), sha256.clone()) => {
                Ok(Finished::Saved(self.saved(sha256)))
            }
            Ok(Some(_)) => Ok(Finished::Taken(taken(&self.to.name))),
            Ok(None) => {
                let message = "an object with the same key was removed meanwhile";
                Err(FetchEnd::Failed(FlowError::new(FlowErrorKind::Store, message)))
            }
            Err(error) => Err(refused_look(&error)),
        }
    }

    fn saved(&self, sha256: String) -> SavedFile {
        let path = PathBuf::from(self.key.as_ref());
        SavedFile { path, bytes: self.content.length(), sha256 }
    }

    /// Writes the intent, on a thread that may block.
    async fn intend(&mut self, sha256: &str) -> Result<(), FetchEnd> {
        let to = Arc::clone(&self.to);
        let (name, sha256) = (to.name.clone(), sha256.to_owned());
        let entry = Entry { name, bytes: self.content.length(), sha256 };
        let written = tokio::task::spawn_blocking(move || to.intend(&entry)).await;
        match written {
            Ok(written) => written.map_err(FetchEnd::Disk),
            Err(_) => Err(FetchEnd::Disk(std::io::Error::other("the runtime stopped"))),
        }
    }
}

async fn abort(mut upload: Box<dyn MultipartUpload>) {
    if let Err(error) = upload.abort().await {
        // Nothing can be seen of it in the store; only its parts take up room.
        let error = super::error::told(&error);
        tracing::debug!(error, "an upload could not be taken back");
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        if let Sending::Parts(upload) = std::mem::replace(&mut self.sending, Sending::Whole)
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(abort(upload));
        }
    }
}

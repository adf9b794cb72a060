//! One file on its way to a store: sent in parts, and an object only once it is whole and checked.

use std::path::PathBuf;

use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStoreExt, PutPayload};
use tc3_client::transport::Bytes;
use tokio::runtime::Handle;

use super::super::content::Content;
use super::super::fetch::FetchEnd;
use super::super::options::SavedFile;
use super::Place;
use super::error::{refused_at_first, refused_later};

/// A file being sent. It holds one part and waits until that is sent before it takes more, so that what
/// all downloads hold is a part each.
///
/// Dropped before its end, it takes back what was sent, as long as there is a runtime to do so.
pub(crate) struct Object {
    place: Place,
    key: Path,
    content: Content,
    part: Vec<u8>,
    /// None as long as the file may fit in one part, which one request sends.
    upload: Option<Box<dyn MultipartUpload>>,
}

impl Object {
    pub(crate) fn new(place: &Place, name: &str, content: Content) -> Self {
        let (place, key) = (place.clone(), place.key(name));
        Self { place, key, content, part: Vec::new(), upload: None }
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
        // As on disk: it may come whole the next time.
        if let Err(error) = self.content.check() {
            return self.discard(FetchEnd::Failed(error)).await;
        }
        match self.complete().await {
            Ok(()) => {
                self.upload = None;
                let path = PathBuf::from(self.key.as_ref());
                FetchEnd::Saved(SavedFile { path, bytes: self.content.length() })
            }
            Err(end) => self.discard(end).await,
        }
    }

    /// Takes back what has been sent; for this reason.
    pub(crate) async fn discard(mut self, end: FetchEnd) -> FetchEnd {
        if let Some(upload) = self.upload.take() {
            abort(upload).await;
        }
        end
    }

    async fn take(&mut self, mut bytes: &[u8]) -> Result<(), FetchEnd> {
        self.content.see(bytes).map_err(FetchEnd::Refused)?;
        let most = self.place.part_bytes.max(1);
        while !bytes.is_empty() {
            // Not before there is more: a file that fits in one part is sent at once.
            if self.part.len() >= most {
                self.send().await?;
            }
            if self.part.capacity() == 0 {
                let missing = self.content.missing().map(|left| left + bytes.len() as u64);
                let missing = missing.and_then(|missing| usize::try_from(missing).ok());
                self.part.reserve_exact(missing.map_or(most, |missing| missing.min(most)));
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
        let upload = match &mut self.upload {
            Some(upload) => upload,
            none => {
                let upload = self.place.store.put_multipart(&self.key).await;
                none.insert(upload.map_err(|error| refused_at_first(&error))?)
            }
        };
        let part = PutPayload::from(std::mem::take(&mut self.part));
        upload.put_part(part).await.map_err(|error| refused_later(&error))
    }

    async fn complete(&mut self) -> Result<(), FetchEnd> {
        if self.upload.is_none() {
            let whole = PutPayload::from(std::mem::take(&mut self.part));
            let sent = self.place.store.put(&self.key, whole).await;
            return sent.map(drop).map_err(|error| refused_at_first(&error));
        }
        self.send().await?;
        match &mut self.upload {
            Some(upload) => {
                upload.complete().await.map(drop).map_err(|error| refused_later(&error))
            }
            None => Ok(()),
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
        if let Some(upload) = self.upload.take()
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(abort(upload));
        }
    }
}

//! Check of a store before its first file.

use object_store::Error;

use super::super::target::Target;
use super::error::{Operation, StoreError};
use super::location::StoreLocation;
use crate::DownloadOptions;

/// Name of an object that is never created.
const NAME: &str = ".essbasic-check";

/// Media type of the objects.
const MEDIA_TYPE: &str = "application/pdf";

impl DownloadOptions {
    /// Checks that the store accepts files: that the bucket exists, and that the credentials may create objects below the
    /// prefix. Does nothing for a folder or a sink.
    ///
    /// It starts a multipart upload and aborts it, so that no object is created, and lists the keys below the name of that
    /// object. Permission to list is not required. Call it in a runtime of tokio.
    ///
    /// # Errors
    /// Returns [`Error::Destination`](crate::Error::Destination); if the store is only unavailable,
    /// [`is_retryable`](crate::Error::is_retryable) is true.
    pub async fn check_store(&self) -> Result<(), crate::Error> {
        match self.target() {
            Target::Store(location) => Ok(location.check().await?),
            Target::Folder(_) | Target::Sink(_) => Ok(()),
        }
    }
}

impl StoreLocation {
    async fn check(&self) -> Result<(), StoreError> {
        let key = self.key(NAME);
        let attributes = self.attributes.attributes(MEDIA_TYPE, "check", None);
        let started = self.writer().start_upload(&key, &attributes).await;
        let mut upload =
            started.map_err(|error| StoreError::new(Operation::StartUpload, &key, &error))?;
        // Some stores start an upload to a bucket that does not exist.
        if let Err(error) = self.store.list_with_delimiter(Some(&key)).await {
            let error = StoreError::new(Operation::List, &key, &error);
            if error.stops_job() {
                return Err(error);
            }
        }
        match upload.abort().await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(StoreError::new(Operation::AbortUpload, &key, &error)),
        }
    }
}

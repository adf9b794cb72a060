//! Creation of an object on the condition that no object has its key.

use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt, PutMode};
use tokio::sync::{Mutex, RwLock};

use super::attributes::{Object, Writer};
use super::error::{Operation, StoreError, is_unsupported};

/// The support of [`PutMode::Create`] by a store, detected with the first file.
///
/// Some stores accept the condition, ignore it and replace the object.
#[derive(Debug, Default)]
pub(super) struct ConditionalPut {
    supported: RwLock<Option<bool>>,
    detection: Mutex<()>,
}

/// The outcome of a creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Created {
    Created,
    /// An object has the key. It is unchanged.
    Exists,
}

/// Returns whether an object has the key.
pub(super) async fn exists(store: &dyn ObjectStore, key: &Path) -> Result<bool, StoreError> {
    match store.head(key).await {
        Ok(_) => Ok(true),
        Err(Error::NotFound { .. }) => Ok(false),
        // The response to HEAD has no body, so the code of the error is missing.
        Err(_) => match store.get_range(key, 0..1).await {
            Ok(_) => Ok(true),
            Err(Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(StoreError::new(Operation::LookUp, key, &error)),
        },
    }
}

impl ConditionalPut {
    /// Creates an object in one request, unless one exists.
    pub(super) async fn create(
        &self,
        writer: Writer<'_>,
        object: &Object<'_>,
    ) -> Result<Created, StoreError> {
        let known = || async { *self.supported.read().await };
        let mut supported = known().await;
        if supported.is_none() {
            let _detection = self.detection.lock().await;
            supported = known().await;
            if supported.is_none() {
                return self.detect(writer, object).await;
            }
        }
        match supported {
            Some(true) => {
                let created = put_new(writer, object).await;
                created.map_err(|error| put_failed(object.key, &error))
            }
            _ => check_and_put(writer, object).await,
        }
    }

    /// Creates an object twice: a store that supports the condition rejects the second request.
    async fn detect(&self, writer: Writer<'_>, object: &Object<'_>) -> Result<Created, StoreError> {
        let key = object.key;
        if exists(writer.store, key).await? {
            return Ok(Created::Exists);
        }
        let supported = match put_new(writer, object).await {
            Ok(Created::Exists) => {
                *self.supported.write().await = Some(true);
                return Ok(Created::Exists);
            }
            Ok(Created::Created) => match put_new(writer, object).await {
                Ok(again) => again == Created::Exists,
                // The object was created. The next file repeats the detection.
                Err(_) => return Ok(Created::Created),
            },
            Err(error) if is_unsupported(&error) => {
                let put = writer.put(object, PutMode::Overwrite).await;
                put.map_err(|error| put_failed(key, &error))?;
                false
            }
            Err(error) => return Err(put_failed(key, &error)),
        };
        *self.supported.write().await = Some(supported);
        Ok(Created::Created)
    }
}

async fn check_and_put(writer: Writer<'_>, object: &Object<'_>) -> Result<Created, StoreError> {
    if exists(writer.store, object.key).await? {
        return Ok(Created::Exists);
    }
    let put = writer.put(object, PutMode::Overwrite).await;
    put.map(|()| Created::Created).map_err(|error| put_failed(object.key, &error))
}

fn put_failed(key: &Path, error: &Error) -> StoreError {
    StoreError::new(Operation::Put, key, error)
}

async fn put_new(writer: Writer<'_>, object: &Object<'_>) -> Result<Created, Error> {
    match writer.put(object, PutMode::Create).await {
        Ok(()) => Ok(Created::Created),
        Err(Error::AlreadyExists { .. }) => Ok(Created::Exists),
        Err(error) => Err(error),
    }
}

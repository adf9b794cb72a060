//! Creation of an object under a key that no object has.

use object_store::path::Path;
use object_store::{Error, ObjectStoreExt, PutMode, PutPayload};
use tokio::sync::{Mutex, RwLock};

use super::super::fetch::FetchEnd;
use super::Place;
use super::error::{is_unsupported, refused_at_first, refused_look};

/// Whether a store honours [`PutMode::Create`], as found out with the first file.
///
/// Not every store that accepts the condition honours it: some ignore it and replace the object.
#[derive(Debug, Default)]
pub(super) struct Creation {
    honoured: RwLock<Option<bool>>,
    probing: Mutex<()>,
}

/// The outcome of a creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Created {
    Created,
    /// An object has the key. It is unchanged.
    Exists,
}

impl Place {
    /// Returns whether an object has the key.
    pub(super) async fn exists(&self, key: &Path) -> Result<bool, FetchEnd> {
        match self.store.head(key).await {
            Ok(_) => Ok(true),
            Err(Error::NotFound { .. }) => Ok(false),
            // The response to HEAD has no body, in which the reason would be.
            Err(_) => match self.store.get_range(key, 0..1).await {
                Ok(_) => Ok(true),
                Err(Error::NotFound { .. }) => Ok(false),
                Err(error) => Err(refused_look(&error)),
            },
        }
    }

    /// Creates an object in one request, unless one exists.
    pub(super) async fn create(&self, key: &Path, whole: PutPayload) -> Result<Created, FetchEnd> {
        let known = || async { *self.creation.honoured.read().await };
        let mut honoured = known().await;
        if honoured.is_none() {
            let _probing = self.creation.probing.lock().await;
            honoured = known().await;
            if honoured.is_none() {
                return self.probe(key, whole).await;
            }
        }
        match honoured {
            Some(true) => {
                let created = self.put_new(key, whole).await;
                created.map_err(|error| refused_at_first(&error))
            }
            _ => self.look_and_put(key, whole).await,
        }
    }

    /// Creates an object twice: a store that honours the condition refuses the second.
    async fn probe(&self, key: &Path, whole: PutPayload) -> Result<Created, FetchEnd> {
        if self.exists(key).await? {
            return Ok(Created::Exists);
        }
        let honoured = match self.put_new(key, whole.clone()).await {
            Ok(Created::Exists) => {
                *self.creation.honoured.write().await = Some(true);
                return Ok(Created::Exists);
            }
            Ok(Created::Created) => match self.put_new(key, whole).await {
                Ok(again) => again == Created::Exists,
                // The object is there. The next file shows what the store does.
                Err(_) => return Ok(Created::Created),
            },
            Err(error) if is_unsupported(&error) => {
                let put = self.store.put(key, whole).await;
                put.map_err(|error| refused_at_first(&error))?;
                false
            }
            Err(error) => return Err(refused_at_first(&error)),
        };
        *self.creation.honoured.write().await = Some(honoured);
        Ok(Created::Created)
    }

    async fn look_and_put(&self, key: &Path, whole: PutPayload) -> Result<Created, FetchEnd> {
        if self.exists(key).await? {
            return Ok(Created::Exists);
        }
        let put = self.store.put(key, whole).await;
        put.map(|_| Created::Created).map_err(|error| refused_at_first(&error))
    }

    async fn put_new(&self, key: &Path, whole: PutPayload) -> Result<Created, Error> {
        match self.store.put_opts(key, whole, PutMode::Create.into()).await {
            Ok(_) => Ok(Created::Created),
            Err(Error::AlreadyExists { .. }) => Ok(Created::Exists),
            Err(error) => Err(error),
        }
    }
}

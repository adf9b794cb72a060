//! Content type and metadata of objects, and the writes that set them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use object_store::path::Path;
use object_store::{
    Attribute, Attributes, Error, MultipartUpload, ObjectStore, PutMode, PutOptions, PutPayload,
};

/// Name of the metadata with the flow ID. Without a hyphen or underscore, which some stores or proxies refuse in names.
const FLOW_ID: &str = "flowid";

/// Name of the metadata with the hexadecimal SHA-256.
const SHA256: &str = "sha256";

/// The attributes that objects get.
#[derive(Debug, Clone, Default)]
pub(crate) struct AttributePolicy {
    /// `true` if objects get the flow ID and the SHA-256 of their file. Then a store that refuses attributes is an error.
    pub(crate) with_metadata: bool,
    /// `true` after the store has refused attributes. Its objects get none.
    refused: Arc<AtomicBool>,
}

impl AttributePolicy {
    /// Returns the attributes of an object. The SHA-256 is known only if the whole file was received before its upload.
    pub(super) fn attributes(
        &self,
        media_type: &'static str,
        flow_id: &str,
        sha256: Option<&str>,
    ) -> Attributes {
        let mut attributes = Attributes::from_iter([(Attribute::ContentType, media_type)]);
        if self.with_metadata {
            attributes.insert(Attribute::Metadata(FLOW_ID.into()), flow_id.to_owned().into());
            if let Some(sha256) = sha256 {
                attributes.insert(Attribute::Metadata(SHA256.into()), sha256.to_owned().into());
            }
        }
        attributes
    }

    /// Returns these attributes, or none if the store refuses them.
    fn accepted(&self, attributes: &Attributes) -> Attributes {
        match self.refused.load(Ordering::Relaxed) {
            true => Attributes::new(),
            false => attributes.clone(),
        }
    }

    /// Returns whether a write that failed is repeated without attributes.
    fn may_omit(&self, attributes: &Attributes, error: &Error) -> bool {
        matches!(error, Error::NotSupported { .. } | Error::NotImplemented { .. })
            && !attributes.is_empty()
            && !self.with_metadata
    }
}

/// An object that is created in one request.
pub(super) struct Object<'a> {
    pub(super) key: &'a Path,
    pub(super) content: PutPayload,
    pub(super) attributes: Attributes,
}

/// A store, and the attributes that it accepts.
#[derive(Clone, Copy)]
pub(super) struct Writer<'a> {
    pub(super) store: &'a dyn ObjectStore,
    pub(super) policy: &'a AttributePolicy,
}

impl Writer<'_> {
    /// Puts an object.
    pub(super) async fn put(&self, object: &Object<'_>, mode: PutMode) -> Result<(), Error> {
        let (store, policy) = (self.store, self.policy);
        let attributes = policy.accepted(&object.attributes);
        match put(store, object, mode.clone(), attributes.clone()).await {
            Err(error) if policy.may_omit(&attributes, &error) => {
                put(store, object, mode, Attributes::new()).await?;
                policy.refused.store(true, Ordering::Relaxed);
                Ok(())
            }
            put => put,
        }
    }

    /// Starts a multipart upload.
    pub(super) async fn start_upload(
        &self,
        key: &Path,
        attributes: &Attributes,
    ) -> Result<Box<dyn MultipartUpload>, Error> {
        let policy = self.policy;
        let attributes = policy.accepted(attributes);
        match self.store.put_multipart_opts(key, attributes.clone().into()).await {
            Err(error) if policy.may_omit(&attributes, &error) => {
                let upload = self.store.put_multipart_opts(key, Attributes::new().into()).await?;
                policy.refused.store(true, Ordering::Relaxed);
                Ok(upload)
            }
            started => started,
        }
    }
}

async fn put(
    store: &dyn ObjectStore,
    object: &Object<'_>,
    mode: PutMode,
    attributes: Attributes,
) -> Result<(), Error> {
    let options = PutOptions { mode, attributes, ..PutOptions::default() };
    store.put_opts(object.key, object.content.clone(), options).await.map(|_| ())
}

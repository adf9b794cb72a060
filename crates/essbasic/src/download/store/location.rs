//! The location of a download in an object store.

use core::fmt;
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::path::Path;
use sha2::{Digest, Sha256};

use super::super::entry::hex;
use super::attributes::{AttributePolicy, Writer};
use super::conditional_put::ConditionalPut;

/// Default size of a part, in bytes. S3 requires at least 5 MiB for all parts but the last, and at most 10,000 parts:
/// files up to 80 GiB.
const PART_BYTES: usize = 8 << 20;

/// A prefix in an object store.
#[derive(Clone)]
pub(crate) struct StoreLocation {
    pub(super) store: Arc<dyn ObjectStore>,
    prefix: Path,
    pub(crate) part_bytes: usize,
    /// The store's identity, if the caller has set one.
    pub(crate) id: Option<String>,
    pub(super) conditional_put: Arc<ConditionalPut>,
    pub(crate) attributes: AttributePolicy,
    /// Whether a download replaces existing objects.
    pub(crate) replaces: bool,
}

impl StoreLocation {
    pub(crate) fn new(store: Arc<dyn ObjectStore>, prefix: Path) -> Self {
        Self {
            store,
            prefix,
            part_bytes: PART_BYTES,
            id: None,
            conditional_put: Arc::default(),
            attributes: AttributePolicy::default(),
            replaces: false,
        }
    }

    pub(super) fn writer(&self) -> Writer<'_> {
        Writer { store: self.store.as_ref(), policy: &self.attributes }
    }

    /// Returns the key of a file. The name is used unencoded, so that objects have the same names as files on disk.
    pub(super) fn key(&self, name: &str) -> Path {
        Path::parse(format!("{}/{name}", self.prefix))
            .unwrap_or_else(|_| self.prefix.clone().join(name))
    }

    /// Returns a digest that identifies the location. The identity itself may contain secrets that must not be in a
    /// journal.
    pub(crate) fn identity(&self) -> String {
        match &self.id {
            Some(id) => digest(&format!("id\n{id}\n{}", self.prefix)),
            None => self.identity_v1(),
        }
    }

    /// Returns the [`identity`](Self::identity) used by journals of version 1, which ignores an identity set by the
    /// caller.
    pub(crate) fn identity_v1(&self) -> String {
        digest(&format!("{}\n{}", self.store, self.prefix))
    }
}

fn digest(identity: &str) -> String {
    hex(Sha256::digest(identity).get(..16).unwrap_or_default())
}

impl fmt::Debug for StoreLocation {
    /// Omits the store, whose `Debug` output may contain secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreLocation").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use object_store::memory::InMemory;

    use super::*;

    fn location(prefix: &str) -> StoreLocation {
        StoreLocation::new(Arc::new(InMemory::new()), Path::from(prefix))
    }

    #[test]
    fn keys_are_names_below_the_prefix() {
        for (prefix, name, key) in [
            ("", "合同-a.pdf", "合同-a.pdf"),
            ("a/b", "c (2).pdf", "a/b/c (2).pdf"),
            ("a/b", "50%~#.pdf", "a/b/50%~#.pdf"),
        ] {
            assert_eq!(location(prefix).key(name).as_ref(), key);
        }
        // `FileNames` never assigns such names; their keys are below the prefix all the same.
        for name in ["..", "../../x", "/x", "a//b", ".", "a/../../b", "\u{202e}a", "x\0y"] {
            let key = location("a/b").key(name);
            assert!(key.as_ref().starts_with("a/b/") && key.parts().count() >= 3, "{name}: {key}");
            assert!(key.parts().all(|part| ![".", ".."].contains(&part.as_ref())), "{key}");
        }
    }

    #[test]
    fn identities_distinguish_prefixes_and_stores() {
        assert_eq!(location("a").identity(), location("a").identity());
        assert_ne!(location("a").identity(), location("a/b").identity());
        let with_id = |id: &str| StoreLocation { id: Some(id.to_owned()), ..location("a") };
        assert_eq!(with_id("x").identity(), with_id("x").identity());
        assert_ne!(with_id("x").identity(), with_id("y").identity());
        assert_ne!(with_id("x").identity(), location("a").identity());
    }
}

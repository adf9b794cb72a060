//! Files to a store of objects.

mod creation;
mod error;
mod object;
mod stored;
#[cfg(feature = "blocking")]
mod uploads;

use core::fmt;
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::path::Path;
use sha2::{Digest, Sha256};

use self::creation::Creation;
pub(crate) use self::object::Object;
#[cfg(feature = "blocking")]
pub(crate) use self::uploads::Uploads;
use super::destination::hex;

/// What of a file is held and sent at a time. S3 takes no parts below 5 MiB but the last, and 10,000 of
/// them: files to 80 GiB.
const PART: usize = 8 << 20;

/// All that stands below a prefix in a store.
#[derive(Clone)]
pub(crate) struct Place {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    pub(crate) part_bytes: usize,
    /// The store's identity, if the caller has set one.
    pub(crate) id: Option<String>,
    creation: Arc<Creation>,
}

impl Place {
    pub(crate) fn new(store: Arc<dyn ObjectStore>, prefix: Path) -> Self {
        Self { store, prefix, part_bytes: PART, id: None, creation: Arc::default() }
    }

    /// The key of a file. Names are such as any store takes; spelled otherwise, as some would have it,
    /// they would be found under other names than on disk.
    fn key(&self, name: &str) -> Path {
        Path::parse(format!("{}/{name}", self.prefix))
            .unwrap_or_else(|_| self.prefix.clone().join(name))
    }

    /// Digest of what distinguishes it from other places. The text itself may hold what a journal must not.
    pub(crate) fn identity(&self) -> String {
        match &self.id {
            Some(id) => digest(&format!("id\n{id}\n{}", self.prefix)),
            None => self.identity_v1(),
        }
    }

    /// As [`identity`](Self::identity) in journals of version 1, which know no identity set by the caller.
    pub(crate) fn identity_v1(&self) -> String {
        digest(&format!("{}\n{}", self.store, self.prefix))
    }
}

fn digest(identity: &str) -> String {
    hex(Sha256::digest(identity).get(..16).unwrap_or_default())
}

impl fmt::Debug for Place {
    /// Without the store: what its own shows is not known.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use object_store::memory::InMemory;

    use super::*;

    #[test]
    fn keys_are_names_below_the_prefix_and_places_are_told_apart() {
        let place = |prefix: &str| Place::new(Arc::new(InMemory::new()), Path::from(prefix));
        for (prefix, name, key) in [
            ("", "合同-a.pdf", "合同-a.pdf"),
            ("a/b", "c (2).pdf", "a/b/c (2).pdf"),
            ("a/b", "50%~#.pdf", "a/b/50%~#.pdf"),
        ] {
            assert_eq!(place(prefix).key(name).as_ref(), key);
        }
        // What is no name never leaves the prefix either; `FileNames` gives none out.
        for name in ["..", "../../x", "/x", "a//b", ".", "a/../../b", "\u{202e}a", "x\0y"] {
            let key = place("a/b").key(name);
            assert!(key.as_ref().starts_with("a/b/") && key.parts().count() >= 3, "{name}: {key}");
            assert!(key.parts().all(|part| ![".", ".."].contains(&part.as_ref())), "{key}");
        }
        assert_eq!(place("a").identity(), place("a").identity());
        assert_ne!(place("a").identity(), place("a/b").identity());
        let with_id = |id: &str| Place { id: Some(id.to_owned()), ..place("a") };
        assert_eq!(with_id("x").identity(), with_id("x").identity());
        assert_ne!(with_id("x").identity(), with_id("y").identity());
        assert_ne!(with_id("x").identity(), place("a").identity());
    }
}

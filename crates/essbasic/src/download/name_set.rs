//! A set of file names, in which names that collide on some file system are equal.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

/// A set of file names.
///
/// Names that differ only in case are equal, and on Apple platforms also names that differ only in Unicode
/// normalization.
#[derive(Default)]
pub(crate) struct NameSet {
    /// Hashes of the names, which need a tenth of their memory. A collision of hashes only numbers a name without need.
    hashes: HashSet<u64>,
    hasher: RandomState,
}

impl NameSet {
    /// Adds a name and returns whether it was absent.
    pub(super) fn insert(&mut self, name: &str) -> bool {
        self.hashes.insert(self.hash(name))
    }

    /// Removes a name.
    pub(super) fn remove(&mut self, name: &str) {
        let hash = self.hash(name);
        self.hashes.remove(&hash);
    }

    /// Returns whether the set contains a name.
    pub(super) fn contains(&self, name: &str) -> bool {
        self.hashes.contains(&self.hash(name))
    }

    fn hash(&self, name: &str) -> u64 {
        self.hasher.hash_one(folded(name))
    }
}

/// Returns a key that is equal for names that collide on some file system. Upper case comes first, because it maps more
/// characters to the same text (ß, ſ).
pub(super) fn folded(name: &str) -> String {
    decomposed(name).to_uppercase().to_lowercase()
}

/// Returns the name in the normalization form that file systems of Apple compare.
#[cfg(any(test, target_vendor = "apple"))]
fn decomposed(name: &str) -> String {
    unicode_normalization::UnicodeNormalization::nfd(name).collect()
}

/// Returns the name unchanged: other file systems do not normalize names, so the Unicode tables are not built.
#[cfg(not(any(test, target_vendor = "apple")))]
fn decomposed(name: &str) -> &str {
    name
}

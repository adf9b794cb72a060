//! Root of the repository.

use std::path::{Path, PathBuf};

/// Returns the root of the repository, the parent of this crate's folder.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

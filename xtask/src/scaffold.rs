//! Skeleton of a new models crate.

use std::path::Path;

use crate::files::root;
use crate::manifest::{BEGIN, END};

/// Content of `src/lib.rs`.
pub(crate) const LIBRARY: &str = "\
//! Types of one version of a Tencent Cloud service, generated from its spec.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[rustfmt::skip]
mod generated;

// Exports each item by name, so that the compiler names the feature of a missing one.
include!(\"generated/exports.rs\");
";

/// Returns the `Cargo.toml` of a member of this workspace, or of a standalone crate.
pub(crate) fn manifest(out: &Path) -> String {
    let name = out.file_name().map_or("models".into(), |name| name.to_string_lossy());
    let features = format!("\n[features]\n{BEGIN}{END}");
    if out.starts_with(root().join("crates")) {
        format!(
            "[package]\nname = \"{name}\"\nversion.workspace = true\nedition.workspace = true\n\
             rust-version.workspace = true\nlicense.workspace = true\n{features}\n\
             [dependencies]\ntc3-api.workspace = true\n\
             tc3-catalogue = {{ workspace = true, optional = true }}\n\n[lints]\nworkspace = true\n"
        )
    } else {
        let api = root().join("crates/tc3-api");
        let catalogue = root().join("crates/tc3-catalogue");
        // Below this repository, a crate outside of the workspace needs its own `[workspace]`; elsewhere it
        // may become a member of another workspace.
        let workspace = if out.starts_with(root()) { "\n[workspace]\n" } else { "" };
        format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{features}\n\
             [dependencies]\ntc3-api = {{ path = {api:?}, default-features = false }}\n\
             tc3-catalogue = {{ path = {catalogue:?}, optional = true }}\n{workspace}"
        )
    }
}

//! Packages that tests write, and compile with the cargo that runs them.

#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use std::path::Path;
use std::process::Command;

use workspace_tests::root;

/// Lints of a package without warnings. Unlike `RUSTFLAGS`, they do not change the flags of its dependencies.
pub(crate) const NO_WARNINGS: &str =
    "\n[lints.rust]\nwarnings = { level = \"deny\", priority = -1 }\n";

/// Returns a command of cargo for the package in a folder, with the locked dependencies of this workspace. With the target
/// folder and the profile of this workspace, dependencies with the same features are compiled once.
pub(crate) fn cargo(folder: &Path) -> Command {
    std::fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    let mut command = Command::new(env!("CARGO"));
    command
        .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap())
        .env("CARGO_PROFILE_DEV_DEBUG", "false")
        .current_dir(folder);
    command
}

//! The repository and its packages.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Returns the root of the repository.
pub fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests).to_owned()
}

/// Runs cargo in the root, and returns its output.
///
/// # Panics
/// If cargo fails.
#[allow(clippy::expect_used, reason = "a panic fails the test")]
pub fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(root()).output();
    let output = output.expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("cargo writes UTF-8")
}

/// Returns the packages of the workspace, as `cargo metadata` describes them.
///
/// # Panics
/// If cargo fails.
pub fn members() -> Vec<Value> {
    packages(&["--no-deps"])
}

/// Returns the packages that `cargo metadata` lists with these arguments.
///
/// # Panics
/// If cargo fails.
#[allow(clippy::expect_used, clippy::panic, reason = "a panic fails the test")]
pub fn packages(arguments: &[&str]) -> Vec<Value> {
    let text = cargo(&[&["metadata", "--locked", "--format-version", "1"], arguments].concat());
    let mut metadata: Value = serde_json::from_str(&text).expect("cargo metadata is JSON");
    match metadata.get_mut("packages").map(Value::take) {
        Some(Value::Array(packages)) => packages,
        other => panic!("packages: {other:?}"),
    }
}

//! Helpers for the tests of the whole workspace in `tests/tests`. The examples of the READMEs are compiled here.

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../../README.zh-CN.md")]
struct ReadmeInChinese;

mod child;
mod formats;
mod samples;
mod workspace;

pub use child::ChildGuard;
pub use formats::round_trips;
pub use samples::{Sample, official_samples};
pub use workspace::{cargo, members, packages, root};

use std::path::PathBuf;
use std::process::Command;

use sha2::{Digest, Sha256};

/// Origin of the e-sign specification.
const SOURCE: &str = include_str!("../../api-spec/essbasic/2021-05-26/SOURCE.json");

/// Returns the wheel of the PyPI package `tccli` from which the specification was imported, after verifying its checksum.
/// It is the file in `TCCLI_WHEEL`, or is downloaded by pip into `folder` below the target folder.
///
/// Returns `None` and prints a message if neither is available; the test is then skipped.
///
/// # Panics
/// If the checksum differs, or if no wheel is available and `CI` is set.
#[allow(
    clippy::panic,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a panic fails the test"
)]
pub fn tccli_wheel(folder: &str) -> Option<PathBuf> {
    let source: serde_json::Value = serde_json::from_str(SOURCE).expect("SOURCE.json is JSON");
    let field = |pointer: &str| {
        source.pointer(pointer).and_then(serde_json::Value::as_str).expect("a field of SOURCE.json")
    };
    let (version, file) = (field("/version"), field("/wheel/file"));
    let found = match std::env::var_os("TCCLI_WHEEL") {
        Some(path) => Some(PathBuf::from(path)),
        None => download(folder, version, file),
    };
    let Some(path) = found else {
        assert!(std::env::var_os("CI").is_none(), "no tccli wheel: set TCCLI_WHEEL or install pip");
        eprintln!(
            "SKIPPED: the wheel of tccli {version} is available neither from TCCLI_WHEEL nor from pip"
        );
        return None;
    };
    let digest = Sha256::digest(std::fs::read(&path).expect("the wheel can be read"));
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(digest, field("/wheel/sha256"), "checksum of {}", path.display());
    Some(path)
}

fn download(folder: &str, version: &str, file: &str) -> Option<PathBuf> {
    let target = root().join("target/tmp/tccli").join(folder);
    let path = target.join(file);
    if !path.exists() {
        Command::new("python3")
            .args(["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"])
            .args(["--disable-pip-version-check", "--dest"])
            .arg(&target)
            .arg(format!("tccli=={version}"))
            .status()
            .ok()
            .filter(std::process::ExitStatus::success)?;
    }
    path.exists().then_some(path)
}

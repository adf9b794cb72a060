//! Tests of the whole workspace live in `tests/tests`; the examples of the READMEs are compiled here.

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../../README.zh-CN.md")]
struct ReadmeInChinese;

mod child;
mod samples;

pub use child::Running;
pub use samples::{Sample, official_samples};

use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

/// Where the e-sign spec came from.
const SOURCE: &str = include_str!("../../api-spec/essbasic/2021-05-26/SOURCE.json");

/// The wheel of the PyPI package `tccli` that the spec was made from, its checksum proved: the file named
/// by `TCCLI_WHEEL`, or what `pip download` fetches into a folder of this name below the target folder.
///
/// `None` where neither is to be had; the test then has nothing to do, and says so.
///
/// # Panics
/// Under `CI`, where there must be one, and where the wheel is another file.
#[allow(
    clippy::panic,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a failed assumption is a failed test"
)]
pub fn tccli_wheel(folder: &str) -> Option<PathBuf> {
    let source: serde_json::Value = serde_json::from_str(SOURCE).expect("SOURCE.json is JSON");
    let fact = |pointer: &str| {
        source.pointer(pointer).and_then(serde_json::Value::as_str).expect("SOURCE.json has it")
    };
    let (version, file) = (fact("/version"), fact("/wheel/file"));
    let found = match std::env::var_os("TCCLI_WHEEL") {
        Some(path) => Some(PathBuf::from(path)),
        None => fetched(folder, version, file),
    };
    let Some(path) = found else {
        assert!(std::env::var_os("CI").is_none(), "no tccli wheel: set TCCLI_WHEEL or install pip");
        eprintln!("SKIPPED: neither TCCLI_WHEEL nor pip gives the wheel of tccli {version}");
        return None;
    };
    let digest = Sha256::digest(std::fs::read(&path).expect("the wheel can be read"));
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(digest, fact("/wheel/sha256"), "{} is another file", path.display());
    Some(path)
}

fn fetched(folder: &str, version: &str, file: &str) -> Option<PathBuf> {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tmp/tccli").join(folder);
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

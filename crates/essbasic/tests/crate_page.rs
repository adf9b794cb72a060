//! The crate page links every public method of the clients and of the types that a caller configures.

#![allow(clippy::unwrap_used, reason = "tests panic on failure")]

use std::fs;
use std::path::Path;

/// Files with such methods.
const FILES: [&str; 23] = [
    "src/archive/options.rs",
    "src/archive/report.rs",
    "src/archive/shard.rs",
    "src/asynchronous.rs",
    "src/asynchronous/pages.rs",
    "src/asynchronous/task.rs",
    "src/blocking.rs",
    "src/blocking/handle.rs",
    "src/blocking/pages.rs",
    "src/blocking/reader.rs",
    "src/blocking/task.rs",
    "src/download/options.rs",
    "src/download/report.rs",
    "src/encryption.rs",
    "src/handle/asynchronous.rs",
    "src/handle/pdf_options.rs",
    "src/handle/stream.rs",
    "src/start/asynchronous.rs",
    "src/start/contract.rs",
    "src/start/document.rs",
    "../tc3-client/src/stop.rs",
    "src/wait/options.rs",
    "src/wait/signals.rs",
];

/// Returns `Type::method` for each public method in the inherent `impl` blocks of a file.
fn public_methods(source: &str) -> Vec<String> {
    let mut methods = Vec::new();
    let mut owner = None;
    for line in source.lines() {
        if let Some(block) = line.strip_prefix("impl ") {
            let name = block.strip_suffix(" {");
            owner = name.filter(|name| !name.contains(' '));
        }
        let function = line.strip_prefix("    pub fn ");
        let function = function.or_else(|| line.strip_prefix("    pub async fn "));
        if let (Some(owner), Some(function)) = (owner, function) {
            let name = function.split(['(', '<']).next().unwrap();
            methods.push(format!("{owner}::{name}"));
        }
    }
    methods
}

#[test]
fn links_every_public_method() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("src/lib.rs")).unwrap();
    for file in FILES {
        let methods = public_methods(&fs::read_to_string(root.join(file)).unwrap());
        assert!(!methods.is_empty(), "{file} has no public method");
        for method in methods {
            assert!(page.contains(&format!("[`{method}`]")), "{file}: {method} is not linked");
        }
    }
}

//! `cargo test --workspace` compiles and runs every test.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic fails the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use workspace_tests::{cargo, members};

use crate::layers::imports::Crate;

fn strings(value: &Value) -> BTreeSet<&str> {
    value.as_array().into_iter().flatten().map(|text| text.as_str().unwrap()).collect()
}

/// Cargo skips a target whose features are not enabled, without a message.
#[test]
fn the_workspace_enables_the_features_of_every_target() {
    let text = cargo(&["metadata", "--locked", "--offline", "--format-version", "1"]);
    let metadata: Value = serde_json::from_str(&text).unwrap();
    let nodes = metadata["resolve"]["nodes"].as_array().unwrap();
    let enabled: BTreeMap<&str, BTreeSet<&str>> = nodes
        .iter()
        .map(|node| (node["id"].as_str().unwrap(), strings(&node["features"])))
        .collect();
    let members = strings(&metadata["workspace_members"]);
    let mut checked = 0;
    for package in metadata["packages"].as_array().unwrap() {
        let id = package["id"].as_str().unwrap();
        if !members.contains(id) {
            continue;
        }
        for target in package["targets"].as_array().unwrap() {
            let required = strings(&target["required-features"]);
            let missing: Vec<_> = required.difference(&enabled[id]).collect();
            assert!(missing.is_empty(), "{} {}: {missing:?}", package["name"], target["name"]);
            checked += usize::from(!required.is_empty());
        }
    }
    assert!(checked > 3, "{checked}");
}

fn sources(folder: &Path, found: &mut BTreeSet<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.insert(path);
        }
    }
}

/// With `autotests = false`, cargo does not find a file that no target declares as a module.
#[test]
fn every_file_of_tests_belongs_to_a_target() {
    let mut checked = 0;
    for package in members() {
        let manifest = Path::new(package["manifest_path"].as_str().unwrap());
        let folder = manifest.with_file_name("tests");
        let mut files = BTreeSet::new();
        if folder.is_dir() {
            sources(&folder, &mut files);
        }
        checked += files.len();
        for target in package["targets"].as_array().unwrap() {
            if strings(&target["kind"]).contains("test") {
                let root = Path::new(target["src_path"].as_str().unwrap());
                for file in Crate::read(root).paths() {
                    files.remove(&normal(file));
                }
            }
        }
        assert!(files.is_empty(), "no test target contains {files:?}");
    }
    assert!(checked > 100, "{checked}");
}

/// Resolves `..`, which paths of `#[path]` contain.
fn normal(path: &Path) -> PathBuf {
    path.canonicalize().unwrap()
}

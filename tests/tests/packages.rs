//! Requirements on manifests and published packages.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic fails the test")]

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;
use workspace_tests::{members, packages, root};

fn folder(package: &Value) -> &Path {
    Path::new(package["manifest_path"].as_str().unwrap()).parent().unwrap()
}

/// Returns the path and text of every manifest of the repository, including those outside the workspace.
fn manifests() -> Vec<(String, String)> {
    let (mut manifests, mut folders) = (Vec::new(), vec![root()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap();
            if path.is_dir() && name != "target" && name != ".git" {
                folders.push(path);
            } else if name == "Cargo.toml" {
                let below = path.strip_prefix(root()).unwrap().display().to_string();
                manifests.push((below, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    manifests
}

#[test]
fn every_crate_forbids_unsafe_code() {
    let manifests = manifests();
    assert!(manifests.len() > 10);
    for (path, text) in manifests {
        let forbids = text.contains("unsafe_code = \"forbid\"");
        let inherits = text.contains("[lints]\nworkspace = true");
        assert!(
            forbids || inherits,
            "{path} neither shares the workspace's lints nor forbids unsafe"
        );
        assert!(forbids || !text.contains("[workspace]"), "{path} has no lints to share");
    }
}

#[test]
fn all_packages_have_the_same_version_edition_and_msrv() {
    let members = members();
    let fields = |package: &Value| {
        ["version", "edition", "rust_version"].map(|key| package[key].as_str().unwrap().to_owned())
    };
    for package in &members {
        assert_eq!(fields(package), fields(&members[0]), "{}", package["name"]);
    }
}

#[test]
fn only_the_crates_are_published() {
    for package in members() {
        let name = package["name"].as_str().unwrap();
        let below_crates = folder(&package).parent().unwrap().ends_with("crates");
        // `publish = false` is an empty list of registries.
        assert_eq!(package["publish"].is_null(), below_crates, "{name}");
    }
}

#[test]
fn a_published_package_has_a_description_and_a_readme() {
    for package in members().iter().filter(|package| package["publish"].is_null()) {
        let name = package["name"].as_str().unwrap();
        for key in ["description", "license"] {
            assert!(package[key].is_string(), "{name} lacks {key}");
        }
        for key in ["keywords", "categories"] {
            let count = package[key].as_array().unwrap().len();
            assert!((1..=5).contains(&count), "{name} has {count} {key}");
        }
        assert_eq!(package["readme"], "README.md", "{name}");
        let readme = std::fs::read_to_string(folder(package).join("README.md")).unwrap();
        assert!(readme.starts_with(&format!("# {name}\n")), "{name}");
        let features = package["features"].as_object().unwrap();
        for feature in features.keys().filter(|feature| *feature != "default") {
            let shown = readme.contains(&format!("`{feature}`"));
            assert!(shown || name == "essbasic-models", "{name}'s README.md lacks {feature}");
        }
        let lib = folder(package).join("src/lib.rs");
        if lib.exists() {
            let docs = &package["metadata"]["docs"]["rs"];
            assert_eq!(docs["all-features"], true, "docs.rs shows {name} without its features");
            assert_eq!(docs["rustdoc-args"], serde_json::json!(["--cfg", "docsrs"]), "{name}");
            let badges = "#![cfg_attr(docsrs, feature(doc_cfg))]";
            assert!(
                std::fs::read_to_string(lib).unwrap().contains(badges),
                "{name} lacks {badges}"
            );
        }
        let rust = package["rust_version"].as_str().unwrap();
        assert!(readme.contains(&format!("Rust version is {rust}.")), "{name}");
    }
}

#[test]
fn a_published_package_contains_its_licenses() {
    for package in members().iter().filter(|package| package["publish"].is_null()) {
        for file in ["LICENSE-MIT", "LICENSE-APACHE"] {
            let text = std::fs::read_to_string(folder(package).join(file)).unwrap();
            assert_eq!(
                text,
                std::fs::read_to_string(root().join(file)).unwrap(),
                "{}",
                package["name"]
            );
        }
    }
}

#[test]
fn no_dependency_requires_a_newer_rust_than_the_msrv() {
    let version = |package: &Value| -> Option<Vec<u64>> {
        package["rust_version"].as_str()?.split('.').take(2).map(|part| part.parse().ok()).collect()
    };
    let ours = version(&members()[0]).unwrap();
    let newer: BTreeSet<String> = packages(&["--all-features"])
        .iter()
        .filter(|package| version(package).is_some_and(|required| required > ours))
        .map(|package| format!("{} {}", package["name"], package["version"]))
        .collect();
    assert!(newer.is_empty(), "these require a newer Rust than {ours:?}: {newer:?}");
}

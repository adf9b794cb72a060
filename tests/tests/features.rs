//! Features of `essbasic`: the compiler names a missing one, and every group of the models is forwarded.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a panic fails the test"
)]

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;
use workspace_tests::{members, root};

use crate::programs;

/// Paths below `essbasic`, each with a feature that the message of the compiler must contain if it is not enabled.
const ITEMS: [(&str, &str); 22] = [
    ("Client", "async"),
    ("AsyncSleep", "async"),
    ("blocking", "blocking"),
    ("BlockingSleep", "blocking"),
    ("Encryption", "encryption"),
    ("KeyError", "encryption"),
    ("Contract", "start"),
    ("Document", "start"),
    ("Party", "start"),
    ("catalogue", "catalogue"),
    ("object_store", "object-store"),
    ("transport::AsyncTransport", "async"),
    ("transport::BlockingTransport", "blocking"),
    ("transport::ReqwestTransport", "reqwest"),
    ("transport::HyperTransport", "hyper"),
    ("transport::UreqTransport", "ureq"),
    ("models::DescribeTemplatesRequest", "templates"),
    ("models::CreateSealByImageRequest", "seals"),
    ("models::CreateSignUrlsRequest", "signing"),
    ("models::UploadFilesRequest", "files"),
    ("models::IdCardType", "auto_sign"),
    ("models::CATALOGUE", "catalogue"),
];

/// Returns the errors of a program against `essbasic` without features, as shown to a person.
fn errors(program: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("features");
    std::fs::create_dir_all(folder.join("src")).unwrap();
    std::fs::write(folder.join("src/main.rs"), program).unwrap();
    let manifest = format!(
        "[package]\nname = \"features\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n\
         essbasic = {{ path = {:?}, default-features = false }}\n\n[workspace]\n",
        root().join("crates/essbasic")
    );
    std::fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    let output = programs::cargo(&folder)
        .args(["check", "--quiet", "--offline", "--message-format", "json"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let messages = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    messages
        .filter(|message| message["target"]["name"] == "features")
        .filter(|message| message["message"]["level"] == "error")
        .map(|message| message["message"]["rendered"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn the_compiler_names_the_feature_of_a_missing_item() {
    let uses: String = ITEMS
        .iter()
        .enumerate()
        .map(|(index, (path, _))| format!("use essbasic::{path} as Item{index};\n"))
        .collect();
    let errors = errors(&format!("{uses}\nfn main() {{}}\n"));
    for (path, feature) in ITEMS {
        let about = format!("unresolved import `essbasic::{path}`");
        let Some(error) = errors.iter().find(|error| error.contains(&about)) else {
            panic!("no error about {path}: {errors:#?}");
        };
        let named = format!("feature = \"{feature}\"");
        assert!(error.contains(&named), "the error about {path} does not name {feature}:\n{error}");
    }
}

#[test]
fn every_group_of_the_models_is_a_feature() {
    let members = members();
    let of = |name: &str, feature: &str| -> BTreeSet<String> {
        let package = members.iter().find(|package| package["name"] == name).unwrap();
        let enabled = package["features"][feature].as_array();
        let enabled = enabled.unwrap_or_else(|| panic!("{name} has no feature {feature}"));
        enabled.iter().map(|feature| feature.as_str().unwrap().to_owned()).collect()
    };
    let groups = of("essbasic-models", "full");
    assert!(groups.len() > 10);
    for group in &groups {
        let forwarded = format!("essbasic-models/{group}");
        assert!(of("essbasic", group).contains(&forwarded), "essbasic does not forward {group}");
    }
    // `.ci/features` excludes exactly these, apart from `encryption`, which adds more than types.
    let script = std::fs::read_to_string(root().join(".ci/features")).unwrap();
    let excluded = script.lines().find_map(|line| line.strip_prefix("groups=")).unwrap();
    let excluded: BTreeSet<String> = excluded.split(',').map(str::to_owned).collect();
    let mut expected = groups;
    expected.remove("encryption");
    assert_eq!(excluded, expected);
}

/// Features of a shared crate are those of the whole program: these would change its numbers or its order of keys.
#[test]
fn no_crate_changes_the_numbers_of_serde_json() {
    for package in members() {
        for dependency in package["dependencies"].as_array().unwrap() {
            let features = dependency["features"].as_array().unwrap();
            for feature in ["arbitrary_precision", "preserve_order", "float_roundtrip"] {
                let name = &package["name"];
                assert!(!features.iter().any(|enabled| enabled == feature), "{name}: {feature}");
            }
        }
    }
}

//! The layers of ARCHITECTURE.md: who may use whom, and what each choice of features pulls in.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed assumption is a failed test"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("cargo writes UTF-8")
}

/// The names of all crates in the normal dependency tree of a package with exactly these features.
fn tree(package: &str, features: &str) -> BTreeSet<String> {
    let text = cargo(&[
        "tree",
        "--offline",
        "--package",
        package,
        "--no-default-features",
        "--features",
        features,
        "--edges",
        "normal",
        "--prefix",
        "none",
        "--format",
        "{p}",
    ]);
    text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

#[test]
fn crates_use_only_the_layers_below_them() {
    let allowed: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("tc3-signer", &[] as &[_]),
        ("tc3-json", &[]),
        ("tc3-api", &["tc3-json"]),
        ("tc3-transport", &[]),
        ("tc3-codegen", &[]),
        ("tc3-catalogue", &["tc3-api"]),
        ("golden-adversarial", &["tc3-api", "tc3-catalogue"]),
        ("golden-described", &["tc3-api", "tc3-catalogue"]),
        ("golden-grouped", &["tc3-api", "tc3-catalogue"]),
        ("golden-large", &["tc3-api", "tc3-catalogue"]),
        ("tc3-client", &["tc3-api", "tc3-catalogue", "tc3-signer", "tc3-transport"]),
        ("essbasic-models", &["tc3-api", "tc3-catalogue"]),
        ("essbasic-files", &[]),
        ("essbasic", &["tc3-client", "essbasic-models", "essbasic-files"]),
        ("essbasic-callback", &["tc3-api"]),
        ("essbasic-emulator", &["tc3-signer", "tc3-api", "tc3-catalogue", "essbasic-models"]),
        (
            "essbasic-cli",
            &["essbasic", "essbasic-callback", "essbasic-emulator", "essbasic-files", "tc3-signer"],
        ),
        ("xtask", &["tc3-codegen"]),
        (
            "bench",
            &[
                "tc3-signer",
                "tc3-api",
                "tc3-client",
                "essbasic-models",
                "essbasic",
                "essbasic-emulator",
            ],
        ),
    ]);
    let metadata: serde_json::Value = serde_json::from_str(&cargo(&[
        "metadata",
        "--offline",
        "--no-deps",
        "--format-version",
        "1",
    ]))
    .expect("cargo metadata is JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let names: BTreeSet<&str> = packages.iter().filter_map(|p| p["name"].as_str()).collect();
    for package in packages {
        let name = package["name"].as_str().expect("a name");
        if name == "workspace-tests" {
            continue;
        }
        let allowed = allowed.get(name).unwrap_or_else(|| panic!("{name} has no place in a layer"));
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            let used = dependency["name"].as_str().expect("a name");
            let normal = dependency["kind"].is_null();
            assert!(
                !normal || !names.contains(used) || allowed.contains(&used),
                "{name} must not use {used}"
            );
        }
    }
}

#[test]
fn async_and_blocking_pull_in_nothing_of_each_other() {
    for package in ["tc3-client", "essbasic"] {
        let blocking = tree(package, "blocking");
        assert!(blocking.contains("ureq"));
        for foreign in ["tokio", "hyper", "reqwest", "async-trait", "futures-core"] {
            assert!(!blocking.contains(foreign), "{package} blocking pulls in {foreign}");
        }
        for macros in ["serde", "serde_core", "syn", "proc-macro2"] {
            assert!(
                !blocking.contains(macros),
                "{package} blocking takes the time to build {macros}"
            );
        }
        let asynchronous = tree(package, "async");
        assert!(asynchronous.contains("reqwest"));
        assert!(!asynchronous.contains("ureq"), "{package} async pulls in ureq");
        let hyper = tree(package, "hyper");
        for foreign in ["reqwest", "ureq", "tower", "url", "tracing-attributes"] {
            assert!(!hyper.contains(foreign), "{package} hyper pulls in {foreign}");
        }
        let both = tree(package, "async,blocking");
        assert!(both.contains("reqwest") && both.contains("ureq"));
    }
}

#[test]
fn stores_bring_a_runtime_and_no_second_http_client() {
    let store = tree("essbasic", "blocking,object-store");
    let command = tree("essbasic-cli", "");
    for tree in [&store, &command] {
        assert!(tree.contains("object_store") && tree.contains("tokio"));
        for foreign in ["reqwest", "h2", "aws-lc-rs", "aws-lc-sys"] {
            assert!(!tree.contains(foreign), "a store pulls in {foreign}");
        }
    }
    assert!(!store.contains("hyper"), "a store that the caller brings pulls in hyper");
}

#[test]
fn the_signer_stands_on_hmac_and_sha2_alone() {
    let tree = tree("tc3-signer", "");
    let expected = [
        "block-buffer",
        "cfg-if",
        "cmov",
        "cpufeatures",
        "crypto-common",
        "ctutils",
        "digest",
        "hmac",
        "hybrid-array",
        "libc",
        "sha2",
        "tc3-signer",
        "typenum",
        "zeroize",
    ];
    for name in &tree {
        assert!(expected.contains(&name.as_str()), "the signer pulls in {name}");
    }
}

#[test]
fn callbacks_need_no_network_and_no_runtime() {
    let core = tree("essbasic-callback", "");
    let service = tree("essbasic-callback", "tower");
    for foreign in ["http", "http-body", "tower-service", "bytes"] {
        assert!(!core.contains(foreign), "callbacks pull in {foreign}");
        assert!(service.contains(foreign), "the service does without {foreign}");
    }
    for foreign in ["tokio", "hyper", "axum", "tower", "mio", "socket2", "tc3-transport"] {
        assert!(!core.contains(foreign), "callbacks pull in {foreign}");
        assert!(!service.contains(foreign), "the service of callbacks pulls in {foreign}");
    }
}

#[test]
fn models_need_no_client() {
    for name in tree("essbasic-models", "full") {
        let allowed = ["essbasic-models", "tc3-api", "tc3-json", "base64"];
        let serde = ["serde", "serde_core", "serde_derive", "serde_json"];
        let of_serde = ["itoa", "memchr", "proc-macro2", "quote", "syn", "unicode-ident", "zmij"];
        assert!(
            [&allowed[..], &serde, &of_serde].concat().contains(&name.as_str()),
            "the models pull in {name}"
        );
    }
}

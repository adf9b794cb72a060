//! The layers of ARCHITECTURE.md: allowed dependencies, dependencies of each choice of features, imports between files.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic fails the test"
)]

#[path = "layers/imports.rs"]
pub(crate) mod imports;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use imports::Crate;
use workspace_tests::{cargo, members, root};

/// Returns the names of all crates in the normal dependency tree of a package with exactly these features.
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
        ("golden-hunyuan", &["tc3-api", "tc3-catalogue"]),
        ("golden-large", &["tc3-api", "tc3-catalogue"]),
        ("golden-modules", &["tc3-api", "tc3-catalogue"]),
        ("golden-paged", &["tc3-api", "tc3-catalogue"]),
        ("golden-lkeap", &["tc3-api", "tc3-catalogue"]),
        ("tc3-client", &["tc3-api", "tc3-catalogue", "tc3-signer", "tc3-transport"]),
        ("essbasic-models", &["tc3-api", "tc3-catalogue"]),
        ("essbasic-files", &[]),
        ("essbasic-page", &[]),
        ("essbasic-s3", &["tc3-client", "tc3-transport"]),
        ("essbasic", &["tc3-client", "essbasic-models", "essbasic-files", "essbasic-callback"]),
        ("essbasic-callback", &["tc3-api"]),
        ("essbasic-emulator", &["tc3-signer", "tc3-api", "tc3-catalogue", "essbasic-models"]),
        (
            "essbasic-explorer",
            &[
                "essbasic",
                "essbasic-callback",
                "essbasic-emulator",
                "essbasic-page",
                "tc3-catalogue",
                "tc3-client",
                "tc3-signer",
            ],
        ),
        (
            "essbasic-cli",
            &[
                "essbasic",
                "essbasic-callback",
                "essbasic-emulator",
                "essbasic-explorer",
                "essbasic-files",
                "essbasic-page",
                "essbasic-s3",
                "tc3-client",
            ],
        ),
        (
            "essbasic-server",
            &[
                "essbasic",
                "essbasic-callback",
                "essbasic-emulator",
                "essbasic-explorer",
                "essbasic-files",
                "essbasic-page",
                "essbasic-s3",
                "tc3-client",
                "tc3-signer",
            ],
        ),
        ("tc3-cli", &["tc3-catalogue", "tc3-client", "tc3-codegen"]),
        (
            "server-trial",
            &["essbasic-callback", "essbasic-emulator", "essbasic-s3", "essbasic-server"],
        ),
        ("xtask", &["tc3-cli", "tc3-codegen"]),
        (
            "bench",
            &[
                "tc3-signer",
                "tc3-api",
                "tc3-client",
                "essbasic-models",
                "essbasic",
                "essbasic-callback",
                "essbasic-emulator",
            ],
        ),
    ]);
    let packages = members();
    let names: BTreeSet<&str> = packages.iter().filter_map(|p| p["name"].as_str()).collect();
    for package in &packages {
        let name = package["name"].as_str().expect("a name");
        if name == "workspace-tests" {
            continue;
        }
        let allowed = allowed
            .get(name)
            .unwrap_or_else(|| panic!("{name} is not in a layer; add it to `allowed`"));
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            let used = dependency["name"].as_str().expect("a name");
            let normal = dependency["kind"].is_null();
            assert!(
                !normal || !names.contains(used) || allowed.contains(&used),
                "{name} must not depend on {used}"
            );
        }
    }
}

#[test]
fn files_of_a_crate_do_not_import_each_other_in_circles() {
    let mut found = String::new();
    for package in members() {
        let name = package["name"].as_str().expect("a name");
        for target in package["targets"].as_array().expect("targets") {
            let path = Path::new(target["src_path"].as_str().expect("a path"));
            for circle in Crate::read(path).circles() {
                let text = format!(
                    "{name}: a circle of {} files, for example\n{}all imports of the circle\n{}\n",
                    circle.files.len(),
                    circle.example,
                    circle.imports
                )
                .replace(&format!("{}/", root().display()), "");
                found.push_str(&text);
            }
        }
    }
    assert!(found.is_empty(), "move the shared item to a separate file:\n{found}");
}

#[test]
fn circles_are_found_through_reexports_globs_macros_and_inline_paths() {
    let circles = |files: &[(&str, &str)]| -> Vec<Vec<String>> {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
        let circles = Crate::read(&folder.path().join("lib.rs")).circles();
        let below = |path: &std::path::PathBuf| {
            path.strip_prefix(folder.path()).expect("below").to_string_lossy().replace('\\', "/")
        };
        circles.iter().map(|circle| circle.files.iter().map(below).collect()).collect()
    };
    let root = ("lib.rs", "mod a; mod b; pub use b::B;");
    for (a, b) in [
        ("use crate::B; pub struct A;", "pub struct B(super::a::A);"),
        ("use super::*; pub struct A(B);", "use crate::a; pub struct B; fn f() { a::f() }"),
        (
            "pub struct A; fn f() { assert!(crate::b::f(1)); }",
            "use super::a::{self as c}; pub struct B;",
        ),
        (
            "#[serde(with = \"crate::b\")] pub struct A;",
            "pub struct B; fn f() { use crate::a::A; }",
        ),
        ("#[macro_export] macro_rules! m { () => { $crate::B } }", "pub struct B; crate::m!();"),
    ] {
        assert_eq!(circles(&[root, ("a.rs", a), ("b.rs", b)]), [["a.rs", "b.rs"]], "{a} {b}");
    }
    // Three files, through a child's re-export.
    let files = [
        ("lib.rs", "mod a; mod b;"),
        ("a/mod.rs", "mod c; pub use c::C;"),
        ("a/c.rs", "use crate::b::B; pub struct C;"),
        ("b.rs", "use crate::a::C; pub struct B;"),
    ];
    assert_eq!(circles(&files), [["a/c.rs", "b.rs"]]);
    for (a, b) in [
        // One direction, a test, another crate's item, parent and child.
        ("use crate::b::B; use super::b; pub struct A;", "pub struct B;"),
        (
            "use crate::b::B; pub struct A;",
            "pub struct B; #[cfg(test)] mod tests { use crate::a::A; }",
        ),
        ("use crate::b::B; pub struct A;", "use ::a::A; use serde::a::A as C; pub struct B;"),
        ("pub struct A(crate::B);", "use crate::Root; pub struct B;"),
    ] {
        assert_eq!(circles(&[root, ("a.rs", a), ("b.rs", b)]), [[""; 0]; 0], "{a} {b}");
    }
}

#[test]
fn async_and_blocking_have_separate_dependencies() {
    for package in ["tc3-client", "essbasic"] {
        let blocking = tree(package, "blocking");
        assert!(blocking.contains("ureq"));
        for unwanted in ["tokio", "hyper", "reqwest", "async-trait", "futures-core"] {
            assert!(!blocking.contains(unwanted), "{package} blocking pulls in {unwanted}");
        }
        for macros in ["serde", "serde_core", "syn", "proc-macro2"] {
            assert!(
                !blocking.contains(macros),
                "{package} blocking depends on {macros}, which is slow to build"
            );
        }
        let asynchronous = tree(package, "async");
        assert!(asynchronous.contains("reqwest"));
        assert!(!asynchronous.contains("ureq"), "{package} async pulls in ureq");
        let hyper = tree(package, "hyper");
        for unwanted in
            ["reqwest", "ureq", "tower", "url", "tracing-attributes", "ring", "aws-lc-rs"]
        {
            assert!(!hyper.contains(unwanted), "{package} hyper pulls in {unwanted}");
        }
        let without_tls = tree(package, "reqwest-no-tls");
        assert!(without_tls.contains("reqwest"));
        for unwanted in ["rustls", "ring", "aws-lc-rs", "native-tls"] {
            assert!(!without_tls.contains(unwanted), "{package} reqwest pulls in {unwanted}");
        }
        let both = tree(package, "async,blocking");
        assert!(both.contains("reqwest") && both.contains("ureq"));
    }
}

#[test]
fn object_stores_add_a_runtime_but_no_second_http_client() {
    let store = tree("essbasic", "blocking,object-store");
    let command = tree("essbasic-cli", "");
    for tree in [&store, &command] {
        assert!(tree.contains("object_store") && tree.contains("tokio"));
        for unwanted in ["reqwest", "h2", "aws-lc-rs", "aws-lc-sys"] {
            assert!(!tree.contains(unwanted), "object stores pull in {unwanted}");
        }
    }
    assert!(!store.contains("hyper"), "an object store of the caller pulls in hyper");
}

#[test]
fn the_signer_depends_only_on_hmac_and_sha2() {
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
    for unwanted in ["http", "http-body", "tower-service", "bytes"] {
        assert!(!core.contains(unwanted), "callbacks pull in {unwanted}");
        assert!(service.contains(unwanted), "the service does not depend on {unwanted}");
    }
    for unwanted in ["tokio", "hyper", "axum", "tower", "mio", "socket2", "tc3-transport"] {
        assert!(!core.contains(unwanted), "callbacks pull in {unwanted}");
        assert!(!service.contains(unwanted), "the service of callbacks pulls in {unwanted}");
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

//! Snippets of all actions compile, with the smallest body and with all fields, for both drivers.

#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use std::env::consts::EXE_SUFFIX;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use essbasic::models::CATALOGUE;
use essbasic_explorer::data::snippet::{Language, snippet};
use workspace_tests::root;

use super::scripts::hostile_body;
use crate::programs::{self, NO_WARNINGS};

#[test]
fn every_snippet_compiles() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("snippets");
    std::fs::create_dir_all(folder.join("src")).unwrap();
    let build = ["build", "--quiet", "--package", "essbasic-cli"];
    assert!(
        Command::new(env!("CARGO")).args(build).current_dir(root()).status().unwrap().success()
    );
    let test = std::env::current_exe().unwrap();
    let built = test.parent().unwrap().with_file_name(format!("essbasic{EXE_SUFFIX}"));
    let command = |arguments: &[&str]| {
        let output = Command::new(&built).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let mut library = String::from("#![allow(dead_code)]\n");
    for action in CATALOGUE.actions {
        let name = action.info.name;
        let all = folder.join("body.json");
        std::fs::write(&all, command(&["skeleton", name, "--all"])).unwrap();
        let all = format!("@{}", all.display());
        for (index, arguments) in [
            &["snippet", name][..],
            &["snippet", name, "--body", &all],
            &["snippet", name, "--body", &all, "--blocking"],
        ]
        .iter()
        .enumerate()
        {
            let file = format!("{}_{index}", name.to_lowercase());
            std::fs::write(folder.join(format!("src/{file}.rs")), command(arguments)).unwrap();
            writeln!(library, "mod {file};").unwrap();
        }
    }
    for language in [Language::RustAsync, Language::RustBlocking] {
        let action = CATALOGUE.action("DescribeFlowDetailInfo").unwrap();
        let file = format!("hostile_{}", language.name().replace('-', "_"));
        let program = snippet(action, &hostile_body(), language).unwrap();
        std::fs::write(folder.join(format!("src/{file}.rs")), program).unwrap();
        writeln!(library, "mod {file};").unwrap();
    }
    std::fs::write(folder.join("src/lib.rs"), library).unwrap();
    let manifest = format!(
        "[package]\nname = \"snippets\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n\
         essbasic = {{ path = {:?}, features = [\"async\", \"blocking\", \"full\"] }}\n\
         tokio = {{ version = \"1\", features = [\"macros\", \"rt-multi-thread\"] }}\n\n[workspace]\n\
         {NO_WARNINGS}deprecated = \"allow\"\n",
        root().join("crates/essbasic")
    );
    std::fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    let output = programs::cargo(&folder)
        .args(["check", "--quiet", "--offline", "--message-format", "short"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

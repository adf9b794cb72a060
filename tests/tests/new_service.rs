//! Follows `docs/new-service.md`: its commands, manifest and program.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic fails the test")]

use std::process::Command;

use tempfile::TempDir;
use workspace_tests::{root, tccli_wheel};

use crate::programs::{self, NO_WARNINGS};

/// Returns the code blocks of one language, in order.
fn blocks<'a>(document: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("\n```{language}\n");
    document.split(&fence).skip(1).map(|rest| rest.split_once("\n```").unwrap().0).collect()
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_document_leads_to_a_typed_call() {
    let Some(wheel) = tccli_wheel("new-service") else { return };
    let document = std::fs::read_to_string(root().join("docs/new-service.md")).unwrap();
    let folder = TempDir::new().unwrap();
    let at = |text: &str| text.replace("../cvm", &format!("{}/cvm", folder.path().display()));
    let commands = blocks(&document, "sh").join("\n");
    let commands: Vec<&str> = commands.lines().filter(|line| !line.starts_with("pip ")).collect();
    assert_eq!(commands.len(), 5, "{commands:?}");
    for line in &commands {
        let line = at(&line.replace("tccli-*.whl", &wheel.display().to_string()));
        let mut words = line.split(' ');
        let mut command = match words.next() {
            Some("cargo") => Command::new(env!("CARGO")),
            other => panic!("unexpected command {other:?} in the document"),
        };
        let printed = run(command.args(words).current_dir(root()));
        if line.contains(" diff ") {
            assert_eq!(printed, "0 changes, 0 of them breaking\n");
        }
    }
    // Every overlay entry in the document applies.
    let overlay = blocks(&document, "json")[0];
    std::fs::write(folder.path().join("cvm-spec/overlay.json"), overlay).unwrap();
    let generate = commands.iter().find(|line| line.contains(" codegen ")).unwrap();
    let generate = at(generate);
    run(Command::new(env!("CARGO")).args(generate.split(' ').skip(1)).current_dir(root()));

    let demo = folder.path().join("cvm-demo");
    let manifest = std::fs::read_to_string(demo.join("Cargo.toml")).unwrap();
    let dependencies = blocks(&document, "toml")[0];
    let dependencies = dependencies.replace("../essbasic", &root().display().to_string());
    let manifest = manifest.replace("[dependencies]", &dependencies);
    std::fs::write(demo.join("Cargo.toml"), manifest + NO_WARNINGS).unwrap();
    let models = folder.path().join("cvm-models/Cargo.toml");
    let manifest = std::fs::read_to_string(&models).unwrap();
    std::fs::write(&models, manifest + NO_WARNINGS).unwrap();
    let [program, closure, _] = blocks(&document, "rust,ignore").try_into().unwrap();
    let cargo = |command: &str| {
        run(programs::cargo(&demo)
            .args([command, "--quiet", "--offline"])
            .env("TENCENTCLOUD_SECRET_ID", "id")
            .env("TENCENTCLOUD_SECRET_KEY", "key"))
    };
    std::fs::write(demo.join("src/main.rs"), program).unwrap();
    // Built, because the other program needs its dependencies.
    cargo("build");
    // The closure prints the request and fails the call.
    let offline = program.replace("    let client = Client::new(config)?;", closure).replace(
        "client.call(&request)?.instance_set",
        "client.call(&request).into_iter().flat_map(|a| a.instance_set)",
    );
    assert_ne!(offline, program);
    std::fs::write(demo.join("src/main.rs"), offline).unwrap();
    let printed = cargo("run");
    let body = r#"{"Filters":[{"Name":"instance-state","Values":["RUNNING"]}],"Limit":20}"#;
    assert_eq!(printed.lines().next(), Some(body));
}

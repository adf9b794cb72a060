//! Follows the guide page on other services: its commands, manifest and program, in an empty folder.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic fails the test")]

use std::env::consts::EXE_SUFFIX;
use std::path::Path;
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
    command.env("TENCENTCLOUD_SECRET_ID", "id").env("TENCENTCLOUD_SECRET_KEY", "key");
    let output = command.output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

/// Returns a command of cargo, without network access, for a program that depends on the published crates.
fn cargo(folder: &Path, command: &str) -> Command {
    let mut cargo = programs::cargo(folder);
    cargo.args([command, "--quiet", "--offline"]);
    for name in ["api", "catalogue", "client", "json", "signer", "transport"] {
        let path = root().join(format!("crates/tc3-{name}"));
        cargo.arg("--config").arg(format!("patch.crates-io.tc3-{name}.path={path:?}"));
    }
    cargo
}

#[test]
fn the_page_leads_to_a_typed_call() {
    let Some(wheel) = tccli_wheel("new-service") else { return };
    let page = std::fs::read_to_string(root().join("docs/guide/services.md")).unwrap();
    let folder = TempDir::new().unwrap();
    let build = ["build", "--quiet", "--package", "tc3-cli"];
    assert!(
        Command::new(env!("CARGO")).args(build).current_dir(root()).status().unwrap().success()
    );
    let test = std::env::current_exe().unwrap();
    let program = test.parent().unwrap().with_file_name(format!("tc3{EXE_SUFFIX}"));
    let tc3 = |line: &str, more: &[&str]| {
        let line = line.replace("tccli-*.whl", &wheel.display().to_string()).replace('\'', "");
        let words = line.split(' ').skip(1);
        run(Command::new(&program).args(words).args(more).current_dir(folder.path()))
    };
    let commands = blocks(&page, "sh").join("\n");
    let commands: Vec<&str> = commands.lines().filter(|line| line.starts_with("tc3 ")).collect();
    assert!(commands.len() >= 7, "{commands:?}");
    for line in &commands {
        match line.split(' ').nth(1) {
            Some("call") => assert!(tc3(line, &["--dry-run"]).contains("x-tc-action: "), "{line}"),
            Some("diff") => assert_eq!(tc3(line, &[]), "0 changes, 0 of them breaking\n"),
            _ => assert!(!tc3(line, &[]).is_empty(), "{line}"),
        }
    }
    // Every overlay entry of the page applies.
    let overlay = blocks(&page, "json")[0];
    std::fs::write(folder.path().join("cvm-spec/overlay.json"), overlay).unwrap();
    let generate = commands.iter().find(|line| line.contains(" codegen ")).unwrap();
    tc3(generate, &[]);
    assert_eq!(tc3(generate, &["--check"]), "");

    let demo = folder.path();
    let manifest = "[package]\nname = \"demo\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    let dependencies = blocks(&page, "toml")[0];
    let manifest = format!("{manifest}\n{dependencies}\n{NO_WARNINGS}");
    std::fs::write(demo.join("Cargo.toml"), manifest).unwrap();
    let models = demo.join("cvm-models/Cargo.toml");
    let manifest = std::fs::read_to_string(&models).unwrap();
    std::fs::write(&models, manifest + NO_WARNINGS).unwrap();
    std::fs::create_dir(demo.join("src")).unwrap();
    let program = blocks(&page, "rust,ignore")[0];
    std::fs::write(demo.join("src/main.rs"), program).unwrap();
    // Built, because the other program needs its dependencies.
    run(&mut cargo(demo, "build"));
    // The closure prints the request and fails the call.
    let closure = r#"    let client = Client::with_transport(config, |request: tc3_client::transport::Request| {
        println!("{}", String::from_utf8_lossy(&request.body));
        Err(tc3_client::transport::TransportError::new(
            tc3_client::transport::TransportErrorKind::Connect,
        ))
    })?;"#;
    let offline = program.replace("    let client = Client::new(config)?;", closure).replace(
        "client.call(&request)?.instance_set",
        "client.call(&request).into_iter().flat_map(|response| response.instance_set)",
    );
    assert_ne!(offline, program);
    std::fs::write(demo.join("src/main.rs"), offline).unwrap();
    let printed = run(&mut cargo(demo, "run"));
    let body = r#"{"Filters":[{"Name":"instance-state","Values":["RUNNING"]}],"Limit":20}"#;
    assert_eq!(printed.lines().next(), Some(body));
}

//! `essbasic search`, `describe`, `skeleton` and `snippet`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed assumption is a failed test"
)]

use std::process::{Command, Output};

use essbasic::catalogue::validation::structural_violations;
use essbasic::models::CATALOGUE;
use serde_json::Value;

fn essbasic(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_essbasic"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("ESSBASIC_") {
            command.env_remove(name);
        }
    }
    command.args(arguments).output().unwrap()
}

fn output_of(arguments: &[&str]) -> String {
    let output = essbasic(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn search_finds_words_of_both_languages_and_reports_no_matches() {
    for words in [&["download", "links"][..], &["PDF下载链接"], &["resource", "urls", "flows"]]
    {
        let found = output_of(&[&["search"], words].concat());
        assert!(found.contains("DescribeResourceUrlsByFlows"), "{words:?}: {found}");
    }
    let output = essbasic(&["search", "zzzz"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no matches"));
    assert!(output_of(&["search", "flow"]).lines().count() <= 20);
    assert!(output_of(&["search", "flow", "--all"]).lines().count() > 100);
}

#[test]
fn describe_prints_types_limits_codes_and_similar_names() {
    let text = output_of(&["describe", "DescribeResourceUrlsByFlows"]);
    for part in [
        "获取合同PDF下载链接",
        "FlowIds: array of string, required",
        "Rate limit: 20 requests per second",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let output = essbasic(&["describe", "DescribeResourceUrl"]);
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("did you mean DescribeResourceUrlsByFlows?"), "{error}");
}

#[test]
fn a_skeleton_is_a_body_and_takes_the_agent_from_the_options() {
    let agent = ["--app-id", "a", "--organization", "o", "--operator", "p"];
    for action in ["DescribeResourceUrlsByFlows", "ChannelCreateFlowByFiles", "UploadFiles"] {
        for all in [&[][..], &["--all"]] {
            let text = output_of(&[&["skeleton", action], all, &agent].concat());
            let body: Value = serde_json::from_str(&text).unwrap();
            let request = CATALOGUE.action(action).unwrap().request;
            assert_eq!(structural_violations(&body, request), [], "{action}");
            assert_eq!(body["Agent"]["ProxyOperator"]["OpenId"], "p", "{action}");
        }
    }
}

#[test]
fn a_snippet_contains_the_values_of_the_body() {
    let body = r#"{"FlowIds":["y\"1","y2"]}"#;
    let arguments = ["snippet", "DescribeResourceUrlsByFlows", "--body", body, "--app-id", "app"];
    let program = output_of(&arguments);
    for part in [
        "#[tokio::main]",
        "Agent::new(\"app\")",
        r#"["y\"1", "y2"]"#,
        "client.call(&request).await?",
    ] {
        assert!(program.contains(part), "{part} in {program}");
    }
    let program = output_of(&[&arguments[..], &["--blocking"]].concat());
    assert!(program.contains("blocking::Client") && !program.contains("await"), "{program}");
    let output = essbasic(&["snippet", "DescribeResourceUrlsByFlows", "--body", r#"{"FlowId":1}"#]);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("FlowId: unknown field"), "{error}");
}

#[test]
fn an_unfilled_skeleton_is_not_sent() {
    let agent = ["--app-id", "a", "--organization", "o", "--operator", "p"];
    for action in ["DescribeResourceUrlsByFlows", "ChannelCreateFlowByFiles", "UploadFiles"] {
        let body = output_of(&[&["skeleton", action, "--all"][..], &agent].concat());
        let call = ["call", action, "--dry-run", "--body", &body];
        let output = essbasic(&[&call[..], &agent].concat());
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.contains("unfilled placeholder") && error.contains("--unchecked"), "{error}");
        let output = essbasic(&[&call[..], &agent, &["--unchecked"]].concat());
        assert_eq!(output.status.code(), Some(0), "{action}");
    }
}

#[test]
fn a_snippet_is_in_the_language_of_the_option() {
    let snippet = |language: &str| output_of(&["snippet", "DescribeTemplates", "--as", language]);
    for (language, part) in [
        ("rust-async", "#[tokio::main]"),
        ("rust-blocking", "blocking::Client"),
        ("essbasic", "essbasic call DescribeTemplates --body - <<'JSON'"),
        ("curl", "--header @- --data-binary"),
        ("python", "models.DescribeTemplatesRequest()"),
    ] {
        let program = snippet(language);
        assert!(program.contains(part), "{part} in {program}");
        assert!(program.contains("TENCENTCLOUD_SECRET_KEY") != language.starts_with("rust"));
    }
    assert_eq!(
        snippet("rust-blocking"),
        output_of(&["snippet", "DescribeTemplates", "--blocking"])
    );
    for bad in [&["--as", "cobol"][..], &["--as", "curl", "--blocking"]] {
        let output = essbasic(&[&["snippet", "DescribeTemplates"], bad].concat());
        assert_eq!(output.status.code(), Some(1), "{bad:?}");
    }
}

#[test]
fn the_openapi_document_replaces_only_an_earlier_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("openapi.json");
    let out = path.to_str().unwrap();
    for _ in 0..2 {
        assert_eq!(output_of(&["openapi", "--out", out]), "");
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), output_of(&["openapi"]));
    let other = folder.path().join("other.json");
    std::fs::write(&other, "{}").unwrap();
    let output = essbasic(&["openapi", "--out", other.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(std::fs::read_to_string(&other).unwrap(), "{}");
}

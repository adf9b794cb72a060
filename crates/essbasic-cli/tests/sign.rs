//! `essbasic sign`: worked examples, and the results of `--verify`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed assumption is a failed test")]

use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{code, essbasic, feed, json, refused, stderr, stdout};

const ID: &str = "AKIDEXAMPLE";
const KEY: &str = "SECRETEXAMPLE";

fn sign(home: &TempDir, arguments: &[&str]) -> Command {
    let mut command = essbasic(home.path());
    command.env("TENCENTCLOUD_SECRET_ID", ID).env("TENCENTCLOUD_SECRET_KEY", KEY);
    command.arg("sign").args(arguments);
    command
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} is missing in {value}"))
}

#[test]
fn the_published_vectors() {
    let home = TempDir::new().unwrap();
    let data = include_str!("../../tc3-signer/tests/data/tc3-vectors.json");
    let file: Value = serde_json::from_str(data).unwrap();
    let mut checked = 0;
    for vector in file["vectors"].as_array().unwrap() {
        let (input, expected) = (&vector["input"], &vector["output"]);
        if text(vector, "name") == "v1-HmacSHA1" {
            continue;
        }
        let headers = &input["signed_headers"];
        let timestamp = input["timestamp"].to_string();
        let mut command = essbasic(home.path());
        command.args(["sign", "--timestamp", &timestamp, "--payload", "-"]);
        for (option, value) in [
            ("--secret-id", text(input, "secret_id")),
            ("--secret-key", text(input, "secret_key")),
            ("--service", text(input, "service")),
            ("--method", text(input, "method")),
            ("--query", text(input, "query")),
            ("--host", text(headers, "host")),
            ("--content-type", text(headers, "content-type")),
        ] {
            command.arg(option).arg(value);
        }
        if let Some(action) = headers.get("x-tc-action") {
            command.arg("--action").arg(action.as_str().unwrap());
        }
        let output = feed(&mut command, text(input, "payload").as_bytes());
        assert_eq!(
            json(&output),
            json!({
                "canonical_request": expected["canonical_request"],
                "hashed_canonical_request": expected["hcr"],
                "string_to_sign": expected["string_to_sign"],
                "signature": expected["signature"],
                "authorization": expected["authorization"],
            })
        );
        assert_eq!((code(&output), stderr(&output)), (0, String::new()));
        checked += 1;
    }
    assert_eq!(checked, 4);
}

#[test]
fn a_path_is_signed_and_verified() {
    let home = TempDir::new().unwrap();
    let request = |path: &str| {
        let mut command = essbasic(home.path());
        command.args(["sign", "--timestamp", "1723104000", "--payload", r#"{"key": "value"}"#]);
        command.args(["--secret-id", ID, "--secret-key", "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"]);
        command.args(["--service", "tcb", "--host", "env-1.api.tcloudbasegateway.com"]);
        command.args(["--path", path]);
        command
    };
    let output = request("/v1/ai/hunyuan/").output().unwrap();
    let signed = json(&output);
    let expected = "07215b0ae48b6063cd77ff63ab8ab86d987d5586b476c6c129344a58092b8833";
    assert_eq!(text(&signed, "signature"), expected);
    let header = text(&signed, "authorization");
    let output = request("/v1/ai/hunyuan/").args(["--verify", header]).output().unwrap();
    assert_eq!((code(&output), &json(&output)["matches"]), (0, &json!(true)));
    let root = json(&request("/").output().unwrap());
    let header = text(&root, "authorization");
    let output = request("/v1/ai/hunyuan/").args(["--verify", header]).output().unwrap();
    let reason = "it is valid for the path / instead of /v1/ai/hunyuan/";
    assert_eq!((code(&output), text(&json(&output), "reason")), (2, reason));
}

#[test]
fn a_body_comes_as_text_from_a_file_or_from_stdin() {
    let home = TempDir::new().unwrap();
    let body = "{\"FlowName\":\"合同\"}\n";
    std::fs::write(home.path().join("body.json"), body).unwrap();
    let signature = |payload: &str| {
        let mut command = sign(&home, &["--timestamp", "1551113065", "--payload", payload]);
        text(&json(&feed(&mut command, body.as_bytes())), "signature").to_owned()
    };
    let expected = signature(body);
    assert_eq!(signature("@body.json"), expected);
    assert_eq!(signature("-"), expected);
    assert_ne!(signature(""), expected);
    let output = sign(&home, &["--payload", "@absent.json"]).output().unwrap();
    refused(&output, &["absent.json cannot be read", "; check the path"]);
}

#[test]
fn which_headers_are_signed() {
    let home = TempDir::new().unwrap();
    let signed = |arguments: &[&str]| {
        let output = sign(&home, arguments).output().unwrap();
        let authorization = text(&json(&output), "authorization").to_owned();
        authorization.split("SignedHeaders=").nth(1).unwrap().split(',').next().unwrap().to_owned()
    };
    assert_eq!(signed(&[]), "content-type;host");
    assert_eq!(signed(&["--action", "A"]), "content-type;host;x-tc-action");
    assert_eq!(signed(&["--action", "A", "--two-headers"]), "content-type;host");
}

#[test]
fn verify_reports_the_difference() {
    let home = TempDir::new().unwrap();
    let base = ["--timestamp", "1551113065", "--action", "A"];
    let host = ["--host", "h.example:8443"];
    let made = |more: &[&str]| {
        let mut command = sign(&home, &base);
        command.args(host.iter().filter(|_| !more.contains(&"--host")));
        let output = command.args(more).output().unwrap();
        text(&json(&output), "authorization").to_owned()
    };
    let good = made(&["--payload", "{}"]);
    let verdict = |authorization: &str, more: &[&str]| {
        let mut command = sign(&home, &base);
        command.args(host).args(["--payload", "{}", "--verify", authorization]).args(more);
        let output = command.output().unwrap();
        let verdict = json(&output);
        assert_eq!(code(&output), if verdict["matches"] == true { 0 } else { 2 }, "{verdict}");
        assert!(!stdout(&output).contains(KEY));
        verdict
    };
    for holds in
        [&good, &format!("Authorization: {good}"), &made(&["--payload", "{}", "--two-headers"])]
    {
        let verdict = verdict(holds, &[]);
        assert_eq!(verdict["matches"], true, "{verdict}");
        assert!(holds.ends_with(text(&verdict, "authorization")));
    }
    let flipped = match good.strip_suffix('0') {
        Some(rest) => format!("{rest}1"),
        None => format!("{}0", &good[..good.len() - 1]),
    };
    for (authorization, more, part, reason) in [
        ("TC3-HMAC-SHA256 Credential=x", &[][..], "form", "malformed"),
        (&good.replace(ID, "AKIDOTHER"), &[], "secret_id", "AKIDOTHER"),
        (&good.replace("2019-02-25", "2019-02-26"), &[], "date", "UTC day"),
        (&good.replace("/essbasic/", "/ess/"), &[], "service", "ess"),
        (&good.replace(";host", ""), &[], "signed_headers", "header host is not signed"),
        (&good.replace("x-tc-action", "x-tc-version"), &[], "signed_headers", "x-tc-version"),
        (&flipped, &[], "signature", "another SecretKey"),
        (&made(&["--payload", "{}\n"]), &[], "signature", "a line end"),
        (
            &made(&["--payload", "{}", "--host", "h.example"]),
            &[],
            "signature",
            "host h.example instead",
        ),
        (&made(&["--unsigned-payload"]), &[], "signature", "an unsigned payload"),
        (
            &made(&["--payload", "{}", "--content-type", "application/json; charset=utf-8"]),
            &[],
            "signature",
            "charset=utf-8 instead",
        ),
        (
            &made(&["--payload", "{}", "--secret-key", "OTHER"]),
            &[],
            "signature",
            "another SecretKey",
        ),
        (&good, &["--secret-key", " SECRETEXAMPLE "], "signature", "without the spaces"),
    ] {
        let verdict = verdict(authorization, more);
        assert_eq!(verdict["matches"], false, "{verdict}");
        assert_eq!(text(&verdict, "departs"), part, "{verdict}");
        assert!(text(&verdict, "reason").contains(reason), "{verdict}");
    }
}

#[test]
fn invalid_requests_are_refused() {
    let home = TempDir::new().unwrap();
    let output = essbasic(home.path()).args(["sign", "--secret-id", ID]).output().unwrap();
    refused(&output, &["no SecretKey; set TENCENTCLOUD_SECRET_KEY"]);
    let output = essbasic(home.path()).args(["sign", "--secret-key", KEY]).output().unwrap();
    refused(&output, &["no SecretId"]);
    let output = sign(&home, &["--host", "a\nb"]).output().unwrap();
    refused(&output, &["cannot be signed", "host"]);
    let output = sign(&home, &["--timestamp", "253402300800"]).output().unwrap();
    refused(&output, &["year 9999"]);
    // A usage error has status 1, unlike clap's default of 2.
    for usage in [&["--timestamp", "-1"][..], &["--method", "PUT"]] {
        let output = sign(&home, usage).output().unwrap();
        refused(&output, &["see --help"]);
        assert!(!stderr(&output).contains(KEY));
    }
    let signed = format!(
        "TC3-HMAC-SHA256 Credential={ID}/2019-02-25/essbasic/tc3_request, \
         SignedHeaders=content-type;host;x-tc-action, Signature={}",
        "0".repeat(64)
    );
    for (more, words) in [
        (&[][..], &["give --timestamp, the header X-TC-Timestamp, and --action, the header"][..]),
        (&["--timestamp", "1551113065"], &["give --action, the header X-TC-Action"]),
        (&["--action", "DescribeZones"], &["give --timestamp, the header X-TC-Timestamp"]),
    ] {
        let output = sign(&home, &[&["--verify", &signed], more].concat()).output().unwrap();
        refused(&output, words);
    }
    let help = sign(&home, &["--help"]).output().unwrap();
    assert_eq!(code(&help), 0);
    assert!(stdout(&help).contains("Examples:") && !stdout(&help).contains(KEY));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_stdout_is_an_error_and_a_closed_one_is_not() {
    let home = TempDir::new().unwrap();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = sign(&home, &[]).stdout(full).output().unwrap();
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).starts_with("error: stdout cannot be written"), "{}", stderr(&output));
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = sign(&home, &[]).stdout(writer).output().unwrap();
    assert_eq!((code(&output), stderr(&output)), (0, String::new()));
}

#[test]
fn the_header_alone_is_for_scripts() {
    let home = TempDir::new().unwrap();
    let request = ["--timestamp", "1551113065", "--payload", "{}", "--action", "DescribeUsage"];
    let whole = json(&sign(&home, &request).output().unwrap());
    let header = sign(&home, &[&request[..], &["--authorization"]].concat()).output().unwrap();
    assert_eq!(stdout(&header).trim_end(), text(&whole, "authorization"));
}

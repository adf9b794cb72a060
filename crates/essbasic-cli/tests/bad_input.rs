//! Errors before the work starts: one line and perhaps a hint, status 1, no file created.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed assumption is a failed test")]

use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::support::server::{Server, answer, nobody};
use crate::support::{code, essbasic, feed, refused, stderr, stdout};

const AGENT: [&str; 6] = ["--app-id", "app", "--organization", "org", "--operator", "op"];
const KEY: &str = "a-key-that-nobody-may-see";

/// A command with credentials and an agent, for a server at this URL.
fn with(home: &Path, url: &str) -> Command {
    let mut command = essbasic(home);
    command.env("TENCENTCLOUD_SECRET_ID", "AKIDTEST").env("TENCENTCLOUD_SECRET_KEY", KEY);
    command.args(AGENT).args(["--endpoint", url]);
    command
}

fn download(home: &Path, url: &str, arguments: &[&str]) -> Output {
    let output =
        with(home, url).args(["download", "--out", "out"]).args(arguments).output().unwrap();
    assert!(!stderr(&output).contains(KEY));
    output
}

/// Asserts that the home has no other files.
#[track_caller]
fn untouched(home: &Path, allowed: &[&str]) {
    for entry in std::fs::read_dir(home).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(allowed.contains(&&*name), "{name} was left behind");
    }
}

/// A server that must not be called.
fn quiet() -> Server {
    Server::start(|_, _| answer(500, "text/plain", "no call was expected"))
}

#[test]
fn flow_lists() {
    let home = TempDir::new().unwrap();
    let server = quiet();
    for (content, words) in [
        (&b""[..], &["ids.txt contains no flow IDs; write one per line"][..]),
        (b"\xef\xbb\xbf\r\n\r\n  \n", &["ids.txt contains no flow IDs"]),
        (
            b"yDwA\n../../etc/passwd\n",
            &["line 2 of ids.txt is not a flow ID", "; write one ID per line"],
        ),
        (b"yDwA,yDwB\n", &["line 1 of ids.txt is not a flow ID"]),
        (b"yDwA\n\xff\xfe\n", &["line 2 of ids.txt", "not UTF-8"]),
        (&[b'a'; 1 << 20], &["line 1 of ids.txt", "too long"]),
        (b"# flows\r# none\r", &["ids.txt contains no flow IDs"]),
        (b"# flows\ryDwA\ra b\r", &["line 3 of ids.txt"]),
        (b"\xff\xfey\0D\0\r\0\n\0", &["ids.txt is UTF-16 text; save it as UTF-8"]),
        (b"\0y\0D\0\n", &["ids.txt is UTF-16 text; save it as UTF-8"]),
    ] {
        std::fs::write(home.path().join("ids.txt"), content).unwrap();
        refused(&download(home.path(), &server.url(), &["--flows", "ids.txt"]), words);
        untouched(home.path(), &["ids.txt"]);
        let stdin: Vec<String> = words.iter().map(|w| w.replace("ids.txt", "stdin")).collect();
        let stdin: Vec<&str> = stdin.iter().map(String::as_str).collect();
        let mut command = with(home.path(), &server.url());
        refused(&feed(command.args(["wait", "--flows", "-"]), content), &stdin);
    }
    refused(
        &download(home.path(), &server.url(), &["--flows", "absent"]),
        &["absent cannot be read"],
    );
    refused(&download(home.path(), &server.url(), &["--flows", "."]), &[". cannot be read"]);
    refused(&download(home.path(), &server.url(), &[]), &["no flow IDs; give them"]);
    refused(&download(home.path(), &server.url(), &["a/b"]), &["invalid flow ID \"a/b\""]);
    assert!(server.seen().is_empty());
}

#[test]
fn missing_agent_and_missing_credentials() {
    let home = TempDir::new().unwrap();
    let server = quiet();
    let output = essbasic(home.path())
        .args(["download", "yDwA", "--out", "out", "--app-id", "app", "--endpoint", &server.url()])
        .output()
        .unwrap();
    refused(&output, &["give --organization (ESSBASIC_ORGANIZATION), --operator"]);
    for command in [&["download", "yDwA", "--out", "out"][..], &["wait", "yDwA"]] {
        let mut run = essbasic(home.path());
        run.args(AGENT).args(["--endpoint", &server.url()]).args(command);
        refused(&run.output().unwrap(), &["credential", "; "]);
    }
    assert!(server.seen().is_empty());
    untouched(home.path(), &[]);
}

#[test]
fn unreachable_servers() {
    let home = TempDir::new().unwrap();
    let url = format!("http://{}", nobody());
    let output = download(home.path(), &url, &["yDwA"]);
    refused(&output, &["connection failed", "; check the endpoint"]);
    // A reserved name that never resolves.
    let output = download(home.path(), "http://nowhere.invalid", &["yDwA"]);
    refused(&output, &["the host name did not resolve", "; check the host name of the endpoint"]);
    untouched(home.path(), &[]);
    // An archive retries for minutes only if the server was reached before.
    let mut archive = with(home.path(), &url);
    let output = archive.args(["archive", "yDwA", "--out", "out"]).output().unwrap();
    refused(&output, &["connection failed", "(after 4 attempts)", "; check the endpoint"]);
}

#[test]
fn a_proxy_that_refuses() {
    let home = TempDir::new().unwrap();
    let proxy = Server::start(|_, _| answer(407, "text/html", "<h1>who are you?</h1>"));
    let proxy_url = format!("http://user:pass@{}", proxy.address);
    let mut command = with(home.path(), "https://essbasic.example");
    command
        .args(["download", "yDwA", "--out", "out", "--proxy", &proxy_url])
        .env_remove("NO_PROXY");
    let output = command.output().unwrap();
    refused(&output, &["proxy", "; "]);
    assert!(!stderr(&output).contains("pass@"), "{}", stderr(&output));
    assert!(proxy.seen().iter().all(|seen| seen.line.starts_with("CONNECT ")));
    untouched(home.path(), &[]);
    let mut command = with(home.path(), "https://essbasic.example");
    command.args(["wait", "yDwA", "--proxy", "no url user:pass@h"]);
    refused(
        &command.output().unwrap(),
        &["--proxy: ", "invalid proxy URL: ", "; expected http://"],
    );
}

#[test]
fn errors_of_certificate_authorities_name_the_option() {
    let home = TempDir::new().unwrap();
    std::fs::write(home.path().join("bad.pem"), "no PEM").unwrap();
    std::fs::write(home.path().join("wide.pem"), b"\xff\xfe-\0-\0").unwrap();
    std::fs::write(home.path().join("latin.pem"), b"# Autoridad de Certificaci\xf3n").unwrap();
    for (file, says) in [
        ("missing.pem", "cannot be read"),
        ("bad.pem", "no certificate in the file"),
        ("wide.pem", "UTF-16 text; save it as UTF-8"),
        ("latin.pem", "no certificate in the file"),
    ] {
        let mut command = with(home.path(), "https://essbasic.example");
        command.args(["status", "yDwA", "--ca-file", file]);
        refused(&command.output().unwrap(), &[&format!("--ca-file {file}"), says]);
    }
}

#[test]
fn invalid_endpoints() {
    let home = TempDir::new().unwrap();
    for bad in ["ftp://h", "http://h/path", "http://", "::"] {
        refused(&download(home.path(), bad, &["yDwA"]), &["endpoint", "write it as https://HOST"]);
    }
    let both = download(home.path(), "http://h", &["yDwA", "--test-environment"]);
    refused(&both, &["exclude each other"]);
    untouched(home.path(), &[]);
}

#[test]
fn folders_that_cannot_be_written() {
    let home = TempDir::new().unwrap();
    let server = quiet();
    std::fs::write(home.path().join("file"), "").unwrap();
    for out in ["file", "file/below", "/proc/nowhere"] {
        let mut command = with(home.path(), &server.url());
        let output = command.args(["download", "yDwA", "--out", out]).output().unwrap();
        refused(&output, &[out, "; "]);
    }
    assert!(server.seen().is_empty());
    untouched(home.path(), &["file"]);
}

#[test]
fn responses_that_are_not_json() {
    let home = TempDir::new().unwrap();
    for (status, body) in
        [(200, "<html>Welcome to the hotel</html>"), (502, "<h1>Bad Gateway</h1>")]
    {
        let server = Server::start(move |_, _| answer(status, "text/html", body));
        let output = download(home.path(), &server.url(), &["yDwA"]);
        refused(&output, &["not JSON", "; ", "check"]);
        untouched(home.path(), &[]);
        let mut command = with(home.path(), &server.url());
        let output = command.args(["call", "DescribeUsage", "--unchecked"]).output().unwrap();
        refused(&output, &["not JSON", "; ", "check"]);
    }
}

#[test]
fn calls() {
    let home = TempDir::new().unwrap();
    let server = quiet();
    for (arguments, words) in [
        (&["DescribeFlowDetailsInfo"][..], &["did you mean DescribeFlowDetailInfo?"][..]),
        (&["describeflowdetailinfo"], &["did you mean DescribeFlowDetailInfo?"]),
        (&["Xyz"], &["no action \"Xyz\"", "essbasic search Xyz"]),
        (&["DescribeUsage"], &["was not called: StartDate: missing required field", "--unchecked"]),
        (&["DescribeFlowDetailInfo", "--body", "{"], &["invalid body", "--body"]),
        (&["DescribeFlowDetailInfo", "--body", "[]"], &["invalid body"]),
        (
            &["DescribeFlowDetailInfo", "--body", r#"{"Agent":{"AppId":"a","AppId":"b"}}"#],
            &["duplicate field `Agent.AppId` at byte 22", "; "],
        ),
        (
            &["Do", "--service", "x", "--version", "2020-01-01", "--body", r#"{"A":1,"\u0041":2}"#],
            &["duplicate field `A` at byte 7"],
        ),
        (
            &["DescribeFlowDetailInfo", "--body", r#"{"Agent":{"AppId":1e400}}"#],
            &["Agent.AppId: expected a string"],
        ),
        (&["DescribeFlowDetailInfo", "--body", "@absent"], &["absent cannot be read"]),
        (&["DescribeZones", "--service", "cvm"], &["--version"]),
    ] {
        let output = with(home.path(), &server.url()).arg("call").args(arguments).output().unwrap();
        refused(&output, words);
    }
    if cfg!(unix) {
        let mut command = with(home.path(), &server.url());
        command.args(["call", "DescribeFlowDetailInfo", "--body", "@/dev/zero"]);
        refused(&command.output().unwrap(), &["/dev/zero exceeds the limit of 128 MiB"]);
        let mut command = with(home.path(), &server.url());
        command.args(["call", "DescribeFlowDetailInfo", "--body", r#"{"FlowIds":["yDwA"]}"#]);
        command.args(["--ca-file", "/dev/zero"]);
        refused(&command.output().unwrap(), &["/dev/zero exceeds the limit of 128 MiB"]);
    }
    let mut command = essbasic(home.path());
    let output = command.args(["call", "DescribeFlowDetailInfo"]).output().unwrap();
    refused(&output, &["DescribeFlowDetailInfo requires an Agent; give --app-id"]);
    assert!(server.seen().is_empty());
    let refusal = r#"{"Response":{"Error":{"Code":"InvalidParameter","Message":"坏\n参数"},"RequestId":"r-1"}}"#;
    let server = Server::start(move |_, _| answer(200, "application/json", refusal));
    let mut command = with(home.path(), &server.url());
    let body = r#"{"FlowIds":["yDwA"]}"#;
    let output = command.args(["call", "DescribeFlowDetailInfo", "--body", body]).output().unwrap();
    refused(&output, &["InvalidParameter", "坏 参数", "r-1"]);
    assert_eq!((code(&output), stdout(&output)), (1, String::new()));
}

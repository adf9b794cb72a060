//! Code that is not ours as the client of the emulator and as a second opinion on signatures.
//!
//! The official SDKs come from their registries into a scratch folder. Where Python or Node is not at
//! hand the tests say so and stop; under CI they fail instead.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a failed assumption is a failed test"
)]

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tc3_signer::{Payload, Request, Signer};

const PYTHON_SDK: [&str; 2] =
    ["tencentcloud-sdk-python-essbasic==3.1.193", "tencentcloud-sdk-python-common==3.1.195"];
const NODE_SDK: &str = "tencentcloud-sdk-nodejs-common@4.1.220";

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance")
}

/// Runs an installer into a scratch folder, once; `None` where the tool is not there to run.
fn install(folder: &str, command: impl Fn(&Path) -> Command) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
    let done = folder.join("installed");
    if done.exists() {
        return Some(folder);
    }
    std::fs::create_dir_all(&folder).unwrap();
    let reason = match command(&folder).output() {
        Ok(output) if output.status.success() => {
            std::fs::write(done, "").unwrap();
            return Some(folder);
        }
        Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
        Err(error) => error.to_string(),
    };
    assert!(std::env::var_os("CI").is_none(), "the SDK cannot be installed: {reason}");
    eprintln!("skipped: the SDK cannot be installed here: {reason}");
    None
}

fn python() -> Option<Command> {
    let folder = install("python-sdk", |folder| {
        let mut command = Command::new("python3");
        command.args(["-m", "pip", "install", "--quiet", "--target"]).arg(folder).args(PYTHON_SDK);
        command
    })?;
    let mut command = Command::new("python3");
    command.arg("-W").arg("ignore").arg(scripts().join("sdk.py")).env("PYTHONPATH", folder);
    Some(command)
}

fn node() -> Option<Command> {
    let folder = install("node-sdk", |folder| {
        let mut command = Command::new("npm");
        command.args(["install", "--silent", "--no-audit", "--prefix"]).arg(folder).arg(NODE_SDK);
        command
    })?;
    let mut command = Command::new("node");
    command.arg(scripts().join("sdk.cjs")).env("NODE_PATH", folder.join("node_modules"));
    Some(command)
}

fn run(mut command: Command, input: &Value) -> Vec<Value> {
    // The SDKs honour proxies: the emulator is on loopback.
    command.env("NO_PROXY", "*").env("no_proxy", "*");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn signatures_agree_with_the_python_sdk() {
    let Some(mut command) = python() else { return };
    command.args(["signatures", "400", "20210526"]);
    let signed = run(command, &Value::Null);
    assert_eq!(signed.len(), 400);
    for line in signed {
        let text = |name: &str| line[name].as_str().unwrap();
        let payload = STANDARD.decode(text("payload")).unwrap();
        let request = Request {
            method: text("method"),
            path: "/",
            query: text("query"),
            content_type: text("content_type"),
            host: text("host"),
            action: None,
            extra: &[],
            payload: match line["unsigned"].as_bool().unwrap() {
                true => Payload::Unsigned,
                false => Payload::Signed(&payload),
            },
        };
        let ours = Signer::new(text("secret_id"), text("secret_key"))
            .sign(&request, text("service"), line["timestamp"].as_u64().unwrap())
            .unwrap();
        assert_eq!(ours, text("authorization"), "{request:?}");
    }
}

/// What both SDKs' scripts are told, and the document's two examples to call with.
fn case() -> Value {
    let agent = json!({
        "AppId": essbasic_emulator::APP_ID,
        "ProxyOrganizationOpenId": essbasic_emulator::ORGANIZATION,
        "ProxyOperator": { "OpenId": essbasic_emulator::OPERATOR },
        "ProxyAppId": "",
    });
    let request = |first: &str| json!({ "Agent": agent, "FlowIds": [first, "yDwi8UUckpo5fz9cUqI6nGwcuTvt9YSh"] });
    json!({
        "secret_id": essbasic_emulator::SECRET_ID,
        "secret_key": essbasic_emulator::SECRET_KEY,
        "requests": [
            request("yDwivUUckpor6wtoUuogwQHCAB0ES0pQ"),
            request("yDwivUUckpor6wtoUuogwQHCAB0ES0p1"),
        ],
    })
}

/// Runs a script's calls against an emulator and checks what a user of the SDK sees.
fn check_calls(mut command: Command, right_ways: &[&str]) {
    let emulator = essbasic_emulator::Emulator::builder().rate_limit(None).start().unwrap();
    command.args(["calls", emulator.endpoint().trim_start_matches("http://")]);
    let seen: BTreeMap<String, Value> = run(command, &case())
        .into_iter()
        .map(|line| (line["name"].as_str().unwrap().to_owned(), line))
        .collect();
    for way in right_ways {
        let answer = &seen[&format!("{way} 0")]["answer"];
        assert_eq!(answer["ErrorMessages"], json!(["", ""]), "{way}: {seen:?}");
        let resource = &answer["FlowResourceUrlInfos"][0]["ResourceUrlInfos"][0];
        assert_eq!(resource["Name"], "合同,270481027143248.pdf", "{way}");
        let answer = &seen[&format!("{way} 1")]["answer"];
        assert_eq!(answer["ErrorMessages"], json!(["查询流程不存在", ""]), "{way}");
        assert_eq!(answer["FlowResourceUrlInfos"][0]["ResourceUrlInfos"], json!([]), "{way}");
    }
    for (name, code) in [
        ("wrong key 0", "AuthFailure.SignatureFailure"),
        ("wrong key by get 0", "AuthFailure.SignatureFailure"),
        ("unknown id 0", "AuthFailure.SecretIdNotFound"),
        ("unknown action", "InvalidAction"),
        ("missing parameter", "MissingParameter"),
        ("unknown version", "NoSuchVersion"),
    ] {
        assert_eq!(seen[name]["code"], code, "{name}: {seen:?}");
        assert_eq!(seen[name]["request_id"].as_str().unwrap().len(), 36, "{name}");
    }
}

#[test]
fn the_python_sdk_gets_what_it_expects() {
    if let Some(command) = python() {
        check_calls(command, &["post", "get", "unsigned payload"]);
    }
}

#[test]
fn the_node_sdk_gets_what_it_expects() {
    if let Some(command) = node() {
        check_calls(command, &["post", "get"]);
    }
}

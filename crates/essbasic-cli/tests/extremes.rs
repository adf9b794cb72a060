//! No value of any option ends the command by a panic, a signal or an abort.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed assumption is a failed test"
)]

mod support;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::net::TcpListener;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use support::child::{Running, start};
use support::server::{Server, answer};
use support::{essbasic, stdout};
use tempfile::TempDir;

/// Length of the longest argument, in bytes; Linux limits one argument to 128 KiB.
const LONG: usize = 100_000;

/// Maximum duration of a run, which ends at its first call. It is far above the usual one, so that only a run without an end
/// exceeds it on a busy machine.
const LIMIT: Duration = Duration::from_secs(300);

fn values() -> Vec<OsString> {
    let mut values: Vec<OsString> = [
        "18446744073709551615",
        "18446744073709551616",
        "9223372036854775807",
        "4294967295",
        "-1",
        "-9223372036854775808",
        "0",
        "nan",
        "inf",
        "-inf",
        "1e400",
        "1e308",
        "",
        " ",
        "\t\r\n",
        "\u{1}\u{7f}\u{200b}\u{202e}",
        "%00",
        "\\0",
        "18446744073709551615s",
        "584554049253y",
        "0/0",
        "4294967295/4294967295",
        "18446744073709551615/18446744073709551615",
        "s3://",
        "s3:/b",
        "s3://b/../..",
        "http://[::",
        "http://h:99999/",
        "{",
        "{name}{",
        "@",
        "@/",
        "/",
        "a=1e400",
        "reset=18446744073709551615@",
    ]
    .map(OsString::from)
    .to_vec();
    values.push("x".repeat(LONG).into());
    values.push("9".repeat(LONG).into());
    values.push(OsString::from_vec(vec![0xff, 0xfe, b'a', 0xc0, 0x80]));
    values
}

/// The options with a value of each command, as clap describes them to a shell.
fn options(home: &Path) -> BTreeMap<String, Vec<String>> {
    let output = essbasic(home).args(["completions", "fish"]).output().unwrap();
    let script = stdout(&output);
    let mut options: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in script.lines() {
        let Some((_, rest)) = line.split_once("__fish_essbasic_using_subcommand ") else {
            continue;
        };
        let Some((command, rest)) = rest.split_once("\" ") else { continue };
        let name = rest.split_once("-l ").and_then(|(_, rest)| rest.split(' ').next());
        let known = options.entry(command.to_owned()).or_default();
        if let Some(name) = name.filter(|_| rest.contains("' -r")) {
            known.push(name.to_owned());
        }
    }
    options.retain(|command, _| !command.starts_with("help"));
    options
}

/// Arguments with which a command gets to its first call, or to an address in use.
fn base(command: &str, endpoint: &str, taken: &str) -> Vec<String> {
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let port = taken.rsplit(':').next().unwrap();
    let calls = format!(
        "--endpoint={endpoint} --app-id=a --organization=o --operator=p --call-timeout=60s"
    );
    match command {
        "download" => words(&format!("{calls} --out=out --wait")),
        "archive" => words(&format!("{calls} --out=out")),
        "wait" | "status" => words(&calls),
        "upload" => words(&calls),
        "start" => words(&calls),
        "call" => words(&format!("{calls} --service=cvm --version=2017-03-12")),
        "sign" => words("--timestamp=1551113065"),
        "listen" => words(&format!("--port={port} --token=t")),
        "explore" => words(&format!("--port={port} --no-open")),
        "emulator" => words(&format!(
            "--listen={taken} --secret-id=AKIDa --secret-key=b --callback-url=http://127.0.0.1:9/ --faults=reset=0"
        )),
        "search" | "describe" | "skeleton" | "snippet" | "openapi" | "completions" => Vec::new(),
        other => panic!("{other} is not known to this test"),
    }
}

fn positional(command: &str) -> Option<&'static str> {
    match command {
        "download" | "archive" | "wait" | "status" => Some("yDwA"),
        "upload" => Some("a.pdf"),
        "start" => Some("c.json"),
        "call" | "skeleton" | "snippet" => Some("DescribeUsage"),
        "search" | "describe" => Some("Agent"),
        "completions" => Some("bash"),
        _ => None,
    }
}

fn ended(mut child: Running, what: &str) -> ExitStatus {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if start.elapsed() > LIMIT {
            child.kill().unwrap();
            panic!("{what} did not end");
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

struct Case {
    command: String,
    arguments: Vec<OsString>,
    what: String,
}

#[test]
fn no_value_of_any_option_panics() {
    let home = TempDir::new().unwrap();
    let options = options(home.path());
    assert!(options.len() >= 15, "{:?}", options.keys());
    assert!(options["archive"].contains(&"shard".into()), "{options:?}");
    assert!(options["emulator"].contains(&"pdf-size".into()), "{options:?}");
    let refusal = r#"{"Response":{"Error":{"Code":"AuthFailure.SecretIdNotFound","Message":"no"},"RequestId":"r"}}"#;
    let server = Server::start(move |_, _| answer(200, "application/json", refusal));
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let shared: Vec<&String> =
        options["status"].iter().filter(|name| options["call"].contains(name)).collect();
    assert!(shared.contains(&&"endpoint".to_owned()), "{shared:?}");
    let mut cases = Vec::new();
    for (command, names) in &options {
        let base = base(command, &server.url(), &taken);
        for value in values() {
            let shown = |name: &str| {
                let text: String = value.to_string_lossy().chars().take(40).collect();
                format!("essbasic {command} {name} {text:?}")
            };
            for name in names {
                // The same code parses these for every command.
                if command != "status" && shared.contains(&name) {
                    continue;
                }
                // This is valid, and listens.
                if ["listen", "explore"].contains(&&**command) && name == "port" && value == "0" {
                    continue;
                }
                let mut option = OsString::from(format!("--{name}="));
                option.push(&value);
                let own = format!("--{name}=");
                let others = base.iter().filter(|other| !other.starts_with(&own));
                let arguments = others.map(OsString::from).chain([option]);
                let arguments = arguments.chain(positional(command).map(OsString::from));
                let (command, arguments) = (command.clone(), arguments.collect());
                cases.push(Case { command, arguments, what: shown(name) });
            }
            let arguments = base.iter().map(OsString::from);
            let arguments = arguments.chain([OsString::from("--"), value.clone()]).collect();
            cases.push(Case { command: command.clone(), arguments, what: shown("--") });
        }
    }
    let cases = Mutex::new(cases);
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let home = TempDir::new().unwrap();
                let write = |name: &str, text: &str| std::fs::write(home.path().join(name), text);
                write("a.pdf", "%PDF-1.7\n").unwrap();
                loop {
                    // Outputs of one case must not become inputs of another.
                    write("c.json", r#"[{"name":"a","template":"b","parties":[]}]"#).unwrap();
                    let Some(case) = cases.lock().unwrap().pop() else { break };
                    if let Err(failure) = check(home.path(), &case) {
                        failures.lock().unwrap().push(failure);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

fn check(home: &Path, case: &Case) -> Result<(), String> {
    let mut command = essbasic(home);
    command.env("TENCENTCLOUD_SECRET_ID", "AKIDTEST").env("TENCENTCLOUD_SECRET_KEY", "key");
    command.arg(&case.command).args(case.arguments.iter().map(OsStr::new));
    // Unlike a pipe, a file does not block without a reader.
    let stderr = home.join("stderr");
    command.stdout(Stdio::null()).stderr(File::create(&stderr).unwrap());
    let status = ended(start(&mut command), &case.what);
    let error = String::from_utf8_lossy(&std::fs::read(&stderr).unwrap()).into_owned();
    let panicked = ["panicked", "RUST_BACKTRACE", "overflow", "memory allocation"];
    if !matches!(status.code(), Some(0..=2)) || panicked.iter().any(|word| error.contains(word)) {
        let error: String = error.chars().take(300).collect();
        return Err(format!("{}: {status} {error}", case.what));
    }
    if status.code() == Some(1) && !error.contains("error: ") {
        return Err(format!("{}: no error is reported", case.what));
    }
    Ok(())
}

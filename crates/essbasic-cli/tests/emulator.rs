//! `essbasic emulator`: ready line, shutdown, keys.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed assumption is a failed test"
)]

use std::io::{BufRead, BufReader, Read};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::emulator::Emulator;
use crate::support::{self, essbasic, essbasic_at, refused};

fn call(emulator: &Emulator, home: &TempDir, id: &str, key: &str) -> Value {
    let body = r#"{"Agent":{"AppId":"a"}}"#;
    let host = emulator.endpoint.strip_prefix("http://").unwrap();
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs().to_string();
    let mut sign = essbasic(home.path());
    sign.args(["sign", "--secret-id", id, "--secret-key", key, "--host", host]);
    sign.args(["--timestamp", &now, "--payload", body, "--action", "DescribeFlowDetailInfo"]);
    let signed = support::json(&sign.output().unwrap());
    let mut answer = ureq::post(&emulator.endpoint)
        .header("Content-Type", "application/json")
        .header("X-TC-Action", "DescribeFlowDetailInfo")
        .header("X-TC-Version", "2021-05-26")
        .header("X-TC-Timestamp", &now)
        .header("Authorization", signed["authorization"].as_str().unwrap())
        .send(body)
        .unwrap();
    serde_json::from_reader(answer.body_mut().as_reader()).unwrap()
}

fn code(answer: &Value) -> &str {
    answer["Response"]["Error"]["Code"].as_str().unwrap()
}

#[cfg(unix)]
#[test]
fn a_closed_stdin_does_not_stop_it() {
    let home = TempDir::new().unwrap();
    for signal in ["INT", "TERM"] {
        // Its stdin is at its end from the start; a response shows that it still runs.
        let emulator = Emulator::run(essbasic(home.path()).args(["emulator", "-v"]));
        let answer = call(&emulator, &home, "AKIDEMULATOR", "EMULATORSECRETKEY");
        assert!(!code(&answer).starts_with("AuthFailure"), "{answer}");
        let (status, rest, log) = emulator.end(signal);
        assert_eq!((status, rest), (Some(0), String::new()), "{log}");
        assert!(log.starts_with("export TENCENTCLOUD_SECRET_ID=AKIDEMULATOR\n"), "{log}");
        assert!(log.contains("DescribeFlowDetailInfo"), "{log}");
    }
}

#[cfg(unix)]
#[test]
fn given_keys_replace_the_default_ones_and_are_not_shown() {
    let home = TempDir::new().unwrap();
    let emulator =
        Emulator::start(&home, &["--secret-id", "AKIDMINE", "--secret-key", "another-key", "-v"]);
    assert!(!code(&call(&emulator, &home, "AKIDMINE", "another-key")).starts_with("AuthFailure"));
    for (id, key, expected) in [
        ("AKIDMINE", "another", "AuthFailure.SignatureFailure"),
        ("AKIDEMULATOR", "EMULATORSECRETKEY", "AuthFailure.SecretIdNotFound"),
    ] {
        assert_eq!(code(&call(&emulator, &home, id, key)), expected);
    }
    let (_, _, log) = emulator.end("TERM");
    assert!(log.contains("export TENCENTCLOUD_SECRET_ID=AKIDMINE\n"), "{log}");
    assert!(!log.contains("another-key") && !log.contains("SECRET_KEY"), "{log}");
}

#[test]
fn invalid_options_are_refused() {
    let home = TempDir::new().unwrap();
    let many =
        r#"{"applications":{"a":{"organizations":{"o":{"operators":[],"completed":1000001}}}}}"#;
    for (name, text) in [("seed", "{}"), ("array", "[]"), ("nested", "[{}]"), ("many", many)] {
        std::fs::write(home.path().join(name).with_extension("json"), text).unwrap();
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for (arguments, words) in [
        (&["--listen", "nowhere"][..], &["invalid value 'nowhere'"][..]),
        (&["--listen", &taken], &["the emulator cannot start", "; give a free address"]),
        (&["--listen", "0.0.0.0:0"], &["0.0.0.0 is not a loopback address", "--allow-remote"]),
        (&["--faults", "flood"], &["unknown kind of fault; expected one of refused, reset, "]),
        (&["--faults", "reset=7"], &["between 0 and 1"]),
        (&["--flows", "1", "--seed", "seed.json"], &["cannot be used with"]),
        (&["--faults", "tls-cut"], &["tls-cut hits TLS handshakes", "TLS is not enabled"]),
        (&["--faults", "tls-cut@download", "--tls", "ca.pem"], &["have no action"]),
        (&["--tls", "nowhere/ca.pem"], &["nowhere/ca.pem cannot be written"]),
        (&["--flows", "many"], &["invalid value 'many' for '--flows"]),
        (&["--callback-key", "k"], &["--callback-url"]),
        (
            &["--callback-url", "http://example.com/"],
            &["does not have a loopback address", "--allow-remote"],
        ),
        (&["--callback-url", "http://127.0.0.1/", "--callback-key", "hush"], &["32 bytes"]),
        (&["--seed", "absent"], &["absent cannot be read"]),
        (&["--seed", "seed.json"], &["--seed seed.json: invalid seed: missing field"]),
        (&["--seed", "array.json"], &["--seed array.json: invalid seed", "sequence", "--help"]),
        (&["--seed", "nested.json"], &["--seed nested.json: invalid seed", "sequence"]),
        (&["--seed", "many.json"], &["1000001 generated contracts exceed the limit of 1000000"]),
        (&["--flows", "18446744073709551615"], &["--flows", "expected 0 to 1000000"]),
        (&["--pdf-size", "1000000000000"], &["--pdf-size", "expected 0 to 268435456"]),
        (&["--speed", "nan"], &["--speed", "expected 0 to 1000000"]),
        (&["--speed", "-1"], &["--speed", "expected 0 to 1000000"]),
        (&["--secret-id", "AKIDMINE"], &["--secret-key"]),
        (&["--secret-id", "AKIDMINE", "--secret-key", ""], &["keys are empty"]),
    ] {
        let output = essbasic(home.path()).arg("emulator").args(arguments).output().unwrap();
        refused(&output, words);
    }
}

#[test]
fn faults_are_injected() {
    let home = TempDir::new().unwrap();
    let emulator =
        Emulator::start(&home, &["--faults", "internal-error@DescribeFlowDetailInfo,drip=0"]);
    let answer = call(&emulator, &home, "AKIDEMULATOR", "EMULATORSECRETKEY");
    assert_eq!(code(&answer), "InternalError");
}

#[test]
fn count_and_size_of_contracts_are_as_given() {
    let home = TempDir::new().unwrap();
    let emulator = Emulator::start(&home, &["--flows", "3", "--pdf-size", "200000"]);
    let get = |path: &str| {
        let mut answer = ureq::get(format!("{}{path}", emulator.endpoint)).call().unwrap();
        answer.body_mut().read_to_string().unwrap()
    };
    let ids = get("/_emulator/flows");
    let expected: Vec<String> = (1..=3).map(|n| format!("yDEmuBulk{n:023}")).collect();
    assert_eq!(ids.lines().collect::<Vec<_>>(), expected);
    let mut download = essbasic(home.path());
    download.args(["download", "--endpoint", &emulator.endpoint, "--out", "out"]);
    download.env("TENCENTCLOUD_SECRET_ID", "AKIDEMULATOR");
    download.env("TENCENTCLOUD_SECRET_KEY", "EMULATORSECRETKEY");
    download.args(["--app-id", essbasic_emulator::APP_ID, "--operator", "n9527"]);
    download.args(["--organization", essbasic_emulator::ORGANIZATION]);
    let output = download.args(&expected).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let files = std::fs::read_dir(home.path().join("out")).unwrap();
    let sizes: Vec<u64> = files.map(|file| file.unwrap().metadata().unwrap().len()).collect();
    assert_eq!(sizes.len(), 3);
    assert!(sizes.iter().all(|size| (200_000..210_000).contains(size)), "{sizes:?}");
}

#[cfg(unix)]
#[test]
fn callbacks_are_posted_and_neither_key_nor_token_is_shown() {
    let home = TempDir::new().unwrap();
    let receiver = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", receiver.local_addr().unwrap());
    let key = "hush-hush-hush-hush-hush-hush-32";
    let mut arguments = vec!["-v", "--callback-url", &url, "--callback-key", key];
    arguments.extend(["--callback-token", "hush-token", "--callback-reorder"]);
    let emulator = Emulator::start(&home, &arguments);
    let (stream, _) = receiver.accept().unwrap();
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(reader.read_line(&mut head).unwrap(), 0);
    }
    assert!(head.starts_with("POST /hook HTTP/1.1"), "{head}");
    assert!(head.contains("content-signature: sha256="), "{head}");
    let mut body = [0; 2];
    reader.read_exact(&mut body).unwrap();
    assert_eq!(&body, b"{}");
    let (_, _, log) = emulator.end("TERM");
    assert!(!log.contains("hush"), "{log}");
}

/// An unwritable log does not stop the emulator.
#[test]
fn a_closed_log_does_not_stop_it() {
    let home = TempDir::new().unwrap();
    let mut verbose = Emulator::start(&home, &["-v"]);
    drop(verbose.child.stderr.take());
    for _ in 0..3 {
        let answer = call(&verbose, &home, "AKIDNOBODY", "x");
        assert_eq!(code(&answer), "AuthFailure.SecretIdNotFound");
    }
}

#[cfg(unix)]
#[test]
fn contracts_are_downloaded_over_tls() {
    let home = TempDir::new().unwrap();
    let emulator = Emulator::start(&home, &["--tls", "ca.pem", "--flows", "3"]);
    let download = |more: &[&str]| {
        let arguments = ["download", "--out", "contracts"];
        let mut command = essbasic_at(home.path(), &emulator.endpoint, &arguments);
        command.args(more);
        command.args((1..=3).map(|number| format!("yDEmuBulk{number:023}")));
        command.output().unwrap()
    };
    refused(&download(&[]), &["the server's certificate is issued by an authority"]);
    let output = download(&["--ca-file", "ca.pem"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(std::fs::read_dir(home.path().join("contracts")).unwrap().count(), 3);
    emulator.end("TERM");
}

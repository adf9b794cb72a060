//! `[archive] to` is a bucket of an S3 server by other people.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use essbasic_emulator::{
    APP_ID, Callback, Emulator, NewFlow, OPERATOR, ORGANIZATION, SECRET_ID, SECRET_KEY,
};
use essbasic_s3::test_util::{S3Server, SECRET_ACCESS_KEY};

use crate::support::{Server, command, get, secret};

const TOKEN: &str = "a-token-of-callbacks";

const KEY: &str = "TESTKEYTESTKEYTESTKEYTESTKEY3232";

/// Writes a configuration with its secrets, and returns its path.
fn write(folder: &Path, endpoint: &str, receive_port: u16, to: &str) -> String {
    for (name, value) in [("id", SECRET_ID), ("key", SECRET_KEY), ("token", TOKEN), ("body", KEY)] {
        secret(&folder.join(name), value);
    }
    let text = format!(
        "[account]\napp_id = {APP_ID:?}\norganization = {ORGANIZATION:?}\noperator = {OPERATOR:?}\n\
         secret_id_file = \"id\"\nsecret_key_file = \"key\"\n\
         [service]\nendpoint = {endpoint:?}\nregion = \"ap-guangzhou\"\n\
         [receive]\nlisten = \"127.0.0.1:{receive_port}\"\n\
         [[receive.keys]]\ntoken_file = \"token\"\nkey_file = \"body\"\n\
         [archive]\nto = {to:?}\n[ops]\nlisten = \"127.0.0.1:0\"\n[admin]\nlisten = \"127.0.0.1:0\"\n\
         [shutdown]\ndrain_delay = \"0s\"\ngrace = \"10s\"\n"
    );
    let path = folder.join("essbasic.toml");
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Returns the command with this configuration, and with the variables of the store only.
fn configured(path: &str, more: &[&str], store: &S3Server) -> Command {
    let mut command = command(&["--config", path]);
    let inherited = std::env::vars_os().map(|(name, _)| name);
    for name in inherited.filter(|name| name.to_string_lossy().starts_with("AWS_")) {
        command.env_remove(name);
    }
    command.args(more).envs(store.variables());
    command
}

fn sign(emulator: &Emulator, numbers: std::ops::Range<u32>) {
    for number in numbers {
        let flow_id = format!("yDBucket{number:024}");
        emulator.create_flow(NewFlow::new(APP_ID, ORGANIZATION, &flow_id));
        while emulator.sign(&flow_id, None).is_ok() {}
    }
}

#[test]
fn contracts_are_archived_although_the_store_is_away_for_some_seconds() {
    let Some(mut store) = S3Server::start().unwrap() else { return };
    store.create_bucket("contracts-125").unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let callbacks = format!("http://127.0.0.1:{port}/");
    let emulator = Emulator::builder()
        .with_callback(Callback::to(&callbacks).with_token(TOKEN).with_key(KEY))
        .start()
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), &emulator.endpoint(), port, "s3://contracts-125/2026");
    let server = Server::started(configured(&path, &[], &store));
    sign(&emulator, 0..5);
    server.wait_for("essbasic_contracts{state=\"done\"}", 5);
    store.kill();
    sign(&emulator, 5..10);
    // The length of the outage.
    std::thread::sleep(Duration::from_secs(8));
    let (status, body) = get(&format!("{}readyz", server.ops));
    assert_eq!((status, body.as_str()), (200, "{\"ready\":true,\"degraded\":[],\"reasons\":[]}"));
    store.restart().unwrap();
    server.wait_for("essbasic_contracts{state=\"done\"}", 10);
    assert_eq!(server.metric("essbasic_contracts{state=\"dead\"}"), 0);
    assert_eq!(server.metric("essbasic_settled_total{outcome=\"again\"}"), 0);
    assert_eq!(server.stop(), Some(0));
    let objects = store.objects("contracts-125").unwrap();
    assert_eq!(objects.len(), 10, "{:?}", objects.keys());
    for (key, bytes) in objects {
        assert!(key.starts_with("2026/yDBucket"), "{key}");
        assert!(bytes.starts_with(b"%PDF-") && bytes.trim_ascii_end().ends_with(b"%%EOF"), "{key}");
    }
}

#[test]
fn a_bucket_that_cannot_be_used_is_refused_in_one_line() {
    let Some(mut store) = S3Server::start().unwrap() else { return };
    store.create_bucket("contracts-125").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let ours = "s3://contracts-125/2026";
    for (to, variable, expected) in [
        ("s3://absent-125/2026", ("AWS_REGION", "r"), "archive.to: the bucket does not exist"),
        (ours, ("AWS_SECRET_ACCESS_KEY", "another-key"), "archive.to: the store rejected the cred"),
        // The account's own keys are not those of this store.
        ("cos://contracts-125/2026", ("AWS_ACCESS_KEY_ID", ""), "archive.to: invalid settings"),
        (ours, ("AWS_ACCESS_KEY", "x"), "archive.to: AWS_ACCESS_KEY is not read"),
        ("s3://id:another-key@b/p", ("AWS_REGION", "r"), "archive.to names no bucket"),
        ("cos://contracts/2026", ("AWS_REGION", "r"), "cos://BUCKET-APPID/PREFIX"),
    ] {
        let path = write(folder.path(), "http://127.0.0.1:1", 0, to);
        let mut command = configured(&path, &[], &store);
        if variable.0 == "AWS_ACCESS_KEY" {
            command.env_remove("AWS_ACCESS_KEY_ID");
        }
        let output = command.env(variable.0, variable.1).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{to}: {error}");
        assert!(error.lines().count() == 1 && error.starts_with("error: "), "{to}: {error}");
        assert!(error.contains(expected), "{to}: {error}");
        for secret in ["another-key", SECRET_ACCESS_KEY, SECRET_KEY] {
            assert!(!error.contains(secret), "{to}: {error}");
        }
    }
    // A store that is only unreachable is waited for.
    store.kill();
    let path = write(folder.path(), "http://127.0.0.1:1", 0, ours);
    let server = Server::started(configured(&path, &[], &store));
    assert_eq!(get(&format!("{}readyz", server.ops)).0, 200);
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn a_check_shows_the_bucket_without_keys() {
    let Some(store) = S3Server::start().unwrap() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "http://127.0.0.1:1", 0, "cos://contracts-125/2026");
    let check = |with_endpoint: bool| {
        let mut command = configured(&path, &["--check"], &store);
        if !with_endpoint {
            for name in ["AWS_ENDPOINT", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
                command.env_remove(name);
            }
        }
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0), "{text}");
        assert!(text.contains("to = \"cos://contracts-125/2026\""), "{text}");
        for secret in [SECRET_ACCESS_KEY, SECRET_KEY, SECRET_ID] {
            assert!(!text.contains(secret), "{text}");
        }
        text
    };
    let endpoint = format!("bucket contracts-125, endpoint {}, region", store.endpoint());
    assert!(check(true).contains(&endpoint));
    let endpoint =
        "endpoint https://contracts-125.cos.ap-guangzhou.myqcloud.com, region ap-guangzhou";
    assert!(check(false).contains(endpoint));
}

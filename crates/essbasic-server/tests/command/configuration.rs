//! `--config` and `--check`.

use std::net::TcpListener;
use std::path::Path;

use crate::support::{command, run, secret};

const SECRET: &str = "a-secret-of-the-test";

/// Writes a configuration with its secrets, and returns its path.
fn write(folder: &Path, more: &str) -> String {
    for name in ["id", "key", "token"] {
        secret(&folder.join(name), &format!("{SECRET}\n"));
    }
    let text = format!(
        "[account]\napp_id = \"a\"\norganization = \"o\"\noperator = \"p\"\nsecret_id_file = \"id\"\n\
         secret_key_file = \"key\"\n[[receive.keys]]\ntoken_file = \"token\"\n{more}"
    );
    let path = folder.join("essbasic.toml");
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_check_prints_the_configuration_without_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "");
    let output = run(&["--config", &path, "--check"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    for part in [
        "[worker]\nlease = \"1m\"",
        "per_action = 20",
        "secret_key_file = ",
        "endpoint = \"https://essbasic.tencentcloudapi.com\"",
        "allowed_hosts = []",
        "# service.region: not set",
        "# admin.token_file: not set; a token is written to admin_token next to",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    // Nothing was opened or written.
    let mut files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    files.sort_by_key(|file| file.as_ref().unwrap().file_name());
    let files: Vec<_> = files.into_iter().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(files, ["essbasic.toml", "id", "key", "token"]);
    assert!(!text.contains(SECRET), "{text}");
}

/// Checks the configuration, which has problems. Returns the line of each without its start.
fn problems(path: &str) -> Vec<String> {
    let mut command = command(&["--config", path, "--check"]);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_")) {
        command.env_remove(name);
    }
    let output = command.env("AWS_CONFIG_FILE", "none").output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(output.stdout.is_empty() && !error.contains(SECRET), "{error}");
    let start = format!("error: {path}: ");
    error.lines().map(|line| line.strip_prefix(&start).unwrap_or(line).to_owned()).collect()
}

#[test]
fn a_check_reports_every_problem_on_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(
        folder.path(),
        "key_file = \"id\"\n[[receive.keys]]\ntoken_file = \"none-1\"\n\
         [store]\nurl = \"postgres://u@h/d\"\npassword_file = \"none-2\"\n\
         [archive]\nto = \"s3://bucket/prefix\"\nnames = \"{name}\"\nconcurrency = 0\n\
         [messages]\nbody_key_file = \"none-3\"\n\
         [[forward]]\nname = \"a\"\nurl = \"https://h/\"\ntoken_file = \"none-4\"\n\
         [[forward]]\nname = \"b\"\nurl = \"https://h/\"\nkey_file = \"key\"\n\
         [admin]\ntoken_file = \"id\"\n[rate]\nper_action = 0\n",
    );
    std::fs::remove_file(folder.path().join("id")).unwrap();
    std::fs::write(folder.path().join("key"), "two\nlines").unwrap();
    let found = problems(&path);
    let missing = |key: &str| format!("{key}: cannot use ");
    let expected = [
        "archive.names: {flow_id} is required".to_owned(),
        "archive.concurrency: it is 0".to_owned(),
        "rate.per_action: it is 0".to_owned(),
        missing("account.secret_id_file"),
        missing("account.secret_key_file"),
        missing("store.password_file"),
        missing("receive.keys.key_file"),
        missing("receive.keys.token_file"),
        missing("messages.body_key_file"),
        "archive.to: no keys for the store; set AWS_ACCESS_KEY_ID".to_owned(),
        missing("forward \"a\": token_file"),
        missing("forward \"b\": key_file"),
        missing("admin.token_file"),
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (line, expected) in found.iter().zip(&expected) {
        assert!(line.starts_with(expected), "{line}\n{expected}");
    }
    for (part, count) in [
        ("No such file", 7),
        ("several lines", 2),
        ("; create one with: openssl rand -hex 32 > ", 2),
    ] {
        let lines = found.iter().filter(|line| line.contains(part));
        assert_eq!(lines.count(), count, "{part}: {found:#?}");
    }
}

#[test]
fn a_check_refuses_what_a_start_refuses() {
    for (more, expected) in [
        ("[messages]\nbody_key_file = \"key\"", "messages.body_key_file: invalid key"),
        ("[admin]\ntoken_file = \"short\"", "admin.token_file: "),
        ("[service]\nendpoint = \"ftp://h\"", "service.endpoint: "),
        ("key_file = \"key\"", "receive.keys.key_file: "),
        ("[archive]\nto = \"s3:///p\"", "archive.to names no bucket"),
        ("[store]\nurl = \"mysql://h\"", "store.url: expected sqlite:PATH"),
        ("[archive]\nto = \"cos://b-1/p\"", "archive.to: no region for a bucket of COS"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = write(folder.path(), more);
        std::fs::write(folder.path().join("short"), "short").unwrap();
        let found = problems(&path);
        assert!(found.len() == 1 && found[0].starts_with(expected), "{more}: {found:?}");
    }
}

#[test]
fn what_prevents_a_start_is_one_line() {
    let occupied = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = occupied.local_addr().unwrap().port();
    let ports = "[ops]\nlisten = \"127.0.0.1:0\"\n[admin]\nlisten = \"127.0.0.1:0\"\n";
    let free = format!("[receive]\nlisten = \"127.0.0.1:0\"\n{ports}");
    for (case, more, expected) in [
        (
            "port",
            format!("[receive]\nlisten = \"127.0.0.1:{port}\"\n{ports}"),
            "receive.listen: cannot listen on",
        ),
        ("misspelled key", "[archive]\nconcurency = 1".to_owned(), "unknown field `concurency`"),
        (
            "folder",
            format!("{free}[archive]\nto = \"id/below\""),
            "archive.to: cannot use the folder",
        ),
        ("store", format!("{free}[store]\nurl = \"sqlite:id/below/db\""), "store.url: "),
        ("endpoint", format!("{free}[service]\nendpoint = \"ftp://h\""), "service.endpoint: "),
        (
            "body key",
            format!("{free}[messages]\nbody_key_file = \"key\""),
            "messages.body_key_file: invalid key",
        ),
        (
            "callback key",
            format!("{free}[[receive.keys]]\ntoken_file = \"token\"\nkey_file = \"key\""),
            "receive.keys.key_file: ",
        ),
        (
            "missing file",
            format!("{free}[messages]\nbody_key_file = \"none\""),
            "messages.body_key_file: cannot use",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = write(folder.path(), &more);
        let output = run(&["--config", &path]);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{case}: {error}");
        let lines: Vec<&str> = error.lines().collect();
        assert!(lines.len() == 1 && lines[0].starts_with("error: "), "{case}: {error}");
        assert!(error.contains(expected) && !error.contains(SECRET), "{case}: {error}");
    }
    let output = run(&["--config", "none.toml"]);
    assert_eq!(output.status.code(), Some(1));
}

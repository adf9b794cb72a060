//! `--config` and `--check`.

use std::net::TcpListener;
use std::path::Path;

use crate::support::run;

const SECRET: &str = "a-secret-of-the-test";

/// Writes a configuration with its secrets, and returns its path.
fn write(folder: &Path, more: &str) -> String {
    for name in ["id", "key", "token"] {
        std::fs::write(folder.join(name), format!("{SECRET}\n")).unwrap();
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
    for part in ["[worker]\nlease = \"1m\"", "per_action = 20", "secret_key_file = "] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!text.contains(SECRET), "{text}");
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

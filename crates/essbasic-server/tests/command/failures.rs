//! Failures of the store while callbacks arrive: a message is acknowledged only if it is stored.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use essbasic_callback::{CallbackKey, MsgType, Sender, Token, testing};
use serde_json::{Value, json};

use crate::support::{Server, command, get, post, run};

const TIMEOUT: Duration = Duration::from_secs(30);

/// Posts a message about a contract that the emulator does not have, and returns the status.
fn send(server: &Server, id: &str) -> u16 {
    let token = Token::new("emulated-callback-token").unwrap();
    let key = CallbackKey::new("EMULATEDKEYEMULATEDKEYEMULATED32").unwrap();
    let data = json!({ "FlowId": format!("yD{id:0>30}"), "FlowCallbackStatus": 1 });
    let message = testing::message(id, &MsgType::FlowStatusChange, data);
    let callback = Sender::new(token, key).send(&message);
    post(&server.callbacks, callback.signature.as_deref(), &callback.body)
}

/// Returns the status and the reasons of `/readyz`.
fn ready(server: &Server) -> (u16, String) {
    let (status, body) = get(&format!("{}readyz", server.ops));
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["ready"], status == 200);
    (status, body["reasons"].to_string())
}

/// Waits for a status of `/readyz`, and returns its reasons.
fn wait_until_ready_is(server: &Server, expected: u16) -> String {
    let end = Instant::now() + TIMEOUT;
    loop {
        let (status, reasons) = ready(server);
        if status == expected {
            return reasons;
        }
        assert!(Instant::now() < end, "{status} {reasons}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[cfg(unix)]
#[test]
fn nothing_is_acknowledged_into_a_file_that_was_removed_or_replaced() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::emulated(data.path());
    let (path, moved) = (data.path().join("essbasic.db"), data.path().join("moved.db"));
    assert_eq!(send(&server, "before"), 200);
    std::fs::rename(&path, &moved).unwrap();
    assert_eq!(send(&server, "removed"), 503);
    let reasons = wait_until_ready_is(&server, 503);
    assert!(reasons.contains("was removed or replaced"), "{reasons}");
    std::fs::write(&path, "another file").unwrap();
    assert_eq!(send(&server, "replaced"), 503);
    std::fs::rename(&moved, &path).unwrap();
    wait_until_ready_is(&server, 200);
    let new = || server.metric("essbasic_callbacks_total{result=\"new\"}");
    let before = new();
    assert_eq!(send(&server, "removed"), 200);
    assert!(new() > before, "it was not stored before");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_makes_the_server_unready_and_loses_nothing() {
    let limit = |server: &Server, limit: &str| {
        let id = server.id().to_string();
        Command::new("prlimit")
            .args(["--pid", &id, &format!("--fsize={limit}:")])
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    };
    let data = tempfile::tempdir().unwrap();
    // Files cannot grow beyond the limit that is set below. Without the signal, writes fail as on a full disk.
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "trap '' XFSZ; exec \"$@\"", "sh"])
        .arg(env!("CARGO_BIN_EXE_essbasic-server"))
        .args(["--emulated", "--data", data.path().to_str().unwrap()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let server = Server::started(shell);
    let mut acknowledged = BTreeSet::new();
    let mut send_all = |prefix: &str| {
        let mut refused = 0;
        for n in 0..10 {
            let id = format!("{prefix}{n}");
            match send(&server, &id) {
                200 => {
                    acknowledged.insert(id);
                }
                503 => refused += 1,
                status => panic!("{id}: {status}"),
            }
        }
        refused
    };
    assert_eq!(send_all("before"), 0);
    if !limit(&server, "4096") {
        eprintln!("not tested: prlimit is missing");
        return;
    }
    assert_eq!(send_all("full"), 10, "nothing can be stored");
    let reasons = wait_until_ready_is(&server, 503);
    assert!(reasons.contains("the store failed") || reasons.contains("full"), "{reasons}");
    assert_eq!(get(&format!("{}livez", server.ops)).0, 200, "a restart would not help");
    assert!(limit(&server, "unlimited"));
    wait_until_ready_is(&server, 200);
    assert_eq!(send_all("after"), 0);
    let duplicates = || server.metric("essbasic_callbacks_total{result=\"duplicate\"}");
    let before = duplicates();
    for id in &acknowledged {
        assert_eq!(send(&server, id), 200);
    }
    assert!(duplicates() >= before + acknowledged.len() as u64, "each was stored");
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn a_store_of_a_later_version_and_an_occupied_port_prevent_a_start_by_one_line() {
    let data = tempfile::tempdir().unwrap();
    let arguments = ["--emulated", "--data", data.path().to_str().unwrap()];
    assert_eq!(Server::started(command(&arguments)).stop(), Some(0));
    let sql = "INSERT INTO schema_version (version) VALUES (1000)";
    let connection = rusqlite::Connection::open(data.path().join("essbasic.db")).unwrap();
    connection.execute(sql, []).unwrap();
    drop(connection);
    let path = data.path().join("essbasic.toml");
    let arguments = ["--config", path.to_str().unwrap()];
    one_line(&arguments, "store.url: the schema of the store has version 1000");

    let occupied = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = occupied.local_addr().unwrap().port();
    let text = std::fs::read_to_string(&path).unwrap();
    let ops = "[ops]\nlisten = \"127.0.0.1:0\"";
    assert!(text.contains(ops), "{text}");
    let text = text.replace(ops, &format!("[ops]\nlisten = \"127.0.0.1:{port}\""));
    let text = text.replace("essbasic.db", "other.db");
    std::fs::write(&path, text).unwrap();
    one_line(&arguments, "ops.listen: cannot listen on");
    assert!(!data.path().join("other.db").exists(), "nothing was created");
}

/// Runs a command that fails with one line, which contains `expected`.
fn one_line(arguments: &[&str], expected: &str) {
    let output = run(arguments);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(error.starts_with("error: ") && error.contains(expected), "{error}");
}

//! `--emulated`: everything in one process.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Server, get, run};

fn contracts(data: &Path) -> BTreeSet<String> {
    let names = std::fs::read_dir(data.join("contracts")).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.ends_with(".pdf")).collect()
}

/// Checks that files with secrets and personal data cannot be read by every user.
#[cfg(unix)]
fn check_permissions(data: &Path) {
    use std::os::unix::fs::PermissionsExt as _;

    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for name in ["db", "db.lock", "db-wal", "db-shm"] {
        assert_eq!(mode(&data.join(format!("essbasic.{name}"))), 0o600, "{name}");
    }
    for name in ["id", "key", "callback_token", "callback_key"] {
        assert_eq!(mode(&data.join("secrets").join(name)), 0o600, "{name}");
    }
    for name in contracts(data) {
        let mode = mode(&data.join("contracts").join(&name));
        assert_eq!(mode & !0o640, 0, "{name}: {mode:o}");
    }
}

/// Returns the output of a subcommand on the store of the folder.
fn command(data: &Path, arguments: &[&str]) -> Value {
    let config = data.join("essbasic.toml");
    let output = run(&[arguments, &["--json", "--config", config.to_str().unwrap()]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Returns the contracts that are neither done nor dead.
fn unfinished(data: &Path) -> Vec<String> {
    let states =
        ["open", "claimed"].map(|state| command(data, &["contracts", "list", "--state", state]));
    let contracts = states.iter().flat_map(|list| list["contracts"].as_array().unwrap());
    contracts.map(|contract| contract["flow_id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn contracts_are_archived_once_over_kills_and_restarts() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::emulated(data.path());
    let (status, body) = get(&format!("{}readyz", server.ops));
    assert_eq!((status, body.as_str()), (200, "{\"ready\":true,\"degraded\":[],\"reasons\":[]}"));
    assert_eq!(get(&format!("{}livez", server.ops)).0, 200);
    // The contracts of the start, and some that are signed meanwhile, which only callbacks report in time.
    server.wait_for("essbasic_contracts{state=\"done\"}", 22);
    assert!(server.metric("essbasic_callbacks_total{result=\"new\"}") > 0);
    #[cfg(unix)]
    check_permissions(data.path());
    // Files are composed for seconds, so a contract that was just signed is unfinished at the kill.
    server.wait_for("essbasic_contracts{state=\"open\"}", 1);
    server.signal("-KILL");
    drop(server);
    let unfinished = unfinished(data.path());
    assert!(!unfinished.is_empty());
    let before = contracts(data.path());
    assert!(before.len() >= 22, "{before:?}");
    for name in &before {
        let pdf = std::fs::read(data.path().join("contracts").join(name)).unwrap();
        assert!(pdf.starts_with(b"%PDF-") && pdf.trim_ascii_end().ends_with(b"%%EOF"), "{name}");
    }

    let server = Server::emulated(data.path());
    let done = server.metric("essbasic_contracts{state=\"done\"}");
    assert!(done >= 22, "the ledger has the contracts of before: {done}");
    server.wait_for("essbasic_contracts{state=\"done\"}", done + 2);
    for flow in &unfinished {
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            let detail = command(data.path(), &["contracts", "show", flow]);
            assert_ne!(detail["state"], "dead", "{detail}");
            if detail["result"] == "archived" {
                break;
            }
            assert!(Instant::now() < end, "{detail}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
    assert_eq!(server.metric("essbasic_contracts{state=\"dead\"}"), 0);
    let log = server.log("");
    assert!(!log.contains("essbasic_emulator"), "{log}");
    assert_eq!(server.stop(), Some(0));
    let after = contracts(data.path());
    assert!(after.is_superset(&before), "{after:?}");
    // A contract that is signed again has other files.
    let is_signed_once = |name: &&String| !unfinished.iter().any(|flow| name.contains(flow));
    let numbered = after.iter().filter(is_signed_once).any(|name| name.contains('('));
    assert!(!numbered, "a second download writes the same file: {after:?}");
}

#[test]
fn a_second_server_on_the_same_database_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::emulated(data.path());
    let output = run(&["--emulated", "--data", data.path().to_str().unwrap()]);
    let error = String::from_utf8(output.stderr).unwrap();
    let last = error.lines().last().unwrap_or_default();
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(last.starts_with("error: store.url: "), "{error}");
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn other_installations_are_not_replaced() {
    for file in ["essbasic.toml", "secrets/id", "essbasic.db"] {
        let data = tempfile::tempdir().unwrap();
        let path = data.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, "# own").unwrap();
        let output = run(&["--emulated", "--data", data.path().to_str().unwrap()]);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.starts_with("error: --data: ") && error.lines().count() == 1, "{error}");
        assert!(error.contains("was not written by --emulated"), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "# own");
        assert_eq!(std::fs::read_dir(data.path()).unwrap().count(), 1, "{file}");
    }
}

#[test]
fn the_ready_line_has_the_urls() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::emulated(data.path());
    for url in [&server.callbacks, &server.ops] {
        assert!(url.starts_with("http://127.0.0.1:") && url.ends_with('/'), "{url}");
    }
    let (status, text) = get(&format!("{}readyz", server.ops));
    assert_eq!(status, 200);
    assert!(serde_json::from_str::<Value>(&text).unwrap()["degraded"].is_array());
    assert_eq!(get(&format!("{}other", server.ops)).0, 404);
}

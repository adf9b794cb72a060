//! SQLite: files, locks, versions, durability.

use essbasic::FlowStatus;
use essbasic_server::ledger::{ErrorKind, Ledger, Receipt};

use crate::support::reports;

#[tokio::test]
async fn a_second_server_on_one_file_is_refused_and_commands_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let server = Ledger::sqlite(&path).unwrap();
    let error = Ledger::sqlite(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unusable);
    assert!(error.to_string().contains("in use by another server"), "{error}");
    let command = Ledger::sqlite_shared(&path).unwrap();
    server.offer(vec!["flow".to_owned()], 0).await.unwrap();
    assert_eq!(command.counts().await.unwrap().open, 1);
    drop(server);
    // The threads of the ledger end on their own; the lock is released at once.
    Ledger::sqlite(&path).unwrap();
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    drop(Ledger::sqlite(&path).unwrap());
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute("INSERT INTO schema_version (version) VALUES (1000)", []).unwrap();
    let error = Ledger::sqlite(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unusable);
    assert!(error.to_string().contains("version 1000"), "{error}");
}

#[tokio::test]
async fn other_files_and_folders_are_refused_with_their_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("text.db");
    std::fs::write(&path, "not a database, but longer than a header of a hundred bytes".repeat(4))
        .unwrap();
    for path in [path, folder.path().join("absent/ledger.db")] {
        let error = Ledger::sqlite(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unusable, "{error}");
        assert!(error.to_string().contains(&*path.to_string_lossy()), "{error}");
    }
}

#[tokio::test]
async fn messages_survive_a_restart_and_are_duplicates_then() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let message = reports("m", "flow", FlowStatus::All, 5);
    for expected in [Receipt::New, Receipt::Duplicate, Receipt::Duplicate] {
        let ledger = Ledger::sqlite(&path).unwrap();
        let receipts = ledger.receive(vec![message.clone()]).await;
        assert_eq!(receipts.into_iter().next().unwrap().unwrap(), expected);
    }
}

#[tokio::test]
async fn an_invalid_message_fails_alone() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::sqlite(&folder.path().join("ledger.db")).unwrap();
    let mut messages: Vec<_> =
        (0..100).map(|n| reports(&format!("m{n}"), "flow", FlowStatus::Part, n)).collect();
    messages[7].kind = "a\0b".to_owned();
    messages[70].flow_id = Some("x".repeat(129));
    messages[80].targets = vec!["without a body".to_owned()];
    let receipts = ledger.receive(messages).await;
    for (n, receipt) in receipts.iter().enumerate() {
        match receipt {
            Err(error) => assert_eq!(error.kind(), ErrorKind::Invalid, "{n}: {error}"),
            Ok(receipt) => assert_eq!(*receipt, Receipt::New, "{n}"),
        }
        assert_eq!(receipt.is_err(), [7, 70, 80].contains(&n), "{n}");
    }
    let (contract, events) = ledger.contract("flow").await.unwrap().unwrap();
    assert_eq!(contract.report.at, 99);
    // The ring has the latest 50 of 97 messages and one status.
    assert_eq!(events.len(), 50);
    assert_eq!(events.last().unwrap().number, 98);
}

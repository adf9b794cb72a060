//! Failures of subcommands: arguments, configurations, files, schemas. One line each, and exit code 1.

use std::fs::File;
use std::process::Stdio;

use crate::postgres;
use crate::stores::{Store, populate};
use crate::support::{Server, closed_early, command, run, secret};

/// Commands that must not create or migrate a store.
const COMMANDS: [&[&str]; 8] = [
    &["status"],
    &["contracts", "list", "--all"],
    &["contracts", "show", "a"],
    &["contracts", "retry", "a"],
    &["contracts", "drop", "a"],
    &["messages", "list"],
    &["messages", "show", "a"],
    &["messages", "replay", "a", "--target", "billing"],
];

#[test]
fn invalid_arguments_are_one_line_and_exit_1() {
    for (arguments, cause) in [
        (
            &["contracts", "list"][..],
            "no configuration; give --config FILE, or set ESSBASIC_SERVER_CONFIG",
        ),
        (&["--check"], "--config"),
        (&["--config", "a", "contracts", "list", "--config", "b"], "cannot be used multiple times"),
        (&["--config", "a", "--check", "status"], "cannot be used with a subcommand"),
        (&["--emulated", "--data", "d", "status", "--config", "a"], "cannot be used"),
        (&["--emulated", "--config", "a", "--data", "d"], "cannot be used with"),
        (&["contracts", "list", "--state", "ended", "--config", "a"], "possible values: open"),
        (&["contracts", "list", "--reason", "gone", "--config", "a"], "possible values: not_found"),
        (
            &["contracts", "retry", "--reason", "target_failed", "--config", "a"],
            "essbasic-server messages replay --target NAME --dead",
        ),
        (&["contracts", "list", "--limit", "501", "--config", "a"], "501 is not in 1..=500"),
        (&["contracts", "list", "--limit", "0", "--config", "a"], "0 is not in 1..=500"),
        (&["contracts", "list", "--all", "--limit", "1", "--config", "a"], "cannot be used with"),
        (&["contracts", "retry", "--config", "a"], "required"),
        (
            &["contracts", "retry", "id", "--reason", "not_found", "--config", "a"],
            "cannot be used with",
        ),
        (&["contracts", "drop", "--config", "a"], "required"),
        (&["messages", "replay", "id", "--config", "a"], "--target"),
        (
            &["messages", "replay", "id", "--dead", "--target", "t", "--config", "a"],
            "cannot be used",
        ),
        (&["messages", "replay", "--target", "t", "--config", "a"], "required"),
        (&["unknown"], "unrecognized subcommand"),
        (&["status", "--config", "none.toml"], "cannot read the configuration none.toml"),
    ] {
        let output = run(arguments);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {error}");
        assert!(
            error.starts_with("error: ") && error.lines().count() == 1,
            "{arguments:?}: {error}"
        );
        assert!(error.contains(cause), "{arguments:?}: {error}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
    for arguments in
        [&["--help"][..], &["contracts", "--help"], &["contracts", "add", "--help"], &["--version"]]
    {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(!output.stdout.is_empty() && output.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn every_subcommand_names_its_exit_codes() {
    let groups = [
        (&["contracts"][..], &["list", "show", "add", "retry", "drop"][..]),
        (&["messages"], &["list", "show", "replay"]),
        (&[], &["migrate", "status", "probe"]),
    ];
    for (group, names) in groups {
        for name in names {
            let output = run(&[group, &[name, "--help"]].concat());
            let text = String::from_utf8(output.stdout).unwrap();
            for part in ["Exit status: 0 ", "Example", "--json"] {
                assert!(text.contains(part), "{group:?} {name}: {part}: {text}");
            }
        }
    }
}

#[tokio::test]
async fn a_store_is_created_and_migrated_by_migrate_only() {
    for store in [Some(Store::sqlite()), Store::postgres().await].into_iter().flatten() {
        for arguments in COMMANDS {
            let error = store.error(arguments);
            assert!(error.contains("store.url: "), "{error}");
            assert!(error.contains("essbasic-server migrate"), "{error}");
        }
        assert!(!store.folder.path().join("ledger.db").exists());
        let migrated = store.json(&["migrate"]);
        assert_eq!(migrated["migrated"], true);
        let again = store.json(&["migrate"]);
        assert_eq!((&again["schema"], &again["migrated"]), (&migrated["schema"], &false.into()));
        let text = store.text(&["migrate"]);
        assert_eq!(text, format!("the schema has version {} and is current\n", migrated["schema"]));
        store.text(&["status"]);

        // Next to a server.
        let ledger = store.ledger().await;
        assert_eq!(store.json(&["migrate"])["migrated"], false);
        drop(ledger);

        for (version, cause) in [("1000", "supports up to"), ("0", "essbasic-server migrate")] {
            set_version(&store, version).await;
            for arguments in COMMANDS {
                let error = store.error(arguments);
                assert!(error.contains("store.url: ") && error.contains(cause), "{error}");
            }
            assert!(store.error(&["migrate"]).contains("store.url: "), "{version}");
        }
    }
}

/// Replaces the version of the schema.
async fn set_version(store: &Store, version: &str) {
    let sql = format!("DELETE FROM schema_version; INSERT INTO schema_version VALUES ({version})");
    match store.url.strip_prefix("sqlite:") {
        Some(name) => {
            let path = store.folder.path().join(name);
            rusqlite::Connection::open(path).unwrap().execute_batch(&sql).unwrap();
        }
        None => postgres::connect(&store.url).await.batch_execute(&sql).await.unwrap(),
    }
}

#[test]
fn other_files_are_refused_and_not_changed() {
    let text = "not a database, but longer than a header of a hundred bytes".repeat(4);
    for (case, cause) in [
        ("text", "file is not a database"),
        ("other", "is a database of another program"),
        ("folder", "cannot open"),
    ] {
        let store = Store::sqlite();
        let path = store.folder.path().join("ledger.db");
        match case {
            "text" => std::fs::write(&path, &text).unwrap(),
            "folder" => std::fs::create_dir(&path).unwrap(),
            _ => {
                let other = rusqlite::Connection::open(&path).unwrap();
                other.execute_batch("CREATE TABLE other (a INTEGER)").unwrap();
            }
        }
        let before = std::fs::read(&path).ok();
        for arguments in COMMANDS.into_iter().chain([&["migrate"][..]]) {
            let error = store.error(arguments);
            assert!(error.contains("store.url: ") && error.contains(cause), "{case}: {error}");
        }
        assert_eq!(std::fs::read(&path).ok(), before, "{case}");
    }
    // An empty file is a new database.
    let store = Store::sqlite();
    std::fs::write(store.folder.path().join("ledger.db"), "").unwrap();
    assert!(store.error(&["status"]).contains("essbasic-server migrate"));
    assert_eq!(store.json(&["migrate"])["migrated"], true);
}

#[test]
fn unreachable_databases_and_missing_files_are_named() {
    let store = Store::sqlite();
    store.text(&["migrate"]);
    let error = store.error(&["contracts", "add", "none.txt"]);
    assert!(error.contains("cannot read none.txt: "), "{error}");
    let folder = store.folder.path().to_str().unwrap();
    let (text, error) = store.finish(&["contracts", "add", folder], b"", 1);
    assert!(error.contains("cannot read ") && text.is_empty(), "{text}{error}");
    let config = std::fs::read_to_string(&store.config).unwrap();
    for (url, more, cause) in [
        ("postgres://u@127.0.0.1:1/d", "", "store.url: cannot connect to the database"),
        ("postgres://u@h/d", "password_file = \"none\"\n", "store.password_file: cannot use"),
        ("mysql://h/d", "", "store.url: expected sqlite:PATH"),
    ] {
        let changed = config.replace("\"sqlite:ledger.db\"\n", &format!("{url:?}\n{more}"));
        std::fs::write(&store.config, changed).unwrap();
        for arguments in [&["status"][..], &["migrate"]] {
            let error = store.error(arguments);
            assert!(error.contains(cause), "{error}");
        }
    }
}

#[tokio::test]
async fn a_closed_pipe_ends_the_output_quietly_and_a_full_disk_fails() {
    let store = Store::sqlite();
    let ledger = store.ledger().await;
    populate(&ledger).await;
    // The secret of every key of the configuration, for --check.
    secret(&store.folder.path().join("none"), &"0f".repeat(32));
    let more = (0..3).map(|batch| (0..1_000).map(move |n| format!("yD{batch}{n:029}")).collect());
    for batch in more {
        ledger.offer(batch, 3_600_000).await.unwrap();
    }
    for json in [&[][..], &["--json"]] {
        for arguments in [&["contracts", "list", "--all"][..], &["status"], &["--check"]] {
            let arguments = [arguments, json, &["--config", &store.config]].concat();
            let (code, error) = closed_early(&arguments);
            assert_eq!((code, &*error), (Some(0), ""), "{arguments:?}");
            if cfg!(target_os = "linux") {
                let full = File::options().write(true).open("/dev/full").unwrap();
                let output = command(&arguments).stdout(Stdio::from(full)).output().unwrap();
                let error = String::from_utf8(output.stderr).unwrap();
                assert_eq!(output.status.code(), Some(1), "{arguments:?}: {error}");
                assert!(error.starts_with("error: cannot write to stdout: "), "{error}");
            }
        }
    }
    assert_eq!(closed_early(&["--help"]), (Some(0), String::new()));
}

#[test]
fn commands_work_next_to_a_running_server() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::emulated(data.path());
    server.wait_for("essbasic_contracts{state=\"done\"}", 20);
    let config = data.path().join("essbasic.toml");
    let config = config.to_str().unwrap();
    let text = |arguments: &[&str]| {
        let output = run(arguments);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {error}");
        String::from_utf8(output.stdout).unwrap()
    };
    // The option may come before or after the subcommand.
    for arguments in [
        ["--config", config, "contracts", "list", "--state", "done"],
        ["contracts", "--config", config, "list", "--state", "done"],
        ["contracts", "list", "--state", "done", "--config", config],
    ] {
        assert!(text(&arguments).lines().count() > 20, "{arguments:?}");
    }
    let status = text(&["status", "--config", config]);
    assert!(status.lines().any(|line| line.split_whitespace().eq(["workers", "1"])), "{status}");
    assert!(text(&["migrate", "--config", config]).contains("is current"));
    // The server works on contracts that a command adds: the emulator does not know this one.
    let id = "yDwUnknownOfThisEmulator00000001";
    let ids = data.path().join("ids.txt");
    std::fs::write(&ids, id).unwrap();
    let added = text(&["contracts", "add", ids.to_str().unwrap(), "--config", config]);
    assert_eq!(added, format!("{id}  added\n"));
    server.wait_for("essbasic_settled_total{outcome=\"again\"}", 1);
    let listed = text(&["contracts", "list", "--reason", "not_found", "--config", config]);
    assert!(listed.contains(id), "{listed}");
    text(&["contracts", "drop", id, "--config", config]);
    assert_eq!(server.stop(), Some(0));
    // And without a server.
    let listed = text(&["contracts", "list", "--prefix", id, "--config", config]);
    assert!(listed.trim_end().ends_with(" dropped"), "{listed}");
}

#[test]
fn the_environment_has_the_default_of_the_configuration() {
    let store = Store::sqlite();
    let with = |value: &str, arguments: &[&str]| {
        let output = command(arguments).env("ESSBASIC_SERVER_CONFIG", value).output().unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (output.status.code(), text)
    };
    assert_eq!(with(&store.config, &["migrate"]).0, Some(0));
    assert_eq!(with(&store.config, &["contracts", "list"]), (Some(0), "no contracts\n".to_owned()));
    for arguments in
        [&["status", "--config", "none.toml"][..], &["--config", "none.toml", "status"]]
    {
        let (code, text) = with(&store.config, arguments);
        assert!(code == Some(1) && text.contains("none.toml"), "the argument counts: {text}");
    }
    let (code, text) = with("", &["status"]);
    assert!(code == Some(1) && text.contains("no configuration; give --config FILE"), "{text}");
    let (code, text) = with(&store.config, &["--emulated"]);
    assert!(code == Some(1) && text.contains("--data"), "no conflict with the variable: {text}");
    // The secrets do not exist.
    let (code, text) = with(&store.config, &["--check"]);
    assert!(code == Some(1) && text.contains("account.secret_id_file: "), "{text}");
    let (_, text) = with(&store.config, &["--help"]);
    assert!(text.contains("ESSBASIC_SERVER_CONFIG"), "{text}");
}

//! Options given twice, and files that options name.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed assumption is a failed test"
)]

use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Output};

use essbasic_emulator::{APP_ID, Emulator, OPERATOR, ORGANIZATION, SECRET_ID, SECRET_KEY};
use tempfile::TempDir;

use crate::support::{
    code, essbasic, essbasic_at, feed, json as document, refused, stderr, stdout,
};

fn command(home: &TempDir, emulator: &Emulator, arguments: &[&str]) -> Command {
    essbasic_at(home.path(), &emulator.endpoint(), arguments)
}

fn run(home: &TempDir, emulator: &Emulator, arguments: &[&str]) -> Output {
    command(home, emulator, arguments).output().unwrap()
}

#[test]
fn lists_of_ids_add_up() {
    let home = TempDir::new().unwrap();
    let emulator = Emulator::builder().start().unwrap();
    let flows = emulator.completed_flows();
    fs::write(home.path().join("a"), format!("\u{feff}{}\n{}\n", flows[0], flows[1])).unwrap();
    fs::write(home.path().join("b"), format!("{}\n{}", flows[1], flows[2])).unwrap();
    let all: BTreeSet<&str> = flows[..3].iter().map(String::as_str).collect();
    let lists = ["--flows", "a", "--flows", "b"];
    for name in ["status", "wait", "download", "archive"] {
        let out: &[&str] =
            if ["download", "archive"].contains(&name) { &["--out", name] } else { &[] };
        let json: &[&str] = if name == "archive" { &["--report", "r.json"] } else { &["--json"] };
        let output = run(&home, &emulator, &[&[name], &lists[..], out, json].concat());
        assert_eq!(code(&output), 0, "{name}: {}", stderr(&output));
        let text = match name {
            "archive" => fs::read_to_string(home.path().join("r.json")).unwrap(),
            _ => stdout(&output),
        };
        let document: serde_json::Value = serde_json::from_str(&text).unwrap();
        let listed = document["flows"].as_array().unwrap();
        assert_eq!(listed.len(), 3, "{name}");
        let ids: BTreeSet<&str> = listed.iter().map(|f| f["flow_id"].as_str().unwrap()).collect();
        assert_eq!(ids, all, "{name}");
    }
    let mut both = command(&home, &emulator, &["status", "--json", "--flows", "-", "--flows", "b"]);
    let output = feed(&mut both, flows[0].as_bytes());
    assert_eq!(document(&output)["flows"].as_array().unwrap().len(), 3);
    let mut twice = command(&home, &emulator, &["status", "--flows", "-", "--flows", "-"]);
    refused(&feed(&mut twice, b"yDw"), &["`--flows -` is given twice"]);
    fs::write(home.path().join("none"), "\n").unwrap();
    for name in ["status", "archive"] {
        let out: &[&str] = if name == "archive" { &["--out", "o"] } else { &[] };
        let arguments = [&[name, "--flows", "a", "--flows", "none"], out].concat();
        refused(&run(&home, &emulator, &arguments), &["none contains no flow IDs"]);
    }
}

#[test]
fn no_value_is_dropped_silently() {
    let home = TempDir::new().unwrap();
    let emulator = Emulator::builder().start().unwrap();
    let calls = emulator.stats().calls;
    for (arguments, option) in [
        (&["download", "yDwA", "--out", "a", "--out", "b"][..], "--out"),
        (&["archive", "yDwA", "--out", "a", "--journal", "b", "--journal", "c"], "--journal"),
        (&["wait", "yDwA", "--timeout", "1s", "--timeout", "2s"], "--timeout"),
        (&["--app-id", "a", "status", "yDwA", "--app-id", "b"], "--app-id"),
        (&["--endpoint", "http://127.0.0.1:1", "status", "yDwA"], "--endpoint"),
        (&["status", "yDwA", "--operator", "a", "--operator", "b"], "--operator"),
        (&["call", "DescribeUsage", "--body", "{}", "--body", "{}"], "--body"),
        (&["start", "c.json", "--journal", "a", "--journal", "b"], "--journal"),
    ] {
        let output = run(&home, &emulator, arguments);
        refused(&output, &[option, "cannot be used multiple times", "--help"]);
    }
    assert_eq!(emulator.stats().calls, calls);
    // A repeated flag is accepted, and so is one value on either side of the subcommand.
    let flow = &emulator.completed_flows()[0];
    let output = run(&home, &emulator, &["--app-id", APP_ID, "status", flow, "--json", "--json"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let output = run(&home, &emulator, &["-v", "status", flow, "-v", "-v"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
}

#[test]
fn a_report_replaces_no_input() {
    let home = TempDir::new().unwrap();
    let emulator = Emulator::builder().start().unwrap();
    let path = |name: &str| home.path().join(name);
    let flow = emulator.completed_flows().remove(0);
    fs::write(path("ids"), &flow).unwrap();
    fs::create_dir(path("out")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(path("ids"), path("link")).unwrap();
    let calls = emulator.stats().calls;
    for (report, words) in [
        ("ids", "--report ids is also a list of ids"),
        ("./out/../ids", "is also a list of ids"),
        #[cfg(unix)]
        ("link", "is also a list of ids"),
        ("-", "--report - cannot be written"),
        ("j.jsonl", "is also the journal"),
        ("j.jsonl.lock", "is also the lock of the journal"),
        ("out", "--report out cannot be written"),
        ("none/report", "--report none/report cannot be written"),
        ("", "--report"),
    ] {
        let arguments = [
            "archive",
            "--flows",
            "ids",
            "--out",
            "out",
            "--journal",
            "j.jsonl",
            "--report",
            report,
        ];
        let output = run(&home, &emulator, &arguments);
        refused(&output, &[words]);
        assert_eq!(fs::read_to_string(path("ids")).unwrap(), flow, "{report}");
    }
    let journal = "out/.essbasic-archive.jsonl";
    let arguments = ["archive", "--flows", "ids", "--out", "out", "--report", journal];
    refused(&run(&home, &emulator, &arguments), &["is also the journal"]);
    assert_eq!(emulator.stats().calls, calls);
    assert_eq!(fs::read_dir(path("out")).unwrap().count(), 0);
    // A saved contract is not replaced, and an earlier report is.
    assert_eq!(code(&run(&home, &emulator, &["archive", &flow, "--out", "saved"])), 0);
    let saved = fs::read_dir(path("saved")).unwrap().map(|entry| entry.unwrap().path());
    let saved =
        saved.filter(|path| path.extension().is_some_and(|end| end == "pdf")).last().unwrap();
    let content = fs::read(&saved).unwrap();
    let report = saved.to_str().unwrap();
    let output = run(&home, &emulator, &["archive", &flow, "--out", "saved", "--report", report]);
    refused(&output, &["could be the name of a contract"]);
    assert!(fs::read(&saved).unwrap() == content);
    for _ in 0..2 {
        let arguments = ["archive", &flow, "--out", "saved", "--report", "again.json"];
        assert_eq!(code(&run(&home, &emulator, &arguments)), 0);
    }
    // In a folder that the command creates.
    let arguments = ["archive", "--flows", "ids", "--out", "new/out", "--report", "new/out/r.json"];
    let output = run(&home, &emulator, &arguments);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let report: serde_json::Value =
        serde_json::from_slice(&fs::read(path("new/out/r.json")).unwrap()).unwrap();
    assert_eq!(report["flows"].as_array().unwrap().len(), 1);
}

#[test]
fn a_byte_order_mark_before_certificates_is_accepted() {
    let home = TempDir::new().unwrap();
    let emulator = Emulator::builder().with_tls().start().unwrap();
    let authority = emulator.authority_pem().unwrap();
    fs::write(home.path().join("ca.pem"), format!("\u{feff}{authority}")).unwrap();
    let flow = &emulator.completed_flows()[0];
    let output = run(&home, &emulator, &["status", flow, "--ca-file", "ca.pem"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
}

#[test]
fn help_has_a_quick_start_and_exit_codes() {
    let home = TempDir::new().unwrap();
    let help = |arguments: &[&str]| {
        let output = essbasic(home.path()).args(arguments).output().unwrap();
        assert_eq!(code(&output), 0, "{arguments:?}");
        stdout(&output)
    };
    let top = help(&["--help"]);
    for word in
        ["Quick start", "TENCENTCLOUD_SECRET_ID", "ESSBASIC_APP_ID", "--emulated", "Exit status"]
    {
        assert!(top.contains(word), "{word}: {top}");
    }
    assert!(top.contains("\n  export TENCENTCLOUD_SECRET_ID="), "{top}");
    let commands: Vec<&str> = top
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .map_while(|line| line.strip_prefix("  "))
        .filter_map(|line| line.split_whitespace().next().filter(|_| !line.starts_with(' ')))
        .collect();
    assert!(commands.len() >= 15, "{commands:?}");
    // Prose is wrapped to the width, not broken a second time.
    let download = help(&["download", "--help"]);
    assert!(download.contains(" and its contracts are downloaded from it.\n\n"), "{download}");
    for name in commands.into_iter().filter(|name| *name != "help") {
        let help = help(&[name, "--help"]);
        let said = help.matches("Exit status").count() + help.matches("Exit codes").count();
        assert_eq!(said, 1, "{name}: {help}");
    }
}

#[test]
fn the_endpoint_is_that_of_the_option_and_else_of_the_environment() {
    let home = TempDir::new().unwrap();
    let emulator = Emulator::builder().start().unwrap();
    let (endpoint, flow) = (emulator.endpoint(), &*emulator.completed_flows().remove(0));
    let (padded, elsewhere) = (format!(" {endpoint} "), "http://127.0.0.1:1");
    for (variable, arguments, exit) in [
        (&*endpoint, &["status", flow][..], 0),
        (&padded, &["status", flow], 0),
        (elsewhere, &["status", flow, "--endpoint", &endpoint], 0),
        (elsewhere, &["status", "--emulated"], 0),
        (&endpoint, &["status", flow, "--endpoint", elsewhere], 1),
        ("http://a b", &["status", flow], 1),
    ] {
        let mut command = essbasic(home.path());
        command.env("ESSBASIC_ENDPOINT", variable);
        command.env("TENCENTCLOUD_SECRET_ID", SECRET_ID).env("TENCENTCLOUD_SECRET_KEY", SECRET_KEY);
        command.args(["--app-id", APP_ID, "--organization", ORGANIZATION, "--operator", OPERATOR]);
        let output = command.args(arguments).output().unwrap();
        assert_eq!(code(&output), exit, "{variable} {arguments:?}: {}", stderr(&output));
        assert_eq!(stderr(&output).contains("ESSBASIC_ENDPOINT: "), variable == "http://a b");
    }
}

#[test]
fn values_without_a_meaning_are_refused() {
    let home = TempDir::new().unwrap();
    fs::write(home.path().join("none.json"), "[]").unwrap();
    fs::write(home.path().join("array.json"), "[[]]").unwrap();
    fs::create_dir(home.path().join("o")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("nowhere", home.path().join("dangling")).unwrap();
    fs::write(home.path().join("party.json"), r#"[{"name":"a","file":"f","parties":[[]]}]"#)
        .unwrap();
    for (arguments, words) in [
        (&["download", "yDA", "--out", "s3://b/x"][..], "use essbasic archive for buckets"),
        (&["download", "yDA", "--out", "s3:/x"], "--out begins with `s3:`"),
        (&["status", "yDA", "--call-timeout", "0"], "it is shorter than 1ms"),
        (&["status", "yDA", "--call-timeout", "1ns"], "it is shorter than 1ms"),
        (&["status", "yDA", "--call-timeout", "30"], "it has no unit; write it as 30s"),
        (&["status", "yDA", "--connect-to", "http://h:1"], "write it as HOST:PORT"),
        (&["status", "yDA", "--connect-to", "h:99999"], "--connect-to: invalid address"),
        (&["wait", "yDA", "--timeout", "30"], "it has no unit; write it as 30s"),
        (&["wait", "yDA", "--interval", "5"], "it has no unit; write it as 30s"),
        (&["search", ""], "no words to search for"),
        (&["search", " ", "\t"], "no words to search for"),
        (&["archive", "yDA", "--out", "o", "--report", "o/a.pdf"], "the name of a contract"),
        (&["archive", "yDA", "--out", ".", "--report", "a"], "the name of a contract"),
        (&["archive", "yDA", "--out", "o", "--journal", "./o/j.pdf"], "the name of a contract"),
        #[cfg(unix)]
        (&["download", "yDA", "--out", "dangling"], "a symbolic link to a folder that does not"),
        #[cfg(unix)]
        (&["archive", "yDA", "--out", "dangling/o"], "a symbolic link to a folder that does not"),
        (&["start", "none.json"], "none.json contains no contracts"),
        (&["start", "array.json"], "contract 1 of array.json: expected a JSON object"),
        (&["start", "party.json"], "parties[0]: expected a JSON object"),
        (&["start", "none.json", "--journal", "-"], "--journal - is not supported"),
        (&["emulator", "--faults", "reset=0.5@Nope"], "unknown action \"Nope\" of fault reset"),
        (&["emulator", "--faults", "reset=0.5@"], "unknown action \"\" of fault reset"),
    ] {
        let mut command = essbasic_at(home.path(), "http://127.0.0.1:1", arguments);
        if arguments[0] == "emulator" {
            command = essbasic(home.path());
            command.args(arguments);
        }
        refused(&command.output().unwrap(), &[words]);
    }
}

#[test]
fn help_of_help_is_the_help() {
    let home = TempDir::new().unwrap();
    let help = essbasic(home.path()).arg("--help").output().unwrap();
    for arguments in [["help", "--help"], ["help", "-h"]] {
        let output = essbasic(home.path()).args(arguments).output().unwrap();
        assert_eq!((code(&output), stdout(&output)), (0, stdout(&help)), "{}", stderr(&output));
    }
}

#[test]
fn a_file_without_a_certificate_is_refused() {
    let home = TempDir::new().unwrap();
    let emulator = Emulator::builder().start().unwrap();
    let flow = &emulator.completed_flows()[0];
    fs::write(home.path().join("empty"), "").unwrap();
    fs::write(home.path().join("blank"), "\u{feff} \n").unwrap();
    fs::write(home.path().join("text"), "a certificate").unwrap();
    let key = "-----BEGIN PRIVATE KEY-----\nMA==\n-----END PRIVATE KEY-----\n";
    fs::write(home.path().join("key"), key).unwrap();
    let commands = [
        &["status", flow][..],
        &["call", "DescribeUsage", "--body", "{}", "--dry-run", "--unchecked"],
        &["download", flow, "--out", "d"],
    ];
    for path in ["empty", "blank", "text", "key", "/dev/null"] {
        for arguments in commands {
            let output = run(&home, &emulator, &[arguments, &["--ca-file", path]].concat());
            refused(&output, &[&format!("--ca-file {path}: no certificate in the file; ")]);
        }
    }
    assert!(emulator.stats().calls.is_empty());
}

/// Neither is taken for an option, with advice to write `-- -1`.
#[test]
fn negative_numbers_are_refused_with_the_range() {
    let home = TempDir::new().unwrap();
    let callbacks = "http://127.0.0.1:1/";
    for (arguments, option, range) in [
        (&["status", "yDA", "--rate", "-1"][..], "--rate", "-1 is not in 1..="),
        (&["status", "yDA", "--call-timeout", "-1"], "--call-timeout", "it is negative; "),
        (&["status", "yDA", "--call-timeout", "-1s"], "--call-timeout", "it is negative; "),
        (&["download", "yDA", "--out", "o", "--concurrency", "-1"], "--concurrency", "1..=128"),
        (&["archive", "yDA", "--out", "o", "--concurrency", "-1"], "--concurrency", "1..=128"),
        (&["archive", "yDA", "--out", "o", "--shard", "-1/2"], "--shard", "-1/2"),
        (&["wait", "yDA", "--timeout", "-5m"], "--timeout", "it is negative; "),
        (&["wait", "yDA", "--interval", "-1"], "--interval", "it is negative; "),
        (&["listen", "--port", "-1"], "--port", "0..=65535"),
        (&["listen", "--port", "0", "--command-timeout", "-1"], "--command-timeout", "negative"),
        (&["emulator", "--flows", "-1"], "--flows", "expected 0 to 1000000"),
        (&["emulator", "--pdf-size", "-1"], "--pdf-size", "expected 0 to 268435456"),
        (&["emulator", "--speed", "-0.5"], "--speed", "expected 0 to 1000000"),
        (
            &["emulator", "--faults", "reset=1", "--faults-seed", "-1"],
            "--faults-seed",
            "expected 0 to 18446744073709551615",
        ),
        (
            &["emulator", "--callback-url", callbacks, "--callback-delay", "-1s"],
            "--callback-delay",
            "it is negative; ",
        ),
        (
            &["emulator", "--callback-url", callbacks, "--callback-repeat", "-1"],
            "--callback-repeat",
            "expected 0 to 1",
        ),
    ] {
        let output = essbasic(home.path()).args(arguments).output().unwrap();
        refused(&output, &[option, range]);
        assert!(!stderr(&output).contains("-- -"), "{}", stderr(&output));
    }
}

/// The characters are those that clients refuse, so that no client could use the key.
#[test]
fn the_emulator_refuses_keys_that_clients_refuse() {
    let home = TempDir::new().unwrap();
    for (id, key, words) in [
        ("AKIDa#key", "key", "the SecretId of a credential contains a character"),
        ("AKID a", "key", "the SecretId"),
        ("'AKIDa'", "key", "the SecretId"),
        ("AKIDa", "key#prod", "the SecretKey of a credential contains a character"),
        ("AKIDa", "\"key\"", "the SecretKey"),
        ("AKIDa", "密钥", "the SecretKey"),
        ("AKIDa", "key\n", "the SecretKey"),
    ] {
        let arguments = ["--secret-id", id, "--secret-key", key];
        let output = essbasic(home.path()).arg("emulator").args(arguments).output().unwrap();
        refused(&output, &["the emulator cannot start: ", words]);
        assert!(!stderr(&output).contains("key#prod"), "{}", stderr(&output));
        let mut client = essbasic(home.path());
        client.args(["call", "DescribeUsage", "--unchecked", "--endpoint", "http://127.0.0.1:1"]);
        client.env("TENCENTCLOUD_SECRET_ID", id).env("TENCENTCLOUD_SECRET_KEY", key);
        let output = client.output().unwrap();
        assert_eq!(code(&output), 1);
        assert!(!stderr(&output).contains("cannot connect"), "{}", stderr(&output));
    }
}

#[test]
fn wildcards_over_hosts_of_anyone_are_refused() {
    let home = TempDir::new().unwrap();
    for name in ["download", "archive"] {
        for host in ["*", "*.com", "http://*", "*:443"] {
            let arguments = [name, "yDA", "--out", "o", "--link-host", host];
            let output = essbasic(home.path()).args(arguments).output().unwrap();
            refused(
                &output,
                &["--link-host", "the wildcard allows hosts that anyone can register"],
            );
        }
    }
}

#[test]
fn the_language_is_that_of_messages_and_hints() {
    let home = TempDir::new().unwrap();
    let emulator = Emulator::builder().start().unwrap();
    let preview = ["call", "DescribeUsage", "--body", "{}", "--dry-run", "--unchecked"];
    for (language, header) in [
        ("zh-CN", "x-tc-language: zh-CN\n"),
        ("ZH", "x-tc-language: zh-CN\n"),
        ("en-us", "x-tc-language: en-US\n"),
        ("en", "x-tc-language: en-US\n"),
    ] {
        let output = run(&home, &emulator, &[&preview[..], &["--language", language]].concat());
        assert!(stdout(&output).contains(header), "{language}");
    }
    assert!(!stdout(&run(&home, &emulator, &preview)).contains("x-tc-language"));
    for language in ["", "fr", "zh-TW", "chinese"] {
        let output = run(&home, &emulator, &["status", "yDA", "--language", language]);
        refused(&output, &["--language", "zh-CN or en-US"]);
    }
    let call = [
        "call",
        "DescribeFlowDetailInfo",
        "--app-id",
        "another",
        "--body",
        "{\"FlowIds\":[\"yDA\"]}",
    ];
    for (arguments, hint) in [
        (&[][..], "check `Agent.AppId`"),
        (&["--language", "en-US"], "check `Agent.AppId`"),
        (&["--language", "zh-CN"], "检查 `Agent.AppId`"),
    ] {
        refused(&run(&home, &emulator, &[&call[..], arguments].concat()), &[hint]);
    }
    let wrong = ["status", "yDA", "--app-id", "another", "--language", "zh-CN"];
    assert!(stderr(&run(&home, &emulator, &wrong)).contains("检查 `Agent.AppId`"));
}

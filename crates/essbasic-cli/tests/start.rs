//! `essbasic start`: each contract is created at most once, and no id is lost.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed assumption is a failed test"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Command, Output};
use std::time::Duration;

use essbasic_emulator::{Emulator, Fault, FaultKind};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::child::start;
use crate::support::contracts::{from_file, from_template, write};
use crate::support::{code, essbasic_at, feed, json as document, refused, stderr, stdout, until};

/// A home with `a.pdf`, and an emulator.
fn set_up() -> (TempDir, Emulator) {
    let home = TempDir::new().unwrap();
    let emulator = Emulator::builder().start().unwrap();
    let flow = emulator.completed_flows().remove(0);
    let arguments = ["download", &flow, "--out", "first"];
    let output = essbasic_at(home.path(), &emulator.endpoint(), &arguments).output().unwrap();
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let file = fs::read_dir(home.path().join("first")).unwrap().next().unwrap().unwrap().path();
    fs::rename(file, home.path().join("a.pdf")).unwrap();
    (home, emulator)
}

fn run(home: &TempDir, emulator: &Emulator, arguments: &[&str]) -> Output {
    essbasic_at(home.path(), &emulator.endpoint(), arguments).output().unwrap()
}

/// Names and IDs on stdout.
fn printed(output: &Output) -> BTreeMap<String, String> {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines = text.lines().filter_map(|line| line.split_once("  "));
    lines.map(|(id, name)| (name.to_owned(), id.to_owned())).collect()
}

/// Number of contracts of the emulator by name.
fn created(home: &TempDir, emulator: &Emulator, prefix: &str) -> BTreeMap<String, usize> {
    let ids = ureq::get(format!("{}/_emulator/flows", emulator.endpoint())).call().unwrap();
    let ids = ids.into_body().read_to_string().unwrap();
    fs::write(home.path().join("ids"), ids).unwrap();
    let output = run(home, emulator, &["status", "--flows", "ids", "--json"]);
    let mut names = BTreeMap::new();
    for flow in document(&output)["flows"].as_array().unwrap() {
        let name = flow["name"].as_str().unwrap_or_default();
        if name.starts_with(prefix) {
            *names.entry(name.to_owned()).or_default() += 1;
        }
    }
    names
}

/// Number of lines of the journal of `c.json`.
#[cfg(unix)]
fn journal_lines(home: &TempDir) -> usize {
    let journal = std::fs::read_to_string(home.path().join("c.json.journal")).unwrap_or_default();
    journal.lines().count()
}

/// A TCP proxy that delays each piece of a response.
fn slowed(emulator: &Emulator, delay: Duration) -> String {
    let to = emulator.endpoint().trim_start_matches("http://").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let Ok(server) = TcpStream::connect(&to) else { continue };
            let pair = (client.try_clone().unwrap(), server.try_clone().unwrap());
            std::thread::spawn(move || copy(client, server, Duration::ZERO));
            std::thread::spawn(move || copy(pair.1, pair.0, delay));
        }
    });
    endpoint
}

fn copy(mut from: TcpStream, mut to: TcpStream, delay: Duration) {
    let mut buffer = [0; 64 << 10];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        std::thread::sleep(delay);
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

/// After kills and reruns, no contract is created twice and no printed ID is lost.
#[cfg(unix)]
#[test]
fn a_killed_start_creates_no_contract_twice() {
    let (home, emulator) = set_up();
    let entries: Vec<Value> = (0..100)
        .map(|number| match number % 5 {
            0 | 3 => from_template(&format!("Kill_{number}")),
            _ => from_file(&format!("Kill_{number}")),
        })
        .collect();
    write(&home, &entries);
    let endpoint = slowed(&emulator, Duration::from_millis(15));
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    let mut moment: u64 = 20_261_129;
    let mut killed_midway = 0;
    for _ in 0..12 {
        moment = moment.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let mut child = start(&mut essbasic_at(home.path(), &endpoint, &["start", "c.json"]));
        // Killed after a random number of journal lines, and at a random moment between two of them.
        let lines = journal_lines(&home) + (moment >> 33) as usize % 20;
        until("journal lines", || {
            journal_lines(&home) >= lines || child.try_wait().unwrap().is_some()
        });
        std::thread::sleep(Duration::from_millis((moment >> 40) % 20));
        let _ = child.kill();
        let output = child.wait_with_output().unwrap();
        for (name, id) in printed(&output) {
            let before = seen.insert(name, id.clone());
            assert!(before.is_none_or(|before| before == id));
        }
        killed_midway += usize::from(!output.status.success() && !seen.is_empty());
    }
    assert!(killed_midway > 2, "{killed_midway}");
    let output = essbasic_at(home.path(), &endpoint, &["start", "c.json"]).output().unwrap();
    let last = printed(&output);
    for (name, id) in &seen {
        assert_eq!(last.get(name), Some(id), "{name}");
    }
    let told = stderr(&output);
    let unknown: BTreeSet<&str> = told
        .lines()
        .filter_map(|line| line.split_once(": the outcome of an earlier run is unknown"))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(last.len() + unknown.len(), 100, "{told}");
    assert_eq!(code(&output), if unknown.is_empty() { 0 } else { 2 }, "{told}");
    let created = created(&home, &emulator, "Kill_");
    for (name, count) in &created {
        assert_eq!(*count, 1, "{name}");
        assert!(last.contains_key(name) || unknown.contains(name.as_str()), "{name}");
    }
    assert!(last.keys().all(|name| created.contains_key(name)));
    // One more run changes nothing.
    let calls = emulator.stats().calls.clone();
    let again = essbasic_at(home.path(), &endpoint, &["start", "c.json"]).output().unwrap();
    assert_eq!((printed(&again), code(&again)), (last, code(&output)));
    assert_eq!(emulator.stats().calls, calls);
}

#[cfg(unix)]
#[test]
fn a_signal_ends_it_after_the_request_in_flight() {
    let (home, emulator) = set_up();
    let entries: Vec<Value> = (0..30).map(|number| from_file(&format!("Stop_{number}"))).collect();
    write(&home, &entries);
    let endpoint = slowed(&emulator, Duration::from_millis(30));
    for signal in ["-TERM", "-INT"] {
        let before = emulator.stats().calls.get("ChannelCreateFlowByFiles").copied();
        let child = start(&mut essbasic_at(home.path(), &endpoint, &["start", "c.json"]));
        until("a contract", || {
            emulator.stats().calls.get("ChannelCreateFlowByFiles").copied() > before
        });
        let id = child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        let told = stderr(&output);
        assert_eq!(code(&output), 2, "{told}");
        assert!(told.contains("interrupted: ") && told.contains("contracts not started"), "{told}");
        assert!(!told.contains("outcome unknown") && !told.contains("is unknown"), "{told}");
        let created = created(&home, &emulator, "Stop_");
        assert_eq!(printed(&output).len(), created.len());
    }
    let output = run_to_end(&home, &endpoint);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert_eq!(printed(&output).len(), 30);
    let created = created(&home, &emulator, "Stop_");
    assert!(created.len() == 30 && created.values().all(|count| *count == 1), "{created:?}");
}

fn run_to_end(home: &TempDir, endpoint: &str) -> Output {
    essbasic_at(home.path(), endpoint, &["start", "c.json"]).output().unwrap()
}

#[test]
fn an_unknown_outcome_is_reported_and_retried_on_demand_only() {
    for (entry, action) in [
        (from_file("Lost_1"), "ChannelCreateFlowByFiles"),
        (from_template("Lost_1"), "CreateFlowsByTemplates"),
    ] {
        let (home, emulator) = set_up();
        write(&home, &[entry, from_file("Lost_2")]);
        emulator.set_faults([Fault::new(FaultKind::Reset).with_action(action).with_times(1)], 1);
        let output = run(&home, &emulator, &["start", "c.json"]);
        assert_eq!(code(&output), 2, "{}", stderr(&output));
        assert_eq!(printed(&output).into_keys().collect::<Vec<_>>(), ["Lost_2"]);
        assert!(stderr(&output).contains("--retry-unknown"), "{}", stderr(&output));
        let again = run(&home, &emulator, &["start", "c.json"]);
        assert_eq!((code(&again), printed(&again)), (2, printed(&output)));
        assert!(stderr(&again).contains("Lost_1: "), "{}", stderr(&again));
        assert_eq!(created(&home, &emulator, "Lost_1"), BTreeMap::from([("Lost_1".into(), 1)]));
        let retried = run(&home, &emulator, &["start", "c.json", "--retry-unknown"]);
        assert_eq!((code(&retried), printed(&retried).len()), (0, 2), "{}", stderr(&retried));
        assert_eq!(created(&home, &emulator, "Lost_1"), BTreeMap::from([("Lost_1".into(), 2)]));
    }
}

#[test]
fn a_changed_input_is_refused_if_its_contract_was_requested() {
    let (home, emulator) = set_up();
    let wrong = json!({ "name": "In_2", "template": "nobodys", "parties": [] });
    write(&home, &[from_file("In_1"), wrong, from_template("In_3")]);
    let output = run(&home, &emulator, &["start", "c.json"]);
    assert_eq!((code(&output), printed(&output).len()), (2, 2), "{}", stderr(&output));
    let calls = emulator.stats().calls;
    let file = fs::read(home.path().join("a.pdf")).unwrap();
    for (entries, words) in [
        (vec![from_file("In_1b")], "contract 1 was changed after it was created as "),
        (vec![from_file("In_1"), from_template("In_3")], "contract 3 was removed after"),
        (
            vec![from_file("In_1"), from_file("In_2"), from_template("In_4")],
            "contract 3 was changed after",
        ),
    ] {
        write(&home, &entries);
        refused(&run(&home, &emulator, &["start", "c.json"]), &[words, "--journal"]);
    }
    let corrected =
        [from_file("In_1"), from_file("In_2"), from_template("In_3"), from_file("In_4")];
    write(&home, &corrected);
    fs::write(home.path().join("a.pdf"), "another file").unwrap();
    refused(&run(&home, &emulator, &["start", "c.json"]), &["contract 1 was changed after"]);
    assert_eq!(emulator.stats().calls, calls);
    // Restored with other formatting, a corrected entry and a new one.
    fs::write(home.path().join("a.pdf"), file).unwrap();
    let text = format!("\u{feff}{}", serde_json::to_string_pretty(&corrected).unwrap());
    fs::write(home.path().join("c.json"), text).unwrap();
    let output = run(&home, &emulator, &["start", "c.json"]);
    assert_eq!((code(&output), printed(&output).len()), (0, 4), "{}", stderr(&output));
    assert!(stderr(&output).contains("created by an earlier run: 2 contracts"));
    assert!(created(&home, &emulator, "In_").values().all(|count| *count == 1));
    // The journal belongs to this server and this organization.
    let other = Emulator::builder().start().unwrap();
    refused(&run(&home, &other, &["start", "c.json"]), &["c.json.journal", "different endpoint"]);
}

/// A first run with a wrong endpoint or agent creates nothing, and does not lock the journal to it.
#[test]
fn a_journal_of_another_job_is_replaced_only_without_contracts() {
    let (home, emulator) = set_up();
    write(&home, &[from_template("R_1")]);
    assert_eq!(code(&run(&home, &emulator, &["start", "c.json"])), 0);
    let path = home.path().join("c.json.journal");
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [header, intent, created] = &lines[..] else { panic!("{text}") };
    let with = |of: &Value, changes: &Value| {
        let mut of = of.clone();
        of.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        of
    };
    // A journal starts with its version.
    let head = |header: &Value| {
        let version = header["essbasic_start"].clone();
        let mut rest = header.clone();
        rest.as_object_mut().unwrap().remove("essbasic_start");
        let rest = rest.to_string();
        format!("{{\"essbasic_start\":{version},{}\n", rest.trim_start_matches('{'))
    };
    let refused_record = with(intent, &json!({"event": "refused"}));
    let unknown = with(intent, &json!({"event": "unknown"}));
    for (changes, differs) in [
        (json!({"endpoint": "http://127.0.0.1:9"}), "different endpoint;"),
        (json!({"app_id": "other"}), "different application;"),
        (json!({"organization": "other"}), "different organization;"),
        (
            json!({"endpoint": "test", "app_id": "o", "organization": "o"}),
            "different endpoint and application and organization;",
        ),
    ] {
        for (records, is_replaced) in [
            (&[][..], true),
            (&[intent, &refused_record], true),
            (&[intent], false),
            (&[intent, &unknown], false),
            (&[&refused_record, intent, created], false),
        ] {
            let lines = records.iter().map(|line| format!("{line}\n"));
            let before = head(&with(header, &changes)) + &lines.collect::<String>();
            fs::write(&path, &before).unwrap();
            let calls = emulator.stats().calls;
            let output = run(&home, &emulator, &["start", "c.json"]);
            let after = fs::read_to_string(&path).unwrap();
            if is_replaced {
                assert_eq!((code(&output), printed(&output).len()), (0, 1), "{}", stderr(&output));
                let first: Value = serde_json::from_str(after.lines().next().unwrap()).unwrap();
                assert_eq!((&first, after.lines().count()), (header, 3), "{before}");
            } else {
                refused(&output, &["c.json.journal", differs, "--journal"]);
                assert_eq!(after, before);
                assert_eq!(emulator.stats().calls, calls);
            }
        }
    }
    fs::write(&path, head(&with(header, &json!({"essbasic_start": 2})))).unwrap();
    let output = run(&home, &emulator, &["start", "c.json"]);
    refused(&output, &["unknown journal version 2"]);
}

#[cfg(target_os = "linux")]
#[test]
fn ids_are_in_the_journal_if_stdout_cannot_be_written() {
    let (home, emulator) = set_up();
    write(&home, &[from_file("Out_1"), from_file("Out_2")]);
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let (reader, closed) = std::io::pipe().unwrap();
    drop(reader);
    for stdout in [full().into(), std::process::Stdio::from(closed)] {
        let mut start = essbasic_at(home.path(), &emulator.endpoint(), &["start", "c.json"]);
        let output = start.stdout(stdout).output().unwrap();
        refused(&output, &["stdout cannot be written", "c.json.journal", "prints them again"]);
    }
    assert_eq!(created(&home, &emulator, "Out_").len(), 1);
    let output = run(&home, &emulator, &["start", "c.json"]);
    assert_eq!((code(&output), printed(&output).len()), (0, 2), "{}", stderr(&output));
    assert!(created(&home, &emulator, "Out_").values().all(|count| *count == 1));
    let mut upload = essbasic_at(home.path(), &emulator.endpoint(), &["upload", "a.pdf"]);
    refused(&upload.stdout(full()).output().unwrap(), &["stdout cannot be written"]);
}

#[test]
fn invalid_journals_are_refused_and_not_changed() {
    let (home, emulator) = set_up();
    let path = |name: &str| home.path().join(name);
    write(&home, &[from_file("J_1")]);
    fs::write(path("notes"), "no line end").unwrap();
    fs::write(path("lines"), "one\ntwo\n").unwrap();
    fs::create_dir(path("folder")).unwrap();
    let calls = emulator.stats().calls;
    for (journal, words) in [
        ("c.json", "--journal c.json is also the list of contracts"),
        ("./c.json", "is also the list of contracts"),
        ("a.pdf", "is also a file to be uploaded"),
        ("notes", "not a journal"),
        ("lines", "not a journal"),
        ("folder", "folder: "),
        ("none/journal", "none/journal: "),
    ] {
        let before = fs::read(path(journal)).ok();
        let output = run(&home, &emulator, &["start", "c.json", "--journal", journal]);
        refused(&output, &[words, "give another"]);
        assert_eq!(fs::read(path(journal)).ok(), before, "{journal}");
    }
    let mut stdin = essbasic_at(home.path(), &emulator.endpoint(), &["start", "-"]);
    let text = fs::read(path("c.json")).unwrap();
    refused(&feed(&mut stdin, &text), &["stdin has no default journal", "--journal FILE"]);
    assert_eq!(emulator.stats().calls, calls);
    let arguments = ["start", "-", "--journal", "j.1"];
    for _ in 0..2 {
        let mut stdin = essbasic_at(home.path(), &emulator.endpoint(), &arguments);
        let output = feed(&mut stdin, &text);
        assert_eq!((code(&output), printed(&output).len()), (0, 1), "{}", stderr(&output));
    }
    assert_eq!(created(&home, &emulator, "J_"), BTreeMap::from([("J_1".into(), 1)]));
    // Locked by another process.
    let held = essbasic_files::Lock::acquire(&path("j.1")).unwrap();
    let mut stdin = essbasic_at(home.path(), &emulator.endpoint(), &arguments);
    refused(&feed(&mut stdin, &text), &["j.1 is in use", "--journal"]);
    drop(held);
    // Truncated by a system crash: the last line is dropped, and its entry keeps its earlier state.
    let journal = fs::read(path("j.1")).unwrap();
    fs::write(path("j.1"), &journal[..journal.len() - 5]).unwrap();
    let mut stdin = essbasic_at(home.path(), &emulator.endpoint(), &arguments);
    let output = feed(&mut stdin, &text);
    assert_eq!((code(&output), stdout(&output)), (2, String::new()), "{}", stderr(&output));
}

#[test]
fn input_errors_name_entry_and_field_before_any_request() {
    let (home, emulator) = set_up();
    let large = fs::File::create(home.path().join("large.pdf")).unwrap();
    large.set_len((60 << 20) + 1).unwrap();
    let calls = emulator.stats().calls;
    let with = |name: &str, value: Value| {
        let mut entry = from_file("Bad");
        entry[name] = value;
        entry
    };
    for (entry, words) in [
        (with("deadline", json!("30")), &["contract 2 of c.json: deadline \"30\" has no unit"][..]),
        (with("deadline", json!(30)), &["deadline 30 has no unit", "\"30d\""]),
        (with("deadline", json!("2020-01-01")), &["deadline \"2020-01-01\" is in the past"]),
        (with("deadline", json!("soon")), &["deadline \"soon\" has an unknown form"]),
        (with("deadline", json!(1_893_456_060_000_u64)), &["more than 10 years ahead"]),
        (with("name", json!(5)), &["contract 2", "name: invalid type: integer"]),
        (with("name", json!("")), &["name: expected 1 to 200 Chinese characters, letters, "]),
        (with("name", json!("Lease 1")), &["name: expected 1 to 200 Chinese characters, "]),
        (with("name", json!("合同（一）")), &["name: expected 1 to 200 Chinese characters, "]),
        (with("name", json!("长".repeat(201))), &["name: expected 1 to 200 Chinese characters, "]),
        (with("unordered", json!("true")), &["unordered: invalid type: string"]),
        (with("fields", json!({ "salary": 8000 })), &["fields.salary: invalid type: integer"]),
        (
            with("parties", json!([{ "name": "a", "mobile": 13_800_000_001_u64 }])),
            &["parties[0].mobile: invalid type: integer"],
        ),
        (with("file", json!("large.pdf")), &["large.pdf has 62914561 bytes", "at most 60 MB"]),
        (with("file", json!(".")), &["not a regular file"]),
        (with("file", json!("<File>")), &["file is an unfilled placeholder"]),
        (
            with("parties", json!([{ "name": "<Name>", "mobile": "1" }])),
            &["parties[0].name is an unfilled placeholder"],
        ),
    ] {
        write(&home, &[from_file("Good"), entry]);
        refused(&run(&home, &emulator, &["start", "c.json"]), words);
    }
    refused(&run(&home, &emulator, &["upload", "a.pdf", "large.pdf"]), &["large.pdf has 62914561"]);
    assert_eq!(emulator.stats().calls, calls);
    let names: BTreeSet<_> =
        fs::read_dir(home.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(!names.iter().any(|name| name.to_string_lossy().contains("journal")), "{names:?}");
    write(
        &home,
        &[
            with("deadline", json!("30d")),
            with("user_data", json!("<b>")),
            with("name", json!("长".repeat(200))),
        ],
    );
    let output = run(&home, &emulator, &["start", "c.json"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
}

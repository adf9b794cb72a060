//! `essbasic start` and signals.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed assumption is a failed test")]

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use essbasic_emulator::Emulator;
use tempfile::TempDir;

use crate::support::child::start;
use crate::support::contracts::{from_file, from_template, write};
use crate::support::retry_pause;
use crate::support::{code, essbasic_at, stderr, stdout};

/// A home with `a.pdf`.
fn home() -> TempDir {
    let home = TempDir::new().unwrap();
    fs::write(home.path().join("a.pdf"), "%PDF-1.4\n%%EOF\n").unwrap();
    home
}

#[test]
fn a_signal_ends_the_pause_before_a_retry() {
    let home = home();
    let emulator = Emulator::builder().start().unwrap();
    for (number, action) in
        ["UploadFiles", "ChannelCreateFlowByFiles", "CreateFlowsByTemplates"].iter().enumerate()
    {
        let entries = match number {
            2 => [from_template("Pause_a"), from_template("Pause_b")],
            _ => [from_file("Pause_a"), from_file("Pause_b")],
        };
        write(&home, &entries);
        let mut command = essbasic_at(home.path(), &emulator.endpoint(), &["start", "c.json"]);
        let output = retry_pause::terminate(home.path(), &emulator, action, &mut command);
        let told = stderr(&output);
        assert_eq!(code(&output), 2, "{told}");
        assert!(told.contains("interrupted: 2 contracts not started"), "{told}");
        assert!(!told.contains("unknown"), "{told}");
    }
    let output =
        essbasic_at(home.path(), &emulator.endpoint(), &["start", "c.json"]).output().unwrap();
    assert_eq!((code(&output), stdout(&output).lines().count()), (0, 2), "{}", stderr(&output));
}

/// Reads a request with its body.
fn read_request(stream: &TcpStream) {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        assert!(reader.read_line(&mut line).unwrap() > 0);
        if line == "\r\n" {
            break;
        }
        let (name, value) = line.split_once(':').unwrap_or_default();
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().unwrap();
        }
    }
    assert!(length > 0);
    reader.read_exact(&mut vec![0; length]).unwrap();
}

/// A signal does not turn a lost response into a known outcome.
#[test]
fn a_lost_response_after_a_signal_is_an_unknown_outcome() {
    let home = home();
    write(&home, &[from_template("Lost")]);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let mut child = start(&mut essbasic_at(home.path(), &endpoint, &["start", "c.json"]));
    let (request, _) = listener.accept().unwrap();
    // Before the whole request is sent, it may still be withdrawn.
    read_request(&request);
    child.signal("TERM");
    let mut text = BufReader::new(child.stderr.take().unwrap());
    let mut told = String::new();
    // The signal has been handled.
    text.read_line(&mut told).unwrap();
    drop((request, listener));
    text.read_to_string(&mut told).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(code(&output), 2, "{told}");
    assert!(
        told.starts_with("interrupted: waiting for a request that creates or changes something; "),
        "{told}"
    );
    assert!(told.contains("outcome unknown: 1 contract;"), "{told}");
    let journal = fs::read_to_string(home.path().join("c.json.journal")).unwrap();
    assert!(journal.trim_end().ends_with("\"event\":\"unknown\"}"), "{journal}");
}

/// The response is awaited longer than the grace of other requests; a second signal ends the command at once.
#[test]
fn a_create_in_flight_is_awaited_until_a_second_signal() {
    let home = home();
    write(&home, &[from_template("Awaited")]);
    let other = ["--service", "cvm", "--version", "2017-03-12"];
    for arguments in [
        &["start", "c.json"][..],
        &["call", "ChannelCancelFlow", "--unchecked"],
        &[&["call", "RunInstances"][..], &other].concat(),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let mut child = start(&mut essbasic_at(home.path(), &endpoint, arguments));
        let (mut request, _) = listener.accept().unwrap();
        assert!(request.read(&mut [0; 1024]).unwrap() > 0);
        child.signal("TERM");
        let mut text = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        text.read_line(&mut line).unwrap();
        assert!(line.ends_with("; send the signal again to exit now without its outcome\n"));
        // Twice the grace.
        std::thread::sleep(Duration::from_secs(2));
        assert!(child.try_wait().unwrap().is_none(), "{arguments:?}");
        child.signal("TERM");
        assert_eq!(code(&child.wait_with_output().unwrap()), 130, "{arguments:?}");
    }
}

/// Nothing was sent while the connection is being established, so the outcome is known.
#[test]
fn a_create_that_is_still_connecting_is_withdrawn_at_the_first_signal() {
    let home = home();
    write(&home, &[from_template("Withdrawn")]);
    for (arguments, expected) in [
        (&["start", "c.json"][..], "interrupted: 1 contract not started"),
        (&["call", "ChannelCancelFlow", "--unchecked"], "interrupted: the action was not executed"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("https://{}", listener.local_addr().unwrap());
        let mut command = essbasic_at(home.path(), &endpoint, arguments);
        let child = start(command.args(["--call-timeout", "1h"]));
        // The TLS handshake has begun, and is not answered.
        let (mut connection, _) = listener.accept().unwrap();
        assert!(connection.read(&mut [0; 1024]).unwrap() > 0);
        child.signal("TERM");
        let output = child.wait_with_output().unwrap();
        let told = stderr(&output);
        assert_eq!(code(&output), 2, "{told}");
        assert!(told.contains(expected), "{told}");
        assert!(!told.contains("unknown") && !told.contains("creates or changes"), "{told}");
    }
    let emulator = Emulator::builder().start().unwrap();
    let output =
        essbasic_at(home.path(), &emulator.endpoint(), &["start", "c.json"]).output().unwrap();
    assert_eq!((code(&output), stdout(&output).lines().count()), (0, 1), "{}", stderr(&output));
}

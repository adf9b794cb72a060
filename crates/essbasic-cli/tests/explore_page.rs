//! `essbasic explore`: start, modes, shutdown.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed assumption is a failed test")]

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::support::child::{Running, start};
use crate::support::emulator::Emulator;
use crate::support::{essbasic, refused};

const KEYS: [(&str, &str); 2] =
    [("TENCENTCLOUD_SECRET_ID", "AKIDEMULATOR"), ("TENCENTCLOUD_SECRET_KEY", "EMULATORSECRETKEY")];

fn explore(home: &TempDir, arguments: &[&str]) -> Command {
    let mut command = essbasic(home.path());
    command.arg("explore").args(arguments);
    command
}

/// Starts the command and returns its first line.
fn ready(command: &mut Command) -> (Running, String) {
    let mut child = start(command.stdout(Stdio::piped()).stderr(Stdio::piped()));
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (child, line)
}

#[test]
fn the_ready_line_states_the_url_and_the_mode() {
    let home = TempDir::new().unwrap();
    let emulator = Emulator::start(&home, &[]);
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let closed = format!("http://{closed}");
    // A server on this machine that is not an emulator may forward to the service.
    let foreign = emulator.endpoint.replace("127.0.0.1", "127.0.0.1.evil.example");
    for (arguments, has_keys, mode) in [
        (&["--emulated"][..], false, "emulator"),
        (&["--endpoint", &emulator.endpoint], true, "emulator"),
        (&["--endpoint", &emulator.endpoint], false, "offline"),
        (&["--endpoint", &closed], true, "production"),
        (&["--endpoint", &foreign], true, "production"),
        (&["--endpoint", &emulator.endpoint, "--connect-to", "127.0.0.1:1"], true, "production"),
        (&["--test-environment"], true, "test"),
        (&[], true, "production"),
        (&[], false, "offline"),
    ] {
        let mut command = explore(&home, arguments);
        if has_keys {
            command.envs(KEYS);
        }
        let (child, line) = ready(&mut command);
        let rest =
            line.strip_prefix("{\"ready\":true,\"url\":\"http://127.0.0.1:").unwrap_or_else(|| {
                panic!("{arguments:?} {line:?}");
            });
        let (port, rest) = rest.split_once("/#token=").unwrap();
        assert!(port.parse::<u16>().unwrap() > 0);
        let (token, rest) = rest.split_at(32);
        assert!(token.bytes().all(|byte| byte.is_ascii_hexdigit()), "{token}");
        assert_eq!(rest, format!("\",\"mode\":\"{mode}\"}}\n"), "{arguments:?}");
        child.signal("TERM");
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        let log = String::from_utf8_lossy(&output.stderr);
        assert!(!log.contains(token), "{log}");
    }
}

#[test]
fn an_emulator_with_other_keys_counts_as_production() {
    let home = TempDir::new().unwrap();
    let emulator = Emulator::start(&home, &[]);
    let mut command = explore(&home, &["--endpoint", &emulator.endpoint]);
    let keys = [("TENCENTCLOUD_SECRET_ID", "AKIDOFSOMEBODY"), KEYS[1]];
    let (child, line) = ready(command.envs(keys));
    assert!(line.ends_with("\"mode\":\"production\"}\n"), "{line}");
    child.signal("TERM");
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(0));
}

#[test]
fn what_prevents_the_start_is_one_error() {
    let home = TempDir::new().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let file = home.path().join("file");
    std::fs::write(&file, "").unwrap();
    for (arguments, words) in [
        (&["--emulated", "--port", &*port][..], &[&*port, "is in use; give another --port"][..]),
        (&["--emulated", "--test-environment"], &["--emulated has its own endpoint"]),
        (&["--emulated", "--save", file.to_str().unwrap()], &["--save", "give a folder"]),
        (&["--emulated", "--port", "65536"], &["65536"]),
        (&["--emulated", "--link-host", "*.com"], &["wildcard"]),
    ] {
        refused(&explore(&home, arguments).output().unwrap(), words);
    }
}

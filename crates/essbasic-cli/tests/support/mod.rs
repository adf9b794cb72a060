//! Runs the built command, isolated from the settings of the machine.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic fails the test"
)]
#![allow(dead_code, unreachable_pub, reason = "each test program uses a part")]

pub mod child;
pub mod contracts;
pub mod emulator;
pub mod listening;
pub mod retry_pause;
pub mod s3;
pub mod server;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use essbasic_emulator::{APP_ID, OPERATOR, ORGANIZATION, SECRET_ID, SECRET_KEY};

/// Returns the command without settings or credentials of the machine.
pub fn essbasic(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_essbasic"));
    command.env_clear().env("HOME", home).env("NO_PROXY", "*").current_dir(home);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The command for a service at `endpoint`, with the identity that the emulator accepts by default.
pub fn essbasic_at(home: &Path, endpoint: &str, arguments: &[&str]) -> Command {
    let mut command = essbasic(home);
    command.env("TENCENTCLOUD_SECRET_ID", SECRET_ID).env("TENCENTCLOUD_SECRET_KEY", SECRET_KEY);
    command.env("ESSBASIC_APP_ID", APP_ID).env("ESSBASIC_ORGANIZATION", ORGANIZATION);
    command.env("ESSBASIC_OPERATOR", OPERATOR);
    command.args(arguments).args(["--endpoint", endpoint]);
    command
}

/// Runs the command with this input on stdin.
pub fn feed(command: &mut Command, input: &[u8]) -> Output {
    let mut child = child::start(command.stdin(Stdio::piped()));
    // A command may exit before it reads everything.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

pub fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

/// The whole of stdout as one JSON document.
pub fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {} {}", stdout(output), stderr(output)))
}

/// Asserts exit status 1, empty stdout, and on stderr one line with the error, and perhaps one with a hint, which contain
/// these words.
#[track_caller]
pub fn refused(output: &Output, words: &[&str]) {
    let error = stderr(output);
    assert_eq!(code(output), 1, "{error}");
    assert_eq!(stdout(output), "");
    let lines: Vec<&str> = error.lines().collect();
    match lines[..] {
        [error] | [error, _] => assert!(error.starts_with("error: "), "{error}"),
        _ => panic!("{error}"),
    }
    assert!(lines.iter().skip(1).all(|line| line.starts_with("hint: ")), "{error}");
    // As in reports on one line.
    let error = error.replace("\nhint: ", "; ");
    for word in words {
        assert!(error.contains(word), "{word:?} is missing: {error}");
    }
}

/// Waits for a condition, and panics after a timeout.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(60), "{what} did not come about");
        std::thread::sleep(Duration::from_millis(5));
    }
}

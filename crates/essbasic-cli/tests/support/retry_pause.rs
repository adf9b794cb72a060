//! A signal in the pause between two attempts.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use essbasic_emulator::{Emulator, Fault, FaultKind};

use super::child::start;
use super::until;

/// Runs a command whose requests for `action` are throttled, and sends SIGTERM once it pauses before a retry. Asserts
/// that it ends without the pause and without another attempt.
pub fn terminate(home: &Path, emulator: &Emulator, action: &str, command: &mut Command) -> Output {
    emulator.set_faults([Fault::new(FaultKind::Throttled).with_action(action)], 1);
    let throttled = || emulator.stats().rejected.get("RequestLimitExceeded").copied();
    let before = throttled();
    let log = home.join("stderr");
    let child = start(command.arg("--verbose").stderr(File::create(&log).unwrap()));
    // It is logged after the response and before the pause, which takes at least a second.
    until("a pause", || fs::read_to_string(&log).unwrap().contains("attempt failed, will retry"));
    let attempts = throttled();
    assert!(attempts > before);
    let signaled = Instant::now();
    child.signal("TERM");
    let mut output = child.wait_with_output().unwrap();
    assert!(signaled.elapsed() < Duration::from_secs(5), "{:?}", signaled.elapsed());
    assert_eq!(throttled(), attempts);
    output.stderr = fs::read(&log).unwrap();
    emulator.set_faults([], 1);
    output
}

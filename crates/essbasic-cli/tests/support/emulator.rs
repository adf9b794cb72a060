//! `essbasic emulator` as a child process.

use std::io::{BufRead, BufReader, Read};
use std::process::{ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::child::{Running, start};
use super::essbasic;

/// A running emulator, its endpoint, and the rest of its stdout.
pub struct Emulator {
    pub child: Running,
    pub endpoint: String,
    pub stdout: BufReader<ChildStdout>,
}

impl Emulator {
    /// Dropped with the test, which ends the emulator.
    pub fn start(home: &TempDir, arguments: &[&str]) -> Self {
        let mut command = essbasic(home.path());
        command.args(["emulator", "--until-eof"]).args(arguments).stdin(Stdio::piped());
        Self::run(&mut command)
    }

    pub fn run(command: &mut Command) -> Self {
        let mut child = start(command);
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let endpoint = line.strip_prefix("{\"ready\":true,\"endpoint\":\"").unwrap();
        let endpoint = endpoint.strip_suffix("\"}\n").unwrap().to_owned();
        let plain = endpoint.replace("https:", "http:");
        assert!(plain.starts_with("http://127.0.0.1:") && !plain.ends_with(":0"));
        Self { child, endpoint, stdout }
    }

    /// Sends a signal, and returns the exit status, the remaining stdout, and stderr.
    pub fn end(self, signal: &str) -> (Option<i32>, String, String) {
        self.child.signal(signal);
        self.ended()
    }

    pub fn ended(mut self) -> (Option<i32>, String, String) {
        let began = Instant::now();
        let output = self.child.wait_with_output().unwrap();
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        (output.status.code(), rest, String::from_utf8(output.stderr).unwrap())
    }
}

//! A running `essbasic listen`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{ChildStderr, Command, ExitStatus, Output, Stdio};
use std::time::Duration;

use essbasic_callback::testing::{Callback, Sender, message};
use essbasic_callback::{CallbackKey, MsgType, Token};
use serde_json::json;

use crate::support::child::{self, Running};
use crate::support::{essbasic, until};

pub const KEY: &str = "hush-hush-hush-hush-hush-hush-32";
pub const TOKEN: &str = "hush-token";

pub struct Listening {
    pub child: Running,
    pub url: String,
    stderr: BufReader<ChildStderr>,
}

impl Listening {
    pub fn start(home: &Path, arguments: &[&str]) -> Self {
        Self::spawn(essbasic(home).args(["listen", "--port", "0"]).args(arguments))
    }

    /// Started by a shell, which may set limits and redirect stdout: `$0 "$@"` runs the command.
    pub fn start_by(home: &Path, script: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script, env!("CARGO_BIN_EXE_essbasic"), "listen", "--port", "0"]);
        command.args(arguments).current_dir(home).env_clear().env("HOME", home);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self::spawn(&mut command)
    }

    fn spawn(command: &mut Command) -> Self {
        command.env("ESSBASIC_CALLBACK_TOKEN", TOKEN).env("ESSBASIC_CALLBACK_KEY", KEY);
        command.env("PATH", "/usr/bin:/bin");
        let mut child = child::start(command);
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        stderr.read_line(&mut line).unwrap();
        let url = line.trim_end().strip_prefix("listening on ").unwrap_or_else(|| panic!("{line}"));
        Self { url: url.to_owned(), child, stderr }
    }

    pub fn address(&self) -> &str {
        self.url.strip_prefix("http://").unwrap().trim_end_matches('/')
    }

    pub fn post(&self, callback: &Callback) -> u16 {
        post(&self.url, callback)
    }

    /// Sends a message without waiting for the response.
    pub fn send(&self, callback: &Callback) -> TcpStream {
        let mut stream = TcpStream::connect(self.address()).unwrap();
        let signature = callback.signature.as_deref().unwrap();
        let length = callback.body.len();
        let head = format!(
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Signature: {signature}\r\nContent-Length: {length}\r\n\r\n"
        );
        stream.write_all(&[head.as_bytes(), &callback.body].concat()).unwrap();
        stream
    }

    pub fn signal(&self, signal: &str) {
        self.child.signal(signal);
    }

    /// Waits for the exit status.
    pub fn ended(&mut self) -> ExitStatus {
        let mut status = None;
        until("the end of the command", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }

    /// Returns the next line of stderr.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.stderr.read_line(&mut line).unwrap();
        line
    }

    /// Waits until it exits; returns the status, stdout and the remaining stderr.
    pub fn output(&mut self) -> (Option<i32>, String, String) {
        let status = self.ended();
        let (mut stdout, mut stderr) = (String::new(), String::new());
        if let Some(mut pipe) = self.child.stdout.take() {
            pipe.read_to_string(&mut stdout).unwrap();
        }
        self.stderr.read_to_string(&mut stderr).unwrap();
        (status.code(), stdout, stderr)
    }

    /// Interrupts it; returns the status, stdout and the remaining stderr.
    pub fn end(mut self) -> (Option<i32>, String, String) {
        self.signal("INT");
        let (mut stdout, mut stderr) = (String::new(), String::new());
        if let Some(mut pipe) = self.child.stdout.take() {
            pipe.read_to_string(&mut stdout).unwrap();
        }
        self.stderr.read_to_string(&mut stderr).unwrap();
        (self.ended().code(), stdout, stderr)
    }
}

/// Runs a command that must not start. If it serves, it is killed.
pub fn not_started(command: &mut Command) -> Output {
    child::start(command).wait_with_output().unwrap()
}

pub fn post(url: &str, callback: &Callback) -> u16 {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(50)))
        .build()
        .into();
    let mut request = agent.post(url);
    if let Some(signature) = &callback.signature {
        request = request.header("Content-Signature", signature);
    }
    request.send(&callback.body[..]).unwrap().status().as_u16()
}

pub fn sender() -> Sender {
    Sender::new(Token::new(TOKEN).unwrap(), CallbackKey::new(KEY).unwrap())
}

/// A message about a contract.
pub fn contract(msg_id: &str) -> Callback {
    padded(msg_id, 0)
}

/// A message with `bytes` more bytes.
pub fn padded(msg_id: &str, bytes: usize) -> Callback {
    let data = json!({ "FlowId": "f", "Padding": "x".repeat(bytes) });
    sender().send(&message(msg_id, &MsgType::FlowStatusChange, data))
}

//! A running server, and requests to it.

use std::io::{BufRead as _, BufReader, Read as _, Seek as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Time for anything that a server does.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Returns the command with these arguments.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_essbasic-server"));
    command.args(arguments).env_remove("ESSBASIC_SERVER_CONFIG");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Writes a secret that only this user can read. Otherwise a server warns.
pub(crate) fn secret(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;

        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
}

/// Runs a command that ends by itself.
pub(crate) fn run(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

/// Runs a command with this input.
pub(crate) fn input(arguments: &[&str], stdin: &[u8]) -> Output {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(stdin).unwrap();
    file.rewind().unwrap();
    command(arguments).stdin(Stdio::from(file)).output().unwrap()
}

/// Runs a command whose stdout is closed after its first byte, and returns its exit code and stderr.
pub(crate) fn closed_early(arguments: &[&str]) -> (Option<i32>, String) {
    let mut child = command(arguments).spawn().map(Running).unwrap();
    let mut stdout = child.0.stdout.take().unwrap();
    stdout.read_exact(&mut [0]).unwrap();
    drop(stdout);
    let mut error = String::new();
    child.0.stderr.take().unwrap().read_to_string(&mut error).unwrap();
    (child.0.wait().unwrap().code(), error)
}

/// A process, killed when it is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A server, killed when it is dropped.
pub(crate) struct Server {
    child: Running,
    pub(crate) callbacks: String,
    pub(crate) ops: String,
    pub(crate) admin: String,
    pub(crate) admin_token_file: String,
    /// Output on stderr so far.
    log: Arc<Mutex<Vec<u8>>>,
}

impl Server {
    /// Starts a server with an emulator, and waits until it is ready.
    pub(crate) fn emulated(data: &Path) -> Self {
        Self::started(command(&["--emulated", "--data", data.to_str().unwrap()]))
    }

    /// Starts a server, and waits until it is ready.
    pub(crate) fn started(mut command: Command) -> Self {
        let mut child = command.spawn().map(Running).unwrap();
        let mut line = String::new();
        BufReader::new(child.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let mut stderr = child.0.stderr.take().unwrap();
        let Ok(ready) = serde_json::from_str::<Value>(&line) else {
            let mut log = String::new();
            stderr.read_to_string(&mut log).unwrap();
            panic!("not ready: {line:?} {log}");
        };
        let log = Arc::new(Mutex::new(Vec::new()));
        let written = Arc::clone(&log);
        // A full pipe would block the server.
        std::thread::spawn(move || {
            let mut bytes = [0; 4_096];
            while let Ok(count @ 1..) = stderr.read(&mut bytes) {
                written.lock().unwrap().extend_from_slice(&bytes[..count]);
            }
        });
        let text = |key: &str| ready[key].as_str().unwrap().to_owned();
        assert_eq!(ready["ready"], true);
        Self {
            callbacks: text("callbacks"),
            ops: text("ops"),
            admin: text("admin"),
            admin_token_file: text("admin_token_file"),
            log,
            child,
        }
    }

    /// Waits until the log has this part, and returns it.
    pub(crate) fn log(&self, part: &str) -> String {
        let end = Instant::now() + TIMEOUT;
        loop {
            let log = String::from_utf8_lossy(&self.log.lock().unwrap()).into_owned();
            if log.contains(part) {
                return log;
            }
            assert!(Instant::now() < end, "{part} is not in the log:\n{log}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Returns a metric, or 0 without such a line.
    pub(crate) fn metric(&self, name: &str) -> u64 {
        let text = get(&format!("{}metrics", self.ops)).1;
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.map_or(0, |value| value.parse::<f64>().unwrap() as u64)
    }

    /// Waits until a metric has at least this value.
    pub(crate) fn wait_for(&self, name: &str, least: u64) {
        let end = Instant::now() + TIMEOUT;
        while self.metric(name) < least {
            let text = get(&format!("{}metrics", self.ops)).1;
            assert!(Instant::now() < end, "{name} is below {least}:\n{text}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Returns the ID of the process.
    pub(crate) fn id(&self) -> u32 {
        self.child.0.id()
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }

    /// Ends the server by SIGTERM, and returns its exit code.
    pub(crate) fn stop(self) -> Option<i32> {
        self.signal("-TERM");
        self.wait()
    }

    /// Waits until the server ends, and returns its exit code.
    pub(crate) fn wait(mut self) -> Option<i32> {
        let end = Instant::now() + TIMEOUT;
        loop {
            if let Some(status) = self.child.0.try_wait().unwrap() {
                return status.code();
            }
            assert!(Instant::now() < end, "it did not end");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Returns the status and the body of a response.
pub(crate) fn get(url: &str) -> (u16, String) {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut response = agent.get(url).call().unwrap();
    (response.status().as_u16(), response.body_mut().read_to_string().unwrap())
}

/// Posts a body with a signature, and returns the status.
pub(crate) fn post(url: &str, signature: Option<&str>, body: &[u8]) -> u16 {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut request = agent.post(url);
    if let Some(signature) = signature {
        request = request.header("Content-Signature", signature);
    }
    request.send(body).unwrap().status().as_u16()
}

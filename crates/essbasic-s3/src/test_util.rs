//! An S3 server by other people for tests: `s3s-fs`, which verifies signatures and stores objects as files.
//!
//! `.ci/run` installs it: `cargo install s3s-fs@0.14.1 --locked --features binary`.

use core::fmt;
use std::collections::BTreeMap;
use std::io::{self, BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Variable with the path of the program, if it is not in a folder of `PATH` or in that of cargo.
const VARIABLE: &str = "ESSBASIC_TEST_S3";

/// Key of the server.
pub const ACCESS_KEY_ID: &str = "AKIDTESTSERVER";

/// Secret key of the server.
pub const SECRET_ACCESS_KEY: &str = "secret-key-of-the-test-server";

/// Region that requests are signed for. The server accepts any.
pub const REGION: &str = "ap-guangzhou";

/// Time for the start of the server.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Runs the server until the input is closed, at the latest by the end of the test.
const SCRIPT: &str = r#"
    "$@" </dev/null &
    server=$!
    read -r _ || true
    kill -KILL "$server"
    wait "$server" || true
"#;

/// A server on loopback with a temporary folder. It ends when it is dropped.
pub struct S3Server {
    program: PathBuf,
    folder: TempDir,
    port: u16,
    running: Option<Running>,
}

/// The script that runs the server.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // The script kills the server. Killing the script would not.
        drop(self.0.stdin.take());
        if self.0.wait().is_err() {
            let _ = self.0.kill();
        }
    }
}

impl fmt::Debug for S3Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Server").field("port", &self.port).finish_non_exhaustive()
    }
}

impl S3Server {
    /// Starts a server without buckets. `None`, with a line on stderr, if this machine lacks the program.
    ///
    /// # Errors
    /// Returns an error if the server does not start, or if the program is missing in CI.
    pub fn start() -> io::Result<Option<Self>> {
        let Some(program) = program() else {
            let missing = format!(
                "s3s-fs is missing: cargo install s3s-fs@0.14.1 --locked --features binary, or set {VARIABLE}"
            );
            if std::env::var_os("CI").is_some() {
                return Err(io::Error::other(missing));
            }
            #[expect(clippy::print_stderr, reason = "a skipped test prints a line")]
            {
                eprintln!("not tested: {missing}");
            }
            return Ok(None);
        };
        let mut server = Self { program, folder: TempDir::new()?, port: 0, running: None };
        let end = Instant::now() + TIMEOUT;
        loop {
            server.port = free_port()?;
            match server.run() {
                Ok(running) => server.running = Some(running),
                // Another program took the port.
                Err(_) if Instant::now() < end => continue,
                Err(error) => return Err(error),
            }
            return Ok(Some(server));
        }
    }

    /// Returns the URL of the server.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Returns the variables of a program that uses the server.
    pub fn variables(&self) -> [(&'static str, String); 5] {
        [
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY.to_owned()),
            ("AWS_REGION", REGION.to_owned()),
            ("AWS_ENDPOINT", self.endpoint()),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
        ]
    }

    /// Creates a bucket.
    ///
    /// # Errors
    /// Returns an error if its folder cannot be created.
    pub fn create_bucket(&self, name: &str) -> io::Result<()> {
        std::fs::create_dir(self.folder.path().join(name))
    }

    /// Returns the complete objects of a bucket by their keys, while the server runs or not.
    ///
    /// # Errors
    /// Returns an error if its folder cannot be read.
    pub fn objects(&self, bucket: &str) -> io::Result<BTreeMap<String, Vec<u8>>> {
        let root = self.folder.path().join(bucket);
        let mut objects = BTreeMap::new();
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder)? {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let key = path.strip_prefix(&root).unwrap_or(&path).display().to_string();
                objects.insert(key, std::fs::read(&path)?);
            }
        }
        Ok(objects)
    }

    /// Kills the server by SIGKILL. Its objects are kept.
    pub fn kill(&mut self) {
        self.running = None;
    }

    /// Starts the server again, on the same port, if it does not run.
    ///
    /// # Errors
    /// Returns an error if it does not start in time.
    pub fn restart(&mut self) -> io::Result<()> {
        if self.running.is_some() {
            return Ok(());
        }
        let end = Instant::now() + TIMEOUT;
        loop {
            match self.run() {
                Ok(running) => {
                    self.running = Some(running);
                    return Ok(());
                }
                // The port may be in use for a moment.
                Err(_) if Instant::now() < end => std::thread::sleep(Duration::from_millis(50)),
                Err(error) => return Err(error),
            }
        }
    }

    fn run(&self) -> io::Result<Running> {
        let mut command = Command::new("sh");
        command
            .args(["-c", SCRIPT, "sh"])
            .arg(&self.program)
            .args(["--host", "127.0.0.1", "--port", &self.port.to_string()])
            .args(["--access-key", ACCESS_KEY_ID, "--secret-key", SECRET_ACCESS_KEY])
            .arg(self.folder.path())
            .env("RUST_LOG", "s3s_fs=info")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut running = command.spawn().map(Running)?;
        let stdout = running.0.stdout.take().ok_or_else(|| io::Error::other("no stdout"))?;
        let mut lines = BufReader::new(stdout).lines();
        while let Some(line) = lines.next().transpose()? {
            if line.contains("server is running at") {
                // A full pipe would block the server.
                std::thread::spawn(move || lines.for_each(drop));
                return Ok(running);
            }
        }
        Err(io::Error::other("s3s-fs did not start"))
    }
}

/// Returns a port that is free, and that the system does not assign to others while the server is stopped: it is below those
/// of outgoing connections.
fn free_port() -> io::Result<u16> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    const PORTS: u32 = 12_000;
    let start = std::process::id().wrapping_mul(101);
    for _ in 0..PORTS {
        let offset = start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % PORTS;
        let port = u16::try_from(20_000 + offset).map_err(io::Error::other)?;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    Err(io::Error::other("no free port"))
}

/// Returns the path of the program.
fn program() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os(VARIABLE) {
        return Some(path.into());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    for (variable, below) in
        [("CARGO_INSTALL_ROOT", "bin"), ("CARGO_HOME", "bin"), ("HOME", ".cargo/bin")]
    {
        folders.extend(std::env::var_os(variable).map(|root| Path::new(&root).join(below)));
    }
    folders.into_iter().map(|folder| folder.join("s3s-fs")).find(|program| program.is_file())
}

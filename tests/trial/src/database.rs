//! A PostgreSQL server on a Unix socket in a temporary folder, which can be restarted.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::{Instant, sleep};

use crate::error::{Context as _, Error, Result};

/// Time for the start of the server.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// Runs the server. Each line of the input is a signal that ends it, after which it starts again; the end of the input ends it, at the
/// latest with this process. Commits are synchronized to disk.
const SCRIPT: &str = r#"
    set -eu
    initdb=$1/initdb postgres=$1/postgres folder=$2
    "$initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C --no-sync >"$folder/initdb.log" 2>&1
    start() {
        "$postgres" -D "$folder/data" -k "$folder" -c listen_addresses= -c max_connections=100 \
            >>"$folder/server.log" 2>&1 </dev/null &
        server=$!
    }
    start
    while read -r signal; do
        kill "-$signal" "$server"
        wait "$server" || true
        sleep 1
        start
    done
    kill -INT "$server"
    wait "$server" || true
    rm -rf "$folder/"*
    rmdir "$folder" 2>/dev/null || true
"#;

/// A running server.
pub(crate) struct Database {
    script: Child,
    input: Option<ChildStdin>,
    folder: PathBuf,
    starts: usize,
}

impl Database {
    /// Initializes a cluster and starts its server.
    pub(crate) async fn start() -> Result<Self> {
        let binaries = binaries()
            .ok_or_else(|| Error::new("PostgreSQL is missing; install the package `postgresql`"))?;
        let folder = tempfile::Builder::new().prefix("essbasic-pg").tempdir();
        let folder = folder.context("temporary folder")?.keep();
        // PostgreSQL refuses to run as root.
        let is_root = nix::unistd::geteuid().is_root();
        let mut command = match is_root {
            true => {
                let mut chown = Command::new("chown");
                chown.arg("postgres").arg(&folder).status().await.context("chown")?;
                let mut command = Command::new("runuser");
                command.args(["-u", "postgres", "--", "sh"]);
                command
            }
            false => Command::new("sh"),
        };
        command.args(["-c", SCRIPT, "sh"]).arg(binaries).arg(&folder).current_dir("/");
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut script = command.kill_on_drop(true).spawn().context("PostgreSQL")?;
        let input = script.stdin.take();
        let mut database = Self { script, input, folder, starts: 0 };
        database.ready().await?;
        Ok(database)
    }

    /// Returns the URL of its database.
    pub(crate) fn url(&self) -> String {
        // A host in the query, because a path is not valid in the authority.
        format!("postgres:///postgres?user=postgres&host={}", self.folder.display())
    }

    /// Ends the server by a signal, `INT` or `QUIT`, and starts it again a second later.
    pub(crate) async fn restart(&mut self, signal: &str) -> Result<()> {
        if let Some(input) = &mut self.input {
            input.write_all(format!("{signal}\n").as_bytes()).await.context("PostgreSQL")?;
        }
        self.ready().await
    }

    /// Waits for the next start.
    async fn ready(&mut self) -> Result<()> {
        self.starts += 1;
        let end = Instant::now() + START_TIMEOUT;
        let log = self.folder.join("server.log");
        loop {
            let text = std::fs::read_to_string(&log).unwrap_or_default();
            if text.matches("ready to accept connections").count() >= self.starts {
                return Ok(());
            }
            if Instant::now() > end {
                return Err(Error::new(format!("PostgreSQL did not start: {text}")));
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Ends the server and removes its folder.
    pub(crate) async fn stop(mut self) {
        drop(self.input.take());
        let _ = self.script.wait().await;
    }
}

/// Returns the folder of `initdb` and `postgres`.
fn binaries() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        folders.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    let has_all = |folder: &PathBuf| {
        ["initdb", "postgres"].iter().all(|program| Path::new(folder).join(program).is_file())
    };
    folders.into_iter().find(has_all)
}

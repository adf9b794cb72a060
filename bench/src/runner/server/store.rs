//! Stores of the server: empty, or with a history of finished contracts.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::super::cargo::check_status;
use super::super::error::Error;
use super::super::files::{root, write};
use super::process::{Replica, Settings, configure};

/// Database of the stores.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// Runs PostgreSQL until the end of the input. Commits are synchronized to the disk, as by default.
const SCRIPT: &str = r#"
    set -eu
    initdb=$1/initdb postgres=$1/postgres folder=$2
    "$initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C --no-sync >"$folder/initdb.log" 2>&1
    "$postgres" -D "$folder/data" -k "$folder" -c listen_addresses= -c fsync=on -c synchronous_commit=on \
        >"$folder/server.log" 2>&1 </dev/null &
    server=$!
    read -r _ || true
    kill -INT "$server"
    wait "$server" || true
    rm -rf "$folder/data"
"#;

/// A PostgreSQL server, which is ended on drop.
struct Script {
    process: Child,
    input: Option<ChildStdin>,
}

impl Drop for Script {
    fn drop(&mut self) {
        drop(self.input.take());
        if self.process.wait().is_err() {
            let _ = self.process.kill();
        }
    }
}

/// Stores of one engine. Each measurement has a store of its own.
pub(super) struct Stores<'a> {
    pub(super) engine: Engine,
    program: &'a Path,
    folder: PathBuf,
    postgres: Option<(Script, PathBuf)>,
    next: Cell<u32>,
}

impl<'a> Stores<'a> {
    /// Starts the engine and prepares two stores to be copied: one is empty, and one has `finished` contracts.
    pub(super) fn prepare(
        engine: Engine,
        program: &'a Path,
        scratch: &Path,
        finished: usize,
    ) -> Result<Self, Error> {
        let folder = scratch.join(engine.name());
        fs::create_dir_all(&folder).map_err(|error| Error::io(&folder, &error))?;
        let mut stores = Self { engine, program, folder, postgres: None, next: Cell::default() };
        if engine == Engine::Postgres {
            let binaries = binaries().ok_or_else(|| Error::new("PostgreSQL is missing"))?;
            let server = start(&binaries, &stores.folder)?;
            stores.postgres = Some((server, binaries));
        }
        for (name, finished) in [("empty", 0), ("history", finished)] {
            eprintln!("server: a store of {} with {finished} finished contracts", engine.name());
            stores.create(name, finished)?;
        }
        Ok(stores)
    }

    /// Returns the URL of the database of this name.
    fn url(&self, name: &str) -> String {
        let folder = self.folder.display();
        match self.engine {
            Engine::Sqlite => format!("sqlite:{folder}/{name}.db"),
            Engine::Postgres => format!("postgres:///{name}?user=postgres&host={folder}"),
        }
    }

    /// Returns the URL of a copy of a prepared store, with the caches of the disk written back.
    pub(super) fn copy(&self, has_history: bool) -> Result<String, Error> {
        self.next.set(self.next.get() + 1);
        let template = if has_history { "history" } else { "empty" };
        let name = format!("copy{}", self.next.get());
        match &self.postgres {
            None => {
                let previous = format!("copy{}.db", self.next.get() - 1);
                for suffix in ["", "-wal", "-shm", ".lock"] {
                    let _ = fs::remove_file(self.folder.join(format!("{previous}{suffix}")));
                }
                let (from, to) = (self.file(template), self.file(&name));
                fs::copy(&from, &to).map_err(|error| Error::io(&from, &error))?;
            }
            Some(_) => {
                let previous = format!("copy{}", self.next.get() - 1);
                self.sql("postgres", &format!("DROP DATABASE IF EXISTS {previous}"))?;
                self.sql("postgres", &format!("CREATE DATABASE {name} TEMPLATE {template}"))?;
                self.sql("postgres", "CHECKPOINT")?;
            }
        }
        run(&mut Command::new("sync"))?;
        Ok(self.url(&name))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.db"))
    }

    /// Creates a store by a server, which migrates it, and inserts the history.
    fn create(&self, name: &str, finished: usize) -> Result<(), Error> {
        if self.postgres.is_some() {
            self.sql("postgres", &format!("CREATE DATABASE {name}"))?;
        }
        let settings = Settings {
            store: &self.url(name),
            endpoint: "http://127.0.0.1:9",
            reconcile: false,
            rate: 20,
            forwards: 0,
        };
        let config = configure(&self.folder.join("config"), &settings)?;
        Replica::start(self.program, &config)?.stop()?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let path = root().join("crates/essbasic-server/tests/support/history.sql");
        let history = super::super::files::read(&path)?
            .replace("{count}", &finished.to_string())
            // Not in the minute that a sample counts.
            .replace("{now}", &now.saturating_sub(600_000).to_string());
        match &self.postgres {
            None => {
                let failed = |error: rusqlite::Error| Error::new(format!("history: {error}"));
                let connection = rusqlite::Connection::open(self.file(name)).map_err(failed)?;
                let history = format!("BEGIN; {history}; COMMIT; PRAGMA wal_checkpoint(TRUNCATE);");
                connection.execute_batch(&history).map_err(failed)?;
                connection.close().map_err(|(_, error)| failed(error))
            }
            Some(_) => {
                let file = self.folder.join("history.sql");
                write(&file, &format!("BEGIN;\n{history}\nCOMMIT;\nVACUUM ANALYZE;\n"))?;
                self.psql(name, &["-f", &file.to_string_lossy()])
            }
        }
    }

    fn sql(&self, database: &str, statement: &str) -> Result<(), Error> {
        self.psql(database, &["-c", statement])
    }

    fn psql(&self, database: &str, arguments: &[&str]) -> Result<(), Error> {
        let Some((_, binaries)) = &self.postgres else { return Ok(()) };
        let mut command = Command::new(binaries.join("psql"));
        command.args(["-q", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-h"]).arg(&self.folder);
        command.args(["-d", database]).args(arguments);
        command.env("PGOPTIONS", "-c client_min_messages=warning");
        run(&mut command)
    }
}

/// Runs a program without input.
pub(super) fn run(command: &mut Command) -> Result<(), Error> {
    let program = Path::new(command.get_program()).to_owned();
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
    check_status(&program.to_string_lossy(), status.map_err(|error| Error::io(&program, &error))?)
}

/// Returns the folder of the programs of PostgreSQL.
fn binaries() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    if let Ok(versions) = fs::read_dir("/usr/lib/postgresql") {
        folders.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    let has_all = |folder: &PathBuf| {
        ["initdb", "postgres", "psql"].iter().all(|program| folder.join(program).is_file())
    };
    folders.into_iter().find(has_all)
}

/// Initializes a cluster and starts its server.
fn start(binaries: &Path, folder: &Path) -> Result<Script, Error> {
    // PostgreSQL refuses to run as root.
    let id = Command::new("id").arg("-u").output();
    let id = id.map_err(|error| Error::new(format!("id: {error}")))?;
    let mut command = Command::new("sh");
    if id.stdout.trim_ascii() == b"0" {
        run(Command::new("chown").arg("postgres").arg(folder))?;
        command = Command::new("runuser");
        command.args(["-u", "postgres", "--", "sh"]);
    }
    command.args(["-c", SCRIPT, "sh"]).arg(binaries).arg(folder).current_dir("/");
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let script = command.spawn().map(|process| Script { process, input: None });
    let mut script = script.map_err(|error| Error::new(format!("PostgreSQL: {error}")))?;
    script.input = script.process.stdin.take();
    let log = || fs::read_to_string(folder.join("server.log")).unwrap_or_default();
    for _ in 0..1_200 {
        if log().contains("ready to accept connections") {
            return Ok(script);
        }
        sleep(Duration::from_millis(50));
    }
    Err(Error::new(format!("PostgreSQL did not start: {}", log())))
}

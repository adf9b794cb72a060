//! A PostgreSQL server of the tests: on a Unix socket in a temporary folder, started once, ended with the process.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio_postgres::NoTls;

/// Variable with the URL of a server to use instead, such as `postgres://postgres@localhost/postgres`.
const VARIABLE: &str = "ESSBASIC_TEST_POSTGRES";

/// A server. The script that runs it ends it when its input is closed, which this process does when it ends in any way.
struct Server {
    url: String,
    _script: Option<Script>,
}

/// The script that runs the server. It ends when its stdin is closed, at the latest with this process.
struct Script(Child);

impl Drop for Script {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Returns the URL of a new, empty database. `None` if this machine has no PostgreSQL, which is an error in CI.
pub(crate) async fn database() -> Option<String> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let server = SERVER.get_or_init(start).as_ref()?;
    let name = format!("t{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
    let admin = connect(&server.url).await;
    admin.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
    let mut url = server.url.clone();
    let start = url.rfind("/postgres").expect("the URL names the database `postgres`");
    url.replace_range(start..start + "/postgres".len(), &format!("/{name}"));
    Some(url)
}

/// Returns a server of its own and its URL, for tests that change its settings. `None` if this machine has no PostgreSQL.
pub(crate) fn own_server() -> Option<(impl Sized, String)> {
    binaries().map(|binaries| {
        let folder = tempfile::Builder::new().prefix("essbasic-pg").tempdir().unwrap().keep();
        (run(&binaries, &folder), url(&folder))
    })
}

/// Returns the URL of the server in this folder.
fn url(folder: &Path) -> String {
    // A host in the query, because a path is not valid in the authority.
    format!("postgres:///postgres?user=postgres&host={}", folder.display())
}

/// Returns a client of its own, whose connection ends with it.
pub(crate) async fn connect(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

fn start() -> Option<Server> {
    if let Ok(url) = std::env::var(VARIABLE) {
        return Some(Server { url, _script: None });
    }
    let Some(binaries) = binaries() else {
        let missing = format!("PostgreSQL is missing: install it, or set {VARIABLE}");
        assert!(std::env::var_os("CI").is_none(), "{missing}");
        eprintln!("not tested: {missing}");
        return None;
    };
    let folder = tempfile::Builder::new().prefix("essbasic-pg").tempdir().unwrap().keep();
    let script = run(&binaries, &folder);
    Some(Server { url: url(&folder), _script: Some(script) })
}

/// Returns the folder of `initdb` and `postgres`.
fn binaries() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        folders.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    folders
        .into_iter()
        .find(|folder| ["initdb", "postgres"].iter().all(|program| folder.join(program).is_file()))
}

fn output(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Initializes a cluster and runs its server until the input of the returned script is closed.
fn run(binaries: &Path, folder: &Path) -> Script {
    // PostgreSQL refuses to run as root.
    let root = output(Command::new("id").arg("-u")) == "0";
    if root {
        output(Command::new("chown").arg("postgres").arg(folder));
    }
    let script = r#"
        set -eu
        initdb=$1/initdb postgres=$1/postgres folder=$2
        "$initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C --no-sync >"$folder/initdb.log" 2>&1
        # Without fsync: the tests end processes, not the machine.
        "$postgres" -D "$folder/data" -k "$folder" -c listen_addresses= -c fsync=off -c max_connections=100 \
            >"$folder/server.log" 2>&1 </dev/null &
        server=$!
        read -r _ || true
        kill -INT "$server"
        wait "$server" || true
        rm -rf "$folder/"*
        rmdir "$folder" 2>/dev/null || true
    "#;
    let mut command = if root {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--", "sh"]);
        command
    } else {
        Command::new("sh")
    };
    command
        .args(["-c", script, "sh"])
        .arg(binaries)
        .arg(folder)
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let child = command.spawn().map(Script).unwrap();
    let end = Instant::now() + Duration::from_secs(120);
    let log = || std::fs::read_to_string(folder.join("server.log")).unwrap_or_default();
    while !log().contains("ready to accept connections") {
        assert!(Instant::now() < end, "PostgreSQL did not start: {}", log());
        std::thread::sleep(Duration::from_millis(50));
    }
    child
}

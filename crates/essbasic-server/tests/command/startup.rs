//! Starts that could wait forever, and untrusted parts of arguments and requests.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::stores::Store;
use crate::support::{Server, command, get, run};

/// Time for a process to end.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A process, killed when it is dropped.
struct Guard(Child);

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Writes a configuration with its secrets, and returns its path.
fn write(folder: &Path, more: &str) -> String {
    for name in ["id", "key", "token"] {
        std::fs::write(folder.join(name), "a-secret-of-the-test").unwrap();
    }
    let text = format!(
        "[account]\napp_id = \"a\"\norganization = \"o\"\noperator = \"p\"\nsecret_id_file = \"id\"\n\
         secret_key_file = \"key\"\n[receive]\nlisten = \"127.0.0.1:0\"\n[[receive.keys]]\n\
         token_file = \"token\"\n[ops]\nlisten = \"127.0.0.1:0\"\n[admin]\nlisten = \"127.0.0.1:0\"\n{more}"
    );
    let path = folder.join("essbasic.toml");
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Returns a listener whose connections never get a response, and a configuration with this store.
fn silent_store(folder: &Path) -> (TcpListener, String) {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let url = format!("postgres://u@127.0.0.1:{port}/d?sslmode=disable");
    let path = write(folder, &format!("[store]\nurl = {url:?}\n"));
    (silent, path)
}

#[test]
fn a_silent_database_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let (_silent, path) = silent_store(folder.path());
    for arguments in [&[][..], &["status"], &["migrate"], &["contracts", "list"]] {
        let began = Instant::now();
        let output = run(&[arguments, &["--config", &path]].concat());
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {error}");
        let last = error.lines().last().unwrap_or_default();
        assert!(last.starts_with("error: store.url: cannot connect to the database"), "{error}");
        assert!(began.elapsed() < Duration::from_secs(30), "{arguments:?}");
    }
}

#[test]
fn a_signal_ends_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let (silent, path) = silent_store(folder.path());
    for signal in ["-TERM", "-INT"] {
        let mut child = command(&["--config", &path]).spawn().map(Guard).unwrap();
        // The start waits for the response to what it sends on this connection.
        let _connection = silent.accept().unwrap();
        let id = child.0.id().to_string();
        let began = Instant::now();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        let status = loop {
            if let Some(status) = child.0.try_wait().unwrap() {
                break status;
            }
            assert!(began.elapsed() < TIMEOUT, "{signal}: it did not end");
            std::thread::sleep(Duration::from_millis(10));
        };
        assert_eq!(status.code(), Some(0), "{signal}");
        // Sooner than the database is given up.
        assert!(began.elapsed() < Duration::from_secs(4), "{signal}: {:?}", began.elapsed());
    }
}

#[test]
fn a_secret_that_is_a_pipe_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "");
    std::fs::remove_file(folder.path().join("key")).unwrap();
    assert!(Command::new("mkfifo").arg(folder.path().join("key")).status().unwrap().success());
    for arguments in [&["--config", &path][..], &["--config", &path, "--check"]] {
        let output = run(arguments);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(
            error.contains("account.secret_key_file: ") && error.contains("not a regular file")
        );
    }
}

#[test]
fn untrusted_texts_stay_on_their_line() {
    let store = Store::sqlite();
    store.text(&["migrate"]);
    for id in ["x\nforged  done", "x\r\u{1b}[2Jforged  done", "x\u{202e}forged"] {
        let (text, error) = store.finish(&["contracts", "retry", id], b"", 2);
        for line in [&text, &error] {
            assert_eq!(line.lines().count(), 1, "{line:?}");
            assert!(!line.trim_end_matches('\n').contains(|c: char| c.is_control()), "{line:?}");
            assert!(!line.contains('\u{202e}'), "{line:?}");
        }
    }
    let error = store.error(&["contracts", "add", "none\nerror: forged\u{9b}2J"]);
    assert!(error.contains("none error: forged 2J"), "{error:?}");
}

#[test]
fn probes_under_a_foreign_name_are_refused() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::emulated(data.path());
    let address = server.ops.trim_start_matches("http://").trim_end_matches('/');
    for (host, status) in [
        (format!("Host: {address}\r\n"), 200),
        ("Host: localhost:1\r\n".to_owned(), 200),
        ("Host: rebound.example\r\n".to_owned(), 421),
    ] {
        for path in ["readyz", "livez", "metrics"] {
            let mut stream = TcpStream::connect(address).unwrap();
            let head = format!("GET /{path} HTTP/1.1\r\n{host}Connection: close\r\n\r\n");
            stream.write_all(head.as_bytes()).unwrap();
            let mut response = String::new();
            stream.read_to_string(&mut response).unwrap();
            assert!(response.starts_with(&format!("HTTP/1.1 {status} ")), "{host}: {response}");
        }
    }
}

#[test]
fn a_silent_bucket_delays_the_start_for_a_bounded_time() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "[archive]\nto = \"s3://bucket/2026\"\n");
    let mut command = command(&["--config", &path]);
    for (name, value) in [
        ("AWS_ENDPOINT", &*endpoint),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_REGION", "r"),
        ("AWS_ACCESS_KEY_ID", "id"),
        ("AWS_SECRET_ACCESS_KEY", "key"),
    ] {
        command.env(name, value);
    }
    let began = Instant::now();
    let server = Server::started(command);
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    assert_eq!(get(&format!("{}readyz", server.ops)).0, 200);
    assert!(server.log("no response within 10 s").contains("files are stored later"));
}

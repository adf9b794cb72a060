//! `essbasic emulator`: start, output for shells, shutdown.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed assumption is a failed test"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use essbasic_emulator::{Seed, modeled_actions};
use tempfile::TempDir;

use crate::support::child::start;
use crate::support::emulator::Emulator;
use crate::support::{code, essbasic, stdout};

#[test]
fn it_ends_with_stdin_if_requested() {
    let home = TempDir::new().unwrap();
    let mut emulator = Emulator::start(&home, &[]);
    assert!(emulator.child.try_wait().unwrap().is_none());
    drop(emulator.child.stdin.take());
    assert_eq!(emulator.ended().0, Some(0));
}

/// Clients with requests in flight, and a callback receiver that never responds.
#[cfg(unix)]
#[test]
fn a_signal_ends_it_at_once_with_requests_in_flight() {
    let home = TempDir::new().unwrap();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    for signal in ["INT", "TERM", "HUP"] {
        let emulator = Emulator::start(&home, &["--callback-url", &url, "--faults", "stall-head"]);
        let address = emulator.endpoint.strip_prefix("http://").unwrap().to_owned();
        let mut streams = Vec::new();
        for head in [
            "",
            "GET / HT",
            "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
        ] {
            let mut stream = std::net::TcpStream::connect(&address).unwrap();
            stream.write_all(head.as_bytes()).unwrap();
            streams.push(stream);
        }
        let _probe = silent.accept().unwrap();
        let (status, _, log) = emulator.end(signal);
        assert_eq!(status, Some(0), "{signal}: {log}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn signals_end_it_before_it_is_ready_too() {
    let home = TempDir::new().unwrap();
    let fifo = home.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    // A seed that is never written: the signal ends the process before its handler is set.
    let child = start(essbasic(home.path()).args(["emulator", "--seed", "fifo"]));
    child.signal("TERM");
    assert!(!child.wait_with_output().unwrap().status.success());
    // A full stdout that is not read: the ready line blocks.
    let (_reader, mut full) = std::io::pipe().unwrap();
    full.write_all(&[b'x'; 64 << 10]).unwrap();
    let mut child = start(essbasic(home.path()).arg("emulator").stdout(full));
    let mut exports = String::new();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    while !exports.contains("ESSBASIC_ENDPOINT") {
        assert_ne!(stderr.read_line(&mut exports).unwrap(), 0);
    }
    child.signal("TERM");
    assert!(child.wait_with_output().unwrap().status.code().is_some());
}

/// Other files are not replaced, and a FIFO does not block.
#[cfg(unix)]
#[test]
fn the_certificate_replaces_only_an_earlier_one() {
    let home = TempDir::new().unwrap();
    let path = |name: &str| home.path().join(name);
    std::fs::write(path("victim"), "kept").unwrap();
    std::fs::write(path("seed.json"), r#"{"applications":{}}"#).unwrap();
    std::os::unix::fs::symlink("victim", path("link")).unwrap();
    assert!(Command::new("mkfifo").arg(path("fifo")).status().unwrap().success());
    std::fs::create_dir(path("folder")).unwrap();
    for (file, words) in [
        ("victim", "was not written by this option"),
        ("link", "a symbolic link"),
        ("fifo", "not a regular file"),
        ("folder", "--tls folder cannot be written"),
        ("seed.json", "is also the file of --seed"),
    ] {
        let mut command = essbasic(home.path());
        command.args(["emulator", "--seed", "seed.json", "--tls", file]);
        let output = start(&mut command).wait_with_output().unwrap();
        assert_eq!(code(&output), 1, "{file}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(words), "{file}: {output:?}");
        assert_eq!(std::fs::read_to_string(path("victim")).unwrap(), "kept");
    }
    for _ in 0..2 {
        let emulator = Emulator::start(&home, &["--tls", "ca.pem"]);
        assert!(std::fs::read_to_string(path("ca.pem")).unwrap().contains("BEGIN"));
        assert_eq!(emulator.end("TERM").0, Some(0));
    }
}

/// As in a shell: the command substitution ends while the emulator still runs.
#[cfg(unix)]
#[test]
fn a_shell_takes_the_exports() {
    let home = TempDir::new().unwrap();
    let script = "eval \"$($0 emulator --export --until-eof --flows 3 <&3 3<&- 2>/dev/null &)\" || exit 9\n\
                  $0 status yDEmuBulk00000000000000000000003\n\
                  status=$?\n\
                  kill \"$ESSBASIC_EMULATOR_PID\" || exit 8\n\
                  exit $status";
    let mut command = Command::new("sh");
    // The emulator's stdin is a pipe that ends with the test.
    command.args(["-c", &format!("exec 3<&0; {script}"), env!("CARGO_BIN_EXE_essbasic")]);
    command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", home.path()).env("NO_PROXY", "*");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = start(&mut command);
    let _end = child.stdin.take();
    let output = child.wait_with_output().unwrap();
    assert_eq!(code(&output), 0, "{}", String::from_utf8_lossy(&output.stderr));
    assert!(
        stdout(&output).contains("ALL") || stdout(&output).contains("signed"),
        "{}",
        stdout(&output)
    );
}

#[test]
fn exports_contain_given_keys_and_the_identity_of_the_seed() {
    let home = TempDir::new().unwrap();
    let seed = r#"{"applications":{"it's":{"organizations":{"o":{"operators":["$(x)"]}}}}}"#;
    std::fs::write(home.path().join("seed.json"), seed).unwrap();
    let mut command = essbasic(home.path());
    command.args(["emulator", "--export", "--until-eof", "--seed", "seed.json"]);
    command.args(["--secret-id", "AKIDMINE", "--secret-key", "another-key"]);
    let mut child = start(command.stdin(Stdio::piped()));
    let process = child.id();
    // stdout ends while it runs.
    let mut lines = String::new();
    child.stdout.take().unwrap().read_to_string(&mut lines).unwrap();
    assert!(child.try_wait().unwrap().is_none());
    let endpoint = lines.split("ESSBASIC_ENDPOINT=").nth(1).unwrap().lines().next().unwrap();
    let expected = format!(
        "export ESSBASIC_APP_ID='it'\\''s'\nexport ESSBASIC_ORGANIZATION=o\n\
         export ESSBASIC_OPERATOR='$(x)'\nexport TENCENTCLOUD_SECRET_ID=AKIDMINE\n\
         export TENCENTCLOUD_SECRET_KEY=another-key\nexport ESSBASIC_ENDPOINT={endpoint}\n\
         export ESSBASIC_EMULATOR_PID={process}\n"
    );
    assert_eq!(lines, expected);
    let output = child.wait_with_output().unwrap();
    assert_eq!((code(&output), output.stderr), (0, Vec::new()));
}

const DOCUMENT: &str = include_str!("../../../docs/emulator.md");

#[test]
fn the_modeled_actions_are_listed_and_documented() {
    let home = TempDir::new().unwrap();
    let output = essbasic(home.path()).args(["emulator", "--list-actions"]).output().unwrap();
    let known: Vec<_> = modeled_actions().collect();
    assert_eq!(stdout(&output).lines().collect::<Vec<_>>(), known);
    let rows = DOCUMENT.lines().filter_map(|line| line.strip_prefix("- `"));
    assert_eq!(rows.filter_map(|row| row.strip_suffix('`')).collect::<Vec<_>>(), known);
}

#[test]
fn the_documented_seeds_are_valid() {
    let home = TempDir::new().unwrap();
    let output = essbasic(home.path()).args(["emulator", "--help"]).output().unwrap();
    let help = stdout(&output);
    let help = help.split("\n\n").find(|part| part.trim_start().starts_with('{')).unwrap();
    let documented = DOCUMENT.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
    for seed in [help, documented] {
        let seed = Seed::from_json(seed).unwrap();
        assert_eq!(seed.first_operator(), Some(("APP_ID", "ORGANIZATION", "OPERATOR")));
        let emulator = essbasic_emulator::Emulator::builder().with_seed(seed).start().unwrap();
        assert_eq!(emulator.completed_flows().len(), 100);
    }
}

/// A hundred thousand contracts must not take gigabytes or minutes.
#[cfg(target_os = "linux")]
#[test]
fn many_contracts_start_soon_and_in_bounded_memory() {
    let home = TempDir::new().unwrap();
    let began = Instant::now();
    let emulator = Emulator::start(&home, &["--flows", "100000"]);
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    let status = std::fs::read_to_string(format!("/proc/{}/status", emulator.child.id())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(peak < 200 << 10, "{peak} KiB");
}

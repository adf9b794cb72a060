//! Stdout that is closed, full, discarded, or a pipe without a reader, for every command that prints.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed assumption is a failed test"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use essbasic_emulator::Emulator;
use tempfile::TempDir;

use crate::support::contracts;
use crate::support::{code, essbasic, essbasic_at, stderr, stdout};

/// Commands that print what can be requested again, each with its arguments. `FLOW` is a flow ID.
const READ_ONLY: [&[&str]; 18] = [
    &["status", "FLOW"],
    &["status", "FLOW", "--json"],
    &["wait", "FLOW"],
    &["wait", "FLOW", "--json"],
    &["download", "FLOW", "--out", "d"],
    &["download", "FLOW", "--out", "e", "--json"],
    &["archive", "FLOW", "--out", "a"],
    &["call", "DescribeFlowDetailInfo", "--body", "{\"FlowIds\":[\"FLOW\"]}"],
    &["call", "DescribeFlowDetailInfo", "--body", "{\"FlowIds\":[\"FLOW\"]}", "--dry-run"],
    &["search", "flow"],
    &["describe", "DescribeFlowDetailInfo"],
    &["skeleton", "DescribeFlowDetailInfo"],
    &["snippet", "DescribeFlowDetailInfo"],
    &["openapi"],
    &["sign", "--timestamp", "1551113065"],
    &["emulator", "--list-actions"],
    &["completions", "bash"],
    &["--help"],
];

/// Commands that print the only record of what they did.
const RESULTS: [&[&str]; 3] = [
    &["upload", "a.pdf"],
    &["start", "c.json"],
    &["call", "ChannelCancelFlow", "--unchecked", "--body", "{}"],
];

struct Machine {
    home: TempDir,
    emulator: Emulator,
    flow: String,
}

impl Machine {
    fn new() -> Self {
        let home = TempDir::new().unwrap();
        let emulator = Emulator::builder().start().unwrap();
        let flow = emulator.completed_flows().remove(0);
        fs::write(home.path().join("a.pdf"), "%PDF-1.7\n%%EOF\n").unwrap();
        contracts::write(&home, &[contracts::from_file("a")]);
        Self { home, emulator, flow }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let arguments: Vec<String> =
            arguments.iter().map(|argument| argument.replace("FLOW", &self.flow)).collect();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        match arguments[0] {
            // They have no endpoint.
            "emulator" | "--help" | "listen" => {
                let mut command = essbasic(self.home.path());
                command.args(arguments);
                command
            }
            _ => essbasic_at(self.home.path(), &self.emulator.endpoint(), &arguments),
        }
    }

    fn run(&self, arguments: &[&str], stdout: impl Into<Stdio>) -> Output {
        self.command(arguments).stdout(stdout).output().unwrap()
    }

    /// Runs the command with a closed stdout.
    fn run_closed(&self, arguments: &[&str]) -> Output {
        let command = self.command(arguments);
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", "exec \"$0\" \"$@\" >&-"]).arg(command.get_program());
        shell.args(command.get_args()).env_clear().current_dir(self.home.path());
        shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        shell.stdin(Stdio::null()).output().unwrap()
    }
}

fn commands() -> impl Iterator<Item = &'static [&'static str]> {
    READ_ONLY.into_iter().chain(RESULTS)
}

fn file(path: &str) -> fs::File {
    fs::OpenOptions::new().write(true).open(Path::new(path)).unwrap()
}

fn closed_pipe() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

#[track_caller]
fn assert_one_error(output: &Output, words: &str, case: &[&str]) {
    let text = stderr(output);
    assert_eq!(code(output), 1, "{case:?}: {text}");
    let errors: Vec<&str> = text.lines().filter(|line| line.starts_with("error: ")).collect();
    assert!(errors.len() == 1 && text.lines().last() == Some(errors[0]), "{case:?}: {text}");
    assert!(errors[0].contains(words) && errors[0].contains("; "), "{case:?}: {text}");
}

/// `listen` and `explore` have tests of their own.
#[test]
fn the_table_has_every_command() {
    let home = TempDir::new().unwrap();
    let help = stdout(&essbasic(home.path()).arg("--help").output().unwrap());
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let listed = listed.map_while(|line| line.strip_prefix("  "));
    let names: BTreeSet<&str> = listed
        .filter(|line| !line.starts_with(' '))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| !["help", "listen", "explore"].contains(name))
        .collect();
    let known = commands().map(|arguments| arguments[0]).filter(|name| !name.starts_with('-'));
    assert_eq!(names, known.collect());
}

#[test]
fn a_closed_stdout_is_an_error_before_any_request_if_the_output_must_not_be_lost() {
    let machine = Machine::new();
    let calls = READ_ONLY.into_iter().filter(|arguments| arguments[0] == "call");
    for arguments in calls.chain(RESULTS) {
        let output = machine.run_closed(arguments);
        assert_one_error(&output, "stdout is closed", arguments);
        assert_eq!(stderr(&output).lines().count(), 1);
    }
    assert!(machine.emulator.stats().calls.is_empty());
    let names = fs::read_dir(machine.home.path()).unwrap().count();
    assert_eq!(names, 2, "no folder is created");
}

#[test]
fn output_may_be_discarded() {
    let machine = Machine::new();
    for arguments in READ_ONLY {
        let output = machine.run(arguments, file("/dev/null"));
        assert_eq!(code(&output), 0, "{arguments:?}: {}", stderr(&output));
    }
    // As a program passes it, for example Python's `subprocess.DEVNULL`.
    let both = || fs::OpenOptions::new().read(true).write(true).open("/dev/null").unwrap();
    for arguments in READ_ONLY.into_iter().filter(|arguments| arguments[0] != "call") {
        let output = machine.run(arguments, both());
        assert_eq!(code(&output), 0, "{arguments:?}: {}", stderr(&output));
    }
    // A daemon has it on stdin and stderr too.
    for arguments in READ_ONLY {
        let mut daemon = machine.command(arguments);
        let status = daemon.stdin(both()).stdout(both()).stderr(both()).status().unwrap();
        assert_eq!(status.code(), Some(0), "{arguments:?}");
    }
}

#[test]
fn a_pipe_without_a_reader_ends_read_only_output_quietly() {
    let machine = Machine::new();
    for arguments in READ_ONLY {
        let output = machine.run(arguments, closed_pipe());
        assert_eq!(code(&output), 0, "{arguments:?}: {}", stderr(&output));
        assert!(!stderr(&output).contains("error"), "{arguments:?}: {}", stderr(&output));
    }
    for arguments in &RESULTS[..2] {
        let output = machine.run(arguments, closed_pipe());
        assert_one_error(&output, "stdout cannot be written", arguments);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let machine = Machine::new();
    for arguments in READ_ONLY.iter().chain(&RESULTS[..2]) {
        let output = machine.run(arguments, file("/dev/full"));
        assert_one_error(&output, "stdout cannot be written", arguments);
    }
}

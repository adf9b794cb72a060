//! Output that blocks, and files above the limit of their size.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed assumption is a failed test")]

use std::fs::File;
use std::io::{PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsFd;
use std::process::{Command, Stdio};
use std::time::Instant;

use essbasic_emulator::{APP_ID, Emulator, NewFlow, ORGANIZATION};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::pty::{Winsize, openpty};
use nix::sys::termios::{FlowArg, tcflow};
use tempfile::TempDir;

use crate::support::child::start;
use crate::support::{code, essbasic_at, stderr, until};

/// Returns a pipe that accepts no byte. Its reader does not read.
fn full_pipe() -> (PipeReader, PipeWriter) {
    let (reader, mut writer) = std::io::pipe().unwrap();
    fill(&mut writer);
    (reader, writer)
}

/// Writes until the next byte would block.
fn fill(writer: &mut (impl Write + AsFd)) {
    fcntl(&*writer, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
    while writer.write(&[b'x'; 4096]).is_ok() {}
    while writer.write(b"x").is_ok() {}
    fcntl(&*writer, FcntlArg::F_SETFL(OFlag::empty())).unwrap();
}

#[test]
fn a_signal_ends_a_command_whose_output_blocks() {
    let emulator = Emulator::builder().start().unwrap();
    let flow = emulator.completed_flows().remove(0);
    let commands: [&[&str]; 6] = [
        &["status", &flow],
        &["status", &flow, "--json"],
        &["wait", &flow],
        &["download", &flow, "--out", "d"],
        &["archive", &flow, "--out", "a"],
        &["-v", "status", "unknown"],
    ];
    for arguments in commands {
        for blocks_stderr in [false, true] {
            let case = format!("{arguments:?}, stderr: {blocks_stderr}");
            let (_reader, writer) = full_pipe();
            let calls = emulator.stats().calls.values().sum::<u64>();
            // A saved contract needs no request.
            let home = TempDir::new().unwrap();
            let mut command = essbasic_at(home.path(), &emulator.endpoint(), arguments);
            match blocks_stderr {
                true => command.stdout(Stdio::null()).stderr(writer),
                false => command.stdout(writer).stderr(Stdio::null()),
            };
            let mut child = start(&mut command);
            drop(command);
            // With logs on stderr, it blocks before its first request.
            if !(blocks_stderr && arguments.contains(&"-v")) {
                until("a request", || emulator.stats().calls.values().sum::<u64>() > calls);
            }
            let since = Instant::now();
            child.signal("TERM");
            until(&format!("the end of {case}"), || child.try_wait().unwrap().is_some());
            println!("{case}: {:?} after {:?}", child.wait().unwrap(), since.elapsed());
        }
    }
}

#[test]
fn a_signal_ends_a_command_whose_progress_bar_blocks() {
    let emulator = Emulator::builder().start().unwrap();
    emulator.create_flow(NewFlow::new(APP_ID, ORGANIZATION, "yDOpen"));
    let size = Winsize { ws_row: 24, ws_col: 200, ws_xpixel: 0, ws_ypixel: 0 };
    let pair = openpty(&size, None).unwrap();
    let (mut screen, mut terminal) = (File::from(pair.master), File::from(pair.slave));
    fcntl(&screen, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
    let home = TempDir::new().unwrap();
    let arguments = ["wait", "yDOpen", "--interval", "1m"];
    let mut command = essbasic_at(home.path(), &emulator.endpoint(), &arguments);
    command.env("TERM", "xterm").stdout(Stdio::null());
    let mut child = start(command.stderr(terminal.try_clone().unwrap()));
    // The message is set after the first response, so that no request is in flight: a note about one would be a
    // write that blocks too.
    let mut shown = Vec::new();
    until("a message next to the bar", || {
        let mut bytes = [0; 4096];
        let read = screen.read(&mut bytes).unwrap_or(0);
        shown.extend_from_slice(&bytes[..read]);
        String::from_utf8_lossy(&shown).contains("waiting for signatures")
    });
    // As Ctrl-S does. Some systems then accept bytes until their buffer is full.
    tcflow(&terminal, FlowArg::TCOOFF).unwrap();
    fill(&mut terminal);
    child.signal("TERM");
    until("the end of the command", || child.try_wait().unwrap().is_some());
    // The status of a command that a blocked write ended.
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn the_limit_of_file_sizes_is_an_error() {
    let home = TempDir::new().unwrap();
    let emulator = Emulator::builder().with_min_pdf_bytes(1 << 20).start().unwrap();
    let flow = emulator.completed_flows().remove(0);
    for subcommand in ["download", "archive"] {
        let arguments = [subcommand, flow.as_str(), "--out", subcommand];
        let command = essbasic_at(home.path(), &emulator.endpoint(), &arguments);
        let mut shell = Command::new("/bin/sh");
        // In blocks of 512 or 1,024 bytes.
        shell.args(["-c", "ulimit -f 100; exec \"$0\" \"$@\""]).arg(command.get_program());
        shell.args(command.get_args()).env_clear().current_dir(home.path());
        shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let output = shell.output().unwrap();
        let error = stderr(&output);
        assert!([1, 2].contains(&code(&output)), "{subcommand}: {:?} {error}", output.status);
        assert!(error.contains("raise the limit of file sizes"), "{subcommand}: {error}");
        let files = std::fs::read_dir(home.path().join(subcommand));
        let parts = files.into_iter().flatten().filter(|entry| {
            entry.as_ref().unwrap().file_name().to_string_lossy().ends_with(".part")
        });
        assert_eq!(parts.count(), 0, "{subcommand}");
    }
}

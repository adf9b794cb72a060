//! Output on stdout and stderr.

use std::fmt;
use std::io::{self, ErrorKind, IsTerminal, Write};

use essbasic::api::json::{minify, pretty};
use serde::Serialize;

use crate::cause::tame;
use crate::failure::Failure;
use crate::{closed, streams};

/// Returns an error if stdout was closed when the process started, for commands whose output must not be lost.
///
/// A closed stdout cannot be distinguished from a null device that a program passed to it for reading and writing. The
/// other commands accept both: their exit status is a result too.
pub(crate) fn check() -> Result<(), Failure> {
    match closed::is_closed() {
        true => Err(Failure::new(
            "stdout is closed, or /dev/null opened for reading too; redirect it to a file, or discard it with `> /dev/null`",
        )),
        false => Ok(()),
    }
}

/// Writes the help, or another text of the argument parser, to stdout. A closed pipe ends it without an error.
pub(crate) fn help(error: &clap::Error) -> Result<(), Failure> {
    settle(error.print())
}

/// Writes one line to stdout.
pub(crate) fn line(text: impl fmt::Display) -> Result<(), Failure> {
    let mut stdout = streams::stdout();
    settle(writeln!(stdout, "{text}").and_then(|()| stdout.flush()))
}

/// Writes one line to stdout that must not be lost. Unlike [`line()`], a closed pipe is an error too.
pub(crate) fn result(text: impl fmt::Display) -> io::Result<()> {
    let mut stdout = streams::stdout();
    writeln!(stdout, "{text}").and_then(|()| stdout.flush())
}

/// Writes one JSON document to stdout: indented for a person, on one line for a program.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
    match io::stdout().is_terminal() {
        true => line(serde_json::to_string_pretty(value).map_err(|error| unwritable(&error))?),
        false => json_line(value),
    }
}

/// Writes JSON text to stdout as [`json`] does. Digits and order are kept.
pub(crate) fn json_text(text: &str) -> Result<(), Failure> {
    line(laid_out(text)?)
}

/// Writes JSON text that must not be lost, as [`result`] does.
pub(crate) fn json_result(text: &str) -> Result<(), Failure> {
    result(laid_out(text)?).map_err(|error| {
        Failure::new(format!(
            "stdout cannot be written: {error}; the action was executed, look up its outcome before calling it again"
        ))
    })
}

fn laid_out(text: &str) -> Result<String, Failure> {
    let text = match io::stdout().is_terminal() {
        true => pretty(text.as_bytes()),
        false => minify(text.as_bytes()),
    };
    text.map_err(|error| Failure::new(format!("invalid response: {error}; please report this")))
}

/// Writes one JSON document to stdout, on one line.
pub(crate) fn json_line(value: &impl Serialize) -> Result<(), Failure> {
    line(serde_json::to_string(value).map_err(|error| unwritable(&error))?)
}

fn unwritable(error: &serde_json::Error) -> Failure {
    Failure::new(format!("cannot write the result as JSON: {error}; please report this"))
}

/// Writes lines to stderr, without characters that control a terminal. Errors are ignored: there is no other place to
/// report them.
pub(crate) fn note(text: impl fmt::Display) {
    let safe = |c| if c == '\n' { c } else { tame(c) };
    let text: String = format!("{text}\n").chars().map(safe).collect();
    let _ = streams::stderr().write_all(text.as_bytes());
}

/// Writes bytes to stdout.
pub(crate) fn bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = streams::stdout();
    settle(stdout.write_all(bytes).and_then(|()| stdout.flush()))
}

/// A closed pipe (`| head`) ends output that can be requested again, without an error.
fn settle(result: io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::new(format!(
            "stdout cannot be written: {error}; send the output elsewhere"
        ))),
        _ => Ok(()),
    }
}

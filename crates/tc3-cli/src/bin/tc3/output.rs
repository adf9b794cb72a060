//! Output on stdout and stderr.

use std::fmt;
use std::io::{self, ErrorKind, IsTerminal, Write};

use tc3_client::api::json::{minify, pretty};

use crate::failure::Failure;

/// Writes one line to stdout. A closed pipe (`| head`) ends it without an error.
pub(crate) fn line(text: impl fmt::Display) -> Result<(), Failure> {
    match result(text) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::new(format!(
            "stdout cannot be written: {error}; send the output elsewhere"
        ))),
        _ => Ok(()),
    }
}

/// Writes one line to stdout; a closed pipe is an error too.
fn result(text: impl fmt::Display) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{text}").and_then(|()| stdout.flush())
}

/// Writes the response of a call: indented for a person, on one line for a program. Digits and order are kept.
pub(crate) fn response(text: &str) -> Result<(), Failure> {
    let text = match io::stdout().is_terminal() {
        true => pretty(text.as_bytes()),
        false => minify(text.as_bytes()),
    };
    let text = text
        .map_err(|error| Failure::new(format!("invalid response: {error}; please report this")))?;
    result(text).map_err(|error| {
        Failure::new(format!(
            "stdout cannot be written: {error}; the action was executed, look up its outcome before calling it again"
        ))
    })
}

/// Writes one line to stderr. Errors are ignored: there is no other place to report them.
pub(crate) fn note(text: impl fmt::Display) {
    let _ = io::stderr().write_all(format!("{text}\n").as_bytes());
}

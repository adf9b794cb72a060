//! Output on stdout.

use std::io::{self, BufWriter, ErrorKind, Stdout, Write as _};

use serde::Serialize;

use crate::failure::Failure;
use crate::shown::{escaped_json, one_line};

/// Buffered stdout. After its reader closed it, as `| head` does, output is discarded without an error.
pub(crate) struct Output {
    stdout: BufWriter<Stdout>,
    is_json: bool,
    is_closed: bool,
}

impl Output {
    /// Returns the output of a command, with or without `--json`.
    pub(crate) fn new(is_json: bool) -> Self {
        Self { stdout: BufWriter::new(io::stdout()), is_json, is_closed: false }
    }

    /// Returns whether the result is JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.is_json
    }

    /// Returns whether nobody reads the output. Lists end then; changes continue.
    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Writes one line for people, without characters that end it early or control a terminal.
    pub(crate) fn text(&mut self, text: &str) -> Result<(), Failure> {
        self.write(format_args!("{}\n", one_line(text)))
    }

    /// Writes lines for people, each as [`text`](Self::text). No part of the text is untrusted.
    pub(crate) fn lines(&mut self, text: &str) -> Result<(), Failure> {
        text.lines().try_for_each(|line| self.text(line))
    }

    /// Writes one JSON document, on one line.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let text = json(value)?;
        self.write(format_args!("{text}\n"))
    }

    /// Writes a part of a JSON document.
    pub(crate) fn part(&mut self, text: &str) -> Result<(), Failure> {
        self.write(format_args!("{text}"))
    }

    /// Writes what is buffered.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        if !self.is_closed {
            self.is_closed = written(self.stdout.flush())?;
        }
        Ok(())
    }

    fn write(&mut self, text: std::fmt::Arguments<'_>) -> Result<(), Failure> {
        if !self.is_closed {
            self.is_closed = written(self.stdout.write_fmt(text))?;
        }
        Ok(())
    }
}

/// Returns a value as JSON text.
pub(crate) fn json(value: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(value)
        .map(escaped_json)
        .map_err(|error| Failure::new(format!("cannot write the result as JSON: {error}")))
}

/// Returns whether the reader of stdout closed it.
pub(crate) fn written(result: io::Result<()>) -> Result<bool, Failure> {
    match result {
        Ok(()) => Ok(false),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(true),
        Err(error) => {
            Err(Failure::new(format!("cannot write to stdout: {error}; send the output elsewhere")))
        }
    }
}

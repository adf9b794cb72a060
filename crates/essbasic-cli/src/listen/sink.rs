//! Destinations of messages.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::append::AppendFile;
use super::command::{Program, Running};
use super::item::Item;
use super::stdout::Stdout;
use crate::advice;
use crate::failure::Failure;

/// Destinations of a message, in order.
pub(super) enum Sink {
    Print(Arc<Mutex<Stdout>>),
    Append(Arc<Mutex<AppendFile>>),
    Run(Program),
}

/// Why a message was not delivered.
pub(super) enum SinkError {
    /// This message, at this time.
    Message(String),
    /// No message can be delivered any more.
    Closed(String),
}

impl Sink {
    pub(super) fn print() -> Result<Self, Failure> {
        let stdout = Stdout::new().map_err(|error| Failure::new(unwritable(&error)))?;
        if stdout.is_null() {
            return Err(Failure::new(
                "stdout is closed or /dev/null, so that messages would be lost; redirect it to a file, or give --append FILE or a command",
            ));
        }
        Ok(Self::Print(Arc::new(Mutex::new(stdout))))
    }

    pub(super) fn append(path: &Path) -> Result<Self, Failure> {
        let file = AppendFile::open(path).map_err(|error| {
            Failure::new(format!(
                "{} cannot be written: {error}; choose another file with --append",
                path.display()
            ))
        })?;
        Ok(Self::Append(Arc::new(Mutex::new(file))))
    }

    pub(super) fn run(program: &str, arguments: &[String], time_limit: Duration) -> Self {
        Self::Run(Program::new(program, arguments, time_limit))
    }

    /// The command that runs now, if this runs commands.
    pub(super) fn running(&self) -> Running {
        match self {
            Self::Run(program) => program.running(),
            _ => Running::default(),
        }
    }

    /// Returns the time for the messages in flight after a signal. Stdout may block forever: a pipe that nobody reads.
    pub(super) fn shutdown_time(&self) -> Duration {
        match self {
            Self::Print(_) => Duration::from_secs(1),
            Self::Append(_) | Self::Run(_) => Duration::from_secs(10),
        }
    }

    /// Describes a message that is not delivered yet.
    pub(super) fn unfinished(&self) -> &'static str {
        match self {
            Self::Print(_) => "it was not completely written to stdout",
            Self::Append(_) => "it was not written to the file of --append",
            Self::Run(_) => "its command had not ended, and was killed,",
        }
    }

    /// Delivers a message. It is delivered only if this returns `Ok`.
    pub(super) async fn deliver(&self, item: &Item) -> Result<(), SinkError> {
        match self {
            Self::Print(stdout) => {
                let (stdout, line) = (Arc::clone(stdout), one_line(&item.json));
                let write = move || {
                    let mut stdout = stdout.lock().unwrap_or_else(PoisonError::into_inner);
                    stdout.line(&line).map_err(|error| unwritable(&error))
                };
                blocking(write).await.map_err(SinkError::Closed)
            }
            Self::Append(file) => {
                let (file, line) = (Arc::clone(file), one_line(&item.json));
                let write = move || {
                    let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                    file.append(&line).map_err(|error| {
                        let advice = advice::for_own_file(&error);
                        format!("the file of --append cannot be written: {error}; {advice}")
                    })
                };
                blocking(write).await.map_err(SinkError::Message)
            }
            Self::Run(program) => program.run(item).await.map_err(SinkError::Message),
        }
    }
}

fn unwritable(error: &std::io::Error) -> String {
    format!(
        "stdout cannot be written: {error}; start again with a reader that stays, or with --append FILE"
    )
}

/// Runs blocking work on a separate thread.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(error.to_string()),
    }
}

/// JSON has line breaks between its parts only.
fn one_line(json: &str) -> String {
    json.replace(['\n', '\r'], " ")
}

//! What is done with a message.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};

use essbasic_callback::{Message, NotTaken};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::failure::{Failure, one_line};
use crate::output;

/// What is done with each message.
pub(super) enum Take {
    Print,
    Append(Arc<Mutex<File>>),
    Run {
        program: String,
        arguments: Vec<String>,
        /// Held while a command runs.
        turn: tokio::sync::Mutex<()>,
    },
}

impl Take {
    pub(super) fn append(path: &Path) -> Result<Self, Failure> {
        let file = open(path).map_err(|error| {
            Failure::new(format!("{} cannot be written: {error}; choose another", path.display()))
        })?;
        Ok(Self::Append(Arc::new(Mutex::new(file))))
    }

    pub(super) fn run(program: &str, arguments: &[String]) -> Self {
        let (program, arguments) = (program.to_owned(), arguments.to_vec());
        Self::Run { program, arguments, turn: tokio::sync::Mutex::default() }
    }

    /// Takes care of a message; what keeps it from that is told on stderr.
    pub(super) async fn message(&self, message: Message) -> Result<(), NotTaken> {
        let msg_id = one_line(&message.msg_id);
        self.take(message).await.map_err(|why| {
            output::note(format_args!("message {msg_id} was not taken: {}", one_line(&why)));
            NotTaken
        })
    }

    async fn take(&self, message: Message) -> Result<(), String> {
        match self {
            Self::Print => {
                output::line(one_row(message.json())).map_err(|failure| failure.to_string())
            }
            Self::Append(file) => {
                let file = Arc::clone(file);
                let row = one_row(message.json());
                let written = tokio::task::spawn_blocking(move || {
                    append(&mut file.lock().unwrap_or_else(PoisonError::into_inner), &row)
                });
                match written.await {
                    Ok(written) => written.map_err(|error| error.to_string()),
                    Err(error) => Err(error.to_string()),
                }
            }
            Self::Run { program, arguments, turn } => {
                let _turn = turn.lock().await;
                run(program, arguments, &message).await
            }
        }
    }
}

/// JSON has line breaks between its parts alone.
fn one_row(json: &str) -> String {
    json.replace(['\n', '\r'], " ")
}

/// The file, at its end, where a new line begins.
fn open(path: &Path) -> io::Result<File> {
    let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
    if file.metadata()?.len() > 0 {
        file.seek(SeekFrom::End(-1))?;
        let mut last = [0];
        file.read_exact(&mut last)?;
        // The line was cut short by a crash.
        if last != *b"\n" {
            file.write_all(b"\n")?;
        }
    }
    Ok(file)
}

fn append(file: &mut File, row: &str) -> io::Result<()> {
    let end = file.metadata()?.len();
    let written = file.write_all(format!("{row}\n").as_bytes()).and_then(|()| file.sync_data());
    if written.is_err() {
        // It comes again: half of it is not to stand before it.
        let _ = file.set_len(end);
    }
    written
}

async fn run(program: &str, arguments: &[String], message: &Message) -> Result<(), String> {
    let failed = |error: io::Error| format!("{program} cannot be run: {error}");
    let mut child = Command::new(program)
        .args(arguments)
        .env("ESSBASIC_MSG_ID", without_nul(&message.msg_id))
        .env("ESSBASIC_MSG_TYPE", without_nul(message.msg_type.as_str()))
        .stdin(Stdio::piped())
        // When the time is up, or the platform hangs up.
        .kill_on_drop(true)
        .spawn()
        .map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        // A command that does not read its stdin may close it.
        let _ = stdin.write_all(message.json().as_bytes()).await;
    }
    let status = child.wait().await.map_err(failed)?;
    if status.success() { Ok(()) } else { Err(format!("{program} ended with {status}")) }
}

fn without_nul(text: &str) -> String {
    text.replace('\0', "")
}

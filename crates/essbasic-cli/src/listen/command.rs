//! The command that is run for each message.

use std::io;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::item::Item;

/// Maximum time to wait for a killed command to exit. One that is blocked by a disk may need longer.
const KILLED: Duration = Duration::from_secs(1);

pub(super) struct Program {
    program: String,
    arguments: Vec<String>,
    time_limit: Duration,
    running: Running,
}

impl Program {
    pub(super) fn new(program: &str, arguments: &[String], time_limit: Duration) -> Self {
        let (program, arguments) = (program.to_owned(), arguments.to_vec());
        Self { program, arguments, time_limit, running: Running::default() }
    }

    /// Returns a handle that kills the command from any thread.
    pub(super) fn running(&self) -> Running {
        self.running.clone()
    }

    /// Runs the command and waits until it exits. Dropping the future kills the command.
    pub(super) async fn run(&self, item: &Item) -> Result<(), String> {
        let program = &self.program;
        let failed = |error: io::Error| {
            format!("{program} cannot be run: {error}; check its path and permissions")
        };
        let mut command = Command::new(program);
        command
            .args(&self.arguments)
            .env("ESSBASIC_MSG_ID", &item.msg_id)
            .env("ESSBASIC_MSG_TYPE", &item.msg_type)
            .stdin(Stdio::piped())
            .kill_on_drop(true);
        // A separate process group, so that children of a script are killed with it, and Ctrl-C does not reach it.
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.spawn().map_err(failed)?;
        let killer = self.running.start(&child);
        let ended = timeout(self.time_limit, feed(&mut child, item.json.as_bytes())).await;
        let Ok(ended) = ended else {
            drop(killer);
            let _ = child.start_kill();
            let _ = timeout(KILLED, child.wait()).await;
            let limit = humantime::format_duration(self.time_limit);
            return Err(format!(
                "{program} was killed after its time limit of {limit}; raise --command-timeout"
            ));
        };
        killer.disarm();
        let status = ended.map_err(failed)?;
        if status.success() { Ok(()) } else { Err(format!("{program} ended with {status}")) }
    }
}

/// Writes to the command's stdin, which it may leave unread, and waits until it exits.
async fn feed(child: &mut Child, input: &[u8]) -> io::Result<std::process::ExitStatus> {
    let stdin = child.stdin.take();
    let write = async {
        if let Some(mut stdin) = stdin {
            // A command may close its stdin unread: only its exit status counts.
            let _ = stdin.write_all(input).await;
        }
        std::future::pending().await
    };
    tokio::select! {
        status = child.wait() => status,
        never = write => never,
    }
}

/// The process group of the running command, if any.
#[derive(Clone, Default)]
pub(super) struct Running(Arc<Mutex<Option<u32>>>);

impl Running {
    fn start(&self, child: &Child) -> Killer<'_> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = child.id();
        Killer(self)
    }

    /// Kills it with its children.
    pub(super) fn kill(&self) {
        if let Some(id) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take() {
            kill_group(id);
        }
    }
}

/// Kills the command when it is dropped.
struct Killer<'a>(&'a Running);

impl Killer<'_> {
    /// Called after the command has exited: its process ID may be reused.
    fn disarm(self) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

impl Drop for Killer<'_> {
    fn drop(&mut self) {
        self.0.kill();
    }
}

#[cfg(unix)]
fn kill_group(id: u32) {
    use nix::sys::signal::{Signal, killpg};

    if let Ok(id) = i32::try_from(id) {
        // It may have exited.
        let _ = killpg(nix::unistd::Pid::from_raw(id), Signal::SIGKILL);
    }
}

/// On other systems, `kill_on_drop` kills the command itself.
#[cfg(not(unix))]
fn kill_group(_: u32) {}

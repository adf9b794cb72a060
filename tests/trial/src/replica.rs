//! Replicas: processes of the server, each of which is started again when it ends.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use crate::error::{Context as _, Error, Result};
use crate::settings::GRACE_SECS;

/// Time for the ready line.
const READY_TIMEOUT: Duration = Duration::from_secs(60);

/// Pause before a process is started again.
const PAUSE: Duration = Duration::from_millis(200);

/// Time for the end after SIGTERM: the grace, and that of requests and the last commit.
const END_TIMEOUT: Duration = Duration::from_secs(GRACE_SECS + 15);

/// Program of the replicas.
#[derive(Clone)]
pub(crate) struct Program {
    pub(crate) server: PathBuf,
    pub(crate) config: PathBuf,
    pub(crate) variables: Vec<(&'static str, String)>,
}

/// A replica.
#[derive(Clone)]
pub(crate) struct Replica(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// Process that is ready.
    pid: Option<Pid>,
    /// URL of its callbacks.
    callbacks: Option<String>,
    /// True if a signal of the trial ends the process.
    is_killed: bool,
    is_stopping: bool,
    /// True if the process has got SIGTERM: a second one interrupts it.
    is_terminated: bool,
    starts: usize,
    /// Ends that no signal of the trial explains.
    unexpected: Vec<String>,
    /// Status of the last process, after SIGTERM.
    last: Option<(ExitStatus, Duration)>,
}

/// Replicas, with their supervisors.
pub(crate) struct Replicas {
    pub(crate) all: Vec<Replica>,
    supervisors: Vec<JoinHandle<()>>,
}

impl Replicas {
    /// Starts the replicas and waits until all are ready.
    pub(crate) async fn start(program: &Program, logs: &Path, count: usize) -> Result<Self> {
        let all: Vec<_> = (0..count).map(|_| Replica(Arc::default())).collect();
        let supervisors = all.iter().enumerate().map(|(number, replica)| {
            let log = logs.join(format!("replica-{number}.log"));
            tokio::spawn(supervise(replica.clone(), program.clone(), log))
        });
        let supervisors = supervisors.collect();
        let replicas = Self { all, supervisors };
        let end = Instant::now() + READY_TIMEOUT;
        while replicas.all.iter().any(|replica| replica.callbacks().is_none()) {
            if Instant::now() > end {
                return Err(Error::new(format!(
                    "the replicas are not ready; see the logs in {}",
                    logs.display()
                )));
            }
            sleep(Duration::from_millis(20)).await;
        }
        Ok(replicas)
    }

    /// Ends all replicas by SIGTERM at the same time. Returns the violations.
    pub(crate) async fn stop(self) -> Vec<String> {
        for replica in &self.all {
            replica.terminate();
        }
        for supervisor in self.supervisors {
            let _ = supervisor.await;
        }
        let mut violations = Vec::new();
        for (number, replica) in self.all.iter().enumerate() {
            let state = replica.lock();
            violations
                .extend(state.unexpected.iter().map(|end| format!("replica {number}: {end}")));
            match &state.last {
                Some((status, time)) if status.success() && time.as_secs() <= GRACE_SECS => {}
                Some((status, time)) => violations.push(format!(
                    "replica {number}: ended with {status} {:.1} s after SIGTERM",
                    time.as_secs_f64()
                )),
                None => violations.push(format!("replica {number}: did not end after SIGTERM")),
            }
        }
        violations
    }
}

impl Replica {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the URL of callbacks, if the process is ready.
    pub(crate) fn callbacks(&self) -> Option<String> {
        self.lock().callbacks.clone()
    }

    /// Returns the number of starts.
    pub(crate) fn starts(&self) -> usize {
        self.lock().starts
    }

    /// Sends a signal to the process, if it is ready. Returns whether it was sent.
    pub(crate) fn signal(&self, signal: Signal) -> bool {
        let mut state = self.lock();
        let Some(pid) = state.pid else { return false };
        if signal == Signal::SIGKILL {
            state.is_killed = true;
            state.pid = None;
            state.callbacks = None;
        }
        if signal == Signal::SIGTERM && std::mem::replace(&mut state.is_terminated, true) {
            return false;
        }
        kill(pid, signal).is_ok()
    }

    fn terminate(&self) {
        self.lock().is_stopping = true;
        self.signal(Signal::SIGTERM);
    }
}

/// Starts the process again and again, until the replica is stopping.
async fn supervise(replica: Replica, program: Program, log: PathBuf) {
    while !replica.lock().is_stopping {
        let result = start(&program, &log).await;
        match result {
            Ok((mut child, callbacks)) => {
                {
                    let mut state = replica.lock();
                    state.starts += 1;
                    state.is_killed = false;
                    state.is_terminated = false;
                    state.pid = child.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw);
                    state.callbacks = Some(callbacks);
                }
                run(&replica, &mut child).await;
            }
            // The database may be restarting.
            Err(error) => eprintln!("a replica did not start: {error}"),
        }
        sleep(PAUSE).await;
    }
}

/// Waits for the end of the process.
async fn run(replica: &Replica, child: &mut Child) {
    let mut stopping: Option<Instant> = None;
    let status = loop {
        if let Ok(Ok(status)) = timeout(Duration::from_millis(50), child.wait()).await {
            break Some(status);
        }
        if replica.lock().is_stopping {
            let since = *stopping.get_or_insert_with(|| {
                // The first signal may have been before the process was ready.
                replica.signal(Signal::SIGTERM);
                Instant::now()
            });
            if since.elapsed() > END_TIMEOUT {
                break None;
            }
        }
    };
    let mut state = replica.lock();
    state.pid = None;
    state.callbacks = None;
    match (status, stopping) {
        (Some(status), Some(since)) => state.last = Some((status, since.elapsed())),
        (Some(status), None) if state.is_stopping => state.last = Some((status, Duration::ZERO)),
        (Some(status), None) if !state.is_killed => {
            state.unexpected.push(format!("ended by itself with {status}"));
        }
        _ => {}
    }
}

/// Starts a process and waits for its ready line. Returns the URL of its callbacks.
async fn start(program: &Program, log: &Path) -> Result<(Child, String)> {
    let log = std::fs::File::options().create(true).append(true).open(log).context("log")?;
    let mut command = Command::new(&program.server);
    command.arg("--config").arg(&program.config).env("NO_PROXY", "*");
    for (name, _) in
        std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_"))
    {
        command.env_remove(name);
    }
    command.envs(program.variables.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
    let mut child = command.kill_on_drop(true).spawn().context("essbasic-server")?;
    let stdout = child.stdout.take().ok_or_else(|| Error::new("no standard output"))?;
    let mut line = String::new();
    timeout(READY_TIMEOUT, BufReader::new(stdout).read_line(&mut line))
        .await
        .context("ready line")?
        .context("ready line")?;
    let ready: serde_json::Value =
        serde_json::from_str(&line).map_err(|_| Error::new("it ended before it was ready"))?;
    let callbacks = ready.get("callbacks").and_then(|url| url.as_str());
    let callbacks = callbacks.ok_or_else(|| Error::new(format!("ready line: {line}")))?;
    Ok((child, callbacks.to_owned()))
}

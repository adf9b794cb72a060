//! A process of the server, and its configuration.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use essbasic_emulator::{APP_ID, OPERATOR, ORGANIZATION, SECRET_ID, SECRET_KEY};
use serde::Deserialize;

use super::super::cargo::check_status;
use super::super::error::Error;
use super::super::files::write;
use super::super::processes::local_command;

/// Token of callbacks.
pub(super) const TOKEN: &str = "bench-token";
/// Key of callbacks.
pub(super) const KEY: &str = "BENCHKEYBENCHKEYBENCHKEYBENCHKEY";

/// Settings of a server.
pub(super) struct Settings<'a> {
    /// URL of the store.
    pub(super) store: &'a str,
    /// Endpoint of the service.
    pub(super) endpoint: &'a str,
    /// Whether unfinished contracts are polled.
    pub(super) reconcile: bool,
    /// Requests per second and action.
    pub(super) rate: u32,
    /// Number of forward targets, none of which accepts connections.
    pub(super) forwards: usize,
}

/// Writes the configuration with its secrets into a folder, and returns its path.
pub(super) fn configure(folder: &Path, settings: &Settings<'_>) -> Result<PathBuf, Error> {
    let secrets = [
        ("secret_id", SECRET_ID),
        ("secret_key", SECRET_KEY),
        ("token", TOKEN),
        ("key", KEY),
        ("body_key", "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"),
    ];
    for (name, secret) in secrets {
        write(&folder.join(name), secret)?;
    }
    let Settings { store, endpoint, reconcile, rate, forwards } = settings;
    let mut text = format!(
        "[account]\napp_id = {APP_ID:?}\norganization = {ORGANIZATION:?}\noperator = {OPERATOR:?}\n\
         secret_id_file = \"secret_id\"\nsecret_key_file = \"secret_key\"\n\
         [service]\nendpoint = {endpoint:?}\n[store]\nurl = {store:?}\n\
         [receive]\nlisten = \"127.0.0.1:0\"\n[[receive.keys]]\ntoken_file = \"token\"\nkey_file = \"key\"\n\
         [archive]\nto = \"contracts\"\n[reconcile]\nenabled = {reconcile}\n[rate]\nper_action = {rate}\n\
         [messages]\nbody_key_file = \"body_key\"\n[ops]\nlisten = \"127.0.0.1:0\"\n\
         [admin]\nlisten = \"127.0.0.1:0\"\n[shutdown]\ndrain_delay = \"0s\"\n"
    );
    for number in 0..*forwards {
        text += &format!("[[forward]]\nname = \"t{number}\"\nurl = \"http://127.0.0.1:9/\"\n");
    }
    let path = folder.join("essbasic.toml");
    write(&path, &text)?;
    Ok(path)
}

/// A running server, which is ended on drop.
pub(super) struct Replica {
    process: Child,
    /// Address of callbacks: `127.0.0.1:PORT`.
    pub(super) callbacks: String,
}

#[derive(Deserialize)]
struct Ready {
    callbacks: String,
}

impl Replica {
    /// Starts the server and waits until it is ready. Its log is in the folder of the configuration.
    pub(super) fn start(program: &Path, config: &Path) -> Result<Self, Error> {
        let failed = |error: std::io::Error| Error::io(program, &error);
        let log = config.with_extension("log");
        let file = fs::File::options().create(true).append(true).open(&log).map_err(failed)?;
        let mut command = local_command(program, ["--config"]);
        command.arg(config).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(file);
        let replica = command.spawn().map(|process| Self { process, callbacks: String::new() });
        let mut replica = replica.map_err(failed)?;
        let mut line = String::new();
        if let Some(stdout) = replica.process.stdout.take() {
            BufReader::new(stdout).read_line(&mut line).map_err(failed)?;
        }
        let ready: Ready = serde_json::from_str(&line)
            .map_err(|_| Error::new(format!("the server did not start; see {}", log.display())))?;
        let url = ready.callbacks.trim_end_matches('/');
        replica.callbacks = url.trim_start_matches("http://").to_owned();
        Ok(replica)
    }

    /// Returns the peak memory, in bytes.
    pub(super) fn peak_bytes(&self) -> Result<f64, Error> {
        let path = PathBuf::from(format!("/proc/{}/status", self.process.id()));
        let status = fs::read_to_string(&path).map_err(|error| Error::io(&path, &error))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
        kib.map(|kib| kib * 1024.0).ok_or_else(|| Error::new("peak memory is only on Linux"))
    }

    /// Returns the CPU time of all threads, in seconds. Exact, other than the ticks of `/proc/PID/stat`.
    pub(super) fn cpu_seconds(&self) -> Result<f64, Error> {
        let folder = PathBuf::from(format!("/proc/{}/task", self.process.id()));
        let failed = |error: std::io::Error| Error::io(&folder, &error);
        let mut nanoseconds = 0.0;
        for thread in fs::read_dir(&folder).map_err(failed)? {
            // A thread may end at any time.
            let schedule = thread.map_err(failed)?.path().join("schedstat");
            let text = fs::read_to_string(schedule).unwrap_or_default();
            let first = text.split(' ').next().and_then(|first| first.parse::<f64>().ok());
            nanoseconds += first.unwrap_or_default();
        }
        Ok(nanoseconds / 1e9)
    }

    /// Ends the server by SIGTERM, and checks that it completes its work.
    pub(super) fn stop(mut self) -> Result<(), Error> {
        let id = self.process.id().to_string();
        let failed = |error: std::io::Error| Error::new(format!("kill: {error}"));
        check_status("kill", Command::new("kill").arg(&id).status().map_err(failed)?)?;
        for _ in 0..600 {
            if let Some(status) = self.process.try_wait().map_err(failed)? {
                return check_status("essbasic-server", status);
            }
            sleep(Duration::from_millis(100));
        }
        Err(Error::new("the server did not end within 60 s after SIGTERM"))
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

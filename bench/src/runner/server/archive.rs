//! Archives by a replica and by `essbasic archive`, of the same contracts.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use essbasic_emulator::{APP_ID, Emulator, OPERATOR, ORGANIZATION, SECRET_ID, SECRET_KEY, Seed};

use super::super::error::Error;
use super::super::files::{remove, write};
use super::super::processes::local_command;
use super::process::{Replica, Settings, configure};
use super::store::run;

/// Minimum size of a contract's PDF, in bytes.
const PDF_BYTES: usize = 100_000;
/// Requests per second and action, the maximum of the server: links of 5,000 contracts.
const RATE: u32 = 100;
/// Time for an archive.
const TIMEOUT: Duration = Duration::from_secs(600);

/// Programs, and a folder for the files.
pub(super) struct Archive<'a> {
    pub(super) server: &'a Path,
    pub(super) command: PathBuf,
    pub(super) scratch: PathBuf,
    pub(super) contracts: usize,
}

/// `essbasic archive`, which is ended on drop.
struct Guard(Child);

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Archive<'_> {
    /// Archives by `essbasic archive`. Returns the files per second.
    pub(super) fn by_command(&self) -> Result<f64, Error> {
        let (emulator, ids) = self.emulator()?;
        let mut command = local_command(&self.command, ["archive", "--flows"]);
        command.arg(&ids).arg("--out").arg(self.scratch.join("files"));
        command.args(["--endpoint", &emulator.endpoint(), "--rate", &RATE.to_string()]);
        command.args(["--app-id", APP_ID, "--organization", ORGANIZATION, "--operator", OPERATOR]);
        command.env("TENCENTCLOUD_SECRET_ID", SECRET_ID).env("TENCENTCLOUD_SECRET_KEY", SECRET_KEY);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let guard = command.spawn().map(Guard);
        let mut guard = guard.map_err(|error| Error::io(&self.command, &error))?;
        let is_alive = || matches!(guard.0.try_wait(), Ok(None));
        let per_second = self.watch(&emulator, is_alive)?;
        drop(guard);
        self.clear()?;
        Ok(per_second)
    }

    /// Archives by one replica with this store. Returns the files per second.
    pub(super) fn by_replica(&self, store: &str) -> Result<f64, Error> {
        let (emulator, ids) = self.emulator()?;
        let endpoint = emulator.endpoint();
        let settings =
            Settings { store, endpoint: &endpoint, reconcile: true, rate: RATE, forwards: 0 };
        let config = configure(&self.scratch.join("config"), &settings)?;
        let mut add = Command::new(self.server);
        add.args(["contracts", "add"]).arg(&ids).arg("--config").arg(&config);
        run(&mut add)?;
        let replica = Replica::start(self.server, &config)?;
        let per_second = self.watch(&emulator, || true)?;
        replica.stop()?;
        self.clear()?;
        Ok(per_second)
    }

    /// Returns an emulator without rate limit, and a file with the IDs of its contracts.
    fn emulator(&self) -> Result<(Emulator, PathBuf), Error> {
        let builder = Emulator::builder().with_seed(Seed::completed(self.contracts));
        let emulator = builder.with_min_pdf_bytes(PDF_BYTES).with_rate_limit(None).start();
        let emulator = emulator.map_err(|error| Error::new(format!("emulator: {error}")))?;
        let ids = self.scratch.join("ids.txt");
        write(&ids, &(emulator.completed_flows().join("\n") + "\n"))?;
        Ok((emulator, ids))
    }

    /// Returns the downloads per second from the first to the last.
    fn watch(&self, emulator: &Emulator, mut is_alive: impl FnMut() -> bool) -> Result<f64, Error> {
        let began = Instant::now();
        let mut first = None;
        loop {
            // First, because a program that ends has downloaded all.
            let is_alive = is_alive();
            let count = emulator.stats().downloads.len();
            let now = Instant::now();
            if count > 0 && first.is_none() {
                first = Some((now, count));
            }
            match first {
                Some((since, before)) if count >= self.contracts => {
                    let files = (count - before) as f64;
                    return Ok(files / now.duration_since(since).as_secs_f64());
                }
                _ if !is_alive || began.elapsed() > TIMEOUT => {
                    return Err(Error::new(format!(
                        "{count} of {} contracts were archived; see {}",
                        self.contracts,
                        self.scratch.display()
                    )));
                }
                _ => sleep(Duration::from_millis(20)),
            }
        }
    }

    fn clear(&self) -> Result<(), Error> {
        remove(&self.scratch)?;
        run(&mut Command::new("sync"))
    }
}

//! `cargo xtask trial`: kills an archive job of the command at random times, resumes it, and counts lost and
//! duplicate downloads. Contracts come from the emulator.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::{BufRead, BufReader};
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde::Deserialize;
use tc3_cli::Error;

use crate::cargo;
use crate::root::root;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Number of contracts.
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    flows: usize,
    /// Minimum size of each contract's PDF, in bytes.
    #[arg(long, value_name = "BYTES", default_value_t = 100_000)]
    pdf_size: usize,
    /// Number of times that the job is killed.
    #[arg(long, value_name = "N", default_value_t = 20)]
    kills: usize,
    /// Seed of the random times.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Output folder; its content is removed first.
    #[arg(long, value_name = "FOLDER", default_value_os_t = root().join("target/trial"))]
    out: PathBuf,
}

/// Part of the emulator's statistics: number of downloads per contract.
#[derive(Deserialize)]
struct Stats {
    downloads: HashMap<String, u64>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    let program = build()?;
    if arguments.out.exists() {
        fs::remove_dir_all(&arguments.out).map_err(|error| Error::io(&arguments.out, &error))?;
    }
    fs::create_dir_all(&arguments.out).map_err(|error| Error::io(&arguments.out, &error))?;
    let emulator = Emulator::start(&program, arguments)?;
    let ids = emulator.get("flows")?;
    let list = arguments.out.join("ids.txt");
    fs::write(&list, &ids).map_err(|error| Error::io(&list, &error))?;
    let job = |name: &str| Job {
        program: &program,
        endpoint: &emulator.endpoint,
        list: &list,
        out: arguments.out.join(name),
    };

    let uninterrupted = job("whole");
    let start = Instant::now();
    let peak = uninterrupted.start()?.finish()?;
    let seconds = start.elapsed().as_secs_f64();
    let expected = uninterrupted.files()?;
    println!(
        "not killed: {} files in {seconds:.1} s, {:.0} per second, peak memory {} MiB",
        expected.len(),
        expected.len() as f64 / seconds,
        peak >> 10
    );
    let once = emulator.downloads()?;

    let killed = job("killed");
    let mut random = fastrand::Rng::with_seed(arguments.seed);
    // Contracts that are done according to the journal, with their number of downloads at that time.
    let mut done: HashMap<String, u64> = HashMap::new();
    let mut repeated = 0;
    for kill in 0..arguments.kills {
        let step = arguments.flows / (arguments.kills + 1);
        let until = (kill * step + random.usize(..=2 * step)).min(arguments.flows);
        killed.start()?.kill_when(|| killed.journaled().len() >= until, random.u64(..40))?;
        let fetched = emulator.downloads()?;
        for id in killed.journaled() {
            let times = fetched.get(&id).copied().unwrap_or_default();
            repeated += u64::from(*done.entry(id).or_insert(times) != times);
        }
    }
    let before = done.len();
    let peak = killed.start()?.finish()?;
    let fetched = emulator.downloads()?;
    repeated += done.iter().filter(|(id, times)| fetched.get(*id) != Some(times)).count() as u64;
    let found = killed.files()?;
    let wrong = expected.iter().filter(|(name, file)| found.get(*name) != Some(file)).count();
    let unexpected = found.keys().filter(|name| !expected.contains_key(*name)).count();
    let total: u64 = fetched.values().sum::<u64>() - once.values().sum::<u64>();
    println!(
        "killed {} times: {} files, {wrong} wrong or missing, {unexpected} unexpected; {before} done before the \
         last run, {repeated} of them downloaded again; {total} downloads, peak memory of the last run {} MiB",
        arguments.kills,
        found.len(),
        peak >> 10,
    );
    match (wrong, unexpected, repeated) {
        (0, 0, 0) if found.len() == arguments.flows => Ok(()),
        _ => Err(Error::new("the job lost files, left unexpected ones or repeated downloads")),
    }
}

/// Builds the command for release.
fn build() -> Result<PathBuf, Error> {
    cargo::build(&["--package", "essbasic-cli"])?;
    Ok(root().join("target/release/essbasic"))
}

/// A child process, which is killed on drop.
struct Process(Child);

impl Process {
    fn start(command: &mut Command) -> Result<Self, Error> {
        let program = Path::new(command.get_program()).to_owned();
        command.spawn().map(Self).map_err(|error| Error::io(&program, &error))
    }
}

impl Deref for Process {
    type Target = Child;

    fn deref(&self) -> &Child {
        &self.0
    }
}

impl DerefMut for Process {
    fn deref_mut(&mut self) -> &mut Child {
        &mut self.0
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have exited.
        let _ = self.kill();
        let _ = self.wait();
    }
}

/// A running emulator.
struct Emulator {
    _process: Process,
    endpoint: String,
}

impl Emulator {
    fn start(program: &Path, arguments: &Arguments) -> Result<Self, Error> {
        let failed = |error: std::io::Error| Error::io(program, &error);
        let mut command = Command::new(program);
        command.args(["emulator", "--flows", &arguments.flows.to_string()]);
        command.args(["--pdf-size", &arguments.pdf_size.to_string()]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = Process::start(&mut command)?;
        let mut line = String::new();
        if let Some(stdout) = process.stdout.take() {
            BufReader::new(stdout).read_line(&mut line).map_err(failed)?;
        }
        let ready: serde_json::Value = serde_json::from_str(&line)
            .map_err(|error| Error::new(format!("emulator: invalid first line: {error}")))?;
        let endpoint = ready.get("endpoint").and_then(|text| text.as_str()).unwrap_or_default();
        Ok(Self { _process: process, endpoint: endpoint.to_owned() })
    }

    fn get(&self, path: &str) -> Result<String, Error> {
        let failed = |error: ureq::Error| Error::new(format!("/_emulator/{path}: {error}"));
        let mut response =
            ureq::get(format!("{}/_emulator/{path}", self.endpoint)).call().map_err(failed)?;
        let body = response.body_mut().with_config().limit(64 << 20);
        body.read_to_string().map_err(failed)
    }

    fn downloads(&self) -> Result<HashMap<String, u64>, Error> {
        let stats: Stats = serde_json::from_str(&self.get("stats")?)
            .map_err(|error| Error::new(format!("/_emulator/stats: {error}")))?;
        Ok(stats.downloads)
    }
}

/// An archive job, which can be started several times.
struct Job<'a> {
    program: &'a Path,
    endpoint: &'a str,
    list: &'a Path,
    out: PathBuf,
}

impl Job<'_> {
    fn start(&self) -> Result<Run, Error> {
        let mut command = Command::new(self.program);
        command.args(["archive", "--endpoint", self.endpoint, "--concurrency", "16"]);
        command.arg("--flows").arg(self.list).arg("--out").arg(&self.out);
        for (name, value) in [
            ("TENCENTCLOUD_SECRET_ID", "AKIDEMULATOR"),
            ("TENCENTCLOUD_SECRET_KEY", "EMULATORSECRETKEY"),
            ("ESSBASIC_APP_ID", "yDwhxUUckp3gl8j5UuFX33LSNozpRsbi"),
            ("ESSBASIC_ORGANIZATION", "org_dianziqian"),
            ("ESSBASIC_OPERATOR", "n9527"),
            ("NO_PROXY", "*"),
        ] {
            command.env(name, value);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Process::start(&mut command).map(Run)
    }

    /// Returns the contracts that are done according to the journal.
    fn journaled(&self) -> Vec<String> {
        #[derive(Deserialize)]
        struct Record {
            flow_id: String,
            /// Set for a file before its rename, which is not a result.
            intent: Option<serde_json::Value>,
        }
        let bytes = fs::read(self.out.join(".essbasic-archive.jsonl")).unwrap_or_default();
        let lines = bytes.split_inclusive(|byte| *byte == b'\n').skip(1);
        let complete = lines.filter(|line| line.ends_with(b"\n"));
        complete
            .filter_map(|line| serde_json::from_slice::<Record>(line).ok())
            .filter(|record| record.intent.is_none())
            .map(|record| record.flow_id)
            .collect()
    }

    /// Returns the digests of the files in the folder, by name, without the journal.
    fn files(&self) -> Result<BTreeMap<String, [u8; 32]>, Error> {
        use sha2::Digest as _;
        let failed = |error: std::io::Error| Error::io(&self.out, &error);
        let mut files = BTreeMap::new();
        for entry in fs::read_dir(&self.out).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if !name.starts_with(".essbasic-archive") {
                let bytes = fs::read(entry.path()).map_err(failed)?;
                files.insert(name, sha2::Sha256::digest(bytes).into());
            }
        }
        Ok(files)
    }
}

/// One run of a job.
struct Run(Process);

impl Run {
    /// Waits for the end and returns the peak memory, in KiB; zero if the system does not report it.
    fn finish(mut self) -> Result<u64, Error> {
        let mut peak = 0;
        loop {
            peak = peak.max(self.peak());
            match self.0.try_wait().map_err(|error| Error::new(error.to_string()))? {
                Some(status) => {
                    return cargo::check_status("essbasic archive", status).map(|()| peak);
                }
                None => sleep(Duration::from_millis(20)),
            }
        }
    }

    /// Kills the process `after` milliseconds after the condition becomes true, unless it has exited.
    fn kill_when(mut self, condition: impl Fn() -> bool, after: u64) -> Result<(), Error> {
        let failed = |error: std::io::Error| Error::new(error.to_string());
        while !condition() && self.0.try_wait().map_err(failed)?.is_none() {
            sleep(Duration::from_millis(2));
        }
        sleep(Duration::from_millis(after));
        // The process may have exited.
        let _ = self.0.kill();
        self.0.wait().map(|_| ()).map_err(failed)
    }

    fn peak(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id()));
        let status = status.unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
    }
}

//! Building and running of the competitors.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde::de::DeserializeOwned;

use super::clients::{Client, Competitor};
use super::error::Error;
use super::files::{folder, root};
use super::numbers::{Cost, Pair};
use super::{cargo, cpu};

/// Paths of the programs. Those with the suffix `-counting` count allocations.
pub(super) struct Programs {
    competitor: PathBuf,
    peer: PathBuf,
}

/// Cores of a server and its client.
#[derive(Clone, Copy)]
pub(super) enum Cores {
    /// Chosen by the system.
    Any,
    /// One core, which is never idle while they alternate. Otherwise each call puts one core to sleep and wakes
    /// another, which on a virtual machine takes as much time as the call.
    One,
}

impl Cores {
    /// Returns the command that runs on these cores.
    fn pin(self, command: Command) -> Result<Command, Error> {
        match self {
            Self::Any => Ok(command),
            Self::One => {
                let mut pinned =
                    local_command(Path::new("taskset"), ["--cpu-list", &first_core()?]);
                pinned.arg(command.get_program()).args(command.get_args());
                for (name, value) in command.get_envs() {
                    match value {
                        Some(value) => pinned.env(name, value),
                        None => pinned.env_remove(name),
                    };
                }
                Ok(pinned)
            }
        }
    }
}

/// Returns the first core that this process may use.
fn first_core() -> Result<String, Error> {
    let path = Path::new("/proc/self/status");
    let status = std::fs::read_to_string(path).map_err(|error| Error::io(path, &error))?;
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    let first = list.and_then(|list| list.trim().split([',', '-']).next());
    first
        .map(str::to_owned)
        .ok_or_else(|| Error::new("/proc/self/status: missing Cpus_allowed_list"))
}

/// The server of the calls, and its cores.
pub(super) struct Served<'a> {
    programs: &'a Programs,
    server: Server,
    cores: Cores,
}

/// A server process, which is killed on drop.
pub(super) struct Server {
    process: Child,
    pub(super) endpoint: String,
}

impl Server {
    /// Starts the process and reads its endpoint from the first line.
    pub(super) fn start(mut command: Command) -> Result<Self, Error> {
        let program = Path::new(command.get_program()).to_owned();
        let failed = |error: std::io::Error| Error::io(&program, &error);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let server = command.spawn().map(|process| Self { process, endpoint: String::new() });
        let mut server = server.map_err(failed)?;
        if let Some(stdout) = server.process.stdout.take() {
            BufReader::new(stdout).read_line(&mut server.endpoint).map_err(failed)?;
        }
        server.endpoint.truncate(server.endpoint.trim_end().len());
        Ok(server)
    }

    /// Returns the CPU time of all threads since the start, in seconds.
    pub(super) fn cpu_seconds(&self) -> Result<f64, Error> {
        cpu::of_process(self.process.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Programs {
    /// Builds the program of this workspace and returns its path.
    pub(super) fn competitor() -> Result<PathBuf, Error> {
        cargo::build(&[
            "--package",
            "bench",
            "--bin",
            "competitor",
            "--bin",
            "competitor-counting",
        ])?;
        Ok(root().join("target/release/competitor"))
    }

    pub(super) fn build() -> Result<Self, Error> {
        let competitor = Self::competitor()?;
        let peers = folder().join("peers");
        let target = peers.to_string_lossy();
        cargo::build(&[
            "--manifest-path",
            "bench/peers/Cargo.toml",
            "--locked",
            "--target-dir",
            &target,
        ])?;
        Ok(Self { competitor, peer: peers.join("release/peer") })
    }

    pub(super) fn serve(&self, cores: Cores) -> Result<Served<'_>, Error> {
        let server = Server::start(cores.pin(local_command(&self.competitor, ["serve"]))?)?;
        Ok(Served { programs: self, server, cores })
    }

    /// Measures the parts of a call, without IO.
    pub(super) fn parts(&self) -> Result<Vec<Pair>, Error> {
        lines(&mut local_command(&self.competitor, ["micro"]))
    }

    /// Measures decoding by number of contracts, which is the name of the part.
    pub(super) fn growth(&self) -> Result<Vec<Pair>, Error> {
        lines(&mut local_command(&self.competitor, ["growth"]))
    }

    /// Counts the allocations of the parts.
    pub(super) fn count_parts(&self) -> Result<Vec<Pair>, Error> {
        lines(&mut local_command(&counting(&self.competitor), ["micro"]))
    }
}

impl Served<'_> {
    /// Makes `calls` calls and returns the cost.
    pub(super) fn call(
        &self,
        competitor: &Competitor,
        calls: u64,
        concurrency: usize,
    ) -> Result<Cost, Error> {
        let scripts = root().join("bench/scripts");
        let mut command = match &competitor.client {
            Client::Competitor(name) => local_command(&self.programs.competitor, [name]),
            Client::Peer(name) => local_command(&self.programs.peer, [name]),
            Client::Python(packages) => {
                // Hides warnings about the SDK's code.
                let mut command = local_command(Path::new("python3"), ["-W", "ignore"]);
                command.arg(scripts.join("sdk.py")).env("PYTHONPATH", packages);
                command
            }
            Client::Node(packages) => {
                let mut command = local_command(Path::new("node"), [scripts.join("sdk.cjs")]);
                command.env("NODE_PATH", packages.join("node_modules"));
                command
            }
        };
        command.arg(&self.server.endpoint).arg(calls.to_string()).arg(concurrency.to_string());
        measure(&mut self.cores.pin(command)?, competitor.name)
    }

    /// Returns the number of allocations per call; `None` for clients in other languages.
    pub(super) fn count(
        &self,
        competitor: &Competitor,
        calls: u64,
        concurrency: usize,
    ) -> Result<Option<f64>, Error> {
        let (program, name) = match &competitor.client {
            Client::Competitor(name) => (&self.programs.competitor, name),
            Client::Peer(name) => (&self.programs.peer, name),
            Client::Python(_) | Client::Node(_) => return Ok(None),
        };
        let mut command = local_command(&counting(program), [name]);
        command.arg(&self.server.endpoint).arg(calls.to_string()).arg(concurrency.to_string());
        let cost = measure(&mut command, competitor.name)?;
        Ok(cost.allocations_per_call)
    }
}

fn counting(program: &Path) -> PathBuf {
    let mut name = program.as_os_str().to_owned();
    name.push("-counting");
    name.into()
}

/// Returns a command without proxy variables, because the server is on loopback.
pub(super) fn local_command<const N: usize>(
    program: &Path,
    arguments: [impl AsRef<OsStr>; N],
) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        command.env_remove(name).env_remove(name.to_lowercase());
    }
    command
}

/// Returns the JSON lines that a program prints.
fn lines<T: DeserializeOwned>(command: &mut Command) -> Result<Vec<T>, Error> {
    let program = Path::new(command.get_program()).to_owned();
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| Error::io(&program, &error))?;
    cargo::check_status(&format!("{command:?}"), output.status)?;
    let line = |line| {
        serde_json::from_str(line)
            .map_err(|error| Error::new(format!("{}: {error}: {line}", program.display())))
    };
    String::from_utf8_lossy(&output.stdout).lines().map(line).collect()
}

/// Returns the cost that a competitor prints.
pub(super) fn measure(command: &mut Command, name: &str) -> Result<Cost, Error> {
    let cost = lines(command)?.into_iter().next();
    cost.ok_or_else(|| Error::new(format!("{name}: no output")))
}

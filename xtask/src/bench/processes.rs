//! Building and running the contenders.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde::de::DeserializeOwned;

use super::contenders::{Client, Contender};
use super::folder;
use super::numbers::{Cost, Pair};
use crate::cargo;
use crate::error::Error;
use crate::files::root;

/// Where the programs stand; those with `-counting` to their names count allocations.
pub(super) struct Programs {
    contender: PathBuf,
    peer: PathBuf,
}

/// Where a server and its client run.
#[derive(Clone, Copy)]
pub(super) enum Cores {
    /// Where the system puts them.
    Any,
    /// On one core, which is never idle while they take turns: putting a core to sleep and waking another is
    /// time of the one who calls, and on a virtual machine as much as all the rest.
    One,
}

impl Cores {
    /// The command, to be run there.
    fn hold(self, command: Command) -> Result<Command, Error> {
        match self {
            Self::Any => Ok(command),
            Self::One => {
                let mut held = with(Path::new("taskset"), ["--cpu-list", &first_core()?]);
                held.arg(command.get_program()).args(command.get_args());
                for (name, value) in command.get_envs() {
                    match value {
                        Some(value) => held.env(name, value),
                        None => held.env_remove(name),
                    };
                }
                Ok(held)
            }
        }
    }
}

/// The first of those that this process may run on.
fn first_core() -> Result<String, Error> {
    let path = Path::new("/proc/self/status");
    let status = std::fs::read_to_string(path).map_err(|error| Error::io(path, &error))?;
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    let first = list.and_then(|list| list.trim().split([',', '-']).next());
    first.map(str::to_owned).ok_or_else(|| Error::new("/proc/self/status names no core"))
}

/// The server of the contenders' calls, and where it runs with them.
pub(super) struct Served<'a> {
    programs: &'a Programs,
    server: Server,
    cores: Cores,
}

/// A server; ended when dropped.
pub(super) struct Server {
    process: Child,
    pub(super) endpoint: String,
}

impl Server {
    /// Waits for the line that tells its endpoint.
    pub(super) fn start(mut command: Command) -> Result<Self, Error> {
        let program = Path::new(command.get_program()).to_owned();
        let failed = |error: std::io::Error| Error::io(&program, &error);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().map_err(failed)?;
        let stdout = process.stdout.take();
        let mut server = Self { process, endpoint: String::new() };
        if let Some(stdout) = stdout {
            BufReader::new(stdout).read_line(&mut server.endpoint).map_err(failed)?;
        }
        server.endpoint.truncate(server.endpoint.trim_end().len());
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Programs {
    pub(super) fn build() -> Result<Self, Error> {
        cargo::build(&["--package", "workspace-benches", "--bins"])?;
        let peers = folder().join("peers");
        let target = peers.to_string_lossy();
        cargo::build(&[
            "--manifest-path",
            "benches/peers/Cargo.toml",
            "--locked",
            "--target-dir",
            &target,
        ])?;
        Ok(Self {
            contender: root().join("target/release/contender"),
            peer: peers.join("release/peer"),
        })
    }

    pub(super) fn serve(&self, cores: Cores) -> Result<Served<'_>, Error> {
        let server = Server::start(cores.hold(with(&self.contender, ["serve"]))?)?;
        Ok(Served { programs: self, server, cores })
    }

    /// Parts of a call, without IO.
    pub(super) fn parts(&self) -> Result<Vec<Pair>, Error> {
        lines(&mut with(&self.contender, ["micro"]))
    }

    /// Decoding answers about ever more contracts, whose number is the name.
    pub(super) fn growth(&self) -> Result<Vec<Pair>, Error> {
        lines(&mut with(&self.contender, ["growth"]))
    }

    /// The parts, for their allocations alone.
    pub(super) fn count_parts(&self) -> Result<Vec<Pair>, Error> {
        lines(&mut with(&counting(&self.contender), ["micro"]))
    }
}

impl Served<'_> {
    /// Makes so many calls, and tells what they cost.
    pub(super) fn call(
        &self,
        contender: &Contender,
        calls: u64,
        concurrency: usize,
    ) -> Result<Cost, Error> {
        let scripts = root().join("benches/scripts");
        let mut command = match &contender.client {
            Client::Contender(name) => with(&self.programs.contender, [name]),
            Client::Peer(name) => with(&self.programs.peer, [name]),
            Client::Python(packages) => {
                // What Python has against the SDK's use of it is not of interest.
                let mut command = with(Path::new("python3"), ["-W", "ignore"]);
                command.arg(scripts.join("sdk.py")).env("PYTHONPATH", packages);
                command
            }
            Client::Node(packages) => {
                let mut command = with(Path::new("node"), [scripts.join("sdk.cjs")]);
                command.env("NODE_PATH", packages.join("node_modules"));
                command
            }
        };
        command.arg(&self.server.endpoint).arg(calls.to_string()).arg(concurrency.to_string());
        measured(&mut self.cores.hold(command)?, contender.name)
    }

    /// Allocations of a call, where they can be counted.
    pub(super) fn count(
        &self,
        contender: &Contender,
        calls: u64,
        concurrency: usize,
    ) -> Result<Option<f64>, Error> {
        let (program, name) = match &contender.client {
            Client::Contender(name) => (&self.programs.contender, name),
            Client::Peer(name) => (&self.programs.peer, name),
            Client::Python(_) | Client::Node(_) => return Ok(None),
        };
        let mut command = with(&counting(program), [name]);
        command.arg(&self.server.endpoint).arg(calls.to_string()).arg(concurrency.to_string());
        let cost = measured(&mut command, contender.name)?;
        Ok(cost.allocations_per_call)
    }
}

fn counting(program: &Path) -> PathBuf {
    let mut name = program.as_os_str().to_owned();
    name.push("-counting");
    name.into()
}

pub(super) fn with<const N: usize>(program: &Path, arguments: [impl AsRef<OsStr>; N]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    // The server is on loopback.
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        command.env_remove(name).env_remove(name.to_lowercase());
    }
    command
}

/// What a program prints, a line of JSON each.
fn lines<T: DeserializeOwned>(command: &mut Command) -> Result<Vec<T>, Error> {
    let program = Path::new(command.get_program()).to_owned();
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| Error::io(&program, &error))?;
    cargo::ended(&format!("{command:?}"), output.status)?;
    let line = |line| {
        serde_json::from_str(line)
            .map_err(|error| Error::new(format!("{}: {error}: {line}", program.display())))
    };
    String::from_utf8_lossy(&output.stdout).lines().map(line).collect()
}

/// What a contender of this name tells of itself.
pub(super) fn measured(command: &mut Command, name: &str) -> Result<Cost, Error> {
    let told = lines(command)?.into_iter().next();
    told.ok_or_else(|| Error::new(format!("{name} has told nothing")))
}

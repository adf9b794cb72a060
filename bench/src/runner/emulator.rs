//! `cargo xtask bench emulator`: start of the emulator and its requests per second, next to a bare hyper server; and the
//! start of the command `essbasic`.

use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Instant;

use super::chart::{Chart, Line, save};
use super::error::Error;
use super::files::{root, save_results};
use super::numbers::{Cost, median};
use super::processes::{Programs, Server, local_command, measure};
use super::table::Table;
use super::targets::Figures;
use super::{Arguments, cargo};

const ROUNDS: usize = 5;
/// Number of connections, each with one request in flight.
const CONNECTIONS: usize = 16;
/// Number of starts per round.
const STARTS: usize = 10;

pub(super) fn run(arguments: &Arguments) -> Result<Figures, Error> {
    let competitor = Programs::competitor()?;
    cargo::build(&["--package", "essbasic-cli"])?;
    let command = root().join("target/release/essbasic");
    let rounds = arguments.rounds(ROUNDS);
    let (mut emulator, mut bare, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let (mut ready, mut first_output) = (f64::INFINITY, f64::INFINITY);
    for round in 1..=rounds {
        eprintln!("emulator: round {round} of {rounds}");
        let pair = [
            requests(&competitor, "emulate", arguments.calls, CONNECTIONS)?,
            requests(&competitor, "serve-short", arguments.calls, CONNECTIONS)?,
        ];
        let [ours, other] = pair;
        emulator.push(ours);
        bare.push(other);
        ratios.push(ours / other);
        // The fastest start counts: other load only delays.
        for _ in 0..STARTS {
            ready = ready.min(start(&competitor)?);
            first_output = first_output.min(first_byte(&command, "--help")?);
        }
    }
    let mut table = Table::new("server", &[("CPU per request, µs", 1), ("× bare hyper", 2)]);
    let ratio = median(ratios.into_iter());
    table.row("the emulator", [median(emulator.into_iter()), ratio]);
    table.row("bare hyper", [median(bare.into_iter()), Some(1.0)]);
    println!("{}", table.markdown());
    let mut starts = Table::new("start", &[("ms", 1)]);
    starts.row("the emulator, until it listens", [Some(ready)]);
    starts.row("essbasic --help, until its first output", [Some(first_output)]);
    println!("{}", starts.markdown());
    save_results("emulator", &[&table, &starts])?;
    let mut figures = Figures::new();
    figures.extend(ratio.map(|ratio| ("emulator / bare hyper, CPU per request".to_owned(), ratio)));
    figures.insert("emulator, ms until it listens".to_owned(), ready);
    figures.insert("essbasic --help, ms until its first output".to_owned(), first_output);
    Ok(figures)
}

/// Draws the CPU time of the emulator per request, by number of connections.
pub(super) fn plot(arguments: &Arguments) -> Result<(), Error> {
    let competitor = Programs::competitor()?;
    let line = |name: &str, server: &str| -> Result<Line, Error> {
        let mut points = Vec::new();
        for connections in (0..7).map(|doublings| 4 << doublings) {
            let round = |_| requests(&competitor, server, arguments.calls, connections);
            let costs: Result<Vec<f64>, Error> = (0..arguments.rounds(ROUNDS)).map(round).collect();
            points.extend(median(costs?.into_iter()).map(|cost| (connections as f64, cost)));
        }
        Ok(Line { name: name.to_owned(), points })
    };
    let lines = vec![line("the emulator", "emulate")?, line("bare hyper", "serve-short")?];
    save(
        "connections",
        &Chart { title: "CPU time of a request in the emulator, µs, by connections", lines },
    )
}

/// Returns the CPU time of a server per request, in microseconds.
fn requests(program: &Path, server: &str, calls: u64, connections: usize) -> Result<f64, Error> {
    let server = Server::start(local_command(program, [server]))?;
    let load = |calls: u64| -> Result<Cost, Error> {
        let (calls, connections) = (calls.to_string(), connections.to_string());
        let arguments = ["load", &server.endpoint, &calls, &connections];
        measure(&mut local_command(program, arguments), "load")
    };
    load(1)?;
    let before = server.cpu_seconds()?;
    let cost = load(calls)?;
    // The warm-up of the load is a fifth of it, and one request per connection.
    let requests = cost.calls + cost.calls / 5 + connections as u64;
    Ok((server.cpu_seconds()? - before) * 1e6 / requests as f64)
}

/// Returns the time from the start of the process until the emulator listens, in milliseconds.
fn start(program: &Path) -> Result<f64, Error> {
    let start = Instant::now();
    let server = Server::start(local_command(program, ["emulate"]))?;
    let elapsed = start.elapsed();
    drop(server);
    Ok(elapsed.as_secs_f64() * 1e3)
}

/// A process, killed when it is dropped.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Returns the time from the start of a process until its first output, in milliseconds.
fn first_byte(program: &Path, argument: &str) -> Result<f64, Error> {
    let failed = |error: std::io::Error| Error::io(program, &error);
    let mut command = local_command(program, [argument]);
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let start = Instant::now();
    let mut child = command.spawn().map(Started).map_err(failed)?;
    let mut byte = [0];
    let mut stdout = child.0.stdout.take();
    let read = stdout.as_mut().map(|stdout| stdout.read_exact(&mut byte));
    let elapsed = start.elapsed();
    // Otherwise a full pipe blocks the process.
    let rest = stdout.map(|mut stdout| std::io::copy(&mut stdout, &mut std::io::sink()));
    rest.transpose().map_err(failed)?;
    let status = child.0.wait().map_err(failed)?;
    cargo::check_status(&program.to_string_lossy(), status)?;
    match read {
        Some(Ok(())) => Ok(elapsed.as_secs_f64() * 1e3),
        _ => Err(Error::new(format!("{}: no output", program.display()))),
    }
}

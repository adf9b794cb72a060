//! `essbasic emulator`: runs the emulator on loopback until a signal stops it.

mod descriptors;
mod exports;
mod stop;
#[cfg(test)]
mod tests;

use std::fmt::Display;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use essbasic_emulator::{
    Builder, Callback, CallbackChaos, Emulator, Fault, NotLoopback, Seed, modeled_actions,
};
use serde::Serialize;

use self::exports::Exports;
use crate::cause::Cause;
use crate::failure::{Exit, Failure};
use crate::input::{self, Secret};
use crate::options::duration;
use crate::output;
use crate::outputs::{Inputs, OutputFile};

const EXAMPLES: &str = "\
Prints {\"ready\":true,\"endpoint\":\"http://127.0.0.1:PORT\"} on stdout once it can be called, and runs until
Ctrl-C or SIGTERM. Without keys it accepts the SecretId AKIDEMULATOR with the SecretKey EMULATORSECRETKEY. stderr
has `export` lines of endpoint, keys and identity; --export prints them on stdout instead of the JSON line.

Seed file (--seed); `applications`, `organizations`, `operators`, and a contract's `id`, `name`, `status` and
`parties` are required, and docs/emulator.md describes every field:

{\"applications\": {\"APP_ID\": {\"downloads\": true, \"organizations\": {\"ORGANIZATION\": {
  \"name\": \"A company\", \"operators\": [\"OPERATOR\"], \"completed\": 100,
  \"flows\": [{\"id\": \"yDContract1\", \"name\": \"Lease\", \"status\": \"PART\",
             \"parties\": [{\"name\": \"A\", \"organization\": \"A company\"}, {\"name\": \"B\"}]}]}}}}}

What the real service does not have is below /_emulator/; an unknown path there lists it.

Examples:
  essbasic emulator
  essbasic emulator --listen 127.0.0.1:9527 --secret-id AKIDTEST --secret-key test
  essbasic emulator --flows 10000 --pdf-size 100000
  essbasic emulator --flows 10000 --faults reset=0.01,stall-body=0.001@download,throttled=0.05
  eval \"$(essbasic emulator --export --flows 100 &)\"   # then: kill \"$ESSBASIC_EMULATOR_PID\"
  essbasic emulator --tls ca.pem --faults tls-expired=0.1
  essbasic emulator --callback-url http://127.0.0.1:8080/ --callback-key KEY --callback-token TOKEN";

/// Run an emulator of the service on loopback.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct EmulatorArgs {
    /// Address to listen on; port 0 selects a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Allow addresses other than loopback, for listening and for callbacks.
    #[arg(long)]
    allow_remote: bool,
    /// Start with the contracts of this file (JSON, see below) instead of the built-in ones.
    #[arg(long, value_name = "FILE")]
    seed: Option<PathBuf>,
    /// Start with N completed contracts, at most 1000000, instead of the built-in ones.
    #[arg(long, value_name = "N", conflicts_with = "seed", value_parser = flows)]
    flows: Option<usize>,
    /// Pad each contract's file to at least this size, at most 268435456; uploaded files stay as they are.
    #[arg(long, value_name = "BYTES", default_value_t = 0, value_parser = pdf_size)]
    pdf_size: usize,
    /// Inject faults, as KIND=RATE or KIND=RATE@ACTION; `download` counts as an action. An unknown
    /// KIND lists them.
    #[arg(long, value_name = "FAULT", value_delimiter = ',')]
    faults: Vec<Fault>,
    /// Seed that selects the affected requests.
    #[arg(long, value_name = "NUMBER", requires = "faults", default_value_t = 0, value_parser = seed_number)]
    faults_seed: u64,
    /// Serve TLS, and write the certificate of the emulator's authority to this file, for --ca-file.
    #[arg(long, value_name = "FILE")]
    tls: Option<PathBuf>,
    /// Run the clock FACTOR times as fast, from 0 to 1000000; at 0, only POST /_emulator/clock advances it.
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, value_parser = speed)]
    speed: f64,
    /// Accept this SecretId instead of the default one.
    #[arg(long, value_name = "ID", requires = "secret_key")]
    secret_id: Option<String>,
    /// The SecretKey that belongs to it.
    #[arg(long, value_name = "KEY", requires = "secret_id")]
    secret_key: Option<Secret>,
    /// Print `export NAME=VALUE` lines for a shell instead of the JSON line, and close stdout.
    #[arg(long)]
    export: bool,
    /// Exit when stdin ends, as a pipe does when the parent process exits.
    #[arg(long)]
    until_eof: bool,
    /// List the implemented actions, one per line, and exit.
    #[arg(long)]
    list_actions: bool,
    #[command(flatten)]
    callback: CallbackArgs,
}

/// Options of the callbacks.
#[derive(clap::Args)]
#[command(next_help_heading = "Callbacks")]
struct CallbackArgs {
    /// Post each change of a contract to this URL on this machine.
    #[arg(long, value_name = "URL")]
    callback_url: Option<String>,
    /// Encrypt messages with this CallbackKey, of 32 bytes.
    #[arg(long, value_name = "KEY", requires = "callback_url")]
    callback_key: Option<Secret>,
    /// Sign messages with this token.
    #[arg(long, value_name = "TOKEN", requires = "callback_url")]
    callback_token: Option<Secret>,
    /// Post this share of the messages, from 0 to 1, twice.
    #[arg(long, value_name = "PART", requires = "callback_url", default_value_t = 0.0, value_parser = part)]
    callback_repeat: f64,
    /// Delay each message by up to DURATION, such as 3s, at most 24h.
    #[arg(long, value_name = "DURATION", requires = "callback_url", default_value = "0s", allow_hyphen_values = true, value_parser = delay)]
    callback_delay: Duration,
    /// Reorder messages.
    #[arg(long, requires = "callback_url")]
    callback_reorder: bool,
    /// Seed that selects the duplicated, delayed and reordered messages.
    #[arg(long, value_name = "NUMBER", requires = "callback_url", default_value_t = 0, value_parser = seed_number)]
    callback_seed: u64,
}

impl CallbackArgs {
    fn callback(&self) -> Option<Callback> {
        let mut callback = Callback::to(self.callback_url.as_deref()?).with_chaos(CallbackChaos {
            duplicate_rate: self.callback_repeat,
            delay: self.callback_delay,
            reorder: self.callback_reorder,
            seed: self.callback_seed,
        });
        if let Some(key) = &self.callback_key {
            callback = callback.with_key(key.expose());
        }
        if let Some(token) = &self.callback_token {
            callback = callback.with_token(token.expose());
        }
        Some(callback)
    }
}

#[derive(Serialize)]
struct Ready<'a> {
    ready: bool,
    endpoint: &'a str,
}

/// Parses a number within limits.
fn number<T: FromStr + PartialOrd + Display>(text: &str, least: T, most: T) -> Result<T, String> {
    // Comparisons with NaN are false.
    let number = text.parse().ok().filter(|number| *number >= least && *number <= most);
    number.ok_or_else(|| format!("expected {least} to {most}"))
}

fn flows(text: &str) -> Result<usize, String> {
    number(text, 0, Builder::MAX_FLOWS)
}

fn pdf_size(text: &str) -> Result<usize, String> {
    number(text, 0, Builder::MAX_PDF_BYTES)
}

fn speed(text: &str) -> Result<f64, String> {
    number(text, 0.0, Builder::MAX_SPEED)
}

fn part(text: &str) -> Result<f64, String> {
    number(text, 0.0, 1.0)
}

fn seed_number(text: &str) -> Result<u64, String> {
    number(text, 0, u64::MAX)
}

fn delay(text: &str) -> Result<Duration, String> {
    let delay = duration(text)?;
    match delay <= CallbackChaos::MAX_DELAY {
        true => Ok(delay),
        false => Err("expected at most 24h".to_owned()),
    }
}

/// Start of the file of `--tls`.
const CERTIFICATE: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// Returns the settings of the emulator, and the variables that a client needs.
fn settings(args: &EmulatorArgs) -> Result<(Builder, Exports), Failure> {
    let seed = match (&args.seed, args.flows) {
        (Some(path), _) => Seed::from_json(&input::text_file(path)?).map_err(|error| {
            let path = path.display();
            let cause = Cause::new(format!("--seed {path}: {error}"), error.hint());
            Failure::from(cause).then("see --help for the format")
        })?,
        (None, Some(flows)) => Seed::completed(flows),
        (None, None) => Seed::default(),
    };
    let mut exports = Exports::of(&seed);
    let mut builder = Emulator::builder()
        .with_address(args.listen)
        .with_speed(args.speed)
        .with_min_pdf_bytes(args.pdf_size)
        .with_faults(args.faults.clone(), args.faults_seed)
        .with_seed(seed);
    if args.allow_remote {
        builder = builder.allow_remote();
    }
    if args.tls.is_some() {
        builder = builder.with_tls();
    }
    if let Some(callback) = args.callback.callback() {
        builder = builder.with_callback(callback);
    }
    match (&args.secret_id, &args.secret_key) {
        (Some(id), Some(key)) if id.is_empty() || key.expose().is_empty() => {
            return Err(Failure::new("the emulator's keys are empty; give both or none"));
        }
        (Some(id), Some(key)) => {
            builder = builder.with_credential(id, key.expose());
            exports.credential(id, args.export.then(|| key.expose()));
        }
        _ => {}
    }
    Ok((builder, exports))
}

pub(crate) fn run(args: &EmulatorArgs) -> Result<Exit, Failure> {
    if args.list_actions {
        modeled_actions().try_for_each(output::line)?;
        return Ok(Exit::Done);
    }
    let (builder, mut exports) = settings(args)?;
    let mut inputs = Inputs::default();
    if let Some(seed) = &args.seed {
        inputs.add(seed, "the file of --seed");
    }
    let create = |path| OutputFile::create("--tls", path, CERTIFICATE, &inputs);
    let certificate = args.tls.as_deref().map(create).transpose()?;
    descriptors::raise_limit();
    let emulator = start(builder)?;
    if let (Some(file), Some(authority)) = (certificate, emulator.authority_pem()) {
        file.finish(|file| file.write_all(authority.as_bytes()))?;
    }
    // From here on, a signal stops the emulator gracefully. Before, it ends the process.
    let stop = stop::Stop::listen(args.until_eof)?;
    exports.endpoint(&emulator.endpoint());
    if args.export {
        exports.process(std::process::id());
        output::line(exports.lines().trim_end())?;
        close_stdout()?;
    } else {
        output::note(exports.lines().trim_end());
        output::json_line(&Ready { ready: true, endpoint: &emulator.endpoint() })?;
    }
    stop.wait();
    Ok(Exit::Done)
}

/// Closes stdout, for a caller that reads it to its end.
#[cfg(unix)]
fn close_stdout() -> Result<(), Failure> {
    let nowhere = std::fs::File::options().write(true).open("/dev/null");
    let closed = nowhere.and_then(|nowhere| Ok(nix::unistd::dup2_stdout(nowhere)?));
    closed.map_err(|error| Failure::new(format!("cannot close stdout: {error}; omit --export")))
}

#[cfg(not(unix))]
fn close_stdout() -> Result<(), Failure> {
    Ok(())
}

pub(crate) fn start(builder: Builder) -> Result<Emulator, Failure> {
    builder.start().map_err(|error| {
        let what = match error.kind() {
            ErrorKind::InvalidInput if NotLoopback::is_cause_of(&error) => {
                "; give an address of this machine, or allow others with --allow-remote"
            }
            ErrorKind::InvalidInput => "; give the option another value, see --help",
            _ => "; give a free address of this machine with --listen",
        };
        Failure::new(format!("the emulator cannot start: {error}{what}"))
    })
}

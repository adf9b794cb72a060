//! `essbasic emulator`: the service on loopback, until it is told to end.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::mpsc;

use essbasic_emulator::{
    APP_ID, Builder, Emulator, OPERATOR, ORGANIZATION, SECRET_ID, SECRET_KEY, Seed,
};
use serde::Serialize;

use crate::failure::{Exit, Failure};
use crate::input::{self, Secret};
use crate::output;

const EXAMPLES: &str = "\
Prints {\"ready\":true,\"endpoint\":\"http://127.0.0.1:PORT\"} on stdout once it can be called, and runs until
Ctrl-C or SIGTERM. Without keys it knows the SecretId AKIDEMULATOR with the SecretKey EMULATORSECRETKEY.

Examples:
  essbasic emulator
  essbasic emulator --listen 127.0.0.1:9527 --secret-id AKIDTEST --secret-key test";

/// Run an emulator of the service on loopback.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct EmulatorArgs {
    /// Listen here; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Listen also at an address that other machines reach.
    #[arg(long)]
    beyond_loopback: bool,
    /// Start with the contracts of this file (JSON) instead of the built-in ones.
    #[arg(long, value_name = "FILE")]
    seed: Option<PathBuf>,
    /// Let so many seconds pass in a real one.
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
    speed: f64,
    /// Know this SecretId instead of the default one.
    #[arg(long, value_name = "ID", requires = "secret_key")]
    secret_id: Option<String>,
    /// The SecretKey that belongs to it.
    #[arg(long, value_name = "KEY", requires = "secret_id")]
    secret_key: Option<Secret>,
}

#[derive(Serialize)]
struct Ready<'a> {
    ready: bool,
    endpoint: &'a str,
}

pub(crate) fn run(args: &EmulatorArgs) -> Result<Exit, Failure> {
    let mut builder = Emulator::builder().listen(args.listen).speed(args.speed);
    if args.beyond_loopback {
        builder = builder.beyond_loopback();
    }
    if let Some(path) = &args.seed {
        let text = input::text_file(path)?;
        let seed = Seed::from_json(&text)
            .map_err(|error| Failure::new(format!("{}: {error}; mend the file", path.display())))?;
        builder = builder.seed(seed);
    }
    match (&args.secret_id, &args.secret_key) {
        (Some(id), Some(key)) if id.is_empty() || key.expose().is_empty() => {
            return Err(Failure::new("the emulator's keys are empty; give both or none"));
        }
        (Some(id), Some(key)) => builder = builder.credential(id, key.expose()),
        _ => {}
    }
    let (end, ended) = mpsc::channel();
    // A second signal finds the channel closed: the process is ending anyway.
    ctrlc::set_handler(move || _ = end.send(()))
        .map_err(|error| Failure::new(format!("signals cannot be received: {error}; try again")))?;
    let emulator = start(builder)?;
    if args.secret_id.is_none() {
        output::note(format_args!(
            "SecretId {SECRET_ID}, SecretKey {SECRET_KEY}; application {APP_ID}, organization \
             {ORGANIZATION}, operator {OPERATOR}"
        ));
    }
    output::json_line(&Ready { ready: true, endpoint: &emulator.endpoint() })?;
    // The handler lives as long as the process, and with it the other end.
    let _ = ended.recv();
    Ok(Exit::Done)
}

pub(crate) fn start(builder: Builder) -> Result<Emulator, Failure> {
    builder.start().map_err(|error| {
        Failure::new(format!(
            "the emulator cannot start: {error}; give a free address of this machine with --listen"
        ))
    })
}

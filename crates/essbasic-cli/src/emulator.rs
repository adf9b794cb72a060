//! `essbasic emulator`: the service on loopback, until it is told to end.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Duration;

use essbasic_emulator::{
    APP_ID, Builder, Callback, CallbackChaos, Emulator, Fault, OPERATOR, ORGANIZATION, SECRET_ID,
    SECRET_KEY, Seed,
};
use serde::Serialize;

use crate::failure::{Exit, Failure};
use crate::input::{self, Secret};
use crate::options::duration;
use crate::output;

const EXAMPLES: &str = "\
Prints {\"ready\":true,\"endpoint\":\"http://127.0.0.1:PORT\"} on stdout once it can be called, and runs until
Ctrl-C or SIGTERM. Without keys it knows the SecretId AKIDEMULATOR with the SecretKey EMULATORSECRETKEY.

What the real service does not have is below /_emulator/; an unknown path there lists it.

Examples:
  essbasic emulator
  essbasic emulator --listen 127.0.0.1:9527 --secret-id AKIDTEST --secret-key test
  essbasic emulator --flows 10000 --pdf-size 100000
  essbasic emulator --flows 10000 --faults reset=0.01,stall-body=0.001@download,throttled=0.05
  essbasic emulator --tls ca.pem --faults tls-expired=0.1
  essbasic emulator --callback-url http://127.0.0.1:8080/ --callback-key KEY --callback-token TOKEN";

/// Run an emulator of the service on loopback.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct EmulatorArgs {
    /// Listen here; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Listen, and send callbacks, also at addresses that other machines reach.
    #[arg(long)]
    beyond_loopback: bool,
    /// Start with the contracts of this file (JSON) instead of the built-in ones.
    #[arg(long, value_name = "FILE")]
    seed: Option<PathBuf>,
    /// Start with so many completed contracts instead of the built-in ones.
    #[arg(long, value_name = "N", conflicts_with = "seed")]
    flows: Option<usize>,
    /// Make each contract's file at least so many bytes long; uploaded ones stay as they are.
    #[arg(long, value_name = "BYTES", default_value_t = 0)]
    pdf_size: usize,
    /// Let things go wrong, as KIND=RATE or KIND=RATE@ACTION, where `download` is an action too; an unknown
    /// KIND lists them.
    #[arg(long, value_name = "FAULT", value_delimiter = ',')]
    faults: Vec<Fault>,
    /// Decides with which requests they do.
    #[arg(long, value_name = "NUMBER", requires = "faults", default_value_t = 0)]
    faults_seed: u64,
    /// Speak TLS, and write the certificate of the emulator's authority to this file, for --ca-file.
    #[arg(long, value_name = "FILE")]
    tls: Option<PathBuf>,
    /// Let so many seconds pass in a real one.
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
    speed: f64,
    /// Know this SecretId instead of the default one.
    #[arg(long, value_name = "ID", requires = "secret_key")]
    secret_id: Option<String>,
    /// The SecretKey that belongs to it.
    #[arg(long, value_name = "KEY", requires = "secret_id")]
    secret_key: Option<Secret>,
    #[command(flatten)]
    callback: CallbackArgs,
}

/// Where each change of a contract is told of.
#[derive(clap::Args)]
#[command(next_help_heading = "Callbacks")]
struct CallbackArgs {
    /// Post each change of a contract to this address of this machine.
    #[arg(long, value_name = "URL")]
    callback_url: Option<String>,
    /// Encrypt what is posted with this CallbackKey, of 32 bytes.
    #[arg(long, value_name = "KEY", requires = "callback_url")]
    callback_key: Option<Secret>,
    /// Sign what is posted with this token.
    #[arg(long, value_name = "TOKEN", requires = "callback_url")]
    callback_token: Option<Secret>,
    /// Post this part of the messages, from 0 to 1, twice.
    #[arg(long, value_name = "PART", requires = "callback_url", default_value_t = 0.0)]
    callback_repeat: f64,
    /// Hold each message back for up to so long, such as 3s.
    #[arg(long, value_name = "DURATION", requires = "callback_url", default_value = "0s", value_parser = duration)]
    callback_delay: Duration,
    /// Let messages overtake each other.
    #[arg(long, requires = "callback_url")]
    callback_reorder: bool,
    /// Decides which messages come twice, late or early.
    #[arg(long, value_name = "NUMBER", requires = "callback_url", default_value_t = 0)]
    callback_seed: u64,
}

impl CallbackArgs {
    fn callback(&self) -> Option<Callback> {
        let mut callback = Callback::to(self.callback_url.as_deref()?).chaos(CallbackChaos {
            repeat: self.callback_repeat,
            delay: self.callback_delay,
            reorder: self.callback_reorder,
            seed: self.callback_seed,
        });
        if let Some(key) = &self.callback_key {
            callback = callback.key(key.expose());
        }
        if let Some(token) = &self.callback_token {
            callback = callback.token(token.expose());
        }
        Some(callback)
    }
}

#[derive(Serialize)]
struct Ready<'a> {
    ready: bool,
    endpoint: &'a str,
}

pub(crate) fn run(args: &EmulatorArgs) -> Result<Exit, Failure> {
    let mut builder = Emulator::builder()
        .listen(args.listen)
        .speed(args.speed)
        .pdf_size(args.pdf_size)
        .faults(args.faults.clone(), args.faults_seed);
    if args.beyond_loopback {
        builder = builder.beyond_loopback();
    }
    if args.tls.is_some() {
        builder = builder.tls();
    }
    if let Some(path) = &args.seed {
        let text = input::text_file(path)?;
        let seed = Seed::from_json(&text)
            .map_err(|error| Failure::new(format!("{}: {error}; mend the file", path.display())))?;
        builder = builder.seed(seed);
    }
    if let Some(flows) = args.flows {
        builder = builder.seed(Seed::completed(flows));
    }
    if let Some(callback) = args.callback.callback() {
        builder = builder.callback(callback);
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
    if let (Some(path), Some(authority)) = (&args.tls, emulator.authority_pem()) {
        std::fs::write(path, authority).map_err(|error| {
            let path = path.display();
            Failure::new(format!("{path} cannot be written: {error}; give another --tls FILE"))
        })?;
    }
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
        let what = match error.kind() {
            ErrorKind::InvalidInput => "; give that option otherwise, see --help",
            _ => "; give a free address of this machine with --listen",
        };
        Failure::new(format!("the emulator cannot start: {error}{what}"))
    })
}

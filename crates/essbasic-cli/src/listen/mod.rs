//! `essbasic listen`: receives callbacks until it is stopped.

mod append;
mod command;
mod item;
mod queue;
mod refusals;
mod serve;
mod sink;
mod state;
mod stdout;

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use essbasic_callback::{CallbackKey, KeyError, Receiver, Token};
use essbasic_files::{is_same_file, with_suffix};

use self::queue::Queue;
use self::sink::Sink;
use self::state::{LIMITS, State};
use crate::cause::Cause;
use crate::failure::{Exit, Failure};
use crate::input::Secret;
use crate::options::duration;
use crate::output;

const EXAMPLES: &str = "\
A message is acknowledged (200) when
  - it is written to stdout; if that is a pipe, messages that its reader has not read when it exits are lost; or
  - with --append, it is written to the file and synced to disk; or
  - with a command, the command has ended with status 0; and
  - with --state, its MsgId is written to that file and synced, too.
Otherwise the response is 503 and the platform sends the message again. A duplicate is acknowledged without being \
handled again: of the last day and 100,000 messages, and with --state of seven days, across restarts.

One message is handled at a time, at any path. A command has the message on stdin, and its id and type in \
ESSBASIC_MSG_ID and ESSBASIC_MSG_TYPE. It goes on if the sender disconnects, and its outcome answers the next \
delivery. After its time limit it is killed together with its children.

--append and --state take regular files; links are not followed. --append opens its file again after it was removed or \
rotated. --state keeps FILE.lock next to FILE. Refused requests are reported on stderr, one line per reason in 10 \
seconds.

Token and key are those of the platform's console. It runs until Ctrl-C or SIGTERM. Messages in flight then have 10 \
seconds, or one if they are written to stdout, and incomplete requests one. A second signal ends it at once.

Exit codes: 0 if it was stopped; 1 if it cannot start, or if stdout cannot be written any more; 130 after a second \
signal.

Examples:
  essbasic listen --port 8080 | jq .MsgType
  essbasic listen --port 8080 --append messages.jsonl --state handled.jsonl
  essbasic listen --port 8080 --state handled.jsonl -- ./on-message.sh";

/// Receive callbacks: print them, append them to a file, or run a command for each.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ListenArgs {
    /// Port to listen on; 0 selects a free one.
    #[arg(long, value_name = "PORT")]
    port: u16,
    /// Address to listen on.
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    address: IpAddr,
    /// The token that signs callbacks.
    #[arg(long, value_name = "TOKEN", env = "ESSBASIC_CALLBACK_TOKEN", hide_env_values = true)]
    token: Option<Secret>,
    /// The CallbackKey that encrypts them.
    #[arg(long, value_name = "KEY", env = "ESSBASIC_CALLBACK_KEY", hide_env_values = true)]
    key: Option<Secret>,
    /// Accept callbacks without a signature, from any sender.
    #[arg(long, conflicts_with = "token")]
    unsigned: bool,
    /// Append each message to this file, as one line of JSON, and sync it to disk.
    #[arg(long, value_name = "FILE", conflicts_with = "command")]
    append: Option<PathBuf>,
    /// Keep the MsgIds of handled messages in this file, so that a duplicate is recognized after a restart.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Kill a command that runs for longer, counted from its start.
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true, value_parser = time_limit, default_value = "1m")]
    command_timeout: Duration,
    /// Command to run for each message.
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

pub(crate) fn run(args: &ListenArgs) -> Result<Exit, Failure> {
    let mut receiver = args.receiver()?;
    args.check_files()?;
    let state = args.state.as_deref().map(open_state).transpose()?;
    if let Some(state) = &state {
        receiver = receiver.with_dedup_window(LIMITS.age, LIMITS.entries);
        for (msg_id, handled_at) in state.entries() {
            receiver.remember(msg_id, handled_at);
        }
    }
    let sink = match (&args.append, args.command.split_first()) {
        (Some(path), _) => Sink::append(path)?,
        (None, Some((program, arguments))) => Sink::run(program, arguments, args.command_timeout),
        (None, None) => Sink::print()?,
    };
    let address = SocketAddr::new(args.address, args.port);
    let listen = || {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    };
    let (listener, address) = listen().map_err(|error: std::io::Error| {
        Failure::new(format!(
            "cannot listen on {address}: {error}; give a free address with --address and --port"
        ))
    })?;
    let (receiver, running) = (Arc::new(receiver), sink.running());
    let queue = Queue::new(sink, state, Arc::clone(&receiver));
    let started = move || output::note(format_args!("listening on http://{address}/"));
    serve::until_stopped(listener, started, receiver, queue, running)?;
    Ok(Exit::Done)
}

impl ListenArgs {
    /// Returns an error if one file is given for two options.
    fn check_files(&self) -> Result<(), Failure> {
        let (Some(append), Some(state)) = (&self.append, &self.state) else { return Ok(()) };
        for own in [state, &with_suffix(state, ".lock")] {
            if is_same_file(append, own).unwrap_or(false) {
                return Err(Failure::new(format!(
                    "{} is given for --append and for --state; give two files",
                    append.display()
                )));
            }
        }
        Ok(())
    }

    fn receiver(&self) -> Result<Receiver, Failure> {
        let token = given(self.token.as_ref());
        if token.is_none() && !self.unsigned {
            return Err(Failure::new(
                "without a token anybody can send callbacks; give --token (ESSBASIC_CALLBACK_TOKEN), or --unsigned",
            ));
        }
        let invalid = |error: KeyError| Failure::from(Cause::new(&error, error.hint()));
        let token = token.map(Token::new).transpose().map_err(invalid)?;
        let key = given(self.key.as_ref()).map(CallbackKey::new).transpose().map_err(invalid)?;
        Ok(Receiver::new(token, key))
    }
}

fn open_state(path: &Path) -> Result<State, Failure> {
    State::open(path, LIMITS, SystemTime::now()).map_err(|error| {
        Failure::new(format!(
            "{} cannot be used as state: {error}; choose another file with --state",
            path.display()
        ))
    })
}

fn time_limit(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("it must be longer than 0".into()),
        limit => Ok(limit),
    }
}

/// An empty variable of the environment is one that is not set.
fn given(secret: Option<&Secret>) -> Option<&str> {
    secret.map(Secret::expose).filter(|text| !text.is_empty())
}

//! `essbasic listen`: receives callbacks until it is told to end.

mod serve;
mod take;

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;

use essbasic_callback::{CallbackKey, Receiver, Token};

use self::take::Take;
use crate::failure::{Exit, Failure};
use crate::input::Secret;
use crate::output;

const EXAMPLES: &str = "\
Each message is taken once, however often it comes, and acknowledged when it is printed, on disk, or its
command has ended well; otherwise the platform sends it again. A command has a minute. It finds the message on
stdin, its id and type in ESSBASIC_MSG_ID and ESSBASIC_MSG_TYPE. One runs at a time. Any path is answered.

Token and key are those of the platform's console. It runs until Ctrl-C or SIGTERM.

Examples:
  essbasic listen --port 8080 | jq .MsgType
  essbasic listen --port 8080 --append messages.jsonl
  essbasic listen --port 8080 -- ./on-message.sh";

/// Receive callbacks: print them, append them to a file, or run a command for each.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ListenArgs {
    /// Listen at this port; 0 takes a free one.
    #[arg(long, value_name = "PORT")]
    port: u16,
    /// Listen at this address of the machine.
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    address: IpAddr,
    /// The token that signs callbacks.
    #[arg(long, value_name = "TOKEN", env = "ESSBASIC_CALLBACK_TOKEN", hide_env_values = true)]
    token: Option<Secret>,
    /// The CallbackKey that encrypts them.
    #[arg(long, value_name = "KEY", env = "ESSBASIC_CALLBACK_KEY", hide_env_values = true)]
    key: Option<Secret>,
    /// Take callbacks without a token, whoever sends them.
    #[arg(long, conflicts_with = "token")]
    unsigned: bool,
    /// Append each message to this file, as one line of JSON.
    #[arg(long, value_name = "FILE", conflicts_with = "command")]
    append: Option<PathBuf>,
    /// Run this for each message.
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

pub(crate) fn run(args: &ListenArgs) -> Result<Exit, Failure> {
    let receiver = args.receiver()?;
    let take = match (&args.append, args.command.split_first()) {
        (Some(path), _) => Take::append(path)?,
        (None, Some((program, arguments))) => Take::run(program, arguments),
        (None, None) => Take::Print,
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
            "{address} cannot be listened at: {error}; give a free address with --address and --port"
        ))
    })?;
    output::note(format_args!("listening on http://{address}/"));
    serve::until_told(listener, receiver, take)?;
    Ok(Exit::Done)
}

impl ListenArgs {
    fn receiver(&self) -> Result<Receiver, Failure> {
        let token = given(self.token.as_ref());
        if token.is_none() && !self.unsigned {
            return Err(Failure::new(
                "without a token anybody can send callbacks; give --token (ESSBASIC_CALLBACK_TOKEN), or --unsigned",
            ));
        }
        let token = token.map(Token::new).transpose().map_err(Failure::new)?;
        let key =
            given(self.key.as_ref()).map(CallbackKey::new).transpose().map_err(Failure::new)?;
        Ok(Receiver::new(token, key))
    }
}

/// An empty variable of the environment is one that is not set.
fn given(secret: Option<&Secret>) -> Option<&str> {
    secret.map(Secret::expose).filter(|text| !text.is_empty())
}

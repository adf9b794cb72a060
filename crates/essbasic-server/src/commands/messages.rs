//! `essbasic-server messages`.

use super::Exit;
use super::context::Context;
use super::table::{Table, pairs};
use crate::config::Config;
use crate::failure::Failure;
use crate::json::MessageJson;
use crate::ledger::MessageQuery;
use crate::{log, queries};

/// List, show and replay messages.
#[derive(clap::Subcommand)]
pub(crate) enum MessagesCommand {
    List(ListArgs),
    Show(ShowArgs),
    Replay(ReplayArgs),
}

const LIST: &str = "\
Prints a line per message, the latest first. The ID of a message is the hash of its MsgId; BODY is yes if the encrypted body is
stored, so that the message can be replayed.

With --json, {\"messages\":[...],\"next\":SEQ}; `next` is the --before of the next page, or null.

Exit status: 0 done, also without messages; 1 the store cannot be used.

Examples:
  essbasic-server messages list --config essbasic.toml
  essbasic-server messages list --flow-id yDwi8UUckpo5fz9cUqI6nGwcuTvt9YSh --config essbasic.toml --json";

/// List received messages.
#[derive(clap::Args)]
#[command(after_help = LIST)]
pub(crate) struct ListArgs {
    /// List only messages about this contract.
    #[arg(long, value_name = "ID")]
    flow_id: Option<String>,
    /// List only messages with a lower number.
    #[arg(long, value_name = "SEQ")]
    before: Option<i64>,
    /// List at most this many messages, up to 500.
    #[arg(long, value_name = "N", default_value_t = 100,
        value_parser = clap::value_parser!(u16).range(1..=500))]
    limit: u16,
}

const SHOW: &str = "\
Prints the message and its forwards, without its body.

Exit status: 0 done, 1 the message is not known, or the store cannot be used.

Example:
  essbasic-server messages show ID --config essbasic.toml";

/// Show a message with its forwards.
#[derive(clap::Args)]
#[command(after_help = SHOW)]
pub(crate) struct ShowArgs {
    /// ID of the message, as of `messages list`.
    #[arg(value_name = "ID")]
    id: String,
}

const REPLAY: &str = "\
Queues the message for the target once more, also if it was delivered. A server delivers it, in no order with others. Prints the
number of the forward.

Exit status: 0 it is queued; 1 it is not: the message is not known, its body was deleted after messages.retention (body_expired), the
target is not configured, or the store cannot be used.

Example:
  essbasic-server messages replay ID --target billing --config essbasic.toml";

/// Forward a message to a target once more.
#[derive(clap::Args)]
#[command(after_help = REPLAY)]
pub(crate) struct ReplayArgs {
    /// ID of the message, as of `messages list`.
    #[arg(value_name = "ID")]
    id: String,
    /// Name of a configured target.
    #[arg(long, value_name = "NAME")]
    target: String,
}

pub(super) async fn run(
    command: &MessagesCommand,
    config: &Config,
    context: Context,
) -> Result<Exit, Failure> {
    match command {
        MessagesCommand::List(args) => list(args, context).await,
        MessagesCommand::Show(args) => show(args, context).await,
        MessagesCommand::Replay(args) => replay(args, config, context).await,
    }
}

async fn list(args: &ListArgs, mut context: Context) -> Result<Exit, Failure> {
    let query = MessageQuery {
        flow_id: args.flow_id.clone(),
        before: args.before,
        limit: usize::from(args.limit),
    };
    let page = queries::messages(&context.ledger, query).await?;
    let output = &mut context.output;
    if output.is_json() {
        output.json(&page)?;
        output.flush()?;
        return Ok(Exit::Done);
    }
    let rows: Vec<_> = page.messages.iter().map(row).collect();
    let columns =
        [("SEQ", 6), ("RECEIVED", 24), ("BODY", 0), ("TYPE", 0), ("FLOW_ID", 32), ("ID", 0)];
    Table::new(columns).print(output, &rows)?;
    output.flush()?;
    if let Some(next) = page.next {
        log::line(&format!("there are more; continue with --before {next}"));
    }
    if page.messages.is_empty() {
        log::line("no messages");
    }
    Ok(Exit::Done)
}

fn row(message: &MessageJson) -> [String; 6] {
    [
        message.seq.to_string(),
        message.received_at.clone(),
        yes_or_no(message.has_body),
        message.r#type.clone(),
        message.flow_id.clone().unwrap_or_default(),
        message.id.clone(),
    ]
}

fn yes_or_no(value: bool) -> String {
    if value { "yes" } else { "no" }.to_owned()
}

async fn show(args: &ShowArgs, mut context: Context) -> Result<Exit, Failure> {
    let message = queries::message(&context.ledger, &args.id).await?;
    let output = &mut context.output;
    if output.is_json() {
        output.json(&message)?;
        output.flush()?;
        return Ok(Exit::Done);
    }
    pairs(
        output,
        &[
            ("id", Some(message.id)),
            ("seq", Some(message.seq.to_string())),
            ("type", Some(message.r#type)),
            ("flow_id", message.flow_id),
            ("received_at", Some(message.received_at)),
            ("body", Some(yes_or_no(message.has_body))),
        ],
    )?;
    let rows: Vec<_> = message
        .forwards
        .into_iter()
        .map(|forward| {
            let (state, at) = match (forward.delivered_at, forward.dead) {
                (Some(at), _) => ("delivered".to_owned(), at),
                (None, Some(reason)) => (reason.to_owned(), String::new()),
                (None, None) => ("queued".to_owned(), forward.due),
            };
            [
                forward.seq.to_string(),
                forward.target,
                yes_or_no(forward.replay),
                forward.attempts.to_string(),
                at,
                state,
            ]
        })
        .collect();
    if !rows.is_empty() {
        output.text("")?;
    }
    let columns =
        [("FORWARD", 0), ("TARGET", 0), ("REPLAY", 0), ("ATTEMPTS", 0), ("AT", 24), ("STATE", 0)];
    Table::new(columns).print(output, &rows)?;
    output.flush()?;
    Ok(Exit::Done)
}

async fn replay(args: &ReplayArgs, config: &Config, mut context: Context) -> Result<Exit, Failure> {
    let targets: Vec<&str> = config.forward.iter().map(|target| &*target.name).collect();
    let replayed = queries::replay(&context.ledger, &args.id, &args.target, &targets).await?;
    let output = &mut context.output;
    if output.is_json() {
        output.json(&replayed)?;
    } else {
        output.text(&format!("queued as forward {}", replayed.seq))?;
    }
    output.flush()?;
    Ok(Exit::Done)
}

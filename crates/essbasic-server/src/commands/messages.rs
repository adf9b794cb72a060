//! `essbasic-server messages`.

use std::collections::BTreeSet;

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
Prints a line per message, the latest first. The ID of a message is the hash of its MsgId. BODY is stored, so that the message can be
replayed, expired (deleted after messages.retention) or not_stored (no target took the message). DEAD is the number of dead forwards
that were not replayed.

With --json, {\"messages\":[...],\"next\":SEQ}; `next` is the --before of the next page, or null.

Exit status: 0 done, also without messages; 1 the store cannot be used.

Examples:
  essbasic-server messages list --config essbasic.toml
  essbasic-server messages list --dead --target billing --config essbasic.toml
  essbasic-server messages list --flow-id yDwi8UUckpo5fz9cUqI6nGwcuTvt9YSh --config essbasic.toml --json";

/// List received messages.
#[derive(clap::Args)]
#[command(after_help = LIST)]
pub(crate) struct ListArgs {
    /// List only messages about this contract.
    #[arg(long, value_name = "ID")]
    flow_id: Option<String>,
    /// List only messages with a dead forward that was not replayed.
    #[arg(long)]
    dead: bool,
    /// List only messages with a forward to this target; with --dead, with a dead one.
    #[arg(long, value_name = "NAME")]
    target: Option<String>,
    /// List only messages with a lower number.
    #[arg(long, value_name = "SEQ")]
    before: Option<i64>,
    /// List at most this many messages, up to 500.
    #[arg(long, value_name = "N", default_value_t = 100,
        value_parser = clap::value_parser!(u16).range(1..=500))]
    limit: u16,
}

const SHOW: &str = "\
Prints the message and its forwards, without its body. AT is the time of the delivery, of the last attempt that failed, or from which
a queued forward is due. ERROR is the cause of the last attempt that failed. A dead forward that was replayed has another one.

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
number of the forward. Dead forwards of the message to the target do not count as dead any longer; the new one does if it fails, too.

With --dead, replays every message with a dead forward to the target, and prints their number. Messages whose bodies are not stored
are skipped.

Exit status: 0 it is queued; 1 it is not: the message is not known, its body was deleted after messages.retention (body_expired) or
never stored because no target took the message (body_not_stored), the target is not configured, or the store cannot be used.

Examples:
  essbasic-server messages replay ID --target billing --config essbasic.toml
  essbasic-server messages replay --target billing --dead --config essbasic.toml";

/// Forward a message, or all with dead forwards, to a target once more.
#[derive(clap::Args)]
#[command(after_help = REPLAY)]
pub(crate) struct ReplayArgs {
    /// ID of the message, as of `messages list`.
    #[arg(value_name = "ID", required_unless_present = "dead", conflicts_with = "dead")]
    id: Option<String>,
    /// Name of a configured target.
    #[arg(long, value_name = "NAME")]
    target: String,
    /// Replay every message with a dead forward to the target.
    #[arg(long)]
    dead: bool,
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
        dead: args.dead,
        target: args.target.clone(),
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
    let columns = [
        ("SEQ", 6),
        ("RECEIVED", 24),
        ("BODY", 10),
        ("DEAD", 0),
        ("TYPE", 0),
        ("FLOW_ID", 32),
        ("ID", 0),
    ];
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

fn row(message: &MessageJson) -> [String; 7] {
    [
        message.seq.to_string(),
        message.received_at.clone(),
        message.body.to_owned(),
        message.dead_forwards.to_string(),
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
            ("body", Some(message.body.to_owned())),
            ("dead forwards", Some(message.dead_forwards.to_string())),
        ],
    )?;
    let mut hints = BTreeSet::new();
    let rows: Vec<_> = message
        .forwards
        .into_iter()
        .map(|forward| {
            if let (Some(_), Some(hint), None) = (forward.dead, forward.hint, &forward.replayed_at)
            {
                hints.insert(hint);
            }
            let (state, at) = match (forward.delivered_at, forward.dead) {
                (Some(at), _) => ("delivered".to_owned(), at),
                (None, Some(reason)) => {
                    let replayed = forward.replayed_at.map_or("", |_| ", replayed");
                    let at = forward.failed_at.unwrap_or_default();
                    (format!("{reason}{replayed}"), at)
                }
                (None, None) => ("queued".to_owned(), forward.due),
            };
            [
                forward.seq.to_string(),
                forward.target,
                yes_or_no(forward.replay),
                forward.attempts.to_string(),
                at,
                state,
                forward.error.unwrap_or_default(),
            ]
        })
        .collect();
    if !rows.is_empty() {
        output.text("")?;
    }
    let columns = [
        ("FORWARD", 0),
        ("TARGET", 0),
        ("REPLAY", 0),
        ("ATTEMPTS", 0),
        ("AT", 24),
        ("STATE", 0),
        ("ERROR", 0),
    ];
    Table::new(columns).print(output, &rows)?;
    for hint in hints {
        output.text(&format!("hint: {hint}"))?;
    }
    output.flush()?;
    Ok(Exit::Done)
}

async fn replay(args: &ReplayArgs, config: &Config, mut context: Context) -> Result<Exit, Failure> {
    let targets: Vec<&str> = config.forward.iter().map(|target| &*target.name).collect();
    let Some(id) = &args.id else {
        return replay_dead(&args.target, &targets, context).await;
    };
    let replayed = queries::replay(&context.ledger, id, &args.target, &targets).await?;
    let output = &mut context.output;
    if output.is_json() {
        output.json(&replayed)?;
    } else {
        output.text(&format!("queued as forward {}", replayed.seq))?;
    }
    output.flush()?;
    Ok(Exit::Done)
}

/// Number of messages that were replayed.
#[derive(serde::Serialize)]
struct ReplayedJson {
    replayed: usize,
}

async fn replay_dead(
    target: &str,
    targets: &[&str],
    mut context: Context,
) -> Result<Exit, Failure> {
    // Those that are dead now; a replay that fails at once is not replayed again.
    let counts = context.ledger.counts().await.map_err(|error| Failure::new(error.to_string()))?;
    let dead = counts.forward_dead.get(target).copied().unwrap_or(0);
    let dead = usize::try_from(dead).unwrap_or(0);
    let mut replayed = 0;
    let ended = loop {
        match queries::replay_dead(&context.ledger, target, targets).await {
            Ok(batch) => {
                replayed += batch.replayed;
                if !batch.more || replayed >= dead {
                    break Ok(Exit::Done);
                }
            }
            Err(error) => break Err(error.into()),
        }
    };
    if ended.is_ok() || replayed > 0 {
        let output = &mut context.output;
        if output.is_json() {
            output.json(&ReplayedJson { replayed })?;
        } else {
            output.text(&format!("{replayed} replayed"))?;
        }
        output.flush()?;
    }
    ended
}

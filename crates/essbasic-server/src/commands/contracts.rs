//! `essbasic-server contracts`.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use super::Exit;
use super::add::{self, AddArgs};
use super::context::Context;
use super::results::Results;
use super::table::{Table, pairs};
use crate::failure::Failure;
use crate::json::{ContractDetailJson, ContractJson};
use crate::ledger::limits::MAX_BATCH;
use crate::ledger::{ContractQuery, Reason, State};
use crate::queries::parse::REPLAY_DEAD;
use crate::{log, queries};

/// List, show, add, retry and drop contracts.
#[derive(clap::Subcommand)]
pub(crate) enum ContractsCommand {
    List(ListArgs),
    Show(ShowArgs),
    Add(AddArgs),
    Retry(RetryArgs),
    Drop(DropArgs),
}

const LIST: &str = "\
Prints a line per contract, in the order of the IDs. AT is the time from which an unfinished contract is due, or at which it was
done or given up; RESULT is archived, ended (without all signatures), dropped, or the reason of a failure. The numbers change while
a server runs: --all reads page after page. --ids prints only IDs, as `contracts add` reads them.

With --json, {\"contracts\":[...],\"next\":ID}; `next` is the --after of the next page, or null. --all --json prints one JSON document
per line, each a contract.

Exit status: 0 done, also without contracts; 1 the store cannot be used.

Examples:
  essbasic-server contracts list --state dead --config essbasic.toml
  essbasic-server contracts list --all --json --config essbasic.toml | jq .flow_id
  essbasic-server contracts list --unfinished --all --ids --config old.toml |
    essbasic-server contracts add - --config new.toml";

/// List contracts.
#[derive(clap::Args)]
#[command(after_help = LIST)]
pub(crate) struct ListArgs {
    /// List only contracts in this state.
    #[arg(long, value_parser = states())]
    state: Option<State>,
    /// List only contracts that are open, claimed or dead.
    #[arg(long, conflicts_with = "state")]
    unfinished: bool,
    /// List only contracts that are dead or failed last for this reason.
    #[arg(long, value_parser = reasons())]
    reason: Option<Reason>,
    /// List only contracts whose IDs have this prefix.
    #[arg(long, default_value = "", hide_default_value = true)]
    prefix: String,
    /// List only contracts after this ID.
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    after: String,
    /// List at most this many contracts, up to 500.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = limit())]
    limit: u16,
    /// List all contracts, in bounded memory.
    #[arg(long, conflicts_with = "limit")]
    all: bool,
    /// Print only IDs, one per line.
    #[arg(long)]
    ids: bool,
}

const SHOW: &str = "\
Prints the contract, its stored files and its latest 50 events.

Exit status: 0 done, 1 the contract is not known, or the store cannot be used.

Example:
  essbasic-server contracts show yDwi8UUckpo5fz9cUqI6nGwcuTvt9YSh --config essbasic.toml";

/// Show a contract with its timeline.
#[derive(clap::Args)]
#[command(after_help = SHOW)]
pub(crate) struct ShowArgs {
    /// ID of the contract.
    #[arg(value_name = "ID")]
    id: String,
}

const RETRY: &str = "\
Retried contracts are due at once, with all attempts. Prints a line per ID: `done`, `not_dead`, `finished` (archived, ended or dropped),
`not_found` or `invalid`. With --reason, prints the number of contracts. Dead forwards are replayed with `messages replay`.

Exit status: 0 done, 2 some IDs are not those of dead contracts, 1 the store cannot be used.

Examples:
  essbasic-server contracts retry yDwi8UUckpo5fz9cUqI6nGwcuTvt9YSh --config essbasic.toml
  essbasic-server contracts retry --reason storage_failed --config essbasic.toml";

/// Retry dead contracts.
#[derive(clap::Args)]
#[command(after_help = RETRY)]
pub(crate) struct RetryArgs {
    /// IDs of dead contracts.
    #[arg(value_name = "ID", required_unless_present = "reason", conflicts_with = "reason")]
    ids: Vec<String>,
    /// Retry every contract that is dead for this reason.
    #[arg(long, value_parser = reasons())]
    reason: Option<Reason>,
}

const DROP: &str = "\
Dropped contracts are done with the result `dropped`: they are neither polled nor archived, and neither later messages nor `retry`
change that. Only `contracts add` opens a dropped contract again. Prints a line per ID: `done`, `finished` (archived, ended or dropped
already), `not_found` or `invalid`.

Exit status: 0 done, 2 some IDs are not those of unfinished contracts, 1 the store cannot be used.

Example:
  essbasic-server contracts drop yDwi8UUckpo5fz9cUqI6nGwcuTvt9YSh --config essbasic.toml";

/// Give up unfinished contracts.
#[derive(clap::Args)]
#[command(after_help = DROP)]
pub(crate) struct DropArgs {
    /// IDs of unfinished contracts.
    #[arg(value_name = "ID", required = true)]
    ids: Vec<String>,
}

/// Page of `--all`.
const PAGE: u16 = 500;

fn limit() -> impl TypedValueParser<Value = u16> {
    clap::value_parser!(u16).range(1..=i64::from(PAGE))
}

fn states() -> impl TypedValueParser<Value = State> {
    PossibleValuesParser::new(["open", "claimed", "done", "dead"])
        .try_map(|code| queries::parse::state(&code).map_err(|error| error.to_string()))
}

fn reasons() -> impl TypedValueParser<Value = Reason> {
    // Those of forwards are not offered, and their error names the other command.
    let value = |reason: Reason| PossibleValue::new(reason.as_str()).hide(reason.is_of_forwards());
    PossibleValuesParser::new(Reason::ALL.map(value)).try_map(|code| {
        let reason = queries::parse::reason(&code).map_err(|error| error.to_string())?;
        if reason.is_of_forwards() {
            return Err(format!(
                "it is a reason of dead forwards, not of contracts; {REPLAY_DEAD}"
            ));
        }
        Ok(reason)
    })
}

pub(super) async fn run(command: &ContractsCommand, context: Context) -> Result<Exit, Failure> {
    match command {
        ContractsCommand::List(args) => list(args, context).await,
        ContractsCommand::Show(args) => show(args, context).await,
        ContractsCommand::Add(args) => add::run(args, context).await,
        ContractsCommand::Retry(RetryArgs { reason: Some(reason), .. }) => {
            retry_reason(*reason, context).await
        }
        ContractsCommand::Retry(args) => change(&args.ids, context, Change::Retry).await,
        ContractsCommand::Drop(args) => change(&args.ids, context, Change::Drop).await,
    }
}

async fn list(args: &ListArgs, mut context: Context) -> Result<Exit, Failure> {
    let output = &mut context.output;
    if args.ids && output.is_json() {
        return Err(Failure::new("--ids cannot be used with --json; give one of them"));
    }
    let mut query = ContractQuery {
        state: args.state,
        unfinished: args.unfinished,
        reason: args.reason,
        prefix: args.prefix.clone(),
        after: args.after.clone(),
        limit: usize::from(if args.all { PAGE } else { args.limit }),
    };
    let mut table = Table::new([
        ("FLOW_ID", 32),
        ("STATE", 7),
        ("STATUS", 8),
        ("ATTEMPTS", 8),
        ("AT", 24),
        ("RESULT", 0),
    ]);
    let mut is_any = false;
    loop {
        let page = queries::contracts(&context.ledger, query.clone()).await?;
        is_any |= !page.contracts.is_empty();
        if args.ids {
            page.contracts.iter().try_for_each(|contract| output.text(&contract.flow_id))?;
        } else if !output.is_json() {
            let rows: Vec<_> = page.contracts.iter().map(row).collect();
            table.print(output, &rows)?;
        } else if args.all {
            page.contracts.iter().try_for_each(|contract| output.json(contract))?;
        } else {
            output.json(&page)?;
        }
        output.flush()?;
        match page.next {
            Some(next) if args.all && !output.is_closed() => query.after = next,
            Some(next) if !args.all && !output.is_json() => {
                log::line(&format!("there are more; continue with --after {next}, or use --all"));
                break;
            }
            _ => break,
        }
    }
    if !is_any && !output.is_json() {
        log::line("no contracts");
    }
    Ok(Exit::Done)
}

fn row(contract: &ContractJson) -> [String; 6] {
    let at = contract.finished_at.as_ref().or(contract.due.as_ref());
    [
        contract.flow_id.clone(),
        contract.state.to_owned(),
        contract.status.clone(),
        contract.attempts.to_string(),
        at.cloned().unwrap_or_default(),
        contract.result.or(contract.reason).unwrap_or_default().to_owned(),
    ]
}

async fn show(args: &ShowArgs, mut context: Context) -> Result<Exit, Failure> {
    let contract = queries::contract(&context.ledger, &args.id).await?;
    let output = &mut context.output;
    if output.is_json() {
        output.json(&contract)?;
        output.flush()?;
        return Ok(Exit::Done);
    }
    let ContractDetailJson { contract, events } = contract;
    let text = |value: Option<&'static str>| value.map(str::to_owned);
    pairs(
        output,
        &[
            ("flow_id", Some(contract.flow_id)),
            ("state", Some(contract.state.to_owned())),
            ("task", text(contract.task)),
            ("status", Some(contract.status)),
            ("status_at", contract.status_at),
            ("due", contract.due),
            ("attempts", Some(contract.attempts.to_string())),
            ("reason", text(contract.reason)),
            ("hint", text(contract.hint)),
            ("added_at", Some(contract.added_at)),
            ("finished_at", contract.finished_at),
            ("result", text(contract.result)),
            ("request_id", contract.request_id),
        ],
    )?;
    let files = contract.files.iter();
    let rows: Vec<_> = files.map(|file| [file.bytes.to_string(), file.sha256.clone()]).collect();
    if !rows.is_empty() {
        output.text("")?;
    }
    Table::new([("BYTES", 10), ("SHA256", 0)]).print(output, &rows)?;
    let rows: Vec<_> = events
        .into_iter()
        .map(|event| [event.number.to_string(), event.at, event.kind, event.detail])
        .collect();
    output.text("")?;
    Table::new([("EVENT", 0), ("AT", 24), ("KIND", 11), ("DETAIL", 0)]).print(output, &rows)?;
    output.flush()?;
    Ok(Exit::Done)
}

#[derive(Clone, Copy)]
enum Change {
    Retry,
    Drop,
}

async fn change(ids: &[String], mut context: Context, change: Change) -> Result<Exit, Failure> {
    let mut results = Results::begin(&mut context.output)?;
    let mut ended = Ok(());
    for batch in ids.chunks(MAX_BATCH) {
        let changed = match change {
            Change::Retry => queries::retry(&context.ledger, batch.to_vec()).await,
            Change::Drop => queries::drop_contracts(&context.ledger, batch.to_vec()).await,
        };
        match changed {
            Ok(changed) => {
                for result in &changed.results {
                    results.push(&mut context.output, result)?;
                }
            }
            Err(error) => {
                ended = Err(error.into());
                break;
            }
        }
    }
    let exit = results.end(&mut context.output)?;
    ended.map(|()| exit)
}

/// Number of contracts that were retried.
#[derive(serde::Serialize)]
struct RetriedJson {
    retried: i64,
}

async fn retry_reason(reason: Reason, mut context: Context) -> Result<Exit, Failure> {
    // Contracts that die again meanwhile are not retried again.
    let counts = context.ledger.counts().await.map_err(|error| Failure::new(error.to_string()))?;
    let dead = counts.dead.get(&reason).copied().unwrap_or(0);
    let mut retried = 0;
    let mut ended = Ok(());
    while retried < dead {
        match queries::retry_reason(&context.ledger, reason).await {
            Ok(batch) => {
                retried += i64::try_from(batch.retried).unwrap_or(i64::MAX);
                if !batch.more || batch.retried == 0 {
                    break;
                }
            }
            Err(error) => {
                ended = Err(error.into());
                break;
            }
        }
    }
    let output = &mut context.output;
    if output.is_json() {
        output.json(&RetriedJson { retried })?;
    } else {
        output.text(&format!("{retried} retried"))?;
    }
    output.flush()?;
    ended.map(|()| Exit::Done)
}

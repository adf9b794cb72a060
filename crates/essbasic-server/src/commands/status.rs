//! `essbasic-server status`.

use super::Exit;
use super::context::Context;
use super::table::pairs;
use crate::failure::Failure;
use crate::queries;
use crate::refusals::HINT;

const EXAMPLES: &str = "\
Prints numbers of contracts, forwards and replicas, paused loops and the reasons of dead contracts and forwards, each with a hint.
They are those of the store, for all replicas.

Exit status: 0 the store was read, whatever it contains; 1 it cannot be used.

Examples:
  essbasic-server status --config essbasic.toml
  essbasic-server status --config essbasic.toml --json | jq .contracts.dead";

/// Show numbers of contracts and forwards, paused loops, and hints.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct StatusArgs {}

pub(super) async fn run(mut context: Context) -> Result<Exit, Failure> {
    let status = queries::status(&context.ledger).await?;
    let output = &mut context.output;
    if output.is_json() {
        output.json(&status)?;
        output.flush()?;
        return Ok(Exit::Done);
    }
    let contracts = &status.contracts;
    let oldest = match status.oldest_due_seconds {
        None => "nothing is due".to_owned(),
        Some(seconds) => format!("due for {seconds} s"),
    };
    pairs(
        output,
        &[
            ("time", Some(status.now.clone())),
            ("version", Some(status.version.to_owned())),
            ("store", Some(status.store.to_owned())),
            ("open", Some(contracts.open.to_string())),
            ("claimed", Some(contracts.claimed.to_string())),
            ("done", Some(contracts.done.to_string())),
            ("dead", Some(contracts.dead.to_string())),
            ("oldest contract", Some(oldest)),
            ("forwards queued", Some(status.forward_backlog.to_string())),
            ("forwards dead", Some(status.forward_dead.to_string())),
            ("workers", Some(status.workers.to_string())),
        ],
    )?;
    let refused = &status.callbacks_refused;
    if refused.count > 0 {
        output.text("")?;
        pairs(
            output,
            &[
                ("callbacks refused", Some(refused.count.to_string())),
                ("last refused", refused.last_at.clone()),
                ("hint", Some(HINT.to_owned())),
            ],
        )?;
    }
    for paused in &status.paused {
        output.text("")?;
        pairs(
            output,
            &[
                ("paused", Some(paused.name.clone())),
                ("cause", Some(paused.cause.clone())),
                ("since", Some(paused.since.clone())),
                ("next probe", Some(paused.probe_at.clone())),
                ("hint", Some(paused.hint.to_string())),
            ],
        )?;
    }
    for dead in &status.dead {
        output.text("")?;
        pairs(
            output,
            &[
                ("dead", Some(format!("{} {}", dead.count, dead.reason))),
                ("hint", Some(dead.hint.to_string())),
            ],
        )?;
    }
    for target in &status.dead_forwards {
        for dead in &target.reasons {
            output.text("")?;
            pairs(
                output,
                &[
                    ("dead forwards", Some(format!("{} {}", dead.count, dead.reason))),
                    ("target", Some(target.target.clone())),
                    ("hint", Some(dead.hint.to_string())),
                    ("list", Some(command("list --dead", &target.target))),
                    ("replay", Some(command("replay --dead", &target.target))),
                ],
            )?;
        }
    }
    if contracts.open > 0 && status.workers == 0 {
        output.text("")?;
        output.text("no server is running; start one with: essbasic-server --config FILE")?;
    }
    output.flush()?;
    Ok(Exit::Done)
}

/// Returns a command for the messages with dead forwards to a target.
fn command(subcommand: &str, target: &str) -> String {
    format!("essbasic-server messages {subcommand} --target {target} --config FILE")
}

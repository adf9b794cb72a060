//! `essbasic-server contracts add`.

use std::fs::File;
use std::io::{BufRead, BufReader, stdin};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::Exit;
use super::context::Context;
use super::lines::{Line, Lines, unreadable};
use super::results::Results;
use crate::failure::Failure;
use crate::ledger::limits::MAX_BATCH;
use crate::{log, queries};

const EXAMPLES: &str = "\
The file has one ID per line. Blank lines and lines that begin with # are ignored. Added contracts are polled at once. Dropped
ones are opened again, with the result `added`; other known ones are not changed, in any state. Any number of IDs is read in batches of 1,000, which are added together; if an error ends the command, add
the file again.

Prints a line per ID: the ID and `added`, `known` or `invalid`. Lines that are not IDs are named on stderr, the first 20 of them.

Exit status: 0 every ID is known to the server now, 2 some lines are not IDs, 1 the file or the store cannot be used.

Examples:
  essbasic-server contracts add ids.txt --config essbasic.toml
  cut -d, -f1 contracts.csv | essbasic-server contracts add - --config essbasic.toml --json";

/// Add contracts, which are polled and archived.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct AddArgs {
    /// Read the IDs of contracts from this file; - is stdin.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Lines that are named on stderr. More are only in the result.
const NAMED: u64 = 20;

/// Result of a line that is not an ID. The line itself may contain anything.
#[derive(Serialize)]
struct InvalidJson {
    flow_id: &'static str,
    line: u64,
    result: &'static str,
}

pub(super) async fn run(args: &AddArgs, context: Context) -> Result<Exit, Failure> {
    if args.file == Path::new("-") {
        return add(Lines::new(stdin().lock(), "stdin"), "stdin", context).await;
    }
    let name = args.file.display().to_string();
    let file = File::open(&args.file).map_err(|error| unreadable(&name, &error))?;
    add(Lines::new(BufReader::new(file), &name), &name, context).await
}

async fn add<R: BufRead>(
    mut lines: Lines<R>,
    name: &str,
    mut context: Context,
) -> Result<Exit, Failure> {
    let mut results = Results::begin(&mut context.output)?;
    let mut invalid = 0;
    let ended = loop {
        // A list that cannot be read further: the lines before are added.
        let (batch, ended) = batch(&mut lines);
        let ids = batch.iter().filter_map(|line| match line {
            Line::Id(id) => Some(id.clone()),
            Line::Invalid { .. } => None,
        });
        let added = match queries::add(&context.ledger, ids.collect()).await {
            Ok(added) => added,
            Err(error) => break Err(error.into()),
        };
        let mut added = added.results.into_iter();
        for line in &batch {
            match line {
                Line::Id(_) => {
                    if let Some(result) = added.next() {
                        results.push(&mut context.output, &result)?;
                    }
                }
                Line::Invalid { number, why } => {
                    invalid += 1;
                    if invalid <= NAMED {
                        log::line(&format!(
                            "line {number} of {name} is not a contract ID: {why}; write one ID per line"
                        ));
                    }
                    let result = InvalidJson { flow_id: "", line: *number, result: "invalid" };
                    let text = format!("line {number}");
                    results.push_other(&mut context.output, &text, result.result, &result)?;
                }
            }
        }
        context.output.flush()?;
        match ended {
            Ok(false) => {}
            Ok(true) => break Ok(()),
            Err(failure) => break Err(failure),
        }
    };
    let exit = results.end(&mut context.output)?;
    ended.map(|()| exit)
}

/// Returns the next lines, and whether the list has ended.
fn batch<R: BufRead>(lines: &mut Lines<R>) -> (Vec<Line>, Result<bool, Failure>) {
    let mut batch = Vec::new();
    while batch.len() < MAX_BATCH {
        match lines.next() {
            Ok(Some(line)) => batch.push(line),
            Ok(None) => return (batch, Ok(true)),
            Err(failure) => return (batch, Err(failure)),
        }
    }
    (batch, Ok(false))
}

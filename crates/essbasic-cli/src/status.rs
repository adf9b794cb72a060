//! `essbasic status`: shows the status of contracts.

use essbasic::models::FlowDetailInfo;
use essbasic::{FlowError, FlowErrorKind, SavedFile};

use crate::cause::{Cause, one_line};
use crate::counter::Counter;
use crate::emulated::Emulated;
use crate::failure::{Exit, Failure};
use crate::input::FlowArgs;
use crate::options::Options;
use crate::report::{Details, Document, Flow, json_format};
use crate::{interrupt, output};

const EXAMPLES: &str = concat!(
    "\
Prints a line per contract on stdout: id, status, how many parties have signed. Ctrl-C ends it within a second or two:
what is known by then is printed.

",
    json_format!(),
    " A contract is done if the service returned it. It has further fields: name, reason, signed, parties, created,
deadline.

Exit status: 0 every contract is known, 2 some are not, each with its reason, 1 it could not start.

Examples:
  essbasic status yDwi8UUckpo5fz9cUqI6nGwcuTvt9YSh
  essbasic status --flows ids.txt --json");

/// Show the status of contracts.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    flows: FlowArgs,
    #[command(flatten)]
    emulated: Emulated,
    /// Print one JSON document instead of lines.
    #[arg(long)]
    json: bool,
}

/// Contracts per request.
const BATCH: usize = 100;

pub(crate) fn run(args: &StatusArgs, options: &Options, verbose: bool) -> Result<Exit, Failure> {
    let (session, list) = args.emulated.session(&args.flows, options)?;
    list.note_duplicates();
    let stop = interrupt::on_signal()?;
    let client = session.client.with_stop(stop.clone());
    let counter = Counter::new(list.ids.len(), verbose);
    let mut results = Vec::new();
    for batch in list.ids.chunks(BATCH) {
        if stop.is_stopped() {
            break;
        }
        let found = client.details(batch);
        let mut found = found.inspect_err(|_| counter.progress().clear())?;
        found.retain(|found| !found.as_ref().is_err_and(is_stopped));
        if !args.json {
            batch.iter().zip(&found).try_for_each(|(id, found)| print(&counter, id, found))?;
        }
        results.extend(found);
        counter.reached(results.len(), "queried");
    }
    counter.progress().clear();
    if results.len() < list.ids.len() {
        output::note("interrupted: this is what is known so far");
    }
    let flows = list.ids.iter().enumerate().map(|(at, id)| match results.get(at) {
        Some(found) => flow(id, found),
        None => Flow::not_reached(id),
    });
    let document = Document::new(flows.collect(), list.repeated);
    if args.json {
        output::json(&document)?;
    }
    Ok(Exit::when_complete(document.summary.complete))
}

/// Returns whether a contract was not requested. Only the last ones of a batch are.
fn is_stopped(error: &FlowError) -> bool {
    error.kind == FlowErrorKind::Stopped
}

fn print(
    counter: &Counter,
    id: &str,
    found: &Result<FlowDetailInfo, FlowError>,
) -> Result<(), Failure> {
    match found {
        Ok(info) => counter.progress().line(one_line(&line(info))),
        Err(error) => {
            counter.progress().note(format_args!("{id}: {}", Cause::of(error)));
            Ok(())
        }
    }
}

/// Number of parties that have signed.
fn signed(info: &FlowDetailInfo) -> (usize, usize) {
    let parties = &info.flow_approver_infos;
    let signed = parties.iter().filter(|party| party.approve_time > 0).count();
    (signed, parties.len())
}

fn line(info: &FlowDetailInfo) -> String {
    let (signed, parties) = signed(info);
    let mut line = format!("{}  {:<8}  {signed}/{parties} signed", info.flow_id, info.flow_status);
    if !info.flow_message.is_empty() {
        line.push_str(&format!("  {}", info.flow_message));
    }
    line
}

fn flow<'a>(flow_id: &'a str, found: &'a Result<FlowDetailInfo, FlowError>) -> Flow<'a> {
    const NO_FILES: [&SavedFile; 0] = [];
    match found {
        Ok(info) => {
            let (signed, parties) = signed(info);
            let details = Details {
                name: &info.flow_name,
                reason: &info.flow_message,
                signed,
                parties,
                created: info.create_on,
                deadline: info.dead_line,
            };
            let status = Some(info.flow_status.as_str());
            Flow::done(flow_id, NO_FILES).with_status(status).with_details(details)
        }
        Err(error) => Flow::failed(flow_id, NO_FILES, error),
    }
}

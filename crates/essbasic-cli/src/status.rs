//! `essbasic status`: where contracts stand.

use essbasic::FlowError;
use essbasic::models::FlowDetailInfo;
use serde_json::json;

use crate::failure::{Exit, Failure, one_line};
use crate::input::FlowArgs;
use crate::options::Options;
use crate::output;

const EXAMPLES: &str = "\
Prints a line per contract on stdout: id, state, how many parties have signed.

Exit status: 0 every contract is known, 2 some are not, each with its reason, 1 it could not start.

Examples:
  essbasic status yDwi8UUckpo5fz9cUqI6nGwcuTvt9YSh
  essbasic status --flows ids.txt --json";

/// Show the status of contracts.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    flows: FlowArgs,
    /// Print one JSON document instead of lines.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &StatusArgs, options: &Options) -> Result<Exit, Failure> {
    let list = args.flows.read()?;
    let client = options.contracts()?;
    list.tell_repeats();
    let found = client.status(&list.ids).map_err(Failure::new)?;
    let complete = found.iter().all(Result::is_ok);
    let told = list.ids.iter().zip(&found);
    if args.json {
        let flows: Vec<_> = told.map(|(id, found)| document(id, found)).collect();
        output::json(&json!({ "complete": complete, "flows": flows }))?;
    } else {
        for (id, found) in told {
            match found {
                Ok(info) => output::line(one_line(&line(info)))?,
                Err(error) => output::note(format_args!("{id}: {}", one_line(&error.message))),
            }
        }
    }
    Ok(Exit::when_complete(complete))
}

/// How many of the parties have signed.
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

fn document(flow_id: &str, found: &Result<FlowDetailInfo, FlowError>) -> serde_json::Value {
    match found {
        Ok(info) => {
            let (signed, parties) = signed(info);
            json!({ "flow_id": flow_id, "status": info.flow_status.as_str(), "name": info.flow_name,
                "reason": info.flow_message, "signed": signed, "parties": parties,
                "created": info.create_on, "deadline": info.dead_line, "error": null })
        }
        Err(error) => json!({ "flow_id": flow_id, "error": error.message }),
    }
}

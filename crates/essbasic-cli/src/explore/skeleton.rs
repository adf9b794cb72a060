//! `essbasic skeleton`: prints a request to fill in.

use essbasic::catalogue::ActionMeta;
use essbasic_explorer::data::skeleton::{Fields, skeleton};
use serde_json::Value;

use super::action;
use crate::failure::{Exit, Failure};
use crate::options::Options;
use crate::output;

const EXAMPLES: &str = "\
Values to fill in are placeholders: <FieldName>. The Agent is taken from --app-id, --organization and
--operator if they are given.

Examples:
  essbasic skeleton DescribeResourceUrlsByFlows > request.json
  essbasic skeleton ChannelCreateFlowByFiles --all";

/// Print a request body to fill in, with the required fields or all of them.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SkeletonArgs {
    /// The action's name.
    action: String,
    /// Include every field, also those that exclude each other.
    #[arg(long)]
    all: bool,
}

pub(crate) fn run(args: &SkeletonArgs, options: &Options) -> Result<Exit, Failure> {
    let body = body(action(&args.action)?, args.all, options);
    let text = serde_json::to_string_pretty(&body);
    output::line(text.map_err(|error| {
        Failure::new(format!("cannot write the body as JSON: {error}; please report this"))
    })?)?;
    Ok(Exit::Done)
}

pub(super) fn body(action: &ActionMeta, all: bool, options: &Options) -> Value {
    let fields = if all { Fields::All } else { Fields::Required };
    skeleton(action, fields, options.agent_json().as_ref())
}

//! `essbasic snippet`: prints a program that makes a call.

use clap::builder::PossibleValuesParser;
use essbasic::catalogue::validation::structural_violations;
use essbasic_explorer::data::snippet::{Language, snippet};

use super::{action, skeleton};
use crate::body::Body;
use crate::failure::{Exit, Failure};
use crate::options::Options;
use crate::output;

const EXAMPLES: &str = "\
Examples:
  essbasic snippet DescribeResourceUrlsByFlows --body '{\"FlowIds\":[\"yDwi8UUckpo5fz9cUqI6nGwcuTvt9YSh\"]}'
  essbasic snippet DescribeTemplates --body @request.json --blocking > src/main.rs
  essbasic snippet DescribeTemplates --body @request.json --as python > call.py";

/// Print a program that makes a call with the given body, or with one to fill in.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SnippetArgs {
    /// The action's name.
    action: String,
    /// The request, a JSON object: text, @FILE, or - for stdin [default: the required fields]
    #[arg(long, value_name = "JSON")]
    body: Option<String>,
    /// Language of the program: Rust, a shell script with this command or with curl, or Python.
    #[arg(long = "as", value_name = "LANGUAGE", default_value = "rust-async",
        value_parser = PossibleValuesParser::new(Language::ALL.map(Language::name)))]
    program: String,
    /// The same as --as rust-blocking.
    #[arg(long, conflicts_with = "program")]
    blocking: bool,
}

pub(crate) fn run(args: &SnippetArgs, options: &Options) -> Result<Exit, Failure> {
    let action = action(&args.action)?;
    let body = match &args.body {
        None => skeleton::body(action, false, options),
        Some(argument) => {
            let mut body = Body::read(argument)?;
            if action.request.field("Agent").is_some()
                && !body.contains("Agent")
                && let Some(agent) = options.agent_json()
            {
                body.push("Agent", &agent)?;
            }
            body.value()?
        }
    };
    if let Some(wrong) = structural_violations(&body, action.request)
        .into_iter()
        .find(|violation| !violation.path.starts_with("Agent"))
    {
        return Err(Failure::new(format!("{wrong}; see essbasic describe {}", action.info.name)));
    }
    let language = match args.blocking {
        true => Language::RustBlocking,
        false => Language::from_name(&args.program).unwrap_or(Language::RustAsync),
    };
    output::line(snippet(action, &body, language).map_err(Failure::new)?.trim_end())?;
    Ok(Exit::Done)
}

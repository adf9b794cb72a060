//! `essbasic search`: finds words in the API's description.

use essbasic::Language;
use essbasic_explorer::data::search::{Hit, search};

use crate::failure::{Exit, Failure};
use crate::output;

const EXAMPLES: &str = "\
All words must be found, in any order, in a name, in its title of either language or in its documentation.
Words match from their beginning, in names and titles at any place; similar words come last.

Exit status: 0 something is found, 2 nothing is, 1 it could not start.

Examples:
  essbasic search download
  essbasic search 签署 链接
  essbasic search cancel flow --all";

/// Search actions, objects, fields, values and error codes.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SearchArgs {
    /// Words to search for.
    #[arg(required = true, value_name = "WORD")]
    words: Vec<String>,
    /// Show all matches instead of the best ones.
    #[arg(long)]
    all: bool,
}

/// Number of matches that fit on a screen.
const BEST: usize = 20;

pub(crate) fn run(args: &SearchArgs) -> Result<Exit, Failure> {
    let query = args.words.join(" ");
    if query.trim().is_empty() {
        return Err(Failure::new("no words to search for; give at least one"));
    }
    let limit = if args.all { usize::MAX } else { BEST };
    let found = search(&query, Language::Chinese, limit);
    if found.hits.is_empty() {
        output::note("no matches; try fewer or shorter words");
        return Ok(Exit::Partly);
    }
    for hit in &found.hits {
        output::line(row(hit))?;
    }
    if found.hits.len() < found.total {
        let more = found.total - found.hits.len();
        output::note(format_args!("{more} more; show them with --all"));
    }
    Ok(Exit::Done)
}

pub(super) fn row(hit: &Hit) -> String {
    let title = hit.title.as_ref().map(|title| format!("{title}. ")).unwrap_or_default();
    format!("{:<7} {}  {title}{}", hit.kind.as_str(), hit.name, hit.text)
}

//! `tc3 search`: finds words in a specification and its documentation.

use std::path::PathBuf;

use crate::failure::{Exit, Failure, printable};
use crate::output;
use crate::service::Service;

const EXAMPLES: &str = "\
All words must be found, in any order, in a name, in its title or in its documentation.

Exit status: 0 something is found, 2 nothing is, 1 it could not start.

Examples:
  tc3 search --spec cvm-spec instance password
  tc3 search --spec cvm-spec 实例 --all";

/// Search the actions, objects, fields and error codes of a specification.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SearchArgs {
    /// Words to search for.
    #[arg(required = true, value_name = "WORD")]
    words: Vec<String>,
    /// Folder of the specification, from tc3 import.
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    spec: PathBuf,
    /// Show all matches instead of the best ones.
    #[arg(long)]
    all: bool,
}

/// Number of matches that fit on a screen.
const BEST: usize = 20;

/// A match. Its order is that of its rank, kind and name.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Hit {
    rank: u8,
    kind: Kind,
    name: String,
    text: String,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Action,
    Object,
    Code,
    Field,
}

pub(crate) fn run(args: &SearchArgs) -> Result<Exit, Failure> {
    let words: Vec<String> =
        args.words.iter().flat_map(|word| word.split_whitespace()).map(str::to_lowercase).collect();
    if words.is_empty() {
        return Err(Failure::new("no words to search for; give at least one"));
    }
    let hits = hits(&Service::read(&args.spec)?, &words);
    if hits.is_empty() {
        output::note("no matches; try fewer or shorter words");
        return Ok(Exit::Negative);
    }
    let count = if args.all { hits.len() } else { BEST.min(hits.len()) };
    for Hit { kind, name, text, .. } in hits.iter().take(count) {
        let kind = match kind {
            Kind::Action => "action",
            Kind::Object => "object",
            Kind::Code => "code",
            Kind::Field => "field",
        };
        let text = text.lines().next().unwrap_or_default();
        output::line(printable(format!("{kind:<7} {name}  {text}").trim_end()))?;
    }
    if count < hits.len() {
        output::note(format_args!("{} more; show them with --all", hits.len() - count));
    }
    Ok(Exit::Done)
}

fn hits(service: &Service, words: &[String]) -> Vec<Hit> {
    let mut found = Vec::new();
    let mut look = |kind, name: String, title: &str, doc: &str| {
        if let Some(rank) = rank(words, &name, title, doc) {
            let text = if title.is_empty() { doc } else { title };
            found.push(Hit { rank, kind, name, text: text.to_owned() });
        }
    };
    let spec = &service.spec;
    for (name, action) in &spec.actions {
        look(Kind::Action, name.clone(), &action.title, service.action(name));
    }
    let is_end = |object: &str| {
        spec.actions.0.values().any(|action| action.request == object || action.response == object)
    };
    for (object, fields) in &spec.objects {
        if !is_end(object) {
            look(Kind::Object, object.clone(), "", service.object(object));
        }
        for field in fields.iter().filter(|field| field.name != "RequestId") {
            let doc = service.field(object, &field.name);
            look(Kind::Field, format!("{object}.{}", field.name), "", doc);
        }
    }
    for (code, meaning) in &spec.codes {
        look(Kind::Code, code.clone(), "", meaning);
    }
    found.sort();
    found
}

/// Returns the rank: all words in the name, in name and title, or also in the documentation.
fn rank(words: &[String], name: &str, title: &str, doc: &str) -> Option<u8> {
    let mut text = String::new();
    for (rank, more) in (0..).zip([name, title, doc]) {
        text.push('\n');
        text.push_str(&more.to_lowercase());
        if words.iter().all(|word| text.contains(word)) {
            return Some(rank);
        }
    }
    None
}

//! `essbasic search`: finds words in the API's description.

use essbasic::models::CATALOGUE;

use crate::failure::{Exit, Failure};
use crate::output;

const EXAMPLES: &str = "\
All words must be found, in any order, in a name, in its Chinese title or in its documentation.

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
    Value,
    Field,
}

pub(crate) fn run(args: &SearchArgs) -> Result<Exit, Failure> {
    let words: Vec<String> =
        args.words.iter().flat_map(|word| word.split_whitespace()).map(str::to_lowercase).collect();
    if words.is_empty() {
        return Err(Failure::new("no words to search for; give at least one"));
    }
    let hits = hits(&words);
    if hits.is_empty() {
        output::note("no matches; try fewer or shorter words");
        return Ok(Exit::Partly);
    }
    let shown = if args.all { hits.len() } else { BEST.min(hits.len()) };
    for hit in hits.iter().take(shown) {
        let kind = match hit.kind {
            Kind::Action => "action",
            Kind::Object => "object",
            Kind::Code => "code",
            Kind::Value => "value",
            Kind::Field => "field",
        };
        output::line(format_args!("{kind:<7} {}  {}", hit.name, first_sentence(&hit.text)))?;
    }
    if shown < hits.len() {
        output::note(format_args!("{} more; show them with --all", hits.len() - shown));
    }
    Ok(Exit::Done)
}

fn hits(words: &[String]) -> Vec<Hit> {
    let mut found = Vec::new();
    let mut look = |kind, name: String, title: &str, text: &str| {
        if let Some(rank) = rank(words, &name, title, text) {
            let text = if title.is_empty() { text.to_owned() } else { format!("{title}. {text}") };
            found.push(Hit { rank, kind, name, text });
        }
    };
    for action in CATALOGUE.actions {
        look(Kind::Action, action.info.name.to_owned(), action.title, action.doc);
    }
    let ends = |object: &str| {
        CATALOGUE.actions.iter().any(|a| a.request.name == object || a.response.name == object)
    };
    for object in CATALOGUE.objects {
        if !ends(object.name) {
            look(Kind::Object, object.name.to_owned(), "", object.doc);
        }
        for field in object.fields.iter().filter(|field| field.name != "RequestId") {
            look(Kind::Field, format!("{}.{}", object.name, field.name), "", field.doc);
        }
    }
    for set in CATALOGUE.values {
        for value in set.values {
            look(Kind::Value, format!("{}.{}", set.name, value.wire), "", value.doc);
        }
    }
    for code in CATALOGUE.codes {
        look(Kind::Code, code.code.to_owned(), "", &format!("{} {}", code.doc, code.hint));
    }
    found.sort();
    found
}

/// Words of users, and the words for them in the API's names.
const SAME: [(&str, &str); 5] = [
    ("link", "url"),
    ("contract", "flow"),
    ("withdraw", "cancel"),
    ("party", "approver"),
    ("organization", "organization"),
];

/// Returns the rank: all words in the name, in name and title, also in the first sentence, anywhere.
fn rank(words: &[String], name: &str, title: &str, documentation: &str) -> Option<u8> {
    let mut text = name.to_lowercase();
    for (rank, more) in (0..).zip(["", title, first_sentence(documentation), documentation]) {
        text.push('\n');
        text.push_str(&more.to_lowercase());
        if words.iter().all(|word| contains_word(word, &text)) {
            return Some(rank);
        }
    }
    None
}

fn contains_word(word: &str, text: &str) -> bool {
    let other = SAME.iter().find_map(|&(one, other)| match word {
        word if word == one => Some(other),
        word if word == other => Some(one),
        _ => None,
    });
    text.contains(word) || other.is_some_and(|other| text.contains(other))
}

fn first_sentence(text: &str) -> &str {
    let line = text.lines().next().unwrap_or_default();
    // The full stop after the title does not count.
    let from = line.find(". ").map_or(0, |at| at + 2);
    match line.get(from..).and_then(|rest| rest.find(". ")) {
        Some(end) if !line.is_ascii() => line.get(..from + end + 1).unwrap_or(line),
        _ if line.is_ascii() && from > 0 => line.get(..from.saturating_sub(1)).unwrap_or(line),
        _ => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(words: &[&str]) -> Vec<String> {
        let words: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
        hits(&words).into_iter().map(|hit| hit.name).collect()
    }

    #[test]
    fn names_rank_first_and_titles_are_searched() {
        assert_eq!(names(&["ResourceUrls"]).first().unwrap(), "DescribeResourceUrlsByFlows");
        assert_eq!(
            names(&["URLS", "resource", "by"]).first().unwrap(),
            "DescribeResourceUrlsByFlows"
        );
        let title = CATALOGUE.action("UploadFiles").unwrap().title;
        assert_eq!(names(&[title]).first().unwrap(), "UploadFiles");
        assert!(
            names(&["AgeNotAchieve"]).contains(&"FailedOperation.AgeNotAchieveNormalLegal".into())
        );
        assert!(names(&["FlowStatus.ALL"]).contains(&"FlowStatus.ALL".into()));
        assert_eq!(names(&["no such thing"]), [""; 0]);
        assert!(names(&["sign", "link"]).contains(&"ChannelCreateFlowSignUrl".into()));
        assert_eq!(names(&["withdraw", "contract"]).first().unwrap(), "CancelOrganizationFlows");
    }

    #[test]
    fn a_line_has_one_sentence() {
        for (text, expected) in [
            ("One. Two.", "One."),
            ("题目. One. Two.", "题目. One."),
            ("Just one", "Just one"),
            ("", ""),
        ] {
            assert_eq!(first_sentence(text), expected);
        }
    }
}

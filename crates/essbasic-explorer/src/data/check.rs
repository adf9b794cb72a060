//! Validation of request bodies.

mod extract;

use std::fmt;

use essbasic::api::json::check_duplicates;
use essbasic::catalogue::ActionMeta;
use essbasic::catalogue::validation::violations_in;
use serde::Serialize;

use super::placeholder::placeholders;
use extract::Body;

/// Result of the validation of a text.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Checked {
    /// True if the text is a body without violations.
    pub ok: bool,
    /// The first 1,000 violations, in the order of the body; missing fields and placeholders come last.
    pub violations: Vec<Problem>,
    /// Line of a syntax error or of a duplicate field, from 1.
    pub line: Option<usize>,
    /// Column of it in characters, from 1.
    pub column: Option<usize>,
    /// True if the body is a part of the text, such as of a log line.
    pub extracted: bool,
    /// The body, if it is a part of the text.
    pub body: Option<String>,
}

impl fmt::Debug for Checked {
    /// Omits the body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checked")
            .field("ok", &self.ok)
            .field("violations", &self.violations)
            .field("line", &self.line)
            .field("column", &self.column)
            .field("extracted", &self.extracted)
            .finish_non_exhaustive()
    }
}

/// A reason for the service to refuse a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Problem {
    /// Path in the body, such as `Agent.AppId` or `FlowIds[0]`; empty for the body itself.
    pub path: String,
    /// Description of the violation.
    pub message: String,
}

/// Validates a request body as typed or pasted.
///
/// If the text is not a JSON object, its first one is the body. If that has no field of the request, an inner object
/// with one is the body, also if it is in a string, as in logs.
pub fn check(action: &ActionMeta, text: &str) -> Checked {
    check_with_agent(action, text, false)
}

/// As [`check`], of a body to which the agent is added before it is sent, if `adds_agent`. Violations about an `Agent`
/// that the body lacks are left out.
pub fn check_with_agent(action: &ActionMeta, text: &str, adds_agent: bool) -> Checked {
    let Body { json, offset, is_part } = extract::body(action, text);
    let position = |at: usize| position(text, offset?.saturating_add(at));
    let checked = Checked {
        ok: false,
        violations: Vec::new(),
        line: None,
        column: None,
        extracted: is_part,
        body: is_part.then(|| json.to_string()),
    };
    if let Err(error) = check_duplicates(json.as_bytes()) {
        let (line, column) = error.offset().and_then(position).unzip();
        let message = error.to_string();
        let message = message.split(" at byte ").next().unwrap_or_default().to_owned();
        let violations = vec![Problem { path: shown(&error.path()), message }];
        return Checked { violations, line, column, ..checked };
    }
    let found = match violations_in(json.as_bytes(), action.request) {
        Ok(found) => found,
        Err(error) => {
            let violations = vec![Problem { path: String::new(), message: error.to_string() }];
            return Checked { violations, ..checked };
        }
    };
    let lacks_agent = adds_agent && !extract::fields(&json).contains_key("Agent");
    let of_agent = |path: &str| path == "Agent" || path.starts_with("Agent.");
    let violations = found
        .into_iter()
        .filter(|violation| !(lacks_agent && of_agent(&violation.path)))
        .map(|violation| {
            let message = violation.to_string();
            let message = message.split_once(": ").map_or(&*message, |(_, message)| message);
            Problem { path: shown(&violation.path), message: message.to_owned() }
        });
    let unfilled = placeholders(&json).into_iter().map(|found| Problem {
        message: format!("{} is an unfilled placeholder", found.text),
        path: found.path,
    });
    let violations: Vec<Problem> = violations.chain(unfilled).collect();
    Checked { ok: violations.is_empty(), violations, ..checked }
}

/// Returns the path with indices in brackets.
fn shown(path: &str) -> String {
    let mut shown = String::new();
    for part in path.split('.') {
        if !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()) {
            shown.push_str(&format!("[{part}]"));
        } else {
            if !shown.is_empty() {
                shown.push('.');
            }
            shown.push_str(part);
        }
    }
    shown
}

/// Returns line and column of a byte.
fn position(text: &str, at: usize) -> Option<(usize, usize)> {
    let at = (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at))?;
    let before = text.get(..at)?;
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Some((line, column))
}

#[cfg(test)]
mod tests {
    use essbasic::models::CATALOGUE;
    use serde_json::{Value, json};

    use super::*;

    const AGENT: &str =
        r#""Agent":{"AppId":"a","ProxyOrganizationOpenId":"o","ProxyOperator":{"OpenId":"p"}}"#;

    fn checked(text: &str) -> Checked {
        check(CATALOGUE.action("DescribeResourceUrlsByFlows").unwrap(), text)
    }

    #[test]
    fn each_fault_has_its_path_and_place() {
        let many = format!(r#"{{"FlowIds":[{}],{AGENT}}}"#, vec![r#""f""#; 51].join(","));
        for (text, path, message, place) in [
            (r#"{"FlowIds":["f"]}"#.to_owned(), "Agent", "missing required field", None),
            (format!(r#"{{{AGENT}}}"#), "FlowIds", "missing required field", None),
            (format!(r#"{{"FlowIds":[1],{AGENT}}}"#), "FlowIds[0]", "expected a string", None),
            (
                format!(r#"{{"FlowIds":["f"],"FlowId":"f",{AGENT}}}"#),
                "FlowId",
                "unknown field",
                None,
            ),
            (many, "FlowIds", "number of elements is 51, expected at most 50", None),
            (
                format!(r#"{{"FlowIds":["<FlowIds>"],{AGENT}}}"#),
                "FlowIds[0]",
                "<FlowIds> is an unfilled placeholder",
                None,
            ),
            ("[1]".to_owned(), "", "expected an object", None),
            ("12".to_owned(), "", "expected an object", None),
            ("{\n  \"FlowIds\": [\"文\",]\n}".to_owned(), "", "invalid JSON", Some((2, 19))),
            ("{\n  \"FlowIds\": [\"f\"]".to_owned(), "", "invalid JSON", Some((2, 19))),
            ("{\"文\":1,\n \"文\":2}".to_owned(), "文", "duplicate field", Some((2, 2))),
            (String::new(), "", "invalid JSON", Some((1, 1))),
            ("flow f".to_owned(), "", "invalid JSON", Some((1, 1))),
            ("body: {\"FlowIds\":[}".to_owned(), "", "invalid JSON", Some((1, 19))),
            (format!(r#"{{"FlowIds":["f"],{AGENT}"#), "", "invalid JSON", Some((1, 100))),
            (format!(r#"body={{"FlowIds":["f"],{AGENT}"#), "", "invalid JSON", Some((1, 105))),
        ] {
            let found = checked(&text);
            let first = &found.violations[0];
            assert!(!found.ok && first.path == path, "{text}: {found:?}");
            assert!(first.message.starts_with(message), "{text}: {found:?}");
            assert_eq!(found.line.zip(found.column), place, "{text}: {found:?}");
        }
    }

    #[test]
    fn a_body_is_found_in_a_log_line() {
        let body = format!(r#"{{"FlowIds":["f"],{AGENT}}}"#);
        let text = Value::from(body.clone()).to_string();
        for text in [
            format!("2026-11-30T02:00:00Z INFO call body={body} took 12ms"),
            format!("curl -d '{body}' https://essbasic.tencentcloudapi.com"),
            format!("{body}\nnext line"),
            format!("prefix {{not json}} {body}"),
            format!(r#"{{"level":"info","request":{{"body":{body}}}}}"#),
            format!(r#"{{"level":"info","body":{text}}}"#),
            format!(r#"INFO {{"level":"info","bodies":[{text}]}} end"#),
            format!("body: {text}"),
        ] {
            let found = checked(&text);
            assert!(found.ok && found.extracted, "{text}: {found:?}");
            assert_eq!(found.body.as_deref(), Some(&*body), "{text}");
        }
        for text in [body.clone(), format!("\u{feff} {body}\n"), format!("\n\n{body}")] {
            let found = checked(&text);
            assert!(found.ok && !found.extracted && found.body.is_none(), "{text}: {found:?}");
        }
        let wrong = checked(r#"INFO {"FlowIds":["f"],"x":1}"#);
        assert!(wrong.extracted && wrong.violations.iter().any(|found| found.path == "x"));
    }

    #[test]
    fn an_agent_that_is_added_later_is_not_missing() {
        let action = CATALOGUE.action("DescribeResourceUrlsByFlows").unwrap();
        assert!(check_with_agent(action, r#"{"FlowIds":["f"]}"#, true).ok);
        let own = check_with_agent(action, r#"{"FlowIds":["f"],"Agent":{}}"#, true);
        assert!(own.violations.iter().any(|found| found.path == "Agent.AppId"), "{own:?}");
    }

    #[test]
    fn no_text_panics_or_recurses() {
        let deep = "[".repeat(100_000);
        let objects = r#"{"a":"#.repeat(100_000);
        let braces = "{".repeat(100_000);
        for text in [
            &*deep,
            &*objects,
            &*braces,
            "{\"a\":\"\\ud800\"}",
            "\u{feff}",
            "{}}{",
            "\"{\\\"a\\\":1}\"",
        ] {
            assert!(!checked(text).ok, "{text:.20}");
        }
        let big = json!({"FlowIds": ["f"]}).to_string().replace('}', ",\"Big\":1e999}");
        assert!(checked(&big).violations.iter().any(|found| found.path == "Big"));
    }

    #[test]
    fn the_result_has_the_shape_of_the_interface() {
        let result = serde_json::to_value(checked("{}")).unwrap();
        assert_eq!(result["ok"], false);
        assert_eq!(
            result["violations"][0],
            json!({ "path": "Agent", "message": "missing required field" })
        );
        assert!(result["line"].is_null() && result["column"].is_null());
        assert_eq!(result["extracted"], false);
    }
}

//! Documentation of generated items, as paragraphs of Markdown.

use crate::apply::Model;
use crate::markdown::escape;
use crate::overlay::FieldForm;
use crate::spec::{Action, FieldSpec, Status};
use crate::{names, words};

/// Returns the paragraphs of a struct's documentation.
pub(crate) fn struct_doc(model: &Model<'_>, name: &str) -> Vec<String> {
    match model.requested_by(name) {
        Some((action, facts)) => request_doc(model, name, action, facts),
        None => [summary(model, name)].into_iter().chain(rules(model, name)).collect(),
    }
}

/// Returns the section on rules between fields; empty if there are none.
pub(crate) fn rules(model: &Model<'_>, name: &str) -> Vec<String> {
    match words::rules(model.rules(name)) {
        none if none.is_empty() => Vec::new(),
        rules => vec!["# Rules".to_owned(), rules],
    }
}

/// Returns a one-paragraph description of an object.
pub(crate) fn summary(model: &Model<'_>, name: &str) -> String {
    if let Some(own) = model.object_doc(name) {
        return own.to_owned();
    }
    if let Some((action, _)) = model.requested_by(name) {
        format!("Request of `{action}`.")
    } else if let Some(action) = model.responded_by(name) {
        format!("Response of `{action}`.")
    } else {
        format!("Object `{name}`.")
    }
}

/// Documents an action on its request: description, title, status, rate limit, rules, example, errors.
fn request_doc(model: &Model<'_>, name: &str, action: &str, facts: &Action) -> Vec<String> {
    let text = model.action_doc(action).map_or_else(|| format!("Calls `{action}`."), str::to_owned);
    let (lead, rest) = text.split_once("\n\n").unwrap_or((&text, ""));
    let mut doc = vec![lead.to_owned()];
    doc.extend(Some(escape(&facts.title)).filter(|title| !title.trim().is_empty()));
    doc.extend(Some(rest.to_owned()).filter(|rest| !rest.is_empty()));
    doc.extend(status(facts.status).map(str::to_owned));
    let limit = model.overlay.rate_limit.as_ref();
    if let Some(limit) = limit.map(|all| all.actions.get(action).unwrap_or(&all.default)) {
        doc.push(format!("Rate limit: {limit} requests per second."));
    }
    if let Some(entry) = model.overlay.forms.iter().find(|entry| entry.action == action) {
        doc.extend(entry.form.map(|form| match form {
            FieldForm::Query => "Sent by `GET`, with the fields as query.".to_owned(),
            FieldForm::OctetStream => {
                "The body is raw octets, set by `CallOptions::with_octets`; the fields are headers.".to_owned()
            }
        }));
    }
    if let Some(reason) = model.overlay.idempotent.get(action) {
        doc.push(format!("Idempotent. {reason}"));
    }
    if let Some(pages) = model.pagination(action) {
        let items = &pages.items;
        doc.push(format!("Paginated: `Client::pages` returns the items of all pages, `{items}`."));
    }
    if facts.streamed || model.overlay.streams.contains_key(action) {
        doc.push("The response may be a stream of events: call it with `call_stream`.".to_owned());
    }
    doc.extend(rules(model, name));
    if let Some(example) = model.example(action) {
        doc.push("# Example".to_owned());
        doc.push(format!("```\n{}\n```", example.trim_end()));
    }
    if !facts.errors.is_empty() {
        doc.push("# Errors".to_owned());
        let line = |code: &String| format!("- {}: {}", code_link(code), code_text(model, code));
        doc.push(facts.errors.iter().map(line).collect::<Vec<_>>().join("\n"));
    }
    doc
}

fn status(status: Status) -> Option<&'static str> {
    match status {
        Status::Online => None,
        Status::Deprecated => Some("Deprecated: the service will remove the action."),
        Status::Offline => Some("Offline: the service no longer offers the action."),
    }
}

/// Returns an error code as a link to its variant of `ErrorCode`.
fn code_link(code: &str) -> String {
    let is_plain = code.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c));
    match names::ident(&names::camel(code)) {
        Some(variant) if is_plain => format!("[`{code}`](super::ErrorCode::{variant})"),
        _ => format!("`{code}`"),
    }
}

/// Returns the meaning of an error code and its fix.
pub(crate) fn code_text(model: &Model<'_>, code: &str) -> String {
    let meaning = model.meaning_doc(code).unwrap_or_else(|| escape(code));
    let hint = model.hint(code).map(instruction).unwrap_or_default();
    format!("{} {hint}", sentence(&meaning)).trim_end().to_owned()
}

/// Ends the text with a full stop.
pub(crate) fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.is_empty() || text.ends_with(['.', '!', '?', ':']) {
        text.to_owned()
    } else {
        format!("{text}.")
    }
}

/// Returns a hint as a sentence.
pub(crate) fn instruction(hint: &str) -> String {
    let sentence = sentence(hint);
    let mut chars = sentence.chars();
    match chars.next() {
        Some(first) => format!("{}{}", first.to_ascii_uppercase(), chars.as_str()),
        None => sentence,
    }
}

/// Returns the description of a field with its limits.
pub(crate) fn field_summary(model: &Model<'_>, object: &str, field: &FieldSpec) -> String {
    let doc = match model.field_doc(object, &field.name) {
        Some(doc) => doc.to_owned(),
        None if field.name == "RequestId" => {
            "Id of the request, for the service's support.".to_owned()
        }
        None => format!("Field `{}`.", field.name),
    };
    let facts = words::facts(model, object, field).join(" ");
    let end = if doc.contains('\n') { "\n\n" } else { " " };
    format!("{doc}{end}{facts}").trim_end().to_owned()
}

/// Returns the paragraphs of a field's documentation.
pub(crate) fn field_doc(model: &Model<'_>, object: &str, field: &FieldSpec) -> Vec<String> {
    let mut doc = vec![field_summary(model, object, field)];
    if field.disabled {
        doc.push("Internal to the platform; leave it unset.".to_owned());
    }
    if let Some(instead) = model.deprecated(object, &field.name) {
        doc.push(format!("Deprecated. {instead}"));
    }
    doc
}

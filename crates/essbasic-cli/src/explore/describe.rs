//! `essbasic describe`: prints the description of one item.

use std::fmt::Write as _;

use essbasic::catalogue::{ActionMeta, CodeMeta, FieldMeta, ObjectMeta, ValueSetMeta};
use essbasic::models::CATALOGUE;
use tc3_client::__private::quoted;

use super::{advice, type_name};
use crate::failure::{Exit, Failure};
use crate::output;

const EXAMPLES: &str = "\
Examples:
  essbasic describe DescribeResourceUrlsByFlows
  essbasic describe Agent
  essbasic describe FlowStatus
  essbasic describe UnauthorizedOperation.UnauthorizedOperationDownload";

/// Describe an action, an object, a value set or an error code.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DescribeArgs {
    /// Its name.
    #[arg(value_name = "ACTION|OBJECT|VALUES|CODE")]
    name: String,
}

pub(crate) fn run(args: &DescribeArgs) -> Result<Exit, Failure> {
    output::line(describe(&args.name)?.trim_end())?;
    Ok(Exit::Done)
}

fn describe(name: &str) -> Result<String, Failure> {
    let same = |known: &str| known.eq_ignore_ascii_case(name);
    if let Some(action) = CATALOGUE.actions.iter().find(|action| same(action.info.name)) {
        return Ok(of_action(action));
    }
    if let Some(object) = CATALOGUE.objects.iter().find(|object| same(object.name)) {
        return Ok(of_object(object));
    }
    if let Some(set) = CATALOGUE.values.iter().find(|set| same(set.name)) {
        return Ok(of_set(set));
    }
    if let Some(code) = CATALOGUE.codes.iter().find(|code| same(code.code)) {
        return Ok(of_code(code));
    }
    let actions = CATALOGUE.actions.iter().map(|action| action.info.name);
    let objects = CATALOGUE.objects.iter().map(|object| object.name);
    let sets = CATALOGUE.values.iter().map(|set| set.name);
    let codes = CATALOGUE.codes.iter().map(|code| code.code);
    let known = actions.chain(objects).chain(sets).chain(codes);
    Err(Failure::new(format!(
        "essbasic has nothing called {}; {}",
        quoted(name),
        advice(name, known)
    )))
}

fn of_action(action: &ActionMeta) -> String {
    let info = &action.info;
    let mut text = format!("{}  {}\n\n{}\n\n", info.name, action.title, action.doc);
    if info.deprecated {
        line(&mut text, "Deprecated: the service will remove this action.");
    }
    if let Some(host) = info.host {
        line(&mut text, &format!("Host: {host}"));
    }
    if let Some(limit) = info.rate_limit {
        line(&mut text, &format!("Rate limit: {limit} requests per second"));
    }
    let idempotent =
        if info.idempotent { "yes" } else { "no: not retried if its outcome is unknown" };
    line(&mut text, &format!("Idempotent: {idempotent}"));
    line(&mut text, &format!("Cargo feature: {}", action.group));
    line(&mut text, "\nRequest:");
    fields(&mut text, action.request);
    line(&mut text, "\nAnswer:");
    fields(&mut text, action.response);
    line(&mut text, "\nError codes:");
    for code in action.errors {
        line(&mut text, &format!("  {code}"));
        if let Some(code) = CATALOGUE.code(code) {
            line(&mut text, &format!("      {} {}", code.doc, code.hint));
        }
    }
    text
}

fn of_object(object: &ObjectMeta) -> String {
    let mut text = format!("{}\n\n{}\n\nFields:\n", object.name, object.doc);
    fields(&mut text, object);
    let users: Vec<&str> = CATALOGUE
        .objects
        .iter()
        .filter(|other| other.fields.iter().any(|field| refers_to(field, object.name)))
        .map(|other| other.name)
        .collect();
    if !users.is_empty() {
        line(&mut text, &format!("\nUsed in: {}", users.join(", ")));
    }
    text
}

fn refers_to(field: &FieldMeta, object: &str) -> bool {
    let name = type_name(field.ty);
    name.strip_prefix("array of ").unwrap_or(&name) == object
}

fn of_set(set: &ValueSetMeta) -> String {
    let mut text =
        format!("{}\n\n{}\n\nKnown values; the service may have others:\n", set.name, set.doc);
    values(&mut text, set, "  ");
    text
}

fn of_code(code: &CodeMeta) -> String {
    let mut text = format!("{}\n\n{}\n{}\n", code.code, code.doc, code.hint);
    let by: Vec<&str> = CATALOGUE
        .actions
        .iter()
        .filter(|action| action.errors.contains(&code.code))
        .map(|action| action.info.name)
        .collect();
    let by = if by.is_empty() { "any action".to_owned() } else { by.join(", ") };
    line(&mut text, &format!("\nReturned by: {by}"));
    text
}

fn fields(text: &mut String, object: &ObjectMeta) {
    for field in object.fields {
        let mut head = format!("  {}: {}", field.name, type_name(field.ty));
        for (holds, word) in [
            (field.required, "required"),
            (field.base64, "base64 of a file"),
            (field.internal, "internal to the platform"),
            (field.deprecated.is_some(), "deprecated"),
        ] {
            if holds {
                let _ = write!(head, ", {word}");
            }
        }
        line(text, &head);
        line(text, &format!("      {}", field.doc.replace('\n', "\n      ")));
        if let Some(instead) = field.deprecated {
            line(text, &format!("      Deprecated. {instead}"));
        }
        if let Some(set) = field.values {
            values(text, set, "        ");
        }
    }
    for rule in object.rules {
        line(text, &format!("  Rule: {}", rule.doc));
    }
}

fn values(text: &mut String, set: &ValueSetMeta, indent: &str) {
    for value in set.values {
        line(text, &format!("{indent}{}: {}", value.wire, value.doc));
    }
}

fn line(text: &mut String, line: &str) {
    text.push_str(line.trim_end());
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_can_be_described() {
        let names = CATALOGUE.actions.iter().map(|action| action.info.name);
        let names = names.chain(CATALOGUE.objects.iter().map(|object| object.name));
        let names = names.chain(CATALOGUE.values.iter().map(|set| set.name));
        for name in names.chain(CATALOGUE.codes.iter().map(|code| code.code)) {
            assert!(describe(name).unwrap().starts_with(name), "{name}");
        }
        let download = describe("describeresourceurlsbyflows").unwrap();
        for part in [
            "FlowIds: array of string, required",
            "Idempotent: yes",
            "UnauthorizedOperationDownload",
        ] {
            assert!(download.contains(part), "{part}");
        }
        let error = describe("FlowStatu").unwrap_err().to_string();
        assert!(error.contains("did you mean FlowStatus?"), "{error}");
    }
}

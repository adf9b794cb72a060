//! `essbasic describe`: prints the description of one item.

use std::fmt::Write as _;

use essbasic::Language;
use essbasic_explorer::data::describe::{
    ActionItem, CodeItem, Item, Object, ObjectItem, ValueSet, ValueSetItem, describe,
};

use super::advice;
use crate::failure::{Exit, Failure};
use crate::{hints, output};

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
    output::line(text(&args.name, hints::language())?.trim_end())?;
    Ok(Exit::Done)
}

pub(super) fn text(name: &str, language: Language) -> Result<String, Failure> {
    match describe(name, language).map_err(|unknown| advice(&unknown))? {
        Item::Action(action) => Ok(of_action(&action)),
        Item::Object(object) => Ok(of_object(&object)),
        Item::Values(set) => Ok(of_set(&set)),
        Item::Code(code) => Ok(of_code(&code)),
        _ => Err(Failure::new("the item is of another kind; please report this")),
    }
}

fn of_action(action: &ActionItem) -> String {
    let mut text = format!("{}  {}\n\n{}\n\n", action.name, action.title, action.doc);
    if action.deprecated {
        line(&mut text, "Deprecated: the service will remove this action.");
    }
    if let Some(host) = action.host {
        line(&mut text, &format!("Host: {host}"));
    }
    if let Some(limit) = action.rate_limit {
        line(&mut text, &format!("Rate limit: {limit} requests per second"));
    }
    let idempotent =
        if action.idempotent { "yes" } else { "no: not retried if its outcome is unknown" };
    line(&mut text, &format!("Idempotent: {idempotent}"));
    line(&mut text, &format!("Cargo feature: {}", action.feature));
    let values = |name: &str| action.values.get(name);
    for (head, name) in [("Request", action.request), ("Response", action.response)] {
        line(&mut text, &format!("\n{head}:"));
        if let Some(object) = action.objects.get(name) {
            fields(&mut text, object, values);
        }
    }
    line(&mut text, "\nError codes:");
    for code in &action.errors {
        line(&mut text, &format!("  {}", code.code));
        if !code.doc.is_empty() {
            line(&mut text, &format!("      {} {}", code.doc, code.hint));
        }
    }
    if !action.related.is_empty() {
        line(&mut text, &format!("\nRelated: {}", action.related.join(", ")));
    }
    text
}

fn of_object(object: &ObjectItem) -> String {
    let mut text = format!("{}\n\n{}\n\nFields:\n", object.name, object.doc);
    if let Some(own) = object.objects.get(object.name) {
        fields(&mut text, own, |name| object.values.get(name));
    }
    used_in(&mut text, &object.used_in);
    text
}

fn of_set(item: &ValueSetItem) -> String {
    let set = &item.set;
    let mut text =
        format!("{}\n\n{}\n\nKnown values; the service may have others:\n", set.name, set.doc);
    values(&mut text, set, "  ");
    used_in(&mut text, &item.used_in);
    text
}

fn of_code(code: &CodeItem) -> String {
    let mut text = format!("{}\n\n{}\n{}\n", code.name, code.doc, code.hint);
    let by = match code.returned_by.is_empty() {
        true => "any action".to_owned(),
        false => code.returned_by.join(", "),
    };
    line(&mut text, &format!("\nReturned by: {by}"));
    text
}

fn used_in(text: &mut String, users: &[impl AsRef<str>]) {
    let users: Vec<&str> = users.iter().map(AsRef::as_ref).collect();
    if !users.is_empty() {
        line(text, &format!("\nUsed in: {}", users.join(", ")));
    }
}

fn fields<'a>(text: &mut String, object: &Object, set: impl Fn(&str) -> Option<&'a ValueSet>) {
    for field in &object.fields {
        let mut head = format!("  {}: {}", field.name, field.ty);
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
        let limits = field.limits.to_string();
        if !limits.is_empty() {
            let _ = write!(head, ", {limits}");
        }
        line(text, &head);
        line(text, &format!("      {}", field.doc.replace('\n', "\n      ")));
        if let Some(instead) = field.deprecated {
            line(text, &format!("      Deprecated. {instead}"));
        }
        if let Some(set) = field.values.and_then(&set) {
            values(text, set, "        ");
        }
    }
    for rule in &object.rules {
        line(text, &format!("  Rule: {rule}"));
    }
}

fn values(text: &mut String, set: &ValueSet, indent: &str) {
    for value in &set.values {
        line(text, &format!("{indent}{}: {}", value.wire, value.doc));
    }
}

fn line(text: &mut String, line: &str) {
    text.push_str(line.trim_end());
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use essbasic::models::CATALOGUE;

    use super::*;

    #[test]
    fn every_item_can_be_described() {
        let names = CATALOGUE.actions.iter().map(|action| action.info.name);
        let names = names.chain(CATALOGUE.objects.iter().map(|object| object.name));
        let names = names.chain(CATALOGUE.values.iter().map(|set| set.name));
        for name in names.chain(CATALOGUE.codes.iter().map(|code| code.code)) {
            assert!(text(name, Language::English).unwrap().starts_with(name), "{name}");
        }
        let download = text("describeresourceurlsbyflows", Language::English).unwrap();
        for part in [
            "FlowIds: array of string, required, 1 to 50 elements",
            "Idempotent: yes",
            "UnauthorizedOperationDownload",
        ] {
            assert!(download.contains(part), "{part}");
        }
        let error = text("FlowStatu", Language::English).unwrap_err().to_string();
        assert!(error.contains("did you mean FlowStatus?"), "{error}");
    }

    #[test]
    fn fixes_are_in_the_language_of_the_command() {
        let code = "UnauthorizedOperation.UnauthorizedOperationDownload";
        let english = text(code, Language::English).unwrap();
        let chinese = text(code, Language::Chinese).unwrap();
        assert!(english.is_ascii() && !chinese.is_ascii(), "{english}{chinese}");
    }
}

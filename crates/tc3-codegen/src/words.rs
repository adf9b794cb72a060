//! Documentation sentences derived from the data of the overlay: timestamps, base64, limits and rules.

use crate::apply::Model;
use crate::overlay::{Limit, Rule, Unit, Wire};
use crate::spec::FieldSpec;

/// Returns the sentences that end the documentation of a field.
pub(crate) fn facts(model: &Model<'_>, object: &str, field: &FieldSpec) -> Vec<String> {
    let mut sentences = Vec::new();
    sentences.extend(model.time(object, &field.name).map(|unit| match unit {
        Unit::Seconds => "Unix timestamp in seconds.".to_owned(),
        Unit::Milliseconds => "Unix timestamp in milliseconds.".to_owned(),
    }));
    if model.base64(object, &field.name) {
        sentences.push("Encoded as base64.".to_owned());
    }
    if let Some(limit) = model.limit(object, &field.name) {
        sentences.extend(limits(limit, field.kind == "list"));
    }
    sentences
}

fn limits(limit: &Limit, list: bool) -> Vec<String> {
    let each = if list { "Each " } else { "" };
    let items = range(limit.min_items, limit.max_items)
        .map(|(range, one)| format!("{range} element{}", plural(one)));
    let chars = range(limit.min_chars, limit.max_chars)
        .map(|(range, one)| format!("{each}{range} character{}", plural(one)));
    let bytes = limit.max_bytes.map(|most| format!("at most {}", size(most)));
    let number = range(limit.min, limit.max).map(|(range, _)| range);
    [items, chars, bytes, number].into_iter().flatten().map(|text| sentence(&text)).collect()
}

/// Returns a range in words, and whether its upper bound is one.
fn range<T: Copy + PartialEq + std::fmt::Display + From<u8>>(
    min: Option<T>,
    max: Option<T>,
) -> Option<(String, bool)> {
    let one = |end: T| end == T::from(1);
    Some(match (min, max) {
        (Some(min), Some(max)) if min == max => (format!("exactly {min}"), one(min)),
        (Some(min), Some(max)) => (format!("{min} to {max}"), false),
        (Some(min), None) => (format!("at least {min}"), one(min)),
        (None, Some(max)) => (format!("at most {max}"), one(max)),
        (None, None) => return None,
    })
}

fn plural(one: bool) -> &'static str {
    if one { "" } else { "s" }
}

fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 2] = [(1 << 20, "MB"), (1 << 10, "KB")];
    let whole = UNITS.iter().find(|(unit, _)| bytes != 0 && bytes.is_multiple_of(*unit));
    whole
        .map_or_else(|| format!("{bytes} bytes"), |(unit, name)| format!("{} {name}", bytes / unit))
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(chars).chain(['.']).collect()
}

/// Returns the rules between the fields of an object as a Markdown list; empty if there are none.
pub(crate) fn rules(rules: &[&Rule]) -> String {
    rules.iter().map(|rule| format!("- {}", self::rule(rule))).collect::<Vec<_>>().join("\n")
}

/// Returns a rule as a sentence.
pub(crate) fn rule(rule: &Rule) -> String {
    let Rule { needs, any_of, one_of, not_both, .. } = rule;
    if !any_of.is_empty() {
        format!("At least one of {} is required.", join(any_of, "and"))
    } else if !one_of.is_empty() {
        format!("Exactly one of {} is required.", join(one_of, "and"))
    } else if !not_both.is_empty() {
        format!("At most one of {} is allowed.", join(not_both, "and"))
    } else {
        let verb = if needs.len() == 1 { "is" } else { "are" };
        let needs = format!("{} {verb} required.", join(needs, "and"));
        let Some(when) = &rule.when else { return needs };
        let values: Vec<String> = rule.is.iter().map(wire).collect();
        if values.is_empty() {
            format!("If `{when}` is set, {needs}")
        } else {
            format!("If `{when}` is {}, {needs}", join(&values, "or"))
        }
    }
}

fn wire(value: &Wire) -> String {
    match value {
        Wire::Text(text) => text.clone(),
        Wire::Int(number) => number.to_string(),
    }
}

/// Joins names: `A`, `B` and `C`.
fn join(names: &[String], word: &str) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [init @ .., last] => format!("{} {word} {last}", init.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_as_sentences() {
        let text = |limit: Limit, list| limits(&limit, list).join(" ");
        let limit = Limit::default;
        for (limit, list, expected) in [
            (
                Limit { min_items: Some(1), max_items: Some(50), ..limit() },
                true,
                "1 to 50 elements.",
            ),
            (Limit { max_items: Some(1), ..limit() }, true, "At most 1 element."),
            (
                Limit { min_items: Some(2), max_chars: Some(64), ..limit() },
                true,
                "At least 2 elements. Each at most 64 characters.",
            ),
            (
                Limit { min_chars: Some(32), max_chars: Some(32), ..limit() },
                false,
                "Exactly 32 characters.",
            ),
            (Limit { max_bytes: Some(60 << 20), ..limit() }, false, "At most 60 MB."),
            (Limit { max_bytes: Some(512 << 10), ..limit() }, false, "At most 512 KB."),
            (Limit { max_bytes: Some(1000), ..limit() }, false, "At most 1000 bytes."),
            (Limit { min: Some(-1), max: Some(100), ..limit() }, false, "-1 to 100."),
            (Limit { min: Some(0), ..limit() }, false, "At least 0."),
        ] {
            assert_eq!(text(limit, list), expected);
        }
    }

    #[test]
    fn rules_as_sentences() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let needs = Rule { needs: names(&["A.B", "C"]), ..Rule::default() };
        let when = Rule { when: Some("X".to_owned()), ..needs.clone() };
        let is = Rule { is: vec![Wire::Int(1), Wire::Int(2)], ..when.clone() };
        let one_of = Rule { one_of: names(&["A", "B", "C"]), ..Rule::default() };
        assert_eq!(
            rules(&[&needs, &when, &is, &one_of]),
            "- `A.B` and `C` are required.\n\
             - If `X` is set, `A.B` and `C` are required.\n\
             - If `X` is `1` or `2`, `A.B` and `C` are required.\n\
             - Exactly one of `A`, `B` and `C` is required."
        );
    }
}

//! What the overlay holds as data, said in words: whoever writes documentation need not repeat it.

use crate::apply::Model;
use crate::overlay::{Limit, Rule, Unit, Wire};
use crate::spec::Member;

/// The sentences about a member that its documentation ends with.
pub(crate) fn facts(model: &Model<'_>, object: &str, member: &Member) -> Vec<String> {
    let mut said = Vec::new();
    said.extend(model.time(object, &member.name).map(|unit| match unit {
        Unit::Seconds => "In seconds since the epoch.".to_owned(),
        Unit::Milliseconds => "In milliseconds since the epoch.".to_owned(),
    }));
    if model.base64(object, &member.name) {
        said.push("As base64.".to_owned());
    }
    if let Some(limit) = model.limit(object, &member.name) {
        said.extend(limits(limit, member.kind == "list"));
    }
    said
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

/// A range in words, and whether it ends at one.
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

/// What the members of an object must be to each other, as a list; empty where nothing is known.
pub(crate) fn rules(rules: &[&Rule]) -> String {
    rules.iter().map(|rule| format!("- {}", self::rule(rule))).collect::<Vec<_>>().join("\n")
}

/// What members must be to each other.
pub(crate) fn rule(rule: &Rule) -> String {
    let Rule { needs, any_of, one_of, not_both, .. } = rule;
    if !any_of.is_empty() {
        format!("At least one of {} must be given.", join(any_of, "and"))
    } else if !one_of.is_empty() {
        format!("Exactly one of {} must be given.", join(one_of, "and"))
    } else if !not_both.is_empty() {
        format!("At most one of {} may be given.", join(not_both, "and"))
    } else {
        let needs = format!("{} must be given.", join(needs, "and"));
        let Some(when) = &rule.when else { return needs };
        let values: Vec<String> = rule.is.iter().map(wire).collect();
        if values.is_empty() {
            format!("Where `{when}` is given, {needs}")
        } else {
            format!("Where `{when}` is {}, {needs}", join(&values, "or"))
        }
    }
}

fn wire(value: &Wire) -> String {
    match value {
        Wire::Text(text) => text.clone(),
        Wire::Int(number) => number.to_string(),
    }
}

/// `A`, `B` and `C`.
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
    fn limits_read_well() {
        let said = |limit: Limit, list| limits(&limit, list).join(" ");
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
            assert_eq!(said(limit, list), expected);
        }
    }

    #[test]
    fn rules_read_well() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let needs = Rule { needs: names(&["A.B", "C"]), ..Rule::default() };
        let when = Rule { when: Some("X".to_owned()), ..needs.clone() };
        let is = Rule { is: vec![Wire::Int(1), Wire::Int(2)], ..when.clone() };
        let one_of = Rule { one_of: names(&["A", "B", "C"]), ..Rule::default() };
        assert_eq!(
            rules(&[&needs, &when, &is, &one_of]),
            "- `A.B` and `C` must be given.\n\
             - Where `X` is given, `A.B` and `C` must be given.\n\
             - Where `X` is `1` or `2`, `A.B` and `C` must be given.\n\
             - Exactly one of `A`, `B` and `C` must be given."
        );
    }
}

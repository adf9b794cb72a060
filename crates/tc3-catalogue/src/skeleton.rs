//! Skeletons of request bodies, to be filled in.

use serde_json::{Map, Value};
use tc3_api::Base64;

use crate::object::{FieldMeta, JsonType, ObjectMeta};
use crate::rule::Limits;
use crate::validation::{Violation, ViolationKind, violations};
use crate::values::Literal;

/// Returns the smallest body without [violations]: all required fields with values of the right type, and placeholders
/// such as `<FlowId>` for strings. If one of several fields is required, it contains the first.
pub fn skeleton(request: &ObjectMeta) -> Value {
    let mut body = Value::Object(Map::new());
    // Each round adds at least one field, or ends the loop.
    loop {
        let found = violations(&body, request);
        let before = body.clone();
        for violation in &found {
            if let Some(path) = path_to_add(violation) {
                add(&mut body, request, &path, 0);
            }
        }
        if body == before {
            return body;
        }
    }
}

/// Returns a body with every field that is neither internal nor deprecated, including fields that exclude each other.
pub fn full_skeleton(request: &ObjectMeta) -> Value {
    object(request, &mut Vec::new())
}

fn object(of: &ObjectMeta, above: &mut Vec<&'static str>) -> Value {
    above.push(of.name);
    let fields = of.fields.iter().filter(|field| !field.internal && field.deprecated.is_none());
    let fields = fields.filter_map(|field| {
        let value = match inner(field.ty) {
            // Ends the recursion.
            Some(object) if above.contains(&object.name) => return None,
            Some(object) => self::object(object, above),
            None => return Some((field.name.to_owned(), placeholder(field))),
        };
        let value = if matches!(field.ty, JsonType::List(_)) {
            [value].into_iter().collect()
        } else {
            value
        };
        Some((field.name.to_owned(), value))
    });
    let fields = fields.collect();
    above.pop();
    Value::Object(fields)
}

/// Returns the object of a field, or of the elements of an array.
fn inner(ty: JsonType) -> Option<&'static ObjectMeta> {
    match ty {
        JsonType::Object(object) => Some(object),
        JsonType::List(element) => inner(*element),
        _ => None,
    }
}

/// Returns the path that fixes a violation if it is added.
fn path_to_add(violation: &Violation) -> Option<String> {
    match &violation.kind {
        ViolationKind::Missing | ViolationKind::MissingWith(_) => Some(violation.path.clone()),
        ViolationKind::NoneOf(paths) => {
            let first = paths.first()?;
            let base = &violation.path;
            Some(if base.is_empty() { first.clone() } else { format!("{base}.{first}") })
        }
        _ => None,
    }
}

/// Adds a placeholder at the path, and the objects above it.
fn add(value: &mut Value, of: &ObjectMeta, path: &str, depth: usize) {
    /// Maximum depth of a path; deeper than any path in a reference.
    const MAX_DEPTH: usize = 32;
    let (name, rest) = path.split_once('.').unwrap_or((path, ""));
    let (Some(field), Value::Object(fields)) = (of.field(name), value) else { return };
    if depth > MAX_DEPTH {
        return;
    }
    let slot = fields.entry(name).or_insert_with(|| placeholder(field));
    let Some(inner) = inner(field.ty).filter(|_| !rest.is_empty()) else { return };
    match slot {
        Value::Array(elements) => {
            let (index, deeper) = rest.split_once('.').unwrap_or((rest, ""));
            match index.parse::<usize>() {
                Ok(index) => {
                    if let Some(element) = elements.get_mut(index) {
                        add(element, inner, deeper, depth + 1);
                    }
                }
                Err(_) => {
                    for element in elements {
                        add(element, inner, rest, depth + 1);
                    }
                }
            }
        }
        slot => add(slot, inner, rest, depth + 1),
    }
}

fn placeholder(field: &FieldMeta) -> Value {
    fn of(field: &FieldMeta, ty: JsonType) -> Value {
        let Limits { items, chars, number, .. } = field.limits;
        match (ty, field.values.and_then(|set| set.values.first())) {
            (JsonType::Object(_), _) => Value::Object(Map::new()),
            (JsonType::List(element), _) => {
                let count = usize::try_from(items.0.unwrap_or(1)).unwrap_or(1).clamp(1, 16);
                vec![of(field, *element); count].into()
            }
            (_, Some(known)) => match known.wire {
                Literal::Text(text) => text.into(),
                Literal::Int(number) => number.into(),
            },
            (JsonType::Int | JsonType::Uint | JsonType::Float, _) => {
                number.0.or(number.1.filter(|max| *max < 0)).unwrap_or_default().into()
            }
            (JsonType::Bool, _) => false.into(),
            // Valid Base64 that is not empty.
            (JsonType::String, _) if field.base64 => {
                Base64::encode(format!("<{}>", field.name)).as_str().into()
            }
            (JsonType::String, _) => {
                let text = format!("<{}>", field.name);
                let max = usize::try_from(chars.1.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
                let min = usize::try_from(chars.0.unwrap_or_default()).unwrap_or_default();
                let text: String = text.chars().take(max).collect();
                format!("{text:x<width$}", width = min.min(64)).into()
            }
        }
    }
    of(field, field.ty)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rule::{Condition, Rule, RuleKind};

    static NODE: ObjectMeta = ObjectMeta::new(
        "Node",
        "Node",
        "",
        &[
            FieldMeta::new("Id", "id", "", JsonType::String).required(),
            FieldMeta::new("Next", "next", "", JsonType::Object(&NODE)).boxed(),
        ],
        &[],
    );
    static ROOT: ObjectMeta = ObjectMeta::new(
        "Root",
        "Root",
        "",
        &[
            FieldMeta::new("Nodes", "nodes", "", JsonType::List(&JsonType::Object(&NODE)))
                .required(),
            FieldMeta::new("A", "a", "", JsonType::Int),
            FieldMeta::new("B", "b", "", JsonType::String),
            FieldMeta::new("C", "c", "", JsonType::Bool),
            FieldMeta::new("Inside", "inside", "", JsonType::Bool).internal(),
        ],
        &[
            Rule::new(RuleKind::OneOf(&["A", "B"]), ""),
            Rule::new(RuleKind::Needs { when: Some(Condition::new("A", &[])), paths: &["C"] }, ""),
        ],
    );

    #[test]
    fn the_smallest_body_has_no_violations() {
        let body = skeleton(&ROOT);
        assert_eq!(body, json!({"Nodes": [{"Id": "<Id>"}], "A": 0, "C": false}));
        assert_eq!(violations(&body, &ROOT), []);
        let all = full_skeleton(&ROOT);
        assert_eq!(all, json!({"Nodes": [{"Id": "<Id>"}], "A": 0, "B": "<B>", "C": false}));
    }
}

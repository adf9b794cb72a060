//! Validation of a request by the [catalogue](crate), beyond what its Rust type expresses.
//!
//! Finds unknown and missing fields, values of the wrong type, sizes beyond the limits and broken rules between
//! fields. Value sets are open, so an unknown value is not a violation. The service may still refuse a
//! body without violations, by rules that its reference does not state.

use core::fmt;
use std::collections::HashSet;

use serde_json::Value;
use tc3_api::json;

use crate::json_value;
use crate::object::{FieldMeta, JsonType, ObjectMeta};
use crate::rule::{Condition, Limits, Rule, RuleKind};
use crate::values::Literal;

/// Maximum number of violations of a body. The rest of the body is not validated.
pub const MAX_VIOLATIONS: usize = 1000;

/// A reason for the service to refuse a body, with its path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Violation {
    /// Path in the body, such as `Agent.AppId` or `FlowIds.0`; empty for the body itself.
    pub path: String,
    /// Kind of the violation.
    pub kind: ViolationKind,
}

/// Kind of a violation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ViolationKind {
    /// The reference has no field of this name.
    Unknown,
    /// A required field is missing.
    Missing,
    /// A field that the other field requires is missing.
    MissingWith(String),
    /// The value is not of the expected type, such as `a string` or `an object`.
    WrongType(&'static str),
    /// The size is out of limits; the string describes the size and the limit.
    OutOfLimits(String),
    /// None of these paths is present; one is required.
    NoneOf(Vec<String>),
    /// Several of these paths are present; only one is allowed.
    SeveralOf(Vec<String>),
}

impl fmt::Display for Violation {
    /// Shows names of fields and sizes, never values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "the body" } else { self.path.as_str() };
        match &self.kind {
            ViolationKind::Unknown => write!(f, "{path}: unknown field"),
            ViolationKind::Missing => write!(f, "{path}: missing required field"),
            ViolationKind::MissingWith(other) => {
                write!(f, "{path}: missing field, required by {other}")
            }
            ViolationKind::WrongType(expected) => write!(f, "{path}: expected {expected}"),
            ViolationKind::OutOfLimits(text) => write!(f, "{path}: {text}"),
            ViolationKind::NoneOf(paths) => {
                write!(f, "{path}: missing field, one of {} is required", paths.join(", "))
            }
            ViolationKind::SeveralOf(paths) => {
                write!(f, "{path}: only one of {} is allowed", paths.join(", "))
            }
        }
    }
}

/// Returns the paths of required fields that the body lacks, of its first [`MAX_VIOLATIONS`] violations.
pub fn missing_required(body: &Value, request: &ObjectMeta) -> Vec<String> {
    let missing = |violation: Violation| match violation.kind {
        ViolationKind::Missing | ViolationKind::MissingWith(_) => Some(violation.path),
        _ => None,
    };
    violations(body, request).into_iter().filter_map(missing).collect()
}

/// Returns the violations of a body, in the order of the body and at most [`MAX_VIOLATIONS`]; missing fields come last.
pub fn violations(body: &Value, request: &ObjectMeta) -> Vec<Violation> {
    run(body, request, true)
}

/// As [`violations`], of a JSON text. Numbers of any size are validated. If a name occurs twice, its last value is used.
///
/// # Errors
/// Returns an error if the text is not JSON.
pub fn violations_in(json: &[u8], request: &ObjectMeta) -> Result<Vec<Violation>, json::Error> {
    Ok(violations(&json_value::decode(json)?, request))
}

/// As [`violations`], of the structure only: unknown fields, fields of the wrong type, and missing fields that the
/// reference marks as required. Limits and rules are not checked.
pub fn structural_violations(body: &Value, request: &ObjectMeta) -> Vec<Violation> {
    run(body, request, false)
}

fn run(body: &Value, request: &ObjectMeta, strict: bool) -> Vec<Violation> {
    let mut validator = Validator { violations: Vec::new(), known: HashSet::new(), strict };
    validator.object(body, request, "");
    validator.violations
}

struct Validator {
    violations: Vec<Violation>,
    /// The same violations: each is reported once.
    known: HashSet<Violation>,
    /// True if limits and rules are checked.
    strict: bool,
}

impl Validator {
    fn add(&mut self, path: impl Into<String>, kind: ViolationKind) {
        let violation = Violation { path: path.into(), kind };
        if !self.is_full() && self.known.insert(violation.clone()) {
            self.violations.push(violation);
        }
    }

    fn is_full(&self) -> bool {
        self.violations.len() >= MAX_VIOLATIONS
    }

    fn object(&mut self, value: &Value, object: &ObjectMeta, path: &str) {
        let Value::Object(fields) = value else {
            return self.add(path, ViolationKind::WrongType("an object"));
        };
        for (name, value) in fields {
            if self.is_full() {
                return;
            }
            match object.field(name) {
                None => self.add(join(path, name), ViolationKind::Unknown),
                Some(_) if value.is_null() => {}
                Some(field) => self.field(value, field, &join(path, name)),
            }
        }
        for field in object.fields.iter().filter(|field| field.required) {
            if fields.get(field.name).is_none_or(Value::is_null) {
                self.add(join(path, field.name), ViolationKind::Missing);
            }
        }
        if self.strict {
            for rule in object.rules {
                self.rule(value, rule, path);
            }
        }
    }

    fn field(&mut self, value: &Value, field: &FieldMeta, path: &str) {
        let before = self.violations.len();
        self.value(value, field.ty, path);
        if self.strict && self.violations.len() == before {
            self.limits(value, field, path);
        }
    }

    fn value(&mut self, value: &Value, ty: JsonType, path: &str) {
        let (fits, expected) = match ty {
            JsonType::String => (value.is_string(), "a string"),
            JsonType::Int => (value.is_i64(), "an integer"),
            JsonType::Uint => (value.is_u64(), "a non-negative integer"),
            JsonType::Float => (value.is_number(), "a number"),
            JsonType::Bool => (value.is_boolean(), "true or false"),
            JsonType::Object(object) => return self.object(value, object, path),
            JsonType::List(element) => {
                for (index, value) in value.as_array().into_iter().flatten().enumerate() {
                    if self.is_full() {
                        return;
                    }
                    self.value(value, *element, &join(path, &index.to_string()));
                }
                (value.is_array(), "an array")
            }
        };
        if !fits {
            self.add(path, ViolationKind::WrongType(expected));
        }
    }

    fn limits(&mut self, value: &Value, field: &FieldMeta, path: &str) {
        let Limits { items, chars, bytes, number } = field.limits;
        match value {
            Value::Array(elements) => {
                self.size(elements.len() as u64, items, "elements", path);
                for (index, element) in elements.iter().enumerate() {
                    if self.is_full() {
                        return;
                    }
                    if let Value::String(text) = element {
                        let path = join(path, &index.to_string());
                        self.size(text.chars().count() as u64, chars, "characters", &path);
                    }
                }
            }
            Value::String(text) => {
                self.size(text.chars().count() as u64, chars, "characters", path);
                let size = if field.base64 { decoded_size(text) } else { text.len() };
                self.size(size as u64, (None, bytes), "bytes", path);
            }
            Value::Number(size) => {
                if let Some(size) = size.as_i64() {
                    self.size(size, number, "", path);
                }
            }
            _ => {}
        }
    }

    fn size<T>(&mut self, size: T, (min, max): (Option<T>, Option<T>), unit: &str, path: &str)
    where
        T: PartialOrd + fmt::Display + Copy,
    {
        let limit = if let Some(min) = min.filter(|min| size < *min) {
            format!("expected at least {min}")
        } else if let Some(max) = max.filter(|max| size > *max) {
            format!("expected at most {max}")
        } else {
            return;
        };
        let text = match unit {
            "" => format!("is {size}, {limit}"),
            unit => format!("number of {unit} is {size}, {limit}"),
        };
        self.add(path, ViolationKind::OutOfLimits(text));
    }

    fn rule(&mut self, object: &Value, rule: &Rule, path: &str) {
        let count = |paths: &[&str]| paths.iter().filter(|path| is_present(object, path)).count();
        let names = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect();
        match &rule.kind {
            RuleKind::Needs { when, paths } => {
                if when.as_ref().is_some_and(|when| !is_met(object, when)) {
                    return;
                }
                for missing in paths.iter().filter(|path| !is_present(object, path)) {
                    let kind = when.as_ref().map_or(ViolationKind::Missing, |when| {
                        ViolationKind::MissingWith(when.path.to_owned())
                    });
                    self.add(join(path, missing), kind);
                }
            }
            RuleKind::AnyOf(paths) | RuleKind::OneOf(paths) if count(paths) == 0 => {
                self.add(path, ViolationKind::NoneOf(names(paths)));
            }
            RuleKind::OneOf(paths) | RuleKind::NotBoth(paths) if count(paths) > 1 => {
                self.add(path, ViolationKind::SeveralOf(names(paths)));
            }
            RuleKind::AnyOf(_) | RuleKind::OneOf(_) | RuleKind::NotBoth(_) => {}
        }
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// Returns whether the path is present. To a rule, an empty string or array is absent.
fn is_present(value: &Value, path: &str) -> bool {
    match value {
        Value::Array(elements) => {
            !elements.is_empty() && elements.iter().all(|element| is_present(element, path))
        }
        Value::Null => false,
        Value::String(text) if path.is_empty() => !text.is_empty(),
        _ if path.is_empty() => true,
        _ => {
            let (name, rest) = path.split_once('.').unwrap_or((path, ""));
            value.get(name).is_some_and(|inner| is_present(inner, rest))
        }
    }
}

fn is_met(object: &Value, when: &Condition) -> bool {
    any(object, when.path, &|value| {
        when.is.is_empty()
            || when.is.iter().any(|literal| match literal {
                Literal::Text(text) => value.as_str() == Some(text),
                Literal::Int(number) => value.as_i64() == Some(*number),
            })
    })
}

/// Returns whether a value at the path matches; one of them is enough if the path leads through arrays.
fn any(value: &Value, path: &str, is_match: &dyn Fn(&Value) -> bool) -> bool {
    match value {
        Value::Array(elements) => elements.iter().any(|element| any(element, path, is_match)),
        _ if path.is_empty() => is_present(value, path) && is_match(value),
        _ => {
            let (name, rest) = path.split_once('.').unwrap_or((path, ""));
            value.get(name).is_some_and(|inner| any(inner, rest, is_match))
        }
    }
}

/// Returns the size of a file in Base64, with or without padding, in bytes.
fn decoded_size(text: &str) -> usize {
    text.trim_end_matches('=').len() * 3 / 4
}

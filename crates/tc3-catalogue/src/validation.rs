//! Validation of a request by the [catalogue](crate): what its type cannot express.
//!
//! Finds unknown and missing fields, values of the wrong type, sizes beyond the limits and broken rules between
//! fields. Value sets are open, so an unknown value is no violation. A body without violations may still be
//! refused: the service has rules that its reference does not state.

use core::fmt;

use serde_json::Value;
use tc3_api::json;

use crate::object::{JsonType, MemberMeta, ObjectMeta};
use crate::rule::{Condition, Limits, Rule, RuleKind};
use crate::text;
use crate::values::Literal;

/// Why the service would refuse a body, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// The path from the body: `Agent.AppId`, `FlowIds.0`; empty for the body itself.
    pub path: String,
    /// What is wrong there.
    pub kind: ViolationKind,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ViolationKind {
    /// The reference has no such member.
    Unknown,
    /// It must be given.
    Missing,
    /// It must be given because of the other.
    MissingWith(String),
    /// It is not what the text says: `a string`, `an object`.
    WrongType(&'static str),
    /// The size, and the limit it passes, in words.
    OutOfLimits(String),
    /// One of these must be given.
    NoneOf(Vec<String>),
    /// Only one of these may be given.
    SeveralOf(Vec<String>),
}

impl fmt::Display for Violation {
    /// Names members and sizes, never values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "the body" } else { self.path.as_str() };
        match &self.kind {
            ViolationKind::Unknown => write!(f, "{path}: no such member"),
            ViolationKind::Missing => write!(f, "{path}: must be given"),
            ViolationKind::MissingWith(other) => {
                write!(f, "{path}: must be given with this {other}")
            }
            ViolationKind::WrongType(expected) => write!(f, "{path}: must be {expected}"),
            ViolationKind::OutOfLimits(words) => write!(f, "{path}: {words}"),
            ViolationKind::NoneOf(paths) => {
                write!(f, "{path}: one of {} must be given", paths.join(", "))
            }
            ViolationKind::SeveralOf(paths) => {
                write!(f, "{path}: only one of {} may be given", paths.join(", "))
            }
        }
    }
}

/// The paths that the service requires of this body and that it lacks.
pub fn missing_required(body: &Value, request: &ObjectMeta) -> Vec<String> {
    let missing = |violation: Violation| match violation.kind {
        ViolationKind::Missing | ViolationKind::MissingWith(_) => Some(violation.path),
        _ => None,
    };
    violations(body, request).into_iter().filter_map(missing).collect()
}

/// All that the catalogue has against a body, in the body's order; what is missing comes last.
pub fn violations(body: &Value, request: &ObjectMeta) -> Vec<Violation> {
    run(body, request, true)
}

/// As [`violations`], of a body as text. Numbers of any size are validated; a name that occurs twice counts once,
/// with its last value.
///
/// # Errors
/// Returns an error if the text is not JSON.
pub fn violations_in(json: &[u8], request: &ObjectMeta) -> Result<Vec<Violation>, json::Error> {
    Ok(violations(&text::value(json)?, request))
}

/// As [`violations`], of the shape only: members unknown, of the wrong type, or lacking though the
/// reference marks them required. Limits and rules are left to whoever knows better.
pub fn misshapen(body: &Value, request: &ObjectMeta) -> Vec<Violation> {
    run(body, request, false)
}

fn run(body: &Value, request: &ObjectMeta, strict: bool) -> Vec<Violation> {
    let mut found = Found { all: Vec::new(), strict };
    found.object(body, request, "");
    found.all
}

struct Found {
    all: Vec<Violation>,
    /// Whether limits and rules count.
    strict: bool,
}

impl Found {
    fn add(&mut self, path: impl Into<String>, kind: ViolationKind) {
        let violation = Violation { path: path.into(), kind };
        if !self.all.contains(&violation) {
            self.all.push(violation);
        }
    }

    fn object(&mut self, value: &Value, object: &ObjectMeta, path: &str) {
        let Value::Object(members) = value else {
            return self.add(path, ViolationKind::WrongType("an object"));
        };
        for (name, value) in members {
            match object.member(name) {
                None => self.add(join(path, name), ViolationKind::Unknown),
                Some(_) if value.is_null() => {}
                Some(member) => self.member(value, member, &join(path, name)),
            }
        }
        for member in object.members.iter().filter(|member| member.required) {
            if members.get(member.name).is_none_or(Value::is_null) {
                self.add(join(path, member.name), ViolationKind::Missing);
            }
        }
        if self.strict {
            for rule in object.rules {
                self.rule(value, rule, path);
            }
        }
    }

    fn member(&mut self, value: &Value, member: &MemberMeta, path: &str) {
        let before = self.all.len();
        self.value(value, member.ty, path);
        if self.strict && self.all.len() == before {
            self.limits(value, member, path);
        }
    }

    fn value(&mut self, value: &Value, ty: JsonType, path: &str) {
        let (fits, expected) = match ty {
            JsonType::String => (value.is_string(), "a string"),
            JsonType::Int => (value.is_i64(), "a whole number"),
            JsonType::Uint => (value.is_u64(), "a whole number, not negative"),
            JsonType::Float => (value.is_number(), "a number"),
            JsonType::Bool => (value.is_boolean(), "true or false"),
            JsonType::Object(object) => return self.object(value, object, path),
            JsonType::List(element) => {
                for (index, value) in value.as_array().into_iter().flatten().enumerate() {
                    self.value(value, *element, &join(path, &index.to_string()));
                }
                (value.is_array(), "a list")
            }
        };
        if !fits {
            self.add(path, ViolationKind::WrongType(expected));
        }
    }

    fn limits(&mut self, value: &Value, member: &MemberMeta, path: &str) {
        let Limits { items, chars, bytes, number } = member.limits;
        match value {
            Value::Array(elements) => {
                self.size(elements.len() as u64, items, "elements", path);
                for (index, element) in elements.iter().enumerate() {
                    if let Value::String(text) = element {
                        let path = join(path, &index.to_string());
                        self.size(text.chars().count() as u64, chars, "characters", &path);
                    }
                }
            }
            Value::String(text) => {
                self.size(text.chars().count() as u64, chars, "characters", path);
                let size = if member.base64 { decoded_size(text) } else { text.len() };
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
            format!("at least {min} needed")
        } else if let Some(max) = max.filter(|max| size > *max) {
            format!("at most {max} allowed")
        } else {
            return;
        };
        let words = match unit {
            "" => format!("is {size}, {limit}"),
            unit => format!("number of {unit} is {size}, {limit}"),
        };
        self.add(path, ViolationKind::OutOfLimits(words));
    }

    fn rule(&mut self, object: &Value, rule: &Rule, path: &str) {
        let count = |paths: &[&str]| paths.iter().filter(|path| given(object, path)).count();
        let names = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect();
        match &rule.kind {
            RuleKind::Needs { when, paths } => {
                if when.as_ref().is_some_and(|when| !holds(object, when)) {
                    return;
                }
                for needed in paths.iter().filter(|path| !given(object, path)) {
                    let kind = when.as_ref().map_or(ViolationKind::Missing, |when| {
                        ViolationKind::MissingWith(when.path.to_owned())
                    });
                    self.add(join(path, needed), kind);
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

/// Whether something stands at the path. To a rule, an empty text or list is nothing.
fn given(value: &Value, path: &str) -> bool {
    match value {
        Value::Array(elements) => {
            !elements.is_empty() && elements.iter().all(|element| given(element, path))
        }
        Value::Null => false,
        Value::String(text) if path.is_empty() => !text.is_empty(),
        _ if path.is_empty() => true,
        _ => {
            let (name, rest) = path.split_once('.').unwrap_or((path, ""));
            value.get(name).is_some_and(|inner| given(inner, rest))
        }
    }
}

fn holds(object: &Value, when: &Condition) -> bool {
    any(object, when.path, &|value| {
        when.is.is_empty()
            || when.is.iter().any(|literal| match literal {
                Literal::Text(text) => value.as_str() == Some(text),
                Literal::Int(number) => value.as_i64() == Some(*number),
            })
    })
}

/// Whether what stands at the path, once at least where lists are on the way, is such a value.
fn any(value: &Value, path: &str, is: &dyn Fn(&Value) -> bool) -> bool {
    match value {
        Value::Array(elements) => elements.iter().any(|element| any(element, path, is)),
        _ if path.is_empty() => given(value, path) && is(value),
        _ => {
            let (name, rest) = path.split_once('.').unwrap_or((path, ""));
            value.get(name).is_some_and(|inner| any(inner, rest, is))
        }
    }
}

/// The size of the file inside base64, whether padded or not.
fn decoded_size(text: &str) -> usize {
    text.trim_end_matches('=').len() * 3 / 4
}

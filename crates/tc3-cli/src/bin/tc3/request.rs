//! Request of a call: its body, and its validation against a specification.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde_json::Value;
use serde_json::value::RawValue;
use tc3_catalogue::validation::violations_in;
use tc3_catalogue::{Condition, FieldMeta, JsonType, Limits, Literal, ObjectMeta, Rule, RuleKind};
use tc3_client::api::json::check_duplicates;
use tc3_codegen::overlay::{self, Wire};
use tc3_codegen::spec::FieldSpec;

use crate::failure::Failure;
use crate::service::Service;

/// Maximum size of a body or a file, in bytes.
const MAX_BYTES: u64 = 64 << 20;

/// Reads the argument of `--body`: text, `@FILE` or `-`. Digits and the order of fields are kept.
pub(crate) fn body(argument: &str) -> Result<Box<RawValue>, Failure> {
    let bytes = match (argument, argument.strip_prefix('@')) {
        ("-", _) => whole("stdin", io::stdin().lock())?,
        (_, Some(path)) => file(Path::new(path))?,
        _ => argument.as_bytes().to_vec(),
    };
    let refuse = |why: &dyn std::fmt::Display| {
        Failure::new(format!(
            "invalid body: {why}; give a JSON object with --body JSON, @FILE or -"
        ))
    };
    let text = match is_utf16(&bytes) {
        true => Err("UTF-16 text"),
        false => str::from_utf8(&bytes).map_err(|_| "not UTF-8 text"),
    };
    let text = text
        .map_err(|why| Failure::new(format!("invalid body: it is {why}; save it as UTF-8")))?
        .trim_start_matches('\u{feff}');
    check_duplicates(text.as_bytes()).map_err(|error| match error.path().is_empty() {
        true => refuse(&error),
        false => Failure::new(format!("invalid body: {error}; give each field once")),
    })?;
    let raw: Box<RawValue> = serde_json::from_str(text).map_err(|_| refuse(&"it is not JSON"))?;
    match raw.get().starts_with('{') {
        true => Ok(raw),
        false => Err(refuse(&"it is another JSON value")),
    }
}

/// Returns the content of a file.
pub(crate) fn file(path: &Path) -> Result<Vec<u8>, Failure> {
    let name = path.display().to_string();
    let file = File::open(path).map_err(|error| unreadable(&name, &error))?;
    whole(&name, file)
}

/// Returns whether this is the start of UTF-16 text: it has a byte order mark, or one of its first two bytes is zero.
pub(crate) fn is_utf16(bytes: &[u8]) -> bool {
    matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, _, ..] | [_, 0, ..])
}

/// Reads everything, up to a limit.
fn whole(name: &str, from: impl Read) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = from.take(MAX_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| unreadable(name, &error))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Failure::new(format!("{name} exceeds the limit of 64 MiB; give another file")));
    }
    Ok(bytes)
}

fn unreadable(name: &str, error: &io::Error) -> Failure {
    Failure::new(format!("{name} cannot be read: {error}; check the path and its permissions"))
}

/// Returns the violations of a request object of the specification, as texts.
pub(crate) fn violations(
    service: &Service,
    object: &str,
    body: &RawValue,
) -> Result<Vec<String>, Failure> {
    let value: Value = serde_json::from_str(body.get())
        .map_err(|error| Failure::new(format!("invalid body: {error}")))?;
    let found = violations_in(body.get().as_bytes(), Metadata(service).object(object, &[&value]))
        .map_err(|error| Failure::new(format!("invalid body: {error}")))?;
    Ok(found.iter().map(ToString::to_string).collect())
}

/// Object of values that the body does not contain.
static ABSENT: ObjectMeta = ObjectMeta::new("", "", "", &[], &[]);

/// Metadata of a specification, as far as a body needs it: objects may be recursive, bodies are finite.
///
/// The types of the catalogue are made of statics; what is built here is never freed. A process makes one call.
struct Metadata<'a>(&'a Service);

impl Metadata<'_> {
    /// Returns the object with the objects of the fields that one of the values contains.
    fn object(&self, name: &str, values: &[&Value]) -> &'static ObjectMeta {
        let Some(fields) = self.0.spec.objects.get(name).filter(|_| !values.is_empty()) else {
            return &ABSENT;
        };
        let fields: Vec<FieldMeta> =
            fields.iter().map(|field| self.field(name, field, values)).collect();
        let rules = self.0.overlay.rules.iter().filter(|rule| rule.object == name);
        let rules: Vec<Rule> = rules.map(|rule| Rule::new(kind(rule), "")).collect();
        kept(ObjectMeta::new(text(name), "", "", list(fields), list(rules)))
    }

    fn field(&self, object: &str, field: &FieldSpec, values: &[&Value]) -> FieldMeta {
        let inside: Vec<&Value> =
            values.iter().filter_map(|value| value.get(&field.name)).collect();
        let ty = self.ty(&field.kind, field.of.as_deref(), &inside);
        let mut meta = FieldMeta::new(text(&field.name), "", "", ty);
        let overlay = &self.0.overlay;
        let corrected = overlay
            .required
            .iter()
            .find(|entry| entry.object == object && entry.field == field.name)
            .map(|entry| entry.required);
        if corrected.unwrap_or(field.required) {
            meta = meta.required();
        }
        if overlay.base64.contains(&format!("{object}.{}", field.name)) {
            meta = meta.base64();
        }
        let is_own = |limit: &&overlay::Limit| limit.object == object && limit.field == field.name;
        match overlay.limits.iter().find(is_own) {
            Some(limit) => meta.limits(Limits::new(
                (limit.min_items, limit.max_items),
                (limit.min_chars, limit.max_chars),
                limit.max_bytes,
                (limit.min, limit.max),
            )),
            None => meta,
        }
    }

    fn ty(&self, kind: &str, of: Option<&str>, values: &[&Value]) -> JsonType {
        match (kind, of) {
            ("object", Some(of)) => JsonType::Object(self.object(of, values)),
            ("list", Some(of)) => {
                let elements: Vec<&Value> =
                    values.iter().filter_map(|value| value.as_array()).flatten().collect();
                let element = match self.0.spec.objects.contains_key(of) {
                    true => JsonType::Object(self.object(of, &elements)),
                    false => self.ty(of, None, &elements),
                };
                JsonType::List(kept(element))
            }
            ("int64", _) => JsonType::Int,
            ("uint64", _) => JsonType::Uint,
            ("float", _) => JsonType::Float,
            ("bool", _) => JsonType::Bool,
            _ => JsonType::String,
        }
    }
}

fn kind(rule: &overlay::Rule) -> RuleKind {
    let paths = |paths: &[String]| list(paths.iter().map(|path| text(path)).collect());
    let literal = |value: &Wire| match value {
        Wire::Text(value) => Literal::Text(text(value)),
        Wire::Int(value) => Literal::Int(*value),
    };
    if !rule.any_of.is_empty() {
        RuleKind::AnyOf(paths(&rule.any_of))
    } else if !rule.one_of.is_empty() {
        RuleKind::OneOf(paths(&rule.one_of))
    } else if !rule.not_both.is_empty() {
        RuleKind::NotBoth(paths(&rule.not_both))
    } else {
        let values = rule.is.iter().map(literal).collect();
        let when = rule.when.as_ref().map(|path| Condition::new(text(path), list(values)));
        RuleKind::Needs { when, paths: paths(&rule.needs) }
    }
}

fn kept<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

fn list<T>(values: Vec<T>) -> &'static [T] {
    Box::leak(values.into_boxed_slice())
}

fn text(text: &str) -> &'static str {
    Box::leak(text.into())
}

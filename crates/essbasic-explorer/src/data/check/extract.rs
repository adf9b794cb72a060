//! Extraction of a body from a text, such as a log line.

use std::borrow::Cow;
use std::collections::BTreeMap;

use essbasic::api::json::check_duplicates;
use essbasic::catalogue::ActionMeta;
use serde_json::value::RawValue;

/// Maximum number of places at which an object is tried.
const MAX_TRIES: usize = 64;

/// Maximum depth of objects and strings in which a body is looked for.
const MAX_DEPTH: usize = 6;

/// The body in a text.
pub(super) struct Body<'a> {
    pub(super) json: Cow<'a, str>,
    /// Offset in the text; `None` if it is in a string of the text.
    pub(super) offset: Option<usize>,
    /// True if the text has more than the body.
    pub(super) is_part: bool,
}

/// Returns the body in a text, or the text from its first brace on if it has none.
pub(super) fn body<'a>(action: &ActionMeta, text: &'a str) -> Body<'a> {
    let whole = text.trim_start_matches('\u{feff}').trim();
    let offset_of = |part: &str| (part.as_ptr() as usize).checked_sub(text.as_ptr() as usize);
    let borrowed = |json: &'a str, is_part| Body {
        json: Cow::Borrowed(json),
        offset: offset_of(json),
        is_part,
    };
    let found = match check_duplicates(whole.as_bytes()) {
        Ok(()) => Found { inner: inner(action, whole, 0), outer: Some(whole) },
        Err(_) => find(action, whole),
    };
    match found {
        Found { inner: Some(Cow::Owned(json)), .. } => {
            Body { json: Cow::Owned(json), offset: None, is_part: true }
        }
        Found { inner: Some(Cow::Borrowed(json)), .. } | Found { outer: Some(json), .. } => {
            borrowed(json, json.len() < whole.len())
        }
        Found { .. } => {
            borrowed(whole.find('{').and_then(|at| whole.get(at..)).unwrap_or(whole), false)
        }
    }
}

#[derive(Default)]
struct Found<'a> {
    /// An object with a field of the request.
    inner: Option<Cow<'a, str>>,
    /// The object at the first brace.
    outer: Option<&'a str>,
}

/// Looks for a body at the braces and quotes of a text. In a text that begins with a brace, only there: the objects in an
/// incomplete one are not the body.
fn find<'a>(action: &ActionMeta, text: &'a str) -> Found<'a> {
    let tries = if text.starts_with('{') { 1 } else { MAX_TRIES };
    let starts = text.match_indices(['{', '"']).map(|(at, _)| at).take(tries);
    let brace = text.find('{');
    let mut outer = None;
    for at in starts {
        let Some(value) = text.get(at..).and_then(first_value) else { continue };
        if let Some(inner) = inner(action, value, 0) {
            return Found { inner: Some(inner), outer: None };
        }
        if Some(at) == brace {
            outer = Some(value);
        }
    }
    Found { inner: None, outer }
}

/// Returns the value at the beginning of a text.
fn first_value(text: &str) -> Option<&str> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    Some(values.next()?.ok()?.get())
}

/// Returns the fields of an object, each as text.
pub(super) fn fields(json: &str) -> BTreeMap<String, &RawValue> {
    serde_json::from_str(json).unwrap_or_default()
}

/// Returns the text of a string.
fn unquoted(json: &str) -> Option<String> {
    json.starts_with('"').then(|| serde_json::from_str(json).ok()).flatten()
}

/// Returns the value itself if it has a field of the request, or the first value in it that has one.
fn inner<'a>(action: &ActionMeta, json: &'a str, depth: usize) -> Option<Cow<'a, str>> {
    if depth > MAX_DEPTH {
        return None;
    }
    match json.bytes().next()? {
        b'{' => {
            let fields = fields(json);
            if fields.keys().any(|name| action.request.field(name).is_some()) {
                return Some(Cow::Borrowed(json));
            }
            fields.into_values().find_map(|value| inner(action, value.get(), depth + 1))
        }
        b'[' => {
            let values: Vec<&RawValue> = serde_json::from_str(json).ok()?;
            values.into_iter().find_map(|value| inner(action, value.get(), depth + 1))
        }
        b'"' => {
            let text = unquoted(json)?;
            let value = text.find('{').and_then(|at| text.get(at..)).and_then(first_value)?;
            Some(Cow::Owned(inner(action, value, depth + 1)?.into_owned()))
        }
        _ => None,
    }
}

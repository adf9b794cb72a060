//! Default fields of modeled responses, and stub responses of actions that are not modeled.

use serde_json::{Map, Value, json};
use tc3_api::Base64;
use tc3_catalogue::{FieldMeta, JsonType, Literal, ObjectMeta};

use super::context::Context;

/// Adds the missing fields of a response with empty values, as the service omits none. Missing objects are not
/// added.
pub(super) fn fill_defaults(response: &mut Value, ty: JsonType) {
    match (response, ty) {
        (Value::Object(fields), JsonType::Object(object)) => {
            for field in object.fields {
                match fields.get_mut(field.name) {
                    Some(value) => fill_defaults(value, field.ty),
                    None => {
                        if let Some(default) = default(field.ty) {
                            fields.insert(field.name.to_owned(), default);
                        }
                    }
                }
            }
        }
        (Value::Array(elements), JsonType::List(element)) => {
            elements.iter_mut().for_each(|value| fill_defaults(value, *element));
        }
        _ => {}
    }
}

fn default(ty: JsonType) -> Option<Value> {
    match ty {
        JsonType::String => Some("".into()),
        JsonType::Int | JsonType::Uint | JsonType::Float => Some(0.into()),
        JsonType::Bool => Some(false.into()),
        JsonType::List(_) => Some(json!([])),
        _ => None,
    }
}

/// Returns a response in which each field has a value of its type.
///
/// Arrays have one element. A field has the value of the request field with the same name and type, or a value
/// of its value set.
pub(super) fn response(context: &Context<'_>, body: &Value) -> Value {
    Stub { context, body, ancestors: Vec::new() }.object(context.meta.response)
}

struct Stub<'a> {
    context: &'a Context<'a>,
    body: &'a Value,
    /// Objects around the value. An object that contains itself is omitted.
    ancestors: Vec<&'static str>,
}

impl Stub<'_> {
    fn object(&mut self, object: &'static ObjectMeta) -> Value {
        self.ancestors.push(object.name);
        let mut fields = Map::new();
        for field in object.fields {
            if let Some(value) = self.field(field) {
                fields.insert(field.name.to_owned(), value);
            }
        }
        self.ancestors.pop();
        Value::Object(fields)
    }

    fn field(&mut self, field: &'static FieldMeta) -> Option<Value> {
        if let Some(requested) = self.body.get(field.name)
            && has_type(requested, field.ty)
        {
            return Some(requested.clone());
        }
        self.value(field, field.ty)
    }

    fn value(&mut self, field: &'static FieldMeta, ty: JsonType) -> Option<Value> {
        if let JsonType::Object(object) = ty {
            let recursive = self.ancestors.contains(&object.name);
            return (!recursive).then(|| self.object(object));
        }
        if let JsonType::List(element) = ty {
            let one = self.value(field, *element);
            return Some(one.into_iter().collect());
        }
        let known = field.values.and_then(|set| set.values.first());
        Some(match (ty, known.map(|value| value.wire)) {
            (_, Some(Literal::Text(text))) => text.into(),
            (_, Some(Literal::Int(number))) => number.into(),
            (JsonType::Bool, _) => false.into(),
            (JsonType::Float, _) => json!(0),
            (JsonType::Int | JsonType::Uint, _) => self.integer(field.name).into(),
            _ => self.string(field).into(),
        })
    }

    fn integer(&self, name: &str) -> u64 {
        if ["Time", "On", "Deadline", "DeadLine"].iter().any(|suffix| name.ends_with(suffix)) {
            self.context.now.as_secs()
        } else {
            u64::from(name.ends_with("Count"))
        }
    }

    fn string(&self, field: &FieldMeta) -> String {
        let name = field.name;
        if field.base64 {
            Base64::encode("not modeled").as_str().to_owned()
        } else if name.contains("Url") {
            format!("{}/not-modeled", self.context.endpoint)
        } else if name.contains("Error") || name.ends_with("Message") {
            // A string here would mean a failure.
            String::new()
        } else {
            format!("emulated-{name}")
        }
    }
}

fn has_type(value: &Value, ty: JsonType) -> bool {
    match ty {
        JsonType::String => value.is_string(),
        JsonType::Int => value.is_i64(),
        JsonType::Uint => value.is_u64(),
        JsonType::Bool => value.is_boolean(),
        JsonType::List(element) => value.as_array().is_some_and(|elements| {
            !elements.is_empty() && elements.iter().all(|value| has_type(value, *element))
        }),
        _ => false,
    }
}

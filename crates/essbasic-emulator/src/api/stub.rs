//! The shape of answers: whole, where the action is modelled; made up, where it is not.

use serde_json::{Map, Value, json};
use tc3_api::Base64;
use tc3_catalogue::{JsonType, Literal, MemberMeta, ObjectMeta};

use crate::api::actions::Context;

/// Gives an answer the members that it lacks, empty: the service leaves none out. Of an object that is
/// lacking there is nothing to say, so it stays away.
pub(crate) fn complete(answer: &mut Value, ty: JsonType) {
    match (answer, ty) {
        (Value::Object(members), JsonType::Object(object)) => {
            for member in object.members {
                match members.get_mut(member.name) {
                    Some(value) => complete(value, member.ty),
                    None => {
                        if let Some(empty) = empty(member.ty) {
                            members.insert(member.name.to_owned(), empty);
                        }
                    }
                }
            }
        }
        (Value::Array(elements), JsonType::List(element)) => {
            elements.iter_mut().for_each(|value| complete(value, *element));
        }
        _ => {}
    }
}

fn empty(ty: JsonType) -> Option<Value> {
    match ty {
        JsonType::String => Some("".into()),
        JsonType::Int | JsonType::Uint | JsonType::Float => Some(0.into()),
        JsonType::Bool => Some(false.into()),
        JsonType::List(_) => Some(json!([])),
        _ => None,
    }
}

/// An answer in which every member has a value of its type: one element in each list, what the
/// request says where it has a member of that name, a known value where there is a set.
pub(crate) fn answer(context: &Context<'_>, body: &Value) -> Value {
    Shape { context, body, above: Vec::new() }.object(context.meta.response)
}

struct Shape<'a> {
    context: &'a Context<'a>,
    body: &'a Value,
    /// The objects around the value: one that holds itself ends.
    above: Vec<&'static str>,
}

impl Shape<'_> {
    fn object(&mut self, object: &'static ObjectMeta) -> Value {
        self.above.push(object.name);
        let mut members = Map::new();
        for member in object.members {
            if let Some(value) = self.member(member) {
                members.insert(member.name.to_owned(), value);
            }
        }
        self.above.pop();
        Value::Object(members)
    }

    fn member(&mut self, member: &'static MemberMeta) -> Option<Value> {
        if let Some(said) = self.body.get(member.name)
            && fits(said, member.ty)
        {
            return Some(said.clone());
        }
        self.value(member, member.ty)
    }

    fn value(&mut self, member: &'static MemberMeta, ty: JsonType) -> Option<Value> {
        if let JsonType::Object(object) = ty {
            let ends = self.above.contains(&object.name);
            return (!ends).then(|| self.object(object));
        }
        if let JsonType::List(element) = ty {
            let one = self.value(member, *element);
            return Some(one.into_iter().collect());
        }
        let known = member.values.and_then(|set| set.values.first());
        Some(match (ty, known.map(|value| value.wire)) {
            (_, Some(Literal::Text(text))) => text.into(),
            (_, Some(Literal::Int(number))) => number.into(),
            (JsonType::Bool, _) => false.into(),
            (JsonType::Float, _) => json!(0),
            (JsonType::Int | JsonType::Uint, _) => self.number(member.name).into(),
            _ => self.text(member).into(),
        })
    }

    fn number(&self, name: &str) -> u64 {
        if ["Time", "On", "Deadline", "DeadLine"].iter().any(|end| name.ends_with(end)) {
            self.context.now.as_secs()
        } else {
            u64::from(name.ends_with("Count"))
        }
    }

    fn text(&self, member: &MemberMeta) -> String {
        let name = member.name;
        if member.base64 {
            Base64::encode("not modelled").as_str().to_owned()
        } else if name.contains("Url") {
            format!("{}/not-modelled", self.context.endpoint)
        } else if name.contains("Error") || name.ends_with("Message") {
            // A text here would say that something failed.
            String::new()
        } else {
            format!("emulated-{name}")
        }
    }
}

fn fits(value: &Value, ty: JsonType) -> bool {
    match ty {
        JsonType::String => value.is_string(),
        JsonType::Int => value.is_i64(),
        JsonType::Uint => value.is_u64(),
        JsonType::Bool => value.is_boolean(),
        JsonType::List(element) => value.as_array().is_some_and(|elements| {
            !elements.is_empty() && elements.iter().all(|value| fits(value, *element))
        }),
        _ => false,
    }
}

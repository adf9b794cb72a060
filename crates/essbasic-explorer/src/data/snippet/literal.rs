//! Bodies as indented JSON or Python, with the fields in the order of the reference.

use essbasic::catalogue::{JsonType, ObjectMeta};
use serde_json::{Map, Value};

/// Syntax of constants. Numbers, and strings as escaped by JSON, are the same in both.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Syntax {
    Json,
    Python,
}

impl Syntax {
    fn indent(self) -> &'static str {
        match self {
            Self::Json => "  ",
            Self::Python => "    ",
        }
    }

    fn constant(self, value: &Value) -> String {
        match (self, value) {
            (Self::Python, Value::Null) => "None".to_owned(),
            (Self::Python, Value::Bool(true)) => "True".to_owned(),
            (Self::Python, Value::Bool(false)) => "False".to_owned(),
            (_, value) => value.to_string(),
        }
    }
}

/// Returns the body. Unknown fields are last.
pub(super) fn literal(body: &Value, request: &'static ObjectMeta, syntax: Syntax) -> String {
    let mut text = String::new();
    write(&mut text, body, Some(JsonType::Object(request)), syntax, 0);
    text
}

fn write(text: &mut String, value: &Value, ty: Option<JsonType>, syntax: Syntax, depth: usize) {
    let [open, close] = match value {
        Value::Object(_) => ['{', '}'],
        _ => ['[', ']'],
    };
    let line = |text: &mut String, depth: usize| {
        text.push('\n');
        (0..depth).for_each(|_| text.push_str(syntax.indent()));
    };
    // Python allows a comma after the last one, and its formatters add it.
    let end = |text: &mut String| {
        if syntax == Syntax::Python {
            text.push(',');
        }
        line(text, depth);
        text.push(close);
    };
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            let object = match ty {
                Some(JsonType::Object(object)) => Some(object),
                _ => None,
            };
            text.push(open);
            for (index, (name, value)) in ordered(fields, object).into_iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                line(text, depth + 1);
                text.push_str(&Value::from(name).to_string());
                text.push_str(": ");
                let field = object.and_then(|object| object.field(name));
                write(text, value, field.map(|field| field.ty), syntax, depth + 1);
            }
            end(text);
        }
        Value::Array(values) if !values.is_empty() => {
            let element = match ty {
                Some(JsonType::List(element)) => Some(*element),
                _ => None,
            };
            text.push(open);
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                line(text, depth + 1);
                write(text, value, element, syntax, depth + 1);
            }
            end(text);
        }
        other => text.push_str(&syntax.constant(other)),
    }
}

fn ordered<'a>(
    fields: &'a Map<String, Value>,
    object: Option<&ObjectMeta>,
) -> Vec<(&'a str, &'a Value)> {
    let known = object.map_or(&[][..], |object| object.fields);
    let position = |name: &str| known.iter().position(|field| field.name == name);
    let mut fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value)).collect();
    fields.sort_by_key(|(name, _)| position(name).unwrap_or(usize::MAX));
    fields
}

#[cfg(test)]
mod tests {
    use essbasic::models::CATALOGUE;
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_have_the_order_of_the_reference_and_unknown_ones_are_last() {
        let request = CATALOGUE.action("DescribeFlowDetailInfo").unwrap().request;
        let body = json!({"A": true, "FlowIds": ["b", "a"], "Agent": {"AppId": "\u{1f600}\n'"}, "B": {}, "C": null});
        let json = literal(&body, request, Syntax::Json);
        assert_eq!(
            json,
            "{\n  \"Agent\": {\n    \"AppId\": \"\u{1f600}\\n'\"\n  },\n  \"FlowIds\": [\n    \"b\",\n    \"a\"\n  ],\n  \
             \"A\": true,\n  \"B\": {},\n  \"C\": null\n}"
        );
        assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), body);
        let python = literal(&json!({"A": [true, null, []]}), request, Syntax::Python);
        assert_eq!(python, "{\n    \"A\": [\n        True,\n        None,\n        [],\n    ],\n}");
    }
}

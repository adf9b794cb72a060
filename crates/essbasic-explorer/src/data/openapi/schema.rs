//! JSON schemas of the objects and value sets of the service.

use std::collections::{BTreeMap, BTreeSet};

use essbasic::catalogue::{
    ActionMeta, FieldMeta, JsonType, Limits, Literal, ObjectMeta, RuleKind, ValueSetMeta,
};
use serde_json::{Map, Value, json};

/// Direction of a body. Only requests have limits; in responses, any field may be null or new.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Request,
    Response,
}

/// The schemas that the operations refer to.
pub(super) struct Schemas {
    /// Names of the objects that requests contain.
    in_requests: BTreeSet<&'static str>,
    components: BTreeMap<String, Value>,
}

impl Schemas {
    pub(super) fn new(actions: &[ActionMeta]) -> Self {
        let mut in_requests = BTreeSet::new();
        actions.iter().for_each(|action| collect(action.request, &mut in_requests));
        Self { in_requests, components: BTreeMap::new() }
    }

    pub(super) fn into_components(self) -> Map<String, Value> {
        self.components.into_iter().collect()
    }

    /// Returns the schema of a request.
    pub(super) fn request(&mut self, object: &'static ObjectMeta) -> Value {
        self.object(object, Direction::Request)
    }

    /// Returns the schema of a response.
    pub(super) fn response(&mut self, object: &'static ObjectMeta) -> Value {
        self.object(object, Direction::Response)
    }

    /// Returns a reference to the schema of an object, after adding it and the objects in it.
    fn object(&mut self, object: &'static ObjectMeta, direction: Direction) -> Value {
        let name = match direction {
            Direction::Response if self.in_requests.contains(object.name) => {
                format!("{}.response", object.name)
            }
            _ => object.name.to_owned(),
        };
        let reference = reference(&name);
        if !self.components.contains_key(&name) {
            // Ends the recursion.
            self.components.insert(name.clone(), Value::Null);
            let schema = self.schema(object, direction);
            self.components.insert(name, schema);
        }
        reference
    }

    fn schema(&mut self, object: &'static ObjectMeta, direction: Direction) -> Value {
        let mut properties = Map::new();
        for field in object.fields {
            properties.insert(field.name.to_owned(), self.field(field, direction));
        }
        let mut schema = json!({ "type": "object", "properties": properties });
        let mut description = object.doc.to_owned();
        if direction == Direction::Request {
            // The service refuses unknown fields.
            set(&mut schema, "additionalProperties", json!(false));
            let fields = object.fields.iter().filter(|field| field.required);
            fields.for_each(|field| require(&mut schema, object, field.name));
            for rule in object.rules {
                paragraph(&mut description, &format!("Rule: {}", rule.doc));
                if let RuleKind::Needs { when: None, paths } = rule.kind {
                    paths.iter().for_each(|path| require(&mut schema, object, path));
                }
            }
        }
        set(&mut schema, "description", json!(description));
        schema
    }

    fn field(&mut self, field: &'static FieldMeta, direction: Direction) -> Value {
        let mut schema = self.value(field, field.ty, direction);
        let mut description = field.doc.to_owned();
        if field.internal {
            paragraph(&mut description, "Internal to the platform: leave it unset.");
        }
        if let Some(instead) = field.deprecated {
            paragraph(&mut description, &format!("Deprecated. {instead}"));
            set(&mut schema, "deprecated", json!(true));
        }
        if let (Direction::Request, Some(bytes)) = (direction, field.limits.bytes) {
            let of = if field.base64 { " after decoding" } else { "" };
            paragraph(&mut description, &format!("At most {bytes} bytes{of}."));
        }
        if direction == Direction::Request && field.name == "Agent" {
            paragraph(
                &mut description,
                "The explorer adds the agent of its session if it is absent.",
            );
        }
        set(&mut schema, "description", json!(description));
        if direction == Direction::Response {
            schema = nullable(schema);
        }
        schema
    }

    fn value(&mut self, field: &'static FieldMeta, ty: JsonType, direction: Direction) -> Value {
        let limits = match direction {
            Direction::Request => field.limits,
            Direction::Response => Limits::NONE,
        };
        match ty {
            JsonType::Object(object) => self.object(object, direction),
            JsonType::List(element) => {
                let mut schema =
                    json!({ "type": "array", "items": self.value(field, *element, direction) });
                bounds(&mut schema, ["minItems", "maxItems"], limits.items);
                schema
            }
            JsonType::Bool => json!({ "type": "boolean" }),
            scalar => {
                let mut schema = match field.values {
                    Some(set) => self.value_set(set),
                    None => plain(scalar),
                };
                match scalar {
                    JsonType::String => {
                        bounds(&mut schema, ["minLength", "maxLength"], length(field, limits));
                        if field.base64 {
                            set(&mut schema, "contentEncoding", json!("base64"));
                        }
                    }
                    _ => bounds(&mut schema, ["minimum", "maximum"], limits.number),
                }
                schema
            }
        }
    }

    /// Returns a reference to the schema of a value set. It accepts other values, because the service may add some.
    fn value_set(&mut self, set: &'static ValueSetMeta) -> Value {
        self.components.entry(set.name.to_owned()).or_insert_with(|| {
            let known = set.values.iter().map(|value| {
                let wire = match value.wire {
                    Literal::Int(number) => json!(number),
                    other => json!(other.to_string()),
                };
                json!({ "const": wire, "description": value.doc })
            });
            let any = match set.values.first().map(|value| value.wire) {
                Some(Literal::Int(_)) => {
                    json!({ "type": "integer", "description": "Another value." })
                }
                _ => json!({ "type": "string", "description": "Another value." }),
            };
            let known: Vec<Value> = known.chain([any]).collect();
            json!({ "description": set.doc, "anyOf": known })
        });
        reference(set.name)
    }
}

/// Adds the names of an object and of the objects in it.
fn collect(object: &'static ObjectMeta, names: &mut BTreeSet<&'static str>) {
    if names.insert(object.name) {
        object
            .fields
            .iter()
            .filter_map(|field| inner(field.ty))
            .for_each(|object| collect(object, names));
    }
}

/// Returns the object of a field, or of the elements of an array.
fn inner(ty: JsonType) -> Option<&'static ObjectMeta> {
    match ty {
        JsonType::Object(object) => Some(object),
        JsonType::List(element) => inner(*element),
        _ => None,
    }
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn plain(scalar: JsonType) -> Value {
    match scalar {
        JsonType::Int => json!({ "type": "integer", "format": "int64" }),
        JsonType::Uint => json!({ "type": "integer", "format": "uint64", "minimum": 0 }),
        JsonType::Float => json!({ "type": "number", "format": "double" }),
        _ => json!({ "type": "string" }),
    }
}

/// Returns the limits of a string's length, in characters.
fn length(field: &FieldMeta, limits: Limits) -> (Option<u64>, Option<u64>) {
    let (min, max) = limits.chars;
    // A character has at least one byte, and three bytes are four characters of Base64.
    let by_bytes = limits.bytes.map(|bytes| match field.base64 {
        true => bytes.div_ceil(3).saturating_mul(4),
        false => bytes,
    });
    (min, max.or(by_bytes))
}

fn bounds<T: serde::Serialize>(
    schema: &mut Value,
    names: [&str; 2],
    limits: (Option<T>, Option<T>),
) {
    for (name, limit) in names.into_iter().zip([limits.0, limits.1]) {
        if let Some(limit) = limit {
            set(schema, name, json!(limit));
        }
    }
}

/// Makes a path of an object required, through objects but not through arrays. The agent of a request is optional,
/// because the explorer adds it; its fields are not.
fn require(schema: &mut Value, object: &'static ObjectMeta, path: &str) {
    let (name, rest) = path.split_once('.').unwrap_or((path, ""));
    let Some(field) = object.field(name) else { return };
    let Some(fields) = schema.as_object_mut() else { return };
    if name != "Agent" {
        let required = fields.entry("required").or_insert_with(|| json!([]));
        if let Some(names) = required.as_array_mut().filter(|names| !names.contains(&json!(name))) {
            names.push(json!(name));
        }
    }
    if let (false, JsonType::Object(object)) = (rest.is_empty(), field.ty) {
        let properties = fields.entry("properties").or_insert_with(|| json!({}));
        if let Some(properties) = properties.as_object_mut() {
            require(properties.entry(name).or_insert_with(|| json!({})), object, rest);
        }
    }
}

/// Accepts null in addition.
fn nullable(mut schema: Value) -> Value {
    if let Some(Value::String(ty)) = schema.get("type").cloned() {
        set(&mut schema, "type", json!([ty, "null"]));
        return schema;
    }
    let Some(fields) = schema.as_object_mut() else { return schema };
    let reference = fields.remove("$ref");
    fields.insert("anyOf".to_owned(), json!([{ "$ref": reference }, { "type": "null" }]));
    schema
}

/// Sets a field of a JSON object.
pub(super) fn set(object: &mut Value, name: &str, value: Value) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(name.to_owned(), value);
    }
}

fn paragraph(text: &mut String, paragraph: &str) {
    if !text.is_empty() {
        text.push_str("\n\n");
    }
    text.push_str(paragraph);
}

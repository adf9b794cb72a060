//! Objects and their fields.

use std::collections::BTreeMap;

use essbasic::catalogue::{FieldMeta, JsonType, Limits, ObjectMeta};
use essbasic::models::CATALOGUE;
use serde::Serialize;

use super::value_set::ValueSet;

/// An object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Object {
    /// Name of the object.
    pub name: &'static str,
    /// Documentation, as Markdown.
    pub doc: &'static str,
    /// Fields, in the order of the reference.
    pub fields: Vec<Field>,
    /// Rules between the fields, as Markdown.
    pub rules: Vec<&'static str>,
}

/// A field of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Field {
    /// Name on the wire.
    pub name: &'static str,
    /// JSON type.
    #[serde(rename = "type")]
    pub ty: FieldType,
    /// Documentation, as Markdown.
    pub doc: &'static str,
    /// True if the service refuses the object without this field.
    pub required: bool,
    /// True if the field is internal to the platform and must be left unset.
    pub internal: bool,
    /// True if the field contains personal data, a secret or a link that grants access.
    pub sensitive: bool,
    /// True if the string is a file in Base64.
    pub base64: bool,
    /// Replacement of a deprecated field, as Markdown.
    pub deprecated: Option<&'static str>,
    /// Name of the set of known values.
    pub values: Option<&'static str>,
    /// Limits of the value.
    pub limits: FieldLimits,
}

/// JSON type of a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum FieldType {
    /// A string, including dates and Base64.
    String,
    /// A signed 64-bit integer.
    Int64,
    /// An unsigned 64-bit integer.
    Uint64,
    /// A floating-point number.
    Float,
    /// `true` or `false`.
    Bool,
    /// An object.
    Object {
        /// Name of the object.
        object: &'static str,
    },
    /// An array of elements of one type.
    Array {
        /// Type of the elements.
        items: Box<FieldType>,
    },
    /// Another value.
    Value,
}

/// Limits of a value, inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FieldLimits {
    /// Minimum number of elements.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_items: Option<u64>,
    /// Maximum number of elements.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_items: Option<u64>,
    /// Minimum number of characters of a string, or of each string of an array.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_chars: Option<u64>,
    /// Maximum number of characters of a string, or of each string of an array.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_chars: Option<u64>,
    /// Maximum number of bytes of a string; of the decoded file if it is Base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_bytes: Option<u64>,
    /// Minimum of a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<i64>,
    /// Maximum of a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<i64>,
}

/// Description of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ObjectItem {
    /// Name of the object.
    pub name: &'static str,
    /// Documentation, as Markdown.
    pub doc: &'static str,
    /// The object and all objects in it, by name.
    pub objects: BTreeMap<&'static str, Object>,
    /// The value sets of their fields, by name.
    pub values: BTreeMap<&'static str, ValueSet>,
    /// Names of the objects with a field of this type.
    pub used_in: Vec<&'static str>,
}

impl ObjectItem {
    pub(super) fn new(object: &'static ObjectMeta) -> Self {
        let mut all = Reachable::default();
        all.add(object);
        let users = CATALOGUE.objects.iter().filter(|user| {
            user.fields
                .iter()
                .any(|field| object_of(field.ty).is_some_and(|it| it.name == object.name))
        });
        Self {
            name: object.name,
            doc: object.doc,
            objects: all.objects,
            values: all.values,
            used_in: users.map(|user| user.name).collect(),
        }
    }
}

/// Objects and value sets that can be reached from an object.
#[derive(Default)]
pub(super) struct Reachable {
    pub(super) objects: BTreeMap<&'static str, Object>,
    pub(super) values: BTreeMap<&'static str, ValueSet>,
}

impl Reachable {
    pub(super) fn add(&mut self, object: &'static ObjectMeta) {
        // Objects may be recursive.
        let mut waiting = vec![object];
        while let Some(object) = waiting.pop() {
            if self.objects.contains_key(object.name) {
                continue;
            }
            self.objects.insert(object.name, Object::new(object));
            for field in object.fields {
                if let Some(set) = field.values {
                    self.values.entry(set.name).or_insert_with(|| ValueSet::new(set));
                }
                waiting.extend(object_of(field.ty));
            }
        }
    }
}

/// Returns the object of a type, or of the elements of an array.
pub(super) fn object_of(ty: JsonType) -> Option<&'static ObjectMeta> {
    match ty {
        JsonType::Object(object) => Some(object),
        JsonType::List(element) => object_of(*element),
        _ => None,
    }
}

impl Object {
    fn new(object: &ObjectMeta) -> Self {
        Self {
            name: object.name,
            doc: object.doc,
            fields: object.fields.iter().map(Field::new).collect(),
            rules: object.rules.iter().map(|rule| rule.doc).collect(),
        }
    }
}

impl Field {
    fn new(field: &FieldMeta) -> Self {
        Self {
            name: field.name,
            ty: FieldType::new(field.ty),
            doc: field.doc,
            required: field.required,
            internal: field.internal,
            sensitive: field.sensitive,
            base64: field.base64,
            deprecated: field.deprecated,
            values: field.values.map(|set| set.name),
            limits: FieldLimits::new(field.limits),
        }
    }
}

impl FieldType {
    fn new(ty: JsonType) -> Self {
        match ty {
            JsonType::String => Self::String,
            JsonType::Int => Self::Int64,
            JsonType::Uint => Self::Uint64,
            JsonType::Float => Self::Float,
            JsonType::Bool => Self::Bool,
            JsonType::Object(object) => Self::Object { object: object.name },
            JsonType::List(element) => Self::Array { items: Box::new(Self::new(*element)) },
            _ => Self::Value,
        }
    }
}

impl std::fmt::Display for FieldType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::String => f.write_str("string"),
            Self::Int64 => f.write_str("int64"),
            Self::Uint64 => f.write_str("uint64"),
            Self::Float => f.write_str("float"),
            Self::Bool => f.write_str("bool"),
            Self::Object { object } => f.write_str(object),
            Self::Array { items } => write!(f, "array of {items}"),
            Self::Value => f.write_str("value"),
        }
    }
}

impl FieldLimits {
    fn new(limits: Limits) -> Self {
        let Limits { items, chars, bytes, number, .. } = limits;
        Self {
            min_items: items.0,
            max_items: items.1,
            min_chars: chars.0,
            max_chars: chars.1,
            max_bytes: bytes,
            min: number.0,
            max: number.1,
        }
    }
}

impl std::fmt::Display for FieldLimits {
    /// Shows the limits as words, such as `1 to 50 elements`; nothing without limits.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = |(min, max): (Option<String>, Option<String>), unit: &str| {
            let range = match (min, max) {
                (Some(min), Some(max)) if min == max => min,
                (Some(min), Some(max)) => format!("{min} to {max}"),
                (Some(min), None) => format!("at least {min}"),
                (None, Some(max)) => format!("at most {max}"),
                (None, None) => return None,
            };
            Some(format!("{range}{unit}"))
        };
        let size = |limit: Option<u64>| limit.map(|limit| limit.to_string());
        let number = |limit: Option<i64>| limit.map(|limit| limit.to_string());
        let all = [
            text((size(self.min_items), size(self.max_items)), " elements"),
            text((size(self.min_chars), size(self.max_chars)), " characters"),
            text((None, size(self.max_bytes)), " bytes"),
            text((number(self.min), number(self.max)), ""),
        ];
        let all: Vec<String> = all.into_iter().flatten().collect();
        f.write_str(&all.join(", "))
    }
}

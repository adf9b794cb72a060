//! Value sets.

use essbasic::catalogue::{Literal, ValueSetMeta};
use essbasic::models::CATALOGUE;
use serde::Serialize;

/// A set of known values. The service may have others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ValueSet {
    /// Name of the set.
    pub name: &'static str,
    /// Documentation, as Markdown.
    pub doc: &'static str,
    /// Known values.
    pub values: Vec<WireValue>,
}

/// A known value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WireValue {
    /// The value on the wire.
    pub wire: Wire,
    /// Documentation, as Markdown.
    pub doc: &'static str,
}

/// A value on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Wire {
    /// A string.
    Text(&'static str),
    /// An integer.
    Int(i64),
}

impl std::fmt::Display for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Int(number) => write!(f, "{number}"),
        }
    }
}

/// Description of a value set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ValueSetItem {
    /// The set.
    #[serde(flatten)]
    pub set: ValueSet,
    /// Fields with values of the set, such as `FlowDetailInfo.FlowStatus`.
    pub used_in: Vec<String>,
}

impl ValueSetItem {
    pub(super) fn new(set: &ValueSetMeta) -> Self {
        let fields = CATALOGUE.objects.iter().flat_map(|object| {
            let fields = object.fields.iter();
            let fields = fields.filter(|field| field.values.is_some_and(|it| it.name == set.name));
            fields.map(|field| format!("{}.{}", object.name, field.name))
        });
        Self { set: ValueSet::new(set), used_in: fields.collect() }
    }
}

impl ValueSet {
    pub(super) fn new(set: &ValueSetMeta) -> Self {
        let values = set.values.iter().map(|value| WireValue {
            wire: match value.wire {
                Literal::Text(text) => Wire::Text(text),
                Literal::Int(number) => Wire::Int(number),
                _ => Wire::Text(value.rust),
            },
            doc: value.doc,
        });
        Self { name: set.name, doc: set.doc, values: values.collect() }
    }
}

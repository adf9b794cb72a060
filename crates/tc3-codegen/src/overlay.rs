//! What is known beyond the facts, as `overlay.json` holds it.

use serde::{Deserialize, Serialize};

use crate::table::Table;

/// What is known of one version of one service beyond its spec.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overlay {
    /// Where the file's JSON Schema stands, relative to the file.
    #[serde(rename = "$schema")]
    pub schema: String,
    /// How often an action may be called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<RateLimit>,
    /// Where the service answers, if not at its usual host.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<Host>,
    /// Actions that may be repeated blindly, each with the reason.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub retry_safe: Table<String>,
    /// Corrections of what the reference says a request must carry.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub required: Vec<Required>,
    /// Rust names where the rule's name does not do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub renames: Vec<Rename>,
    /// Members whose values never show in `Debug`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sensitive: Vec<Sensitive>,
    /// Open value sets by the name of their Rust enum.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub values: Table<ValueSet>,
    /// The feature each action belongs to, by the feature's name.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub groups: Table<Group>,
    /// Documentation in our own words.
    #[serde(default, skip_serializing_if = "Docs::is_empty")]
    pub docs: Docs,
}

/// How often an action may be called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// Calls a second for each action that `actions` does not name.
    pub default: u32,
    /// Calls a second by action.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub actions: Table<u32>,
    /// How we know.
    pub reason: String,
}

/// Where the service, or one action of it, answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// The action; absent for the whole service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The production host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The host of the test environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_host: Option<String>,
    /// How we know.
    pub reason: String,
}

/// A correction of what the reference says a request must carry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Required {
    /// The object.
    pub object: String,
    /// Its member.
    pub member: String,
    /// What holds; the reference says the opposite.
    pub required: bool,
    /// How we know.
    pub reason: String,
}

/// A Rust name that departs from the rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rename {
    /// The object.
    pub object: String,
    /// Its member; absent to rename the object's own type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// The Rust name.
    pub to: String,
    /// Why.
    pub reason: String,
}

/// Members whose values never show in `Debug`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sensitive {
    /// The object; absent for every object that has the member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// The member's name; a leading or a trailing `*` stands for any text and finds members that
    /// hold text.
    pub member: String,
    /// Why.
    pub reason: String,
}

/// An open set of values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValueSet {
    /// What the set says.
    pub doc: String,
    /// How we know.
    pub reason: String,
    /// The members it types, as `Object.Member`.
    pub members: Vec<String>,
    /// The values known.
    pub values: Vec<Value>,
}

/// One value of an open set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Value {
    /// The value on the wire.
    pub value: Wire,
    /// The variant's name; by default made from a text value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it says.
    pub doc: String,
}

/// A value on the wire.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Wire {
    /// Of an integer member.
    Int(i64),
    /// Of a string member.
    Text(String),
}

/// A feature and its actions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// What its actions are about.
    pub doc: String,
    /// The actions, each in one group only.
    pub actions: Vec<String>,
}

/// Documentation in our own words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Docs {
    /// What each action does.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub actions: Table<String>,
    /// What each object and its members are.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub objects: Table<ObjectDoc>,
}

impl Docs {
    fn is_empty(&self) -> bool {
        self.actions.is_empty() && self.objects.is_empty()
    }
}

/// Documentation of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectDoc {
    /// What the object is. A request's text stands at its action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
    /// What its members are.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub members: Table<String>,
}

fn is_empty<T>(table: &Table<T>) -> bool {
    table.is_empty()
}

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
    pub sensitive: Vec<MemberPattern>,
    /// Texts that `Debug` may show. Where there is one entry, each text must be here or in `sensitive`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shown: Vec<MemberPattern>,
    /// Open value sets by the name of their Rust enum.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub values: Table<ValueSet>,
    /// Beyond what the service refuses a value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<Limit>,
    /// What members of a request must be to each other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// Whole numbers that are times.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub times: Vec<Time>,
    /// Texts that are files as base64, as `Object.Member`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub base64: Vec<String>,
    /// Members not to be used any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deprecated: Vec<Deprecated>,
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

/// Members by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberPattern {
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

/// Beyond what the service refuses a value; both ends are allowed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// The object, which a request reaches.
    pub object: String,
    /// Its member.
    pub member: String,
    /// The fewest elements of a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_items: Option<u64>,
    /// The most elements of a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_items: Option<u64>,
    /// The fewest characters of a text, or of each text of a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_chars: Option<u64>,
    /// The most characters of a text, or of each text of a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_chars: Option<u64>,
    /// The most bytes of a text, those of the file where it is base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_bytes: Option<u64>,
    /// The smallest number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<i64>,
    /// The largest number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<i64>,
}

/// What members of a request must be to each other: one of `needs`, `any_of`, `one_of` and
/// `not_both`. Paths are relative to the object: `Agent.AppId`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The object, which a request reaches.
    pub object: String,
    /// The rule holds where this path is given; only with `needs`.
    #[serde(default, rename = "if", skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// And has one of these values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub is: Vec<Wire>,
    /// All of these must be given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// One of these at least.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub any_of: Vec<String>,
    /// Exactly one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub one_of: Vec<String>,
    /// One of these at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_both: Vec<String>,
}

/// A whole number that is a time since the epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Time {
    /// The object.
    pub object: String,
    /// Its member.
    pub member: String,
    /// What it counts.
    pub unit: Unit,
}

/// What a time counts since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Milliseconds,
}

/// A member not to be used any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deprecated {
    /// The object; absent for every object that has the member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// The member's name.
    pub member: String,
    /// What to do instead.
    pub instead: String,
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

/// Documentation as Markdown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Docs {
    /// Whether an item without documentation is refused.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub complete: bool,
    /// What each action does.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub actions: Table<String>,
    /// Rust that makes a request of the action, as the body of a function.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub examples: Table<String>,
    /// What a member of that name is, wherever its object does not say it.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub members: Table<String>,
    /// What each object and its members are.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub objects: Table<ObjectDoc>,
    /// What to do about each error code.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub codes: Table<String>,
}

impl Docs {
    fn is_empty(&self) -> bool {
        *self == Self::default()
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

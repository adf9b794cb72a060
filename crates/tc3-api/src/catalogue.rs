//! A service as data: actions, objects, value sets and error codes, for callers that know an action
//! only by its name: command lines, emulators, [checks before a call](crate::check).

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Action, ActionInfo};

/// One version of one service.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Catalogue {
    /// The actions, sorted by name, whatever features are on.
    pub actions: &'static [ActionMeta],
    /// The objects, requests and answers among them, sorted by name.
    pub objects: &'static [&'static ObjectMeta],
    /// The open value sets, sorted by name.
    pub values: &'static [&'static ValueSetMeta],
    /// The error codes known, sorted. The service may answer others.
    pub codes: &'static [CodeMeta],
}

impl Catalogue {
    #[doc(hidden)]
    pub const fn new(
        actions: &'static [ActionMeta],
        objects: &'static [&'static ObjectMeta],
        values: &'static [&'static ValueSetMeta],
        codes: &'static [CodeMeta],
    ) -> Self {
        Self { actions, objects, values, codes }
    }

    /// The action of that name.
    pub fn action(&self, name: &str) -> Option<&'static ActionMeta> {
        let index = self.actions.binary_search_by(|action| action.info.name.cmp(name)).ok()?;
        self.actions.get(index)
    }

    /// The object of that name.
    pub fn object(&self, name: &str) -> Option<&'static ObjectMeta> {
        let index = self.objects.binary_search_by(|object| object.name.cmp(name)).ok()?;
        self.objects.get(index).copied()
    }

    /// The value set of that name.
    pub fn value_set(&self, name: &str) -> Option<&'static ValueSetMeta> {
        let index = self.values.binary_search_by(|set| set.name.cmp(name)).ok()?;
        self.values.get(index).copied()
    }

    /// The error code.
    pub fn code(&self, code: &str) -> Option<&'static CodeMeta> {
        let index = self.codes.binary_search_by(|known| known.code.cmp(code)).ok()?;
        self.codes.get(index)
    }
}

/// An action.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ActionMeta {
    /// What a call needs besides the body.
    pub info: ActionInfo<'static>,
    /// The service's own title of the action, in Chinese.
    pub title: &'static str,
    /// What it does, as Markdown.
    pub doc: &'static str,
    /// The Cargo feature that holds the action's types; empty where no feature does.
    pub group: &'static str,
    /// The error codes known of the action, sorted. The service may answer others.
    pub errors: &'static [&'static str],
    /// The request's body.
    pub request: &'static ObjectMeta,
    /// The answer.
    pub response: &'static ObjectMeta,
}

impl ActionMeta {
    #[doc(hidden)]
    pub const fn new(
        info: ActionInfo<'static>,
        title: &'static str,
        doc: &'static str,
        group: &'static str,
        errors: &'static [&'static str],
        objects: (&'static ObjectMeta, &'static ObjectMeta),
    ) -> Self {
        Self { info, title, doc, group, errors, request: objects.0, response: objects.1 }
    }
}

/// An object.
///
/// Objects may hold themselves: walk them along a body, not on their own.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct ObjectMeta {
    /// The object's name in the reference.
    pub name: &'static str,
    /// The name of its Rust type.
    pub rust: &'static str,
    /// What it is, as Markdown.
    pub doc: &'static str,
    /// The members, in the reference's order.
    pub members: &'static [MemberMeta],
    /// What the members must be to each other.
    pub rules: &'static [Rule],
}

impl ObjectMeta {
    #[doc(hidden)]
    pub const fn new(
        name: &'static str,
        rust: &'static str,
        doc: &'static str,
        members: &'static [MemberMeta],
        rules: &'static [Rule],
    ) -> Self {
        Self { name, rust, doc, members, rules }
    }

    /// The member of that name.
    pub fn member(&self, name: &str) -> Option<&'static MemberMeta> {
        self.members.iter().find(|member| member.name == name)
    }

    /// The members without which the service refuses a request, as paths: `Agent`, `Agent.AppId`.
    /// What an optional object requires is not among them.
    pub fn required_paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        self.collect_required("", &mut Vec::new(), &mut paths);
        for rule in self.rules {
            if let Rule::Needs { when: None, paths: needed } = rule {
                for path in *needed {
                    let mut end = 0;
                    for name in path.split('.') {
                        end += name.len();
                        let part = path.get(..end).unwrap_or(path);
                        if !paths.iter().any(|known| known == part) {
                            paths.push(part.to_owned());
                        }
                        end += 1;
                    }
                }
            }
        }
        paths
    }

    fn collect_required(
        &self,
        prefix: &str,
        above: &mut Vec<&'static str>,
        paths: &mut Vec<String>,
    ) {
        above.push(self.name);
        for member in self.members.iter().filter(|member| member.required) {
            let path = format!("{prefix}{}", member.name);
            let inner = format!("{path}.");
            paths.push(path);
            if let JsonType::Object(object) = member.ty
                && !above.contains(&object.name)
            {
                object.collect_required(&inner, above, paths);
            }
        }
        above.pop();
    }
}

impl core::fmt::Debug for ObjectMeta {
    /// Names only: an object may hold itself.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let names: Vec<&str> = self.members.iter().map(|member| member.name).collect();
        f.debug_struct("ObjectMeta").field("name", &self.name).field("members", &names).finish()
    }
}

/// A member of an object.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct MemberMeta {
    /// The name on the wire.
    pub name: &'static str,
    /// The name of the method that sets it in Rust, as source has it: `r#type`.
    pub setter: &'static str,
    /// What it is, as Markdown.
    pub doc: &'static str,
    /// The JSON it takes.
    pub ty: JsonType,
    /// Whether the service refuses the object without it.
    pub required: bool,
    /// Whether its Rust type is an `Option`.
    pub optional: bool,
    /// Whether it is internal to the platform, to be left unset.
    pub internal: bool,
    /// Whether it holds personal data, a secret or a link that opens something.
    pub sensitive: bool,
    /// Whether a text is a file as base64, of Rust type [`Base64`](crate::Base64).
    pub base64: bool,
    /// Whether its Rust type is behind a `Box`: the object holds itself.
    pub boxed: bool,
    /// What to use instead of a deprecated member.
    pub deprecated: Option<&'static str>,
    /// The values known, where they form a set; of a list, those of its elements.
    pub values: Option<&'static ValueSetMeta>,
    /// Beyond what the service refuses a value.
    pub limits: Limits,
}

impl MemberMeta {
    #[doc(hidden)]
    pub const fn new(
        name: &'static str,
        setter: &'static str,
        doc: &'static str,
        ty: JsonType,
    ) -> Self {
        Self {
            name,
            setter,
            doc,
            ty,
            required: false,
            optional: false,
            internal: false,
            sensitive: false,
            base64: false,
            boxed: false,
            deprecated: None,
            values: None,
            limits: Limits::NONE,
        }
    }

    #[doc(hidden)]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    #[doc(hidden)]
    pub const fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    #[doc(hidden)]
    pub const fn internal(mut self) -> Self {
        self.internal = true;
        self
    }

    #[doc(hidden)]
    pub const fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }

    #[doc(hidden)]
    pub const fn base64(mut self) -> Self {
        self.base64 = true;
        self
    }

    #[doc(hidden)]
    pub const fn boxed(mut self) -> Self {
        self.boxed = true;
        self
    }

    #[doc(hidden)]
    pub const fn deprecated(mut self, instead: &'static str) -> Self {
        self.deprecated = Some(instead);
        self
    }

    #[doc(hidden)]
    pub const fn values(mut self, values: &'static ValueSetMeta) -> Self {
        self.values = Some(values);
        self
    }

    #[doc(hidden)]
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
}

/// The JSON that a member takes.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum JsonType {
    /// A string; dates and base64 too.
    String,
    /// A whole number of 64 bits with sign.
    Int,
    /// A whole number of 64 bits without sign.
    Uint,
    /// A number.
    Float,
    /// `true` or `false`.
    Bool,
    /// An object.
    Object(&'static ObjectMeta),
    /// A list of one kind of elements.
    List(&'static JsonType),
}

/// Beyond what the service refuses a value. Both ends are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Elements of a list.
    pub items: (Option<u64>, Option<u64>),
    /// Characters of a text; of a list, those of each.
    pub chars: (Option<u64>, Option<u64>),
    /// Bytes of a text, those of the file where it is base64.
    pub bytes: Option<u64>,
    /// Size of a number.
    pub number: (Option<i64>, Option<i64>),
}

impl Limits {
    /// No limits.
    pub const NONE: Self =
        Self { items: (None, None), chars: (None, None), bytes: None, number: (None, None) };

    #[doc(hidden)]
    pub const fn new(
        items: (Option<u64>, Option<u64>),
        chars: (Option<u64>, Option<u64>),
        bytes: Option<u64>,
        number: (Option<i64>, Option<i64>),
    ) -> Self {
        Self { items, chars, bytes, number }
    }
}

/// What members must be to each other. Paths are relative to the object: `Agent.AppId`.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Rule {
    /// All of the paths must be given, always or under a condition.
    Needs {
        /// The condition; `None` for always.
        when: Option<Condition>,
        /// The paths.
        paths: &'static [&'static str],
    },
    /// One at least must be given.
    AnyOf(&'static [&'static str]),
    /// Exactly one must be given.
    OneOf(&'static [&'static str]),
    /// One at most may be given.
    NotBoth(&'static [&'static str]),
}

/// When a rule holds.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Condition {
    /// This path must be given.
    pub path: &'static str,
    /// And have one of these values; empty for any.
    pub is: &'static [Literal],
}

impl Condition {
    #[doc(hidden)]
    pub const fn new(path: &'static str, is: &'static [Literal]) -> Self {
        Self { path, is }
    }
}

/// A value on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Literal {
    /// A text.
    Text(&'static str),
    /// A whole number.
    Int(i64),
}

impl core::fmt::Display for Literal {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Text(text) => f.pad(text),
            Self::Int(number) => core::fmt::Display::fmt(number, f),
        }
    }
}

/// An open set of values.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ValueSetMeta {
    /// The name of its Rust enum.
    pub name: &'static str,
    /// What it says, as Markdown.
    pub doc: &'static str,
    /// The values known. The service may know others.
    pub values: &'static [ValueMeta],
}

impl ValueSetMeta {
    #[doc(hidden)]
    pub const fn new(name: &'static str, doc: &'static str, values: &'static [ValueMeta]) -> Self {
        Self { name, doc, values }
    }
}

/// A value of an open set.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ValueMeta {
    /// On the wire.
    pub wire: Literal,
    /// The name of its Rust variant.
    pub rust: &'static str,
    /// What it says, as Markdown.
    pub doc: &'static str,
}

impl ValueMeta {
    #[doc(hidden)]
    pub const fn new(wire: Literal, rust: &'static str, doc: &'static str) -> Self {
        Self { wire, rust, doc }
    }
}

/// An error code.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct CodeMeta {
    /// The code.
    pub code: &'static str,
    /// What it means.
    pub doc: &'static str,
    /// What to do about it; empty where nothing is known.
    pub advice: &'static str,
}

impl CodeMeta {
    #[doc(hidden)]
    pub const fn new(code: &'static str, doc: &'static str, advice: &'static str) -> Self {
        Self { code, doc, advice }
    }
}

/// Shown the types of each action, for work that is the same for all of them.
pub trait Visitor {
    /// Called once an action.
    fn visit<A>(&mut self)
    where
        A: Action + DeserializeOwned + Clone + PartialEq + core::fmt::Debug,
        A::Response: Serialize + Clone + PartialEq + core::fmt::Debug + Default;
}

#[cfg(test)]
mod tests {
    use super::*;

    static NODE: ObjectMeta = ObjectMeta::new(
        "Node",
        "Node",
        "",
        &[
            MemberMeta::new("Id", "id", "", JsonType::String).required(),
            MemberMeta::new("Next", "next", "", JsonType::Object(&NODE)).required().boxed(),
            MemberMeta::new("All", "all", "", JsonType::List(&JsonType::Object(&NODE))),
        ],
        &[],
    );
    static ROOT: ObjectMeta = ObjectMeta::new(
        "Root",
        "Root",
        "",
        &[
            MemberMeta::new("Node", "node", "", JsonType::Object(&NODE)).required(),
            MemberMeta::new("Other", "other", "", JsonType::Object(&NODE)).optional(),
        ],
        &[
            Rule::Needs { when: None, paths: &["Node.Id", "Other.Id"] },
            Rule::Needs { when: Some(Condition::new("Other", &[])), paths: &["Node.All"] },
        ],
    );

    #[test]
    fn paths_of_what_is_required_end_where_an_object_holds_itself() {
        let found = ROOT.required_paths();
        assert_eq!(found, ["Node", "Node.Id", "Node.Next", "Other", "Other.Id"]);
        assert!(ROOT.member("Node").is_some() && ROOT.member("node").is_none());
        assert!(format!("{ROOT:?} {NODE:?}").len() < 200);
    }
}

//! Objects and their members.

use crate::rule::{Limits, Rule, RuleKind};
use crate::values::ValueSetMeta;

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
            if let RuleKind::Needs { when: None, paths: needed } = rule.kind {
                for path in needed {
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
    /// Whether a text is a file as base64, of Rust type [`Base64`](tc3_api::Base64).
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::Condition;

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
            Rule::new(RuleKind::Needs { when: None, paths: &["Node.Id", "Other.Id"] }, ""),
            Rule::new(
                RuleKind::Needs { when: Some(Condition::new("Other", &[])), paths: &["Node.All"] },
                "",
            ),
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

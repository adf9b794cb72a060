//! Objects and their fields.

use crate::rule::{Limits, Rule, RuleKind};
use crate::values::ValueSetMeta;

/// Metadata of an object.
///
/// Objects may be recursive: traverse them along a body, not on their own.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct ObjectMeta {
    /// Name of the object in the reference.
    pub name: &'static str,
    /// Name of the Rust type.
    pub rust: &'static str,
    /// Documentation, as Markdown.
    pub doc: &'static str,
    /// Fields, in the order of the reference.
    pub fields: &'static [FieldMeta],
    /// Rules between the fields.
    pub rules: &'static [Rule],
}

impl ObjectMeta {
    #[doc(hidden)]
    pub const fn new(
        name: &'static str,
        rust: &'static str,
        doc: &'static str,
        fields: &'static [FieldMeta],
        rules: &'static [Rule],
    ) -> Self {
        Self { name, rust, doc, fields, rules }
    }

    /// Returns the field of this name.
    pub fn field(&self, name: &str) -> Option<&'static FieldMeta> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Returns the paths of the required fields, such as `Agent` and `Agent.AppId`. Required fields of optional objects
    /// are not included.
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
        for field in self.fields.iter().filter(|field| field.required) {
            let path = format!("{prefix}{}", field.name);
            let inner = format!("{path}.");
            paths.push(path);
            if let JsonType::Object(object) = field.ty
                && !above.contains(&object.name)
            {
                object.collect_required(&inner, above, paths);
            }
        }
        above.pop();
    }
}

impl core::fmt::Debug for ObjectMeta {
    /// Shows names only, because an object may be recursive.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let names: Vec<&str> = self.fields.iter().map(|field| field.name).collect();
        f.debug_struct("ObjectMeta").field("name", &self.name).field("fields", &names).finish()
    }
}

/// Metadata of a field of an object.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct FieldMeta {
    /// Name on the wire.
    pub name: &'static str,
    /// Name of the setter in Rust, as written in source code: `r#type`.
    pub setter: &'static str,
    /// Documentation, as Markdown.
    pub doc: &'static str,
    /// JSON type.
    pub ty: JsonType,
    /// True if the service refuses the object without this field.
    pub required: bool,
    /// True if the Rust type is an `Option`.
    pub optional: bool,
    /// True if the field is internal to the platform and must be left unset.
    pub internal: bool,
    /// True if the field contains personal data, a secret or a link that grants access.
    pub sensitive: bool,
    /// True if the string is a file in Base64, of the Rust type [`Base64`](tc3_api::Base64).
    pub base64: bool,
    /// True if the Rust type is in a `Box`, because the object is recursive.
    pub boxed: bool,
    /// Replacement of a deprecated field, as Markdown.
    pub deprecated: Option<&'static str>,
    /// Known values, if they form a set; those of the elements if the field is an array.
    pub values: Option<&'static ValueSetMeta>,
    /// Limits of the value.
    pub limits: Limits,
}

impl FieldMeta {
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

/// JSON type of a field.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum JsonType {
    /// A string, including dates and Base64.
    String,
    /// A signed 64-bit integer.
    Int,
    /// An unsigned 64-bit integer.
    Uint,
    /// A floating-point number.
    Float,
    /// `true` or `false`.
    Bool,
    /// An object.
    Object(&'static ObjectMeta),
    /// An array of elements of one type.
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
            FieldMeta::new("Id", "id", "", JsonType::String).required(),
            FieldMeta::new("Next", "next", "", JsonType::Object(&NODE)).required().boxed(),
            FieldMeta::new("All", "all", "", JsonType::List(&JsonType::Object(&NODE))),
        ],
        &[],
    );
    static ROOT: ObjectMeta = ObjectMeta::new(
        "Root",
        "Root",
        "",
        &[
            FieldMeta::new("Node", "node", "", JsonType::Object(&NODE)).required(),
            FieldMeta::new("Other", "other", "", JsonType::Object(&NODE)).optional(),
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
    fn required_paths_of_a_recursive_object_are_finite() {
        let found = ROOT.required_paths();
        assert_eq!(found, ["Node", "Node.Id", "Node.Next", "Other", "Other.Id"]);
        assert!(ROOT.field("Node").is_some() && ROOT.field("node").is_none());
        assert!(format!("{ROOT:?} {NODE:?}").len() < 200);
    }
}

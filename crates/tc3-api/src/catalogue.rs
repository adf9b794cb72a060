//! Actions and their requests as data, for callers that know an action only by its name: command
//! lines, emulators, checks before a call.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Action, ActionInfo};

/// An action as data.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ActionMeta {
    /// What a call needs besides the body.
    pub info: ActionInfo<'static>,
    /// The service's own title of the action, in Chinese.
    pub title: &'static str,
    /// The Cargo feature that holds the action's types; empty where no feature does.
    pub group: &'static str,
    /// The error codes known of the action, sorted. The service may answer others.
    pub errors: &'static [&'static str],
    /// The request's body.
    pub request: &'static ObjectMeta,
}

impl ActionMeta {
    #[doc(hidden)]
    pub const fn new(
        info: ActionInfo<'static>,
        title: &'static str,
        group: &'static str,
        errors: &'static [&'static str],
        request: &'static ObjectMeta,
    ) -> Self {
        Self { info, title, group, errors, request }
    }
}

/// An object of a request.
///
/// Objects may hold themselves: walk them along a body, not on their own.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct ObjectMeta {
    /// The object's name in the reference.
    pub name: &'static str,
    /// The members, in the reference's order.
    pub members: &'static [MemberMeta],
}

impl ObjectMeta {
    #[doc(hidden)]
    pub const fn new(name: &'static str, members: &'static [MemberMeta]) -> Self {
        Self { name, members }
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

/// A member of an object of a request.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct MemberMeta {
    /// The name on the wire.
    pub name: &'static str,
    /// The JSON it takes.
    pub ty: JsonType,
    /// Whether the service refuses the object without it.
    pub required: bool,
    /// Whether it is internal to the platform, to be left unset.
    pub internal: bool,
}

impl MemberMeta {
    #[doc(hidden)]
    pub const fn new(name: &'static str, ty: JsonType, required: bool, internal: bool) -> Self {
        Self { name, ty, required, internal }
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
        &[
            MemberMeta::new("Id", JsonType::String, true, false),
            MemberMeta::new("Next", JsonType::Object(&NODE), true, false),
            MemberMeta::new("All", JsonType::List(&JsonType::Object(&NODE)), false, false),
        ],
    );
    static ROOT: ObjectMeta =
        ObjectMeta::new("Root", &[MemberMeta::new("Node", JsonType::Object(&NODE), true, false)]);

    #[test]
    fn paths_of_what_is_required_end_where_an_object_holds_itself() {
        assert_eq!(ROOT.required_paths(), ["Node", "Node.Id", "Node.Next"]);
        assert!(ROOT.member("Node").is_some() && ROOT.member("node").is_none());
        assert!(format!("{ROOT:?} {NODE:?}").len() < 200);
    }
}

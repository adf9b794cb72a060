//! Intermediate representation of the generated code, with all names resolved.

use std::collections::BTreeMap;

use crate::errors::Facts;
use crate::overlay::{FieldForm, Limit, Rule, StreamError, Task, Unit};
use crate::pages::PositionKind;

/// A models crate.
pub(crate) struct Ir<'a> {
    pub(crate) service: String,
    pub(crate) version: String,
    pub(crate) title: String,
    /// Sorted by name; empty if the overlay has no groups.
    pub(crate) groups: Vec<Group>,
    pub(crate) actions: Vec<Action>,
    /// Sorted by their names in the reference.
    pub(crate) structs: Vec<Struct<'a>>,
    /// Sorted by name.
    pub(crate) enums: Vec<Enum>,
    /// Tasks, each with the action that reports its progress.
    pub(crate) tasks: Vec<(&'a str, &'a Task)>,
    /// Sorted.
    pub(crate) codes: Vec<Code>,
    /// Classes of codes or families that differ from the platform's.
    pub(crate) errors: BTreeMap<String, Facts>,
}

pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) doc: String,
}

pub(crate) struct Action {
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) doc: String,
    pub(crate) group: Option<String>,
    pub(crate) request: String,
    pub(crate) response: String,
    pub(crate) host: Option<String>,
    pub(crate) test_host: Option<String>,
    pub(crate) form: Option<FieldForm>,
    pub(crate) path: Option<String>,
    pub(crate) idempotent: bool,
    /// True if it only reads.
    pub(crate) reads: bool,
    pub(crate) rate_limit: Option<u32>,
    pub(crate) signed: bool,
    pub(crate) deprecated: bool,
    pub(crate) errors: Vec<String>,
    pub(crate) pages: Option<Pages>,
    /// `None` if the response is never a stream.
    pub(crate) stream: Option<Stream>,
}

/// The fields of an action that returns pages.
pub(crate) struct Pages {
    pub(crate) kind: PositionKind,
    /// Field of the request with the position.
    pub(crate) position: String,
    /// Field of the request with the size of a page.
    pub(crate) size: Option<String>,
    pub(crate) items: Place,
    /// Type of an item.
    pub(crate) item: Ty,
    pub(crate) total: Option<Place>,
    pub(crate) next: Option<Place>,
    /// Flag for further pages, and whether it states that no page follows.
    pub(crate) more: Option<(Place, bool)>,
}

/// A field of a response, or of an object in it.
pub(crate) struct Place {
    /// Field of the response with the object, and whether it is optional.
    pub(crate) object: Option<(String, bool)>,
    pub(crate) field: String,
    pub(crate) optional: bool,
}

/// The streams of an action.
pub(crate) struct Stream {
    pub(crate) error: Option<StreamError>,
    pub(crate) end_marker: bool,
    /// `true` if the reference describes no fields of the events.
    pub(crate) is_untyped: bool,
}

/// Direction in which a type is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Request,
    Response,
    Both,
}

pub(crate) struct Struct<'a> {
    /// Name in the reference.
    pub(crate) name: String,
    pub(crate) ident: String,
    pub(crate) doc: Vec<String>,
    /// One-paragraph description.
    pub(crate) summary: String,
    pub(crate) side: Side,
    /// Module of the type.
    pub(crate) module: String,
    /// Features of which one must be enabled; empty if the type is always available.
    pub(crate) features: Vec<String>,
    /// `true` if every field has a default.
    pub(crate) default: bool,
    /// `true` for the request of a deprecated or offline action.
    pub(crate) deprecated: bool,
    pub(crate) fields: Vec<Field<'a>>,
    pub(crate) rules: Vec<&'a Rule>,
}

pub(crate) struct Field<'a> {
    pub(crate) wire: String,
    pub(crate) ident: String,
    pub(crate) doc: Vec<String>,
    /// One-paragraph description.
    pub(crate) summary: String,
    pub(crate) ty: Ty,
    pub(crate) optional: bool,
    /// `true` if requests require it.
    pub(crate) required: bool,
    pub(crate) internal: bool,
    pub(crate) sensitive: bool,
    /// Replacement, if the field is deprecated.
    pub(crate) deprecated: Option<&'a str>,
    pub(crate) limit: Option<&'a Limit>,
    pub(crate) time: Option<Unit>,
    /// Name of the setter on request types.
    pub(crate) setter: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ty {
    String,
    I64,
    U64,
    F64,
    Bool,
    Base64,
    Struct(String),
    /// A boxed struct that is part of a recursive type.
    Boxed(String),
    /// A boxed struct that is large.
    Large(String),
    TextEnum(String),
    IntEnum(String),
    List(Box<Ty>),
}

pub(crate) struct Enum {
    pub(crate) ident: String,
    pub(crate) doc: String,
    /// Module of the type.
    pub(crate) module: String,
    /// Features of which one must be enabled; empty if the type is always available.
    pub(crate) features: Vec<String>,
    pub(crate) variants: Variants,
}

pub(crate) enum Variants {
    Text(Vec<Variant<String>>),
    Int(Vec<Variant<i64>>),
}

pub(crate) struct Variant<T> {
    pub(crate) ident: String,
    pub(crate) value: T,
    pub(crate) doc: String,
}

pub(crate) struct Code {
    pub(crate) ident: String,
    pub(crate) code: String,
    pub(crate) description: String,
    /// Description and fix, as Markdown.
    pub(crate) doc: String,
    /// Fix of the error in the form of the files, or an empty string.
    pub(crate) hint: String,
    /// `true` if the service states the fix, and not the platform.
    pub(crate) is_own_hint: bool,
}

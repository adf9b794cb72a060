//! What is emitted, with every name decided.

/// A models crate.
pub(crate) struct Ir {
    pub(crate) service: String,
    pub(crate) version: String,
    pub(crate) title: String,
    /// Sorted by name; empty where the overlay has no groups.
    pub(crate) groups: Vec<Group>,
    pub(crate) actions: Vec<Action>,
    pub(crate) structs: Vec<Struct>,
    pub(crate) enums: Vec<Enum>,
    pub(crate) codes: Vec<Code>,
    /// The objects that a request reaches, by name.
    pub(crate) request_objects: Vec<Object>,
}

pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) doc: String,
}

pub(crate) struct Action {
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) group: Option<String>,
    pub(crate) request: String,
    pub(crate) response: String,
    /// The request's object in [`Ir::request_objects`].
    pub(crate) request_object: String,
    pub(crate) host: Option<String>,
    pub(crate) test_host: Option<String>,
    pub(crate) retry_safe: bool,
    pub(crate) rate_limit: Option<u32>,
    pub(crate) signed: bool,
    pub(crate) deprecated: bool,
    pub(crate) errors: Vec<String>,
}

/// Which side of a call a type stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Request,
    Response,
    Both,
}

pub(crate) struct Struct {
    pub(crate) ident: String,
    pub(crate) doc: Vec<String>,
    pub(crate) side: Side,
    /// The file it stands in.
    pub(crate) module: String,
    /// The features one of which must be on; empty for always.
    pub(crate) features: Vec<String>,
    /// Whether every member has a default.
    pub(crate) default: bool,
    pub(crate) fields: Vec<Field>,
}

pub(crate) struct Field {
    pub(crate) wire: String,
    pub(crate) ident: String,
    pub(crate) doc: Vec<String>,
    pub(crate) ty: Ty,
    pub(crate) optional: bool,
    pub(crate) sensitive: bool,
    /// The name of the method that sets it, on request types.
    pub(crate) setter: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ty {
    String,
    I64,
    U64,
    F64,
    Bool,
    Struct(String),
    /// A struct behind a pointer: it holds itself.
    Boxed(String),
    Enum(String),
    List(Box<Ty>),
}

pub(crate) struct Enum {
    pub(crate) ident: String,
    pub(crate) doc: Vec<String>,
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
}

/// An object as the catalogue describes it.
pub(crate) struct Object {
    pub(crate) name: String,
    pub(crate) members: Vec<ObjectMember>,
}

pub(crate) struct ObjectMember {
    pub(crate) name: String,
    pub(crate) required: bool,
    pub(crate) disabled: bool,
    pub(crate) shape: Shape,
}

/// The JSON a member takes.
pub(crate) enum Shape {
    String,
    Int,
    Uint,
    Float,
    Bool,
    Object(String),
    List(Box<Shape>),
}

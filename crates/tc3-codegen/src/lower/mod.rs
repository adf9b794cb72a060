//! Lowers the model to the IR: resolves all names and rejects collisions.

mod pages;
mod sets;

use std::collections::{BTreeMap, BTreeSet};

use crate::apply::Model;
use crate::doc::{field_doc, field_summary, struct_doc, summary};
use crate::ir::{Action, Field, Group, Ir, Side, Stream, Struct, Ty};
use crate::names::{ident, snake};
use crate::problem::{Problem, Problems};
use crate::reach::{Reach, contains, reach};
use crate::size::Sizes;
use crate::spec::{FieldSpec, Status};

/// Module of types used by several groups.
pub(crate) const SHARED: &str = "shared";
/// Module of value sets used by several groups.
pub(crate) const VALUES: &str = "values";

/// Reserved type names: other public items, the module of the generated code, and the primitive types.
pub(crate) const RESERVED_TYPES: [&str; 22] = [
    "CATALOGUE",
    "ERRORS",
    "ErrorCode",
    "generated",
    "visit_actions",
    "bool",
    "char",
    "str",
    "f32",
    "f64",
    "i8",
    "i16",
    "i32",
    "i64",
    "i128",
    "isize",
    "u8",
    "u16",
    "u32",
    "u64",
    "u128",
    "usize",
];

/// Names of methods that a setter must not shadow.
const TAKEN_METHODS: [&str; 22] = [
    "new",
    "default",
    "clone",
    "clone_from",
    "clone_into",
    "to_owned",
    "fmt",
    "eq",
    "ne",
    "into",
    "try_into",
    "from",
    "try_from",
    "borrow",
    "borrow_mut",
    "as_ref",
    "as_mut",
    "type_id",
    "serialize",
    "deserialize",
    "to_string",
    "drop",
];

pub(crate) fn lower<'a>(
    model: &Model<'a>,
    spec_file: &str,
    overlay_file: &str,
) -> Result<Ir<'a>, Vec<Problem>> {
    let mut at = Problems::of(spec_file);
    let (reached, sizes) = (reach(model), Sizes::of(model.spec));
    let structs: Vec<Struct<'a>> = model
        .spec
        .objects
        .0
        .keys()
        .map(|name| lower_struct(&mut at, model, &sizes, name, reached.get(name.as_str())))
        .collect();
    check_type_names(&mut at, model);
    let codes = sets::codes(&mut at, model);
    let mut at_overlay = Problems::of(overlay_file);
    let enums = sets::enums(&mut at_overlay, model, &reached);
    let actions = lower_actions(&mut at_overlay, model, &structs);
    let mut found = at.into_found();
    found.extend(at_overlay.into_found());
    if !found.is_empty() {
        return Err(found);
    }
    Ok(Ir {
        service: model.spec.service.clone(),
        version: model.spec.version.clone(),
        title: model.spec.title.clone(),
        groups: model
            .overlay
            .groups
            .0
            .iter()
            .map(|(name, group)| Group { name: name.clone(), doc: group.doc.clone() })
            .collect(),
        actions,
        structs,
        enums,
        tasks: model.overlay.tasks.0.iter().map(|(name, task)| (name.as_str(), task)).collect(),
        codes,
        errors: model
            .overlay
            .errors
            .0
            .iter()
            .map(|(key, entry)| (key.clone(), entry.into()))
            .collect(),
    })
}

/// Returns the Rust name of an object, or an empty string, which [`check_type_names`] rejects.
fn type_ident(model: &Model<'_>, object: &str) -> String {
    let name = model.spec.objects.get_key_value(object).map_or("", |(name, _)| name.as_str());
    ident(model.type_name(name)).unwrap_or_default()
}

fn check_type_names(at: &mut Problems<'_>, model: &Model<'_>) {
    let mut taken: BTreeMap<String, String> = BTreeMap::new();
    for name in RESERVED_TYPES {
        taken.insert(name.to_owned(), "the generated code".to_owned());
    }
    for (name, _) in &model.overlay.values {
        taken.insert(name.clone(), format!("the value set `{name}`"));
    }
    for (name, _) in &model.spec.objects {
        let ident = type_ident(model, name);
        if ident.is_empty() {
            at.add(&["objects", name], "not a valid Rust name; rename it in the overlay");
        } else if let Some(other) = taken.insert(ident.clone(), format!("the object `{name}`")) {
            let reason = format!(
                "duplicate Rust type name `{ident}`: also the name of {other}; rename one in the overlay"
            );
            at.add(&["objects", name], reason);
        }
    }
}

fn lower_struct<'a>(
    at: &mut Problems<'_>,
    model: &Model<'a>,
    sizes: &Sizes<'_>,
    name: &str,
    reach: Option<&Reach<'_>>,
) -> Struct<'a> {
    // Unreachable objects are usable in both directions.
    let side = match reach {
        Some(Reach { request: true, response: false, .. }) => Side::Request,
        Some(Reach { request: false, response: true, .. }) => Side::Response,
        _ => Side::Both,
    };
    let groups: BTreeSet<&str> =
        reach.iter().flat_map(|reach| reach.groups.iter().copied()).collect();
    let (module, features) = module_of(model, SHARED, &groups);
    let fields = lower_fields(at, model, sizes, name, side);
    let default = side != Side::Request || fields.iter().all(|field| field.optional);
    let withdrawn = |(_, facts): (_, &crate::spec::Action)| facts.status != Status::Online;
    Struct {
        name: name.to_owned(),
        ident: type_ident(model, name),
        doc: struct_doc(model, name),
        summary: summary(model, name),
        side,
        module,
        features,
        default,
        deprecated: model.requested_by(name).is_some_and(withdrawn),
        fields,
        rules: model.rules(name).to_vec(),
    }
}

/// Returns the module of a type that these groups use, and the features of which one must be enabled.
///
/// A type used by several groups belongs to the module `several`.
fn module_of(model: &Model<'_>, several: &str, groups: &BTreeSet<&str>) -> (String, Vec<String>) {
    let names = || groups.iter().map(|group| (*group).to_owned()).collect();
    match groups.first() {
        _ if model.overlay.groups.is_empty() => (several.to_owned(), Vec::new()),
        None => (several.to_owned(), vec!["full".to_owned()]),
        Some(one) if groups.len() == 1 => ((*one).to_owned(), names()),
        _ if groups.len() == model.overlay.groups.len() => (several.to_owned(), Vec::new()),
        _ => (several.to_owned(), names()),
    }
}

fn lower_fields<'a>(
    at: &mut Problems<'_>,
    model: &Model<'a>,
    sizes: &Sizes<'_>,
    object: &str,
    side: Side,
) -> Vec<Field<'a>> {
    let facts = model.spec.objects.get(object).map_or(&[][..], Vec::as_slice);
    let mut fields = Vec::new();
    let mut taken: BTreeMap<String, &str> = BTreeMap::new();
    let mut setters: BTreeMap<String, &str> = BTreeMap::new();
    for (index, fact) in facts.iter().enumerate() {
        let path = ["objects", object, &index.to_string(), "name"];
        let rule = snake(&fact.name);
        let name = model.field_name(object, &fact.name).unwrap_or(&rule);
        let Some(ident) = ident(name) else {
            at.add(&path, "not a valid Rust name; rename it in the overlay");
            continue;
        };
        if let Some(other) = taken.insert(ident.clone(), &fact.name) {
            let reason = format!(
                "duplicate Rust field name `{ident}`: `{other}` and `{}`; rename one in the overlay",
                fact.name
            );
            at.add(&path, reason);
            continue;
        }
        let setter = setter_name(&ident);
        if let Some(other) = setters.insert(setter.clone(), &fact.name) {
            let reason = format!("duplicate setter name `{setter}`: also the setter of `{other}`");
            at.add(&path, reason);
        }
        fields.push(lower_field(model, sizes, object, fact, side, ident, setter));
    }
    check_time_methods(at, object, &fields, side, setters);
    fields
}

/// Reports methods of timestamps that have the name of another method.
fn check_time_methods(
    at: &mut Problems<'_>,
    object: &str,
    fields: &[Field<'_>],
    side: Side,
    setters: BTreeMap<String, &str>,
) {
    // Types of responses have no setters.
    let mut taken = if side == Side::Response { BTreeMap::new() } else { setters };
    for (index, field) in fields.iter().enumerate().filter(|(_, field)| field.time.is_some()) {
        let path = ["objects", object, &index.to_string(), "name"];
        let TimeMethods { getter, setter } = time_methods(&field.ident, side);
        for method in [Some(getter), setter].into_iter().flatten() {
            if TAKEN_METHODS.contains(&method.as_str()) {
                let reason = format!("reserved method name `{method}`; rename the field");
                at.add(&path, reason);
            } else if let Some(other) = taken.insert(method.clone(), &field.wire) {
                let reason =
                    format!("duplicate method name `{method}`: also a method of `{other}`");
                at.add(&path, reason);
            }
        }
    }
}

/// Names of the methods that read and set a field as a `SystemTime`.
pub(crate) struct TimeMethods {
    pub(crate) getter: String,
    pub(crate) setter: Option<String>,
}

/// Returns the names of the methods that read and set a field as a time.
///
/// In a response, which has no setters, the getter has the name of the field. In other types that is the name of
/// the setter, so that the getter is `{field}_system_time` and the setter from a time `{field}_from_time`.
pub(crate) fn time_methods(field: &str, side: Side) -> TimeMethods {
    let plain = field.trim_start_matches("r#");
    match side {
        Side::Response => TimeMethods { getter: field.to_owned(), setter: None },
        Side::Request | Side::Both => TimeMethods {
            getter: format!("{plain}_system_time"),
            setter: Some(format!("{plain}_from_time")),
        },
    }
}

/// Returns the name of the setter: the name of the field, prefixed with `with_` if a method has that name.
pub(crate) fn setter_name(field: &str) -> String {
    if TAKEN_METHODS.contains(&field) { format!("with_{field}") } else { field.to_owned() }
}

fn lower_field<'a>(
    model: &Model<'a>,
    sizes: &Sizes<'_>,
    object: &str,
    fact: &FieldSpec,
    side: Side,
    ident: String,
    setter: String,
) -> Field<'a> {
    let ty = lower_type(model, sizes, object, fact);
    let required = model.required(object, fact);
    let optional = match (side, &ty) {
        // A recursive type must be finite.
        (_, Ty::Boxed(_)) => true,
        (Side::Response, Ty::List(_)) => false,
        (Side::Response, _) => fact.name != "RequestId" && (!fact.output_required || fact.nullable),
        (Side::Request | Side::Both, _) => !required,
    };
    Field {
        wire: fact.name.clone(),
        ident,
        doc: field_doc(model, object, fact),
        summary: field_summary(model, object, fact),
        ty,
        optional,
        required,
        internal: fact.disabled,
        sensitive: model.sensitive(object, &fact.name),
        deprecated: model.deprecated(object, &fact.name),
        limit: model.limit(object, &fact.name),
        time: model.time(object, &fact.name),
        setter,
    }
}

fn lower_type(model: &Model<'_>, sizes: &Sizes<'_>, object: &str, fact: &FieldSpec) -> Ty {
    let set = model.value_set(object, &fact.name);
    let base64 = model.base64(object, &fact.name);
    let scalar = |kind: &str| match (kind, set) {
        ("int64" | "uint64", Some(set)) => Ty::IntEnum(set.to_owned()),
        (_, Some(set)) => Ty::TextEnum(set.to_owned()),
        ("int64", None) => Ty::I64,
        ("uint64", None) => Ty::U64,
        ("float", None) => Ty::F64,
        ("bool", None) => Ty::Bool,
        (_, None) if base64 => Ty::Base64,
        (_, None) => Ty::String,
    };
    match (fact.kind.as_str(), fact.of.as_deref()) {
        ("object", Some(of)) if contains(model.spec, of, object) => {
            Ty::Boxed(type_ident(model, of))
        }
        ("object", Some(of)) if sizes.is_large(of) => Ty::Large(type_ident(model, of)),
        ("object", Some(of)) => Ty::Struct(type_ident(model, of)),
        ("list", Some(of)) if model.spec.objects.contains_key(of) => {
            Ty::List(Box::new(Ty::Struct(type_ident(model, of))))
        }
        ("list", Some(of)) => Ty::List(Box::new(scalar(of))),
        (kind, _) => scalar(kind),
    }
}

/// Returns the streams of an action, if its response may be one.
fn stream(model: &Model<'_>, name: &str, facts: &crate::spec::Action) -> Option<Stream> {
    let entry = model.overlay.streams.get(name);
    let fields = model.spec.objects.get(&facts.response).map_or(&[][..], Vec::as_slice);
    (facts.streamed || entry.is_some()).then(|| Stream {
        error: entry.and_then(|entry| entry.error.clone()),
        end_marker: entry.is_some_and(|entry| entry.end_marker),
        is_untyped: fields.iter().all(|field| field.name == "RequestId"),
    })
}

fn lower_actions(at: &mut Problems<'_>, model: &Model<'_>, structs: &[Struct<'_>]) -> Vec<Action> {
    let hosts = &model.overlay.hosts;
    let limit = model.overlay.rate_limit.as_ref();
    let mut lower = |(name, facts): (&String, &crate::spec::Action)| {
        let own = hosts.iter().find(|host| host.action.as_ref() == Some(name));
        let host = own.or_else(|| hosts.iter().find(|host| host.action.is_none()));
        let form = model.overlay.forms.iter().find(|form| form.action == *name);
        let pagination = model.pagination(name);
        let pages = pagination.and_then(|pagination| pages::pages(structs, facts, pagination));
        if pagination.is_some() && pages.is_none() {
            let reason = "a field of the pages has a value set; disable one of both";
            at.add(&["pagination", name], reason);
        }
        Action {
            name: name.clone(),
            title: facts.title.clone(),
            doc: model.action_doc(name).unwrap_or_default().to_owned(),
            group: model.group(name).map(str::to_owned),
            request: type_ident(model, &facts.request),
            response: type_ident(model, &facts.response),
            host: host.and_then(|host| host.host.clone()),
            test_host: host.and_then(|host| host.test_host.clone()),
            form: form.and_then(|entry| entry.form),
            path: form.and_then(|entry| entry.path.clone()),
            idempotent: model.overlay.idempotent.contains_key(name),
            reads: model.reads(name),
            rate_limit: limit
                .map(|limit| limit.actions.get(name).copied().unwrap_or(limit.default)),
            signed: !facts.skip_sign,
            deprecated: facts.status != Status::Online,
            errors: facts.errors.clone(),
            pages,
            stream: stream(model, name, facts),
        }
    };
    model.spec.actions.0.iter().map(&mut lower).collect()
}

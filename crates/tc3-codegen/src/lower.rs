//! From the model to the IR: every name is decided here, and two that fall together are refused.

use std::collections::{BTreeMap, BTreeSet};

use crate::apply::Model;
use crate::doc::{field_doc, struct_doc};
use crate::ir::{
    Action, Code, Enum, Field, Group, Ir, Object, ObjectMember, Shape, Side, Struct, Ty, Variant,
    Variants,
};
use crate::names::{camel, ident, snake};
use crate::overlay::Wire;
use crate::problem::{Problem, Problems};
use crate::reach::{Reach, holds, reach};
use crate::spec::{Member, Status};

/// The file of types that no single group owns.
pub(crate) const SHARED: &str = "shared";

/// Names that no object's type may have: that of the error codes, and the primitives, which serde's
/// derived code calls by their short names.
pub(crate) const RESERVED_TYPES: [&str; 18] = [
    "ErrorCode",
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

/// Names of methods that a setter of the same name would hide or clash with.
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

pub(crate) fn lower(
    model: &Model<'_>,
    spec_file: &str,
    overlay_file: &str,
) -> Result<Ir, Vec<Problem>> {
    let mut at = Problems::of(spec_file);
    let reached = reach(model);
    let structs: Vec<Struct> = model
        .spec
        .objects
        .0
        .keys()
        .map(|name| lower_struct(&mut at, model, name, reached.get(name.as_str())))
        .collect();
    check_type_names(&mut at, model);
    let codes = lower_codes(&mut at, model);
    let mut at_overlay = Problems::of(overlay_file);
    let enums = lower_enums(&mut at_overlay, model);
    let mut found = at.into_found();
    found.extend(at_overlay.into_found());
    if !found.is_empty() {
        return Err(found);
    }
    let type_ident = |object: &str| type_ident(model, object);
    let actions = lower_actions(model, &type_ident);
    let request_objects = reached
        .iter()
        .filter(|(_, reach)| reach.request)
        .map(|(name, _)| lower_object(model, name))
        .collect();
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
        codes,
        request_objects,
    })
}

/// The Rust name of an object; one that has none is refused in [`check_type_names`].
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
            at.add(&["objects", name], "no Rust name can be made of it: rename it in the overlay");
        } else if let Some(other) = taken.insert(ident.clone(), format!("the object `{name}`")) {
            let reason = format!(
                "two types with the Rust name `{ident}`: {other} has it already; rename one in the overlay"
            );
            at.add(&["objects", name], reason);
        }
    }
}

fn lower_struct(
    at: &mut Problems<'_>,
    model: &Model<'_>,
    name: &str,
    reach: Option<&Reach<'_>>,
) -> Struct {
    // What no action reaches is kept for its name's sake, usable either way.
    let side = match reach {
        Some(Reach { request: true, response: false, .. }) => Side::Request,
        Some(Reach { request: false, response: true, .. }) => Side::Response,
        _ => Side::Both,
    };
    let (module, features) = place(model, reach);
    let fields = lower_fields(at, model, name, side);
    let default = side != Side::Request || fields.iter().all(|field| field.optional);
    Struct {
        ident: type_ident(model, name),
        doc: struct_doc(model, name),
        side,
        module,
        features,
        default,
        fields,
    }
}

/// The file of a type and the features of which one must be on.
fn place(model: &Model<'_>, reach: Option<&Reach<'_>>) -> (String, Vec<String>) {
    let groups: Vec<&str> = reach.iter().flat_map(|reach| reach.groups.iter().copied()).collect();
    match groups.as_slice() {
        _ if model.overlay.groups.is_empty() => (SHARED.to_owned(), Vec::new()),
        [] => (SHARED.to_owned(), vec!["full".to_owned()]),
        [one] => ((*one).to_owned(), vec![(*one).to_owned()]),
        all if all.len() == model.overlay.groups.len() => (SHARED.to_owned(), Vec::new()),
        some => (SHARED.to_owned(), some.iter().map(|group| (*group).to_owned()).collect()),
    }
}

fn lower_fields(at: &mut Problems<'_>, model: &Model<'_>, object: &str, side: Side) -> Vec<Field> {
    let members = model.spec.objects.get(object).map_or(&[][..], Vec::as_slice);
    let mut fields = Vec::new();
    let mut taken: BTreeMap<String, &str> = BTreeMap::new();
    let mut setters: BTreeMap<String, &str> = BTreeMap::new();
    for (index, member) in members.iter().enumerate() {
        let path = ["objects", object, &index.to_string(), "name"];
        let rule = snake(&member.name);
        let name = model.member_name(object, &member.name).unwrap_or(&rule);
        let Some(ident) = ident(name) else {
            at.add(&path, "no Rust name can be made of it: rename it in the overlay");
            continue;
        };
        if let Some(other) = taken.insert(ident.clone(), &member.name) {
            let reason = format!(
                "two members with the Rust name `{ident}`: `{other}` and `{}`; rename one in the overlay",
                member.name
            );
            at.add(&path, reason);
            continue;
        }
        let setter = setter_name(&ident);
        if let Some(other) = setters.insert(setter.clone(), &member.name) {
            let reason = format!("its setter `{setter}` is that of `{other}` too");
            at.add(&path, reason);
        }
        fields.push(lower_field(model, object, member, side, ident, setter));
    }
    fields
}

/// The name of the method that sets the field: the field's own, where no other method has it.
pub(crate) fn setter_name(field: &str) -> String {
    if TAKEN_METHODS.contains(&field) { format!("with_{field}") } else { field.to_owned() }
}

fn lower_field(
    model: &Model<'_>,
    object: &str,
    member: &Member,
    side: Side,
    ident: String,
    setter: String,
) -> Field {
    let ty = lower_type(model, object, member);
    let required = model.required(object, member);
    let optional = match (side, &ty) {
        // What holds itself must be able to end.
        (_, Ty::Boxed(_)) => true,
        (Side::Response, Ty::List(_)) => false,
        (Side::Response, _) => {
            member.name != "RequestId" && (!member.output_required || member.nullable)
        }
        (Side::Request | Side::Both, _) => !required,
    };
    Field {
        wire: member.name.clone(),
        ident,
        doc: field_doc(model, object, member),
        ty,
        optional,
        sensitive: model.sensitive(object, &member.name),
        setter,
    }
}

fn lower_type(model: &Model<'_>, object: &str, member: &Member) -> Ty {
    let set = model.value_set(object, &member.name);
    let scalar = |kind: &str| match (kind, set) {
        (_, Some(set)) => Ty::Enum(set.to_owned()),
        ("int64", None) => Ty::I64,
        ("uint64", None) => Ty::U64,
        ("float", None) => Ty::F64,
        ("bool", None) => Ty::Bool,
        (_, None) => Ty::String,
    };
    match (member.kind.as_str(), member.of.as_deref()) {
        ("object", Some(of)) if holds(model.spec, of, object) => Ty::Boxed(type_ident(model, of)),
        ("object", Some(of)) => Ty::Struct(type_ident(model, of)),
        ("list", Some(of)) if model.spec.objects.contains_key(of) => {
            Ty::List(Box::new(Ty::Struct(type_ident(model, of))))
        }
        ("list", Some(of)) => Ty::List(Box::new(scalar(of))),
        (kind, _) => scalar(kind),
    }
}

fn lower_codes(at: &mut Problems<'_>, model: &Model<'_>) -> Vec<Code> {
    let spec = model.spec;
    let common = spec.common_codes.0.iter().map(|(code, facts)| (code, &facts.description));
    let all: BTreeMap<_, _> = common.chain(&spec.codes).collect();
    let mut taken: BTreeMap<String, &String> = BTreeMap::new();
    let mut codes = Vec::new();
    for (code, description) in all {
        let name = camel(code);
        match ident(&name) {
            Some(name) if name != "Unknown" => {
                if let Some(other) = taken.insert(name.clone(), code) {
                    at.add(
                        &["codes", code],
                        format!("its Rust name `{name}` is that of `{other}` too"),
                    );
                }
                codes.push(Code {
                    ident: name,
                    code: code.clone(),
                    description: description.clone(),
                });
            }
            _ => at.add(&["codes", code], "no Rust name can be made of it"),
        }
    }
    codes
}

fn lower_enums(at: &mut Problems<'_>, model: &Model<'_>) -> Vec<Enum> {
    let mut enums = Vec::new();
    for (name, set) in &model.overlay.values {
        if ident(name).as_ref() != Some(name) {
            at.add(&["values", name], "is no Rust name");
        }
        let mut taken = BTreeSet::from(["Unknown".to_owned()]);
        let (mut text, mut int) = (Vec::new(), Vec::new());
        for (index, value) in set.values.iter().enumerate() {
            let path = ["values", name, "values", &index.to_string()];
            let rule = match &value.value {
                Wire::Text(text) => camel(text),
                Wire::Int(_) => String::new(),
            };
            let Some(variant) = ident(value.name.as_ref().unwrap_or(&rule)) else {
                at.add(&path, "no Rust name can be made of it: give it a `name`");
                continue;
            };
            if !taken.insert(variant.clone()) {
                at.add(&path, format!("the Rust name `{variant}` is taken: give it a `name`"));
            }
            let doc = value.doc.clone();
            match &value.value {
                Wire::Text(value) => {
                    text.push(Variant { ident: variant, value: value.clone(), doc });
                }
                Wire::Int(value) => int.push(Variant { ident: variant, value: *value, doc }),
            }
        }
        let variants = if int.is_empty() { Variants::Text(text) } else { Variants::Int(int) };
        enums.push(Enum { ident: name.clone(), doc: vec![set.doc.clone()], variants });
    }
    enums
}

fn lower_actions(model: &Model<'_>, type_ident: &dyn Fn(&str) -> String) -> Vec<Action> {
    let hosts = &model.overlay.hosts;
    let limit = model.overlay.rate_limit.as_ref();
    let lower = |(name, facts): (&String, &crate::spec::Action)| {
        let own = hosts.iter().find(|host| host.action.as_ref() == Some(name));
        let host = own.or_else(|| hosts.iter().find(|host| host.action.is_none()));
        Action {
            name: name.clone(),
            title: facts.title.clone(),
            group: model.group(name).map(str::to_owned),
            request: type_ident(&facts.request),
            response: type_ident(&facts.response),
            request_object: facts.request.clone(),
            host: host.and_then(|host| host.host.clone()),
            test_host: host.and_then(|host| host.test_host.clone()),
            retry_safe: model.overlay.retry_safe.contains_key(name),
            rate_limit: limit
                .map(|limit| limit.actions.get(name).copied().unwrap_or(limit.default)),
            signed: !facts.skip_sign,
            deprecated: facts.status != Status::Online,
            errors: facts.errors.clone(),
        }
    };
    model.spec.actions.0.iter().map(lower).collect()
}

fn lower_object(model: &Model<'_>, name: &str) -> Object {
    fn shape(model: &Model<'_>, kind: &str, of: Option<&str>) -> Shape {
        match (kind, of) {
            ("int64", _) => Shape::Int,
            ("uint64", _) => Shape::Uint,
            ("float", _) => Shape::Float,
            ("bool", _) => Shape::Bool,
            ("object", Some(of)) => Shape::Object(of.to_owned()),
            ("list", Some(of)) if model.spec.objects.contains_key(of) => {
                Shape::List(Box::new(Shape::Object(of.to_owned())))
            }
            ("list", Some(of)) => Shape::List(Box::new(shape(model, of, None))),
            _ => Shape::String,
        }
    }
    let members = model.spec.objects.get(name).map_or(&[][..], Vec::as_slice);
    Object {
        name: name.to_owned(),
        members: members
            .iter()
            .map(|member| ObjectMember {
                name: member.name.clone(),
                required: model.required(name, member),
                disabled: member.disabled,
                shape: shape(model, &member.kind, member.of.as_deref()),
            })
            .collect(),
    }
}

//! The official machine-readable reference, as published in the PyPI package `tccli`: converts its facts to a
//! spec and its prose to documentation.

mod codes;
mod prose;

use std::collections::BTreeSet;

use serde::Deserialize;

pub use codes::ErrorCodes;

use crate::overlay::{Docs, ObjectDoc};
use crate::problem::{Problem, pointer};
use crate::spec::{Action, FieldSpec, Spec, Status};
use crate::table::Table;

/// The reference of one version of a service, `api.json`, without its examples.
#[derive(Debug, Deserialize)]
pub struct Reference {
    actions: Table<ActionEntry>,
    metadata: Metadata,
    objects: Table<ObjectEntry>,
}

#[derive(Debug, Deserialize)]
struct ActionEntry {
    name: String,
    #[serde(default, deserialize_with = "text")]
    document: String,
    input: String,
    output: String,
    status: Option<String>,
    #[serde(default, deserialize_with = "flag")]
    skip_sign: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    api_version: String,
    #[serde(rename = "serviceNameCN", default)]
    service_name: String,
}

#[derive(Debug, Deserialize)]
struct ObjectEntry {
    #[serde(default, deserialize_with = "text")]
    document: String,
    members: Vec<MemberEntry>,
}

#[derive(Debug, Deserialize)]
struct MemberEntry {
    name: String,
    #[serde(default, deserialize_with = "text")]
    document: String,
    #[serde(rename = "type")]
    kind: String,
    member: String,
    #[serde(default, deserialize_with = "flag")]
    required: bool,
    #[serde(default, deserialize_with = "flag")]
    disabled: bool,
    #[serde(default, deserialize_with = "flag")]
    output_required: bool,
    #[serde(default, deserialize_with = "flag")]
    value_allowed_null: bool,
}

impl MemberEntry {
    /// Returns whether this is the request ID of a response that may be a stream, by the note of the reference that the
    /// ID of a success is in a header.
    fn is_id_of_stream(&self) -> bool {
        self.name == "RequestId" && self.document.contains(STREAM_NOTE)
    }
}

/// Part of the documentation of the request ID in responses that may be streams.
const STREAM_NOTE: &str = "流式响应接口";

impl Reference {
    /// Converts the reference to a spec, without error codes: see [`ErrorCodes`].
    ///
    /// `file` is the name of the reference in problems, `schema` the path of the JSON Schema in the spec.
    ///
    /// # Errors
    /// Returns a problem for each unknown status or type.
    pub fn facts(self, file: &str, service: &str, schema: &str) -> Result<Spec, Vec<Problem>> {
        let mut problems = Vec::new();
        let is_streamed =
            |object: &ObjectEntry| object.members.iter().any(MemberEntry::is_id_of_stream);
        let streamed = self.objects.0.iter().filter(|(_, object)| is_streamed(object));
        let streamed: BTreeSet<String> = streamed.map(|(name, _)| name.clone()).collect();
        let mut actions = Table::default();
        for (name, action) in self.actions.0 {
            let status = match action.status.as_deref() {
                None | Some("online") => Status::Online,
                Some("deprecated") => Status::Deprecated,
                Some("offline") => Status::Offline,
                Some(other) => {
                    let pointer = pointer(&["actions", &name, "status"]);
                    let reason = format!("unknown status `{other}`");
                    problems.push(Problem { file: file.to_owned(), pointer, reason });
                    Status::Online
                }
            };
            let facts = Action {
                streamed: streamed.contains(&action.output),
                title: action.name,
                request: action.input,
                response: action.output,
                status,
                skip_sign: action.skip_sign,
                errors: Vec::new(),
            };
            actions.insert(name, facts);
        }
        let mut objects = Table::default();
        for (name, object) in self.objects.0 {
            let mut members = Vec::new();
            for (index, member) in object.members.into_iter().enumerate() {
                match member_facts(member) {
                    Ok(member) => members.push(member),
                    Err(reason) => {
                        let index = index.to_string();
                        let pointer = pointer(&["objects", &name, "members", &index, "type"]);
                        problems.push(Problem { file: file.to_owned(), pointer, reason });
                    }
                }
            }
            objects.insert(name, members);
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Spec {
            schema: schema.to_owned(),
            service: service.to_owned(),
            version: self.metadata.api_version,
            title: self.metadata.service_name,
            actions,
            objects,
            codes: Table::default(),
            common_codes: Table::default(),
        })
    }

    /// Returns the prose of the reference, as Markdown without rustdoc warnings.
    pub fn docs(&self) -> Docs {
        let clean = |text: &str| Some(prose::clean(text)).filter(|text| !text.is_empty());
        let actions = self.actions.0.iter();
        let actions =
            actions.filter_map(|(name, action)| Some((name.clone(), clean(&action.document)?)));
        let objects = self.objects.0.iter().map(|(name, object)| {
            let members = object.members.iter();
            let fields: Table<String> = members
                .filter_map(|fact| Some((fact.name.clone(), clean(&fact.document)?)))
                .collect();
            (name.clone(), ObjectDoc { doc: clean(&object.document), fields })
        });
        let documented = |(_, doc): &(String, ObjectDoc)| *doc != ObjectDoc::default();
        Docs {
            actions: actions.collect(),
            objects: objects.filter(documented).collect(),
            ..Docs::default()
        }
    }
}

fn member_facts(member: MemberEntry) -> Result<FieldSpec, String> {
    let (kind, of) = match (member.kind.as_str(), member.member.as_str()) {
        ("object" | "list", _) => (member.kind, Some(member.member)),
        ("string", "string" | "date" | "datetime" | "datetime_iso")
        | ("int", "int64" | "uint64")
        | ("float", "float")
        | ("bool", "bool")
        | ("binary", "binary") => (member.member, None),
        (kind, element) => return Err(format!("unknown type `{kind}` of `{element}`")),
    };
    Ok(FieldSpec {
        name: member.name,
        kind,
        of,
        required: member.required,
        disabled: member.disabled,
        output_required: member.output_required,
        nullable: member.value_allowed_null,
    })
}

/// Deserializes a string that may be null.
fn text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.unwrap_or_default())
}

/// Deserializes a boolean that may be 0 or 1.
fn flag<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Flag {
        Bool(bool),
        Number(u8),
    }
    match Flag::deserialize(deserializer)? {
        Flag::Bool(flag) => Ok(flag),
        Flag::Number(number @ 0..=1) => Ok(number == 1),
        Flag::Number(_) => Err(serde::de::Error::custom("expected a boolean, 0 or 1")),
    }
}

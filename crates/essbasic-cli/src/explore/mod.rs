//! Commands that explore the API: search, describe, skeleton, snippet.

pub(crate) mod describe;
mod program;
pub(crate) mod search;
pub(crate) mod skeleton;
pub(crate) mod snippet;

use essbasic::catalogue::{ActionMeta, JsonType};
use essbasic::models::CATALOGUE;
use tc3_client::__private::{quoted, showable};

use crate::failure::Failure;

/// Returns the action of this name.
pub(crate) fn action(name: &str) -> Result<&'static ActionMeta, Failure> {
    CATALOGUE.action(name).ok_or_else(|| {
        let names = CATALOGUE.actions.iter().map(|action| action.info.name);
        Failure::new(format!("essbasic has no action {}; {}", quoted(name), advice(name, names)))
    })
}

/// Suggests a name for a mistyped one.
fn advice<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let likeness =
        |known: &str| strsim::jaro_winkler(&known.to_ascii_lowercase(), &name.to_ascii_lowercase());
    let nearest = known
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)))
        .filter(|nearest| likeness(nearest) > 0.8);
    match (nearest, showable(name)) {
        (Some(nearest), _) => format!("did you mean {nearest}?"),
        (None, Some(name)) => format!("look for it with: essbasic search {name}"),
        (None, None) => "look for it with: essbasic search WORD".to_owned(),
    }
}

/// Returns the name of a type in terms of JSON.
fn type_name(ty: JsonType) -> String {
    match ty {
        JsonType::String => "string".to_owned(),
        JsonType::Int => "int64".to_owned(),
        JsonType::Uint => "uint64".to_owned(),
        JsonType::Float => "float".to_owned(),
        JsonType::Bool => "bool".to_owned(),
        JsonType::Object(object) => object.name.to_owned(),
        JsonType::List(element) => format!("array of {}", type_name(*element)),
        _ => "value".to_owned(),
    }
}

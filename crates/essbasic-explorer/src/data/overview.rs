//! Lists of all actions, objects, value sets and error codes.

use std::borrow::Cow;
use std::collections::BTreeSet;

use essbasic::Language;
use essbasic::catalogue::ActionMeta;
use essbasic::models::CATALOGUE;
use serde::Serialize;

use super::title::title;

/// The service in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Overview {
    /// Name of the service.
    pub service: &'static str,
    /// Version of the API.
    pub version: &'static str,
    /// Groups of actions, sorted.
    pub groups: Vec<&'static str>,
    /// All actions, sorted by name.
    pub actions: Vec<ActionOverview>,
    /// Names of all objects except requests and responses, sorted.
    pub objects: Vec<&'static str>,
    /// Names of all value sets, sorted.
    pub values: Vec<&'static str>,
    /// All known error codes, sorted.
    pub codes: Vec<&'static str>,
}

/// An action in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ActionOverview {
    /// Name of the action.
    pub name: &'static str,
    /// Title of the reference, in Chinese.
    pub title: &'static str,
    /// Title in English.
    pub title_en: Cow<'static, str>,
    /// Group of the action.
    pub group: &'static str,
    /// `read` if the action only reads, otherwise `write`.
    pub effect: &'static str,
    /// True if the service has announced the removal of the action.
    pub deprecated: bool,
    /// True if the action is idempotent.
    pub idempotent: bool,
    /// Number of the required fields of the request, without fields of the objects in it.
    pub required_fields: usize,
}

impl ActionOverview {
    /// Returns an action in short.
    pub fn new(action: &'static ActionMeta) -> Self {
        let info = &action.info;
        Self {
            name: info.name,
            title: action.title,
            title_en: title(action, Language::English),
            group: action.group,
            effect: action.effect.name(),
            deprecated: info.deprecated,
            idempotent: info.idempotent,
            required_fields: action.request.fields.iter().filter(|field| field.required).count(),
        }
    }
}

/// Returns the lists of all items.
pub fn overview() -> Overview {
    let info = CATALOGUE.actions.first().map(|action| action.info);
    let groups: BTreeSet<&str> = CATALOGUE.actions.iter().map(|action| action.group).collect();
    let ends: BTreeSet<&str> = (CATALOGUE.actions.iter())
        .flat_map(|action| [action.request.name, action.response.name])
        .collect();
    let objects = CATALOGUE.objects.iter().map(|object| object.name);
    Overview {
        service: info.map_or("", |info| info.service),
        version: info.map_or("", |info| info.version),
        groups: groups.into_iter().collect(),
        actions: CATALOGUE.actions.iter().map(ActionOverview::new).collect(),
        objects: objects.filter(|name| !ends.contains(name)).collect(),
        values: CATALOGUE.values.iter().map(|set| set.name).collect(),
        codes: CATALOGUE.codes.iter().map(|code| code.code).collect(),
    }
}

//! Actions.

use std::borrow::Cow;
use std::collections::BTreeMap;

use essbasic::Language;
use essbasic::catalogue::ActionMeta;
use serde::Serialize;
use serde_json::Value;

use super::error_code::ErrorCode;
use super::object::{Object, Reachable};
use super::value_set::ValueSet;
use super::{example, related};
use crate::data::title::title;

/// Description of an action.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ActionItem {
    /// Name of the action.
    pub name: &'static str,
    /// Title of the reference, in Chinese.
    pub title: &'static str,
    /// Title in English.
    pub title_en: Cow<'static, str>,
    /// Documentation, as Markdown.
    pub doc: &'static str,
    /// Group of the action.
    pub group: &'static str,
    /// Cargo feature that enables the types of the action.
    pub feature: &'static str,
    /// `read` if the action only reads, otherwise `write`.
    pub effect: &'static str,
    /// True if the service has announced the removal of the action.
    pub deprecated: bool,
    /// True if the action is idempotent.
    pub idempotent: bool,
    /// Production host, if it is not the default host of the service.
    pub host: Option<&'static str>,
    /// Default rate limit of the service, in requests per second.
    pub rate_limit: Option<u32>,
    /// Name of the object of the request body.
    pub request: &'static str,
    /// Name of the object of the response.
    pub response: &'static str,
    /// Request, response and all objects in them, by name.
    pub objects: BTreeMap<&'static str, Object>,
    /// The value sets of their fields, by name.
    pub values: BTreeMap<&'static str, ValueSet>,
    /// Known error codes.
    pub errors: Vec<ErrorCode>,
    /// Names of related actions, the closest first.
    pub related: Vec<&'static str>,
    /// A request with values that pass validation.
    pub example: Value,
}

impl ActionItem {
    pub(super) fn new(action: &'static ActionMeta, language: Language) -> Self {
        let info = &action.info;
        let mut all = Reachable::default();
        all.add(action.request);
        all.add(action.response);
        Self {
            name: info.name,
            title: action.title,
            title_en: title(action, Language::English),
            doc: action.doc,
            group: action.group,
            feature: action.group,
            effect: action.effect.name(),
            deprecated: info.deprecated,
            idempotent: info.idempotent,
            host: info.host,
            rate_limit: info.rate_limit,
            request: action.request.name,
            response: action.response.name,
            objects: all.objects,
            values: all.values,
            errors: action.errors.iter().map(|code| ErrorCode::new(code, language)).collect(),
            related: related::to(action),
            example: example::request(action),
        }
    }
}

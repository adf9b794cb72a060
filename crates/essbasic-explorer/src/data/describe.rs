//! Descriptions of actions, objects, value sets and error codes.

mod action;
mod error_code;
mod example;
mod object;
mod related;
mod value_set;

pub use action::ActionItem;
pub use error_code::{CodeItem, ErrorCode};
pub use object::{Field, FieldLimits, FieldType, Object, ObjectItem};
pub use value_set::{ValueSet, ValueSetItem, Wire, WireValue};

use essbasic::Language;
use essbasic::models::CATALOGUE;
use serde::Serialize;

use super::unknown::{self, Unknown};

/// Description of an item.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Item {
    /// An action.
    Action(Box<ActionItem>),
    /// An object.
    Object(Box<ObjectItem>),
    /// A value set.
    Values(Box<ValueSetItem>),
    /// An error code.
    Code(Box<CodeItem>),
}

/// Returns the description of the action, object, value set or error code of this name, in upper or lower case.
/// `language` is that of hints.
///
/// # Errors
/// Returns [`Unknown`] if no item has this name, with the most similar one.
pub fn describe(name: &str, language: Language) -> Result<Item, Unknown> {
    let same = |known: &str| known.eq_ignore_ascii_case(name);
    if let Some(action) = CATALOGUE.actions.iter().find(|action| same(action.info.name)) {
        return Ok(Item::Action(Box::new(ActionItem::new(action, language))));
    }
    if let Some(object) = CATALOGUE.objects.iter().find(|object| same(object.name)) {
        return Ok(Item::Object(Box::new(ObjectItem::new(object))));
    }
    if let Some(set) = CATALOGUE.values.iter().find(|set| same(set.name)) {
        return Ok(Item::Values(Box::new(ValueSetItem::new(set))));
    }
    if let Some(code) = CATALOGUE.codes.iter().find(|code| same(code.code)) {
        return Ok(Item::Code(Box::new(CodeItem::new(code, language))));
    }
    Err(Unknown::item(name))
}

/// Returns the description of an action. `language` is that of hints.
///
/// # Errors
/// Returns [`Unknown`] if no action has this name, with the most similar one.
pub fn action(name: &str, language: Language) -> Result<Item, Unknown> {
    let action = unknown::action(name)?;
    Ok(Item::Action(Box::new(ActionItem::new(action, language))))
}

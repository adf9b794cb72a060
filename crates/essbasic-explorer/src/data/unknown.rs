//! Names without an item.

use std::fmt;

use essbasic::catalogue::ActionMeta;
use essbasic::models::CATALOGUE;
use tc3_client::__private::{quoted, showable};

/// Error of a name that no item has. [`Display`](fmt::Display) prints the failure.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unknown {
    expected: Expected,
    name: String,
    /// The most similar name, if one is similar.
    pub nearest: Option<&'static str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    Action,
    Item,
}

impl Unknown {
    /// Returns the error of a name that no item has.
    pub(super) fn item(name: &str) -> Self {
        let actions = CATALOGUE.actions.iter().map(|action| action.info.name);
        let objects = CATALOGUE.objects.iter().map(|object| object.name);
        let sets = CATALOGUE.values.iter().map(|set| set.name);
        let codes = CATALOGUE.codes.iter().map(|code| code.code);
        let nearest = nearest(name, actions.chain(objects).chain(sets).chain(codes));
        Self { expected: Expected::Item, name: name.to_owned(), nearest }
    }

    /// Returns the fix: the most similar name, or a search.
    pub fn hint(&self) -> String {
        match self.nearest {
            Some(nearest) => format!("did you mean {nearest}?"),
            None => "search for a part of its name, or for a word of its title".to_owned(),
        }
    }

    /// Returns the name that no item has, if it can be shown as a word of a command.
    pub fn showable_name(&self) -> Option<&str> {
        showable(&self.name)
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = quoted(&self.name);
        match self.expected {
            Expected::Action => write!(f, "essbasic has no action {name}"),
            Expected::Item => write!(f, "essbasic has nothing called {name}"),
        }
    }
}

impl std::error::Error for Unknown {}

/// Returns the action of this name.
///
/// # Errors
/// Returns [`Unknown`] if no action has this name, with the most similar one.
pub fn action(name: &str) -> Result<&'static ActionMeta, Unknown> {
    CATALOGUE.action(name).ok_or_else(|| Unknown {
        expected: Expected::Action,
        name: name.to_owned(),
        nearest: nearest(name, CATALOGUE.actions.iter().map(|action| action.info.name)),
    })
}

/// Minimum similarity of a suggested name, from 0 to 1.
const MIN_SIMILARITY: f64 = 0.8;

fn nearest(name: &str, known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    // The service has no longer name.
    const MAX_BYTES: usize = 256;
    let name = Some(name).filter(|name| name.len() <= MAX_BYTES)?.to_ascii_lowercase();
    known
        .map(|known| (strsim::jaro_winkler(&known.to_ascii_lowercase(), &name), known))
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .filter(|(similarity, _)| *similarity > MIN_SIMILARITY)
        .map(|(_, known)| known)
}

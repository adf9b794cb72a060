//! Detection of actions that return pages.
//!
//! The rules, each of which an entry `pagination` of the overlay can replace:
//!
//! - Position: an offset (`Offset`) or a page number (`PageNumber`, `PageNum`, `Page` ...), if the request also has the size of
//!   a page (`Limit`, `PageSize` ...); or else a token, if the response has its counterpart (`NextToken`, `Marker`, `Cursor`,
//!   `Context` ...). Each is a string or an integer. A request with both an offset and a page number is ambiguous.
//! - An offset is the number of a page if its documentation says so. The first page has the number 1, or 0 if the
//!   documentation says so. For an offset, the documentation must state the first number.
//! - Items: the only array of the response; without an array, the only array of its only object.
//! - Total: `TotalCount`, `Total` ..., next to the items or in the response, unless its documentation says that it may be
//!   lower, such as the number of items of the page.
//! - Flag for further pages: `HasMore`, `IsTruncated` ..., or the opposite, `ListOver` ...

mod position;
mod response;
mod wording;

use position::{Found, position};
use response::{flag, items, next, total};

use crate::overlay::{Docs, PaginationEntry};
use crate::spec::{Action, FieldSpec, Spec};

/// The fields of an action that returns pages, by their names on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pagination {
    /// The meaning of the position.
    pub kind: PositionKind,
    /// Field of the request with the position.
    pub position: String,
    /// Field of the request with the size of a page.
    pub size: Option<String>,
    /// Array of the response with the items: `Items` or `Data.Items`.
    pub items: String,
    /// Field of the response with the number of all items.
    pub total: Option<String>,
    /// Field of the response with the token of the next page.
    pub next: Option<String>,
    /// Field of the response with the flag for further pages.
    pub more: Option<Flag>,
}

/// The meaning of a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PositionKind {
    /// Number of items before the page.
    Offset,
    /// Number of the page.
    Page {
        /// Number of the first page.
        first: u64,
    },
    /// Token of the previous response.
    Token,
}

/// A flag for further pages.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Flag {
    /// Field of the response.
    pub field: String,
    /// `true` if the flag states that no page follows.
    pub ends: bool,
}

/// Whether an action returns pages.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Detection {
    /// The request has no position.
    No,
    /// The request has a position, but a rule does not apply, for this reason.
    Almost(String),
    /// The action returns pages.
    Pages(Pagination),
}

/// Returns whether an action returns pages, according to the reference. `docs` is its documentation.
pub fn detect(spec: &Spec, docs: Option<&Docs>, action: &Action) -> Detection {
    match resolve(spec, docs, action, &PaginationEntry::default()) {
        Ok(None) => Detection::No,
        Ok(Some(pages)) => Detection::Pages(pages),
        Err(reason) => Detection::Almost(reason),
    }
}

/// Returns the pagination of an action with the corrections of an entry; `None` if the request has no position.
///
/// # Errors
/// Returns the reason if a rule does not apply, or if the entry names a field that is missing or has another type.
pub fn resolve(
    spec: &Spec,
    docs: Option<&Docs>,
    action: &Action,
    entry: &PaginationEntry,
) -> Result<Option<Pagination>, String> {
    let fields = |object: &str| spec.objects.get(object).map_or(&[][..], Vec::as_slice);
    let (request, response) = (fields(&action.request), fields(&action.response));
    let documented = |object: &str, field: &str| {
        let docs = docs?;
        let own = docs.objects.get(object).and_then(|object| object.fields.get(field));
        own.or_else(|| docs.fields.get(field)).map(String::as_str)
    };
    let doc = |field: &str| documented(&action.request, field);
    let scopes = [response, response::only_object(spec, response)];
    let Some(found) = position(request, &scopes, &doc, entry)? else { return Ok(None) };
    let Found { kind, position, size } = found;
    let scope = items(spec, action, response, entry)?;
    let pages = Pagination {
        kind,
        position: position.to_owned(),
        size: size.map(str::to_owned),
        items: scope.items(),
        total: total(&scope, &documented, entry)?,
        next: match (kind, &entry.next) {
            (PositionKind::Token, _) => Some(next(&scope, position, entry)?),
            (_, None) => None,
            (_, Some(_)) => return Err("`next` has no effect without a token".to_owned()),
        },
        more: flag(&scope, entry)?,
    };
    Ok(Some(pages))
}

/// Returns a field by name, or an error for an entry that names no field of these types.
fn named<'a>(
    fields: &'a [FieldSpec],
    name: &str,
    types: &[&str],
    of: &str,
) -> Result<&'a FieldSpec, String> {
    let field = fields.iter().find(|field| field.name == name);
    let field = field.ok_or_else(|| format!("stale: the {of} has no field `{name}`"))?;
    match types.contains(&field.kind.as_str()) {
        true => Ok(field),
        false => Err(format!(
            "`{name}` has the type `{}`; expected one of {}",
            field.kind,
            types.join(", ")
        )),
    }
}

/// Types of positions, sizes and totals.
const NUMBERS: [&str; 3] = ["int64", "uint64", "string"];

/// Returns the first field with one of these names, in the order of the names.
fn first<'a>(fields: &'a [FieldSpec], names: &[&str], types: &[&str]) -> Option<&'a FieldSpec> {
    names.iter().find_map(|name| {
        let of_name = |field: &&FieldSpec| field.name == *name;
        fields.iter().filter(of_name).find(|field| types.contains(&field.kind.as_str()))
    })
}

//! The position of a page in a request.

use super::wording::{Meaning, meaning};
use super::{NUMBERS, PositionKind, first, named};
use crate::overlay::PaginationEntry;
use crate::spec::FieldSpec;

/// Names of offsets.
const OFFSETS: [&str; 4] = ["Offset", "OffSet", "PageOffset", "PageOffSet"];

/// Names of page numbers.
const PAGES: [&str; 7] =
    ["PageNumber", "PageNum", "PageNo", "PageIndex", "Page", "CurrentPage", "CurrentPageNumber"];

/// Names of the size of a page.
const SIZES: [&str; 13] = [
    "Limit",
    "PageSize",
    "PageLimit",
    "PerPage",
    "MaxResults",
    "MaxItems",
    "MaxKeys",
    "MaxNum",
    "Size",
    "Length",
    "Count",
    "Rows",
    "Rp",
];

/// Names of tokens, and of their counterparts in responses.
const TOKENS: [&str; 10] = [
    "NextToken",
    "PageToken",
    "PaginationToken",
    "ContinueToken",
    "ContinuationToken",
    "ScrollToken",
    "Marker",
    "Cursor",
    "NextCursor",
    "Context",
];

/// The position of a request.
pub(super) struct Found<'a> {
    pub(super) kind: PositionKind,
    pub(super) position: &'a str,
    pub(super) size: Option<&'a str>,
}

/// Returns the position of a request; `None` if it has none. `responses` are the objects that may contain its next token.
pub(super) fn position<'a>(
    request: &'a [FieldSpec],
    responses: &[&[FieldSpec]],
    doc: &dyn Fn(&str) -> Option<&'a str>,
    entry: &PaginationEntry,
) -> Result<Option<Found<'a>>, String> {
    let size = match entry.size.as_deref() {
        Some("") => None,
        Some(name) => Some(named(request, name, &NUMBERS, "request")?),
        None => first(request, &SIZES, &NUMBERS),
    };
    let size = size.map(|field| field.name.as_str());
    let found = |kind, field: &'a FieldSpec| Found { kind, position: &field.name, size };
    let field = |name: &str| named(request, name, &NUMBERS, "request");
    let first_page = entry.first.unwrap_or(1);
    if entry.first.is_some() && (entry.offset.is_some() || entry.token.is_some()) {
        return Err("`first` has no effect without a page number".to_owned());
    }
    match (&entry.offset, &entry.page, &entry.token) {
        (Some(name), None, None) => return Ok(Some(found(PositionKind::Offset, field(name)?))),
        (None, Some(name), None) => {
            return Ok(Some(found(PositionKind::Page { first: first_page }, field(name)?)));
        }
        (None, None, Some(name)) => return Ok(Some(found(PositionKind::Token, field(name)?))),
        (None, None, None) => {}
        _ => return Err("more than one of `offset`, `page` and `token`".to_owned()),
    }
    let token = request.iter().find(|field| {
        is_token(&field.name)
            && NUMBERS.contains(&field.kind.as_str())
            && counterparts(&field.name).iter().any(|name| contains(responses, name))
    });
    let (offset, page) = (first(request, &OFFSETS, &NUMBERS), first(request, &PAGES, &NUMBERS));
    let (position, is_offset) = match (offset, page, token) {
        // The token of a list that also has numbers is often optional, and absent if only numbers are sent.
        (_, _, Some(token)) if size.is_none() || (offset, page) == (None, None) => {
            return Ok(Some(found(PositionKind::Token, token)));
        }
        (None, None, _) => return none(request),
        (Some(offset), None, _) => (offset, true),
        (None, Some(page), _) => (page, false),
        (Some(offset), Some(page), _) => {
            return Err(format!("both `{}` and `{}` are positions", offset.name, page.name));
        }
    };
    if size.is_none() {
        return Err(format!("`{}` without the size of a page", position.name));
    }
    let kind = kind(&position.name, is_offset, doc(&position.name), entry)?;
    Ok(Some(found(kind, position)))
}

/// Returns the result for a request without a known position.
fn none<'a>(request: &[FieldSpec]) -> Result<Option<Found<'a>>, String> {
    let unusable = |field: &&FieldSpec| {
        let name = field.name.as_str();
        !NUMBERS.contains(&field.kind.as_str())
            && (OFFSETS.contains(&name) || PAGES.contains(&name))
    };
    if let Some(field) = request.iter().find(unusable) {
        return Err(format!("`{}` has the type `{}`", field.name, field.kind));
    }
    match request.iter().find(|field| is_token(&field.name)) {
        // A context is rarely a position.
        Some(field) if field.name != "Context" => {
            Err(format!("the response has no token for `{}`", field.name))
        }
        _ => Ok(None),
    }
}

fn kind(
    name: &str,
    is_offset: bool,
    doc: Option<&str>,
    entry: &PaginationEntry,
) -> Result<PositionKind, String> {
    let of_page = |first: Option<u64>| match entry.first.or(first) {
        Some(first) => Ok(PositionKind::Page { first }),
        None => {
            Err(format!("`{name}` is a page number, and the number of the first page is unknown"))
        }
    };
    match doc.map_or(Meaning::Unstated { first: None }, meaning) {
        Meaning::Ambiguous => {
            Err(format!("the documentation of `{name}` describes both an offset and a page number"))
        }
        Meaning::Page { first } if is_offset => of_page(first),
        Meaning::Offset | Meaning::Unstated { .. } if is_offset => match entry.first {
            None => Ok(PositionKind::Offset),
            Some(_) => Err("`first` has no effect without a page number".to_owned()),
        },
        Meaning::Offset => Err(format!("the documentation of `{name}` describes an offset")),
        Meaning::Page { first } | Meaning::Unstated { first } => of_page(first.or(Some(1))),
    }
}

pub(super) fn is_token(name: &str) -> bool {
    TOKENS.contains(&name) || name.ends_with("Marker")
}

/// Returns the names that the token of the next page may have in a response.
pub(super) fn counterparts(token: &str) -> [String; 2] {
    let stem = token.strip_prefix("Next").unwrap_or(token);
    [format!("Next{stem}"), stem.to_owned()]
}

fn contains(scopes: &[&[FieldSpec]], name: &str) -> bool {
    scopes
        .iter()
        .copied()
        .flatten()
        .any(|field| field.name == name && NUMBERS.contains(&field.kind.as_str()))
}

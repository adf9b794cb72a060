//! The items of a page, the total, and the next page in a response.

use super::position::counterparts;
use super::wording::may_be_lower;
use super::{Flag, NUMBERS, first, named};
use crate::overlay::PaginationEntry;
use crate::spec::{Action, FieldSpec, Spec};

/// Names of the number of all items.
const TOTALS: [&str; 12] = [
    "TotalCount",
    "Total",
    "TotalNum",
    "TotalNumber",
    "TotalCounts",
    "TotalSize",
    "TotalItems",
    "TotalCnt",
    "TotalRecords",
    "TotalElements",
    "TotalRows",
    "TotalRecord",
];

/// Names of flags that state that a page follows.
const MORE: [&str; 5] = ["HasMore", "HasNextPage", "HasNext", "IsTruncated", "MoreFlag"];

/// Names of flags that state that no page follows.
const OVER: [&str; 5] = ["ListOver", "Listover", "IsOver", "IsEnd", "IsLastPage"];

const FLAGS: [&str; 3] = ["bool", "int64", "uint64"];

/// The objects of a response that describe a page.
pub(super) struct Scope<'a> {
    spec: &'a Spec,
    response: Part<'a>,
    /// The object that contains the items, if it is not the response.
    object: Option<Part<'a>>,
    list: &'a str,
}

/// The response, or an object in it.
#[derive(Clone, Copy)]
struct Part<'a> {
    /// Field of the response with the object; empty for the response.
    path: &'a str,
    /// Name of the object.
    name: &'a str,
    fields: &'a [FieldSpec],
}

impl Part<'_> {
    fn path_of(&self, field: &str) -> String {
        match self.path {
            "" => field.to_owned(),
            path => format!("{path}.{field}"),
        }
    }
}

impl<'a> Scope<'a> {
    /// Returns the path of the items.
    pub(super) fn items(&self) -> String {
        self.object.unwrap_or(self.response).path_of(self.list)
    }

    /// Returns the path of the first field with one of these names, next to the items, or in the response.
    fn found(
        &self,
        names: &[&str],
        types: &[&str],
        is_usable: &dyn Fn(&str, &str) -> bool,
    ) -> Option<String> {
        self.object.into_iter().chain([self.response]).find_map(|part| {
            let field = first(part.fields, names, types)?;
            is_usable(part.name, &field.name).then(|| part.path_of(&field.name))
        })
    }

    /// Returns a path that an entry states: a field of the response, or of an object in it.
    fn stated(&self, path: &str, types: &[&str]) -> Result<String, String> {
        let (part, name) = match path.split_once('.') {
            Some((object, name)) => (part(self.spec, &self.response, object)?, name),
            None => (self.response, path),
        };
        named(part.fields, name, types, "response").map(|field| part.path_of(&field.name))
    }
}

/// Returns the object in a field of the response.
fn part<'a>(spec: &'a Spec, response: &Part<'a>, object: &str) -> Result<Part<'a>, String> {
    named(response.fields, object, &["object"], "response").map(|field| inner(spec, field))
}

/// Returns the items of a response.
pub(super) fn items<'a>(
    spec: &'a Spec,
    action: &'a Action,
    response: &'a [FieldSpec],
    entry: &PaginationEntry,
) -> Result<Scope<'a>, String> {
    let response = Part { path: "", name: &action.response, fields: response };
    let scope = |object, list| Scope { spec, response, object, list };
    if let Some(path) = &entry.items {
        let (object, name) = match path.split_once('.') {
            Some((object, name)) => (Some(part(spec, &response, object)?), name),
            None => (None, path.as_str()),
        };
        let list = named(object.unwrap_or(response).fields, name, &["list"], "response")?;
        return Ok(scope(object, &list.name));
    }
    let lists = of_type(response.fields, "list");
    if lists.is_empty()
        && let [object] = of_type(response.fields, "object").as_slice()
    {
        let object = inner(spec, object);
        let lists = of_type(object.fields, "list");
        return Ok(scope(
            Some(object),
            only(&lists, &format!("`{}` of the response", object.path))?,
        ));
    }
    Ok(scope(None, only(&lists, "the response")?))
}

/// Returns the object in a field.
fn inner<'a>(spec: &'a Spec, field: &'a FieldSpec) -> Part<'a> {
    let name = field.of.as_deref().unwrap_or_default();
    let fields = spec.objects.get(name).map_or(&[][..], Vec::as_slice);
    Part { path: &field.name, name, fields }
}

/// Returns the fields of the only object of a response without arrays.
pub(super) fn only_object<'a>(spec: &'a Spec, response: &'a [FieldSpec]) -> &'a [FieldSpec] {
    match (of_type(response, "list").as_slice(), of_type(response, "object").as_slice()) {
        ([], [object]) => inner(spec, object).fields,
        _ => &[],
    }
}

fn of_type<'a>(fields: &'a [FieldSpec], kind: &str) -> Vec<&'a FieldSpec> {
    fields.iter().filter(|field| field.kind == kind).collect()
}

/// Returns the name of the only array.
fn only<'a>(lists: &[&'a FieldSpec], of: &str) -> Result<&'a str, String> {
    match lists {
        [] => Err(format!("{of} has no array")),
        [list] => Ok(&list.name),
        several => {
            let names: Vec<String> =
                several.iter().map(|list| format!("`{}`", list.name)).collect();
            Err(format!("{of} has {} arrays: {}", names.len(), names.join(", ")))
        }
    }
}

/// Returns the path of the total, if there is one.
pub(super) fn total<'d>(
    scope: &Scope<'_>,
    doc: &dyn Fn(&str, &str) -> Option<&'d str>,
    entry: &PaginationEntry,
) -> Result<Option<String>, String> {
    let is_usable = |object: &str, field: &str| !doc(object, field).is_some_and(may_be_lower);
    match entry.total.as_deref() {
        Some("") => Ok(None),
        Some(path) => scope.stated(path, &NUMBERS).map(Some),
        None => Ok(scope.found(&TOTALS, &NUMBERS, &is_usable)),
    }
}

/// Returns the path of the token of the next page.
pub(super) fn next(
    scope: &Scope<'_>,
    token: &str,
    entry: &PaginationEntry,
) -> Result<String, String> {
    if let Some(path) = &entry.next {
        return scope.stated(path, &NUMBERS);
    }
    let names = counterparts(token);
    let names = names.each_ref().map(String::as_str);
    scope
        .found(&names, &NUMBERS, &|_, _| true)
        .ok_or_else(|| format!("the response has no token for `{token}`"))
}

/// Returns the flag for further pages, if there is one.
pub(super) fn flag(scope: &Scope<'_>, entry: &PaginationEntry) -> Result<Option<Flag>, String> {
    let of = |field: String, ends| Some(Flag { field, ends });
    let found = |names: &[&str]| scope.found(names, &FLAGS, &|_, _| true);
    match (entry.more.as_deref(), entry.over.as_deref()) {
        (Some(_), Some(_)) => Err("both `more` and `over`".to_owned()),
        (Some(""), None) | (None, Some("")) => Ok(None),
        (Some(path), None) => Ok(of(scope.stated(path, &FLAGS)?, false)),
        (None, Some(path)) => Ok(of(scope.stated(path, &FLAGS)?, true)),
        (None, None) => Ok(match found(&MORE) {
            Some(field) => of(field, false),
            None => found(&OVER).and_then(|field| of(field, true)),
        }),
    }
}

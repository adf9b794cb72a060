//! The fields of actions that return pages.

use crate::ir::{Field, Pages, Place, Struct, Ty};
use crate::pages::Pagination;
use crate::spec::Action;

/// Returns the fields of an action that returns pages; `None` if a field has a value set.
pub(super) fn pages(
    structs: &[Struct<'_>],
    action: &Action,
    pagination: &Pagination,
) -> Option<Pages> {
    let find = |path: &str| find(structs, &action.response, path);
    let of_request = |name: &String| {
        let request = structs.iter().find(|item| item.name == action.request)?;
        let field = request.fields.iter().find(|field| field.wire == *name)?;
        is_plain(&field.ty).then(|| field.ident.clone())
    };
    let (items, list) = find(&pagination.items)?;
    let Ty::List(item) = &list.ty else { return None };
    let scalar = |path: &String| {
        let (place, field) = find(path)?;
        is_plain(&field.ty).then_some(place)
    };
    let more = match &pagination.more {
        Some(flag) => Some((scalar(&flag.field)?, flag.ends)),
        None => None,
    };
    // A part that is absent differs from one that is not found.
    let total = pagination.total.as_ref().map(scalar);
    let next = pagination.next.as_ref().map(scalar);
    Some(Pages {
        kind: pagination.kind,
        position: of_request(&pagination.position)?,
        size: pagination.size.as_ref().and_then(of_request),
        items,
        item: (**item).clone(),
        total: transposed(total)?,
        next: transposed(next)?,
        more,
    })
}

fn transposed<T>(part: Option<Option<T>>) -> Option<Option<T>> {
    match part {
        None => Some(None),
        Some(found) => found.map(Some),
    }
}

/// Returns whether a field is a string, an integer or a boolean of its own type.
fn is_plain(ty: &Ty) -> bool {
    matches!(ty, Ty::String | Ty::I64 | Ty::U64 | Ty::Bool)
}

/// Returns a field of a response, by its path.
fn find<'a>(
    structs: &'a [Struct<'a>],
    response: &str,
    path: &str,
) -> Option<(Place, &'a Field<'a>)> {
    let response = structs.iter().find(|item| item.name == response)?;
    let of = |item: &'a Struct<'a>, name: &str| item.fields.iter().find(|field| field.wire == name);
    let place = |object, field: &Field<'_>| Place {
        object,
        field: field.ident.clone(),
        optional: field.optional,
    };
    let Some((object, name)) = path.split_once('.') else {
        let field = of(response, path)?;
        return Some((place(None, field), field));
    };
    let object = of(response, object)?;
    let (Ty::Struct(ident) | Ty::Boxed(ident) | Ty::Large(ident)) = &object.ty else { return None };
    let field = of(structs.iter().find(|item| item.ident == *ident)?, name)?;
    Some((place(Some((object.ident.clone(), object.optional)), field), field))
}

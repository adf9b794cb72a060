//! Implementations of `tc3_api::StartTask` and `tc3_api::TaskQuery`.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::scope::Scope;
use super::{docs, ident};
use crate::ir::{Action, Field, Ir, Struct, Ty};
use crate::overlay::{Task, TaskResult, TaskStart, TaskStatus, Wire};

/// Returns the task that an action starts, with the action that reports its progress.
fn started<'a>(ir: &'a Ir<'_>, action: &Action) -> Option<(&'a Action, &'a Task, &'a TaskStart)> {
    let found = ir.tasks.iter().find_map(|(query, task)| {
        let start = task.starts.get(&action.name)?;
        Some((*query, *task, start))
    });
    let (query, task, start) = found?;
    let query = ir.actions.iter().find(|action| action.name == query)?;
    Some((query, task, start))
}

/// Returns the type of the request for the progress of the task that an action starts, if it is always enabled with it.
pub(super) fn query_of<'a>(ir: &'a Ir<'_>, action: &Action) -> Option<&'a str> {
    let (query, ..) = started(ir, action)?;
    (query.group == action.group).then_some(query.request.as_str())
}

fn object<'a>(ir: &'a Ir<'_>, ident: &str) -> Option<&'a Struct<'a>> {
    ir.structs.iter().find(|item| item.ident == ident)
}

fn field<'a>(object: &'a Struct<'_>, wire: &str) -> Option<&'a Field<'a>> {
    object.fields.iter().find(|field| field.wire == wire)
}

/// Emits `TaskQuery` for an action that reports the progress of tasks.
pub(super) fn query_impl(ir: &Ir<'_>, action: &Action, scope: &Scope<'_>) -> Option<TokenStream> {
    let (_, task) = ir.tasks.iter().find(|(query, _)| *query == action.name)?;
    let response = object(ir, &action.response)?;
    let [trait_path, state, duration] =
        ["TaskQuery", "TaskState", "Duration"].map(|name| scope.path(name));
    let body = match (&task.status, &task.complete) {
        (Some(status), _) => by_status(field(response, &status.field)?, status, &state),
        (None, Some(result)) => by_result(ir, response, result, &state)?,
        (None, None) => return None,
    };
    let interval = Literal::u64_unsuffixed(task.interval.into());
    let codes = &task.running_codes;
    let codes = (!codes.is_empty())
        .then(|| quote!(const RUNNING_CODES: &'static [&'static str] = &[#(#codes),*];));
    let (request, response) = (scope.type_path(&action.request), scope.type_path(&action.response));
    Some(quote! {
        impl #trait_path for #request {
            const INTERVAL: #duration = #duration::from_secs(#interval);
            #codes

            fn state(response: &#response) -> #state {
                #body
            }
        }
    })
}

fn literal(value: &Wire) -> TokenStream {
    match value {
        Wire::Int(value) => {
            let digits = Literal::u64_unsuffixed(value.unsigned_abs());
            if *value < 0 { quote!(-#digits) } else { quote!(#digits) }
        }
        Wire::Text(value) => quote!(#value),
    }
}

fn by_status(field: &Field<'_>, status: &TaskStatus, state: &TokenStream) -> TokenStream {
    let name = ident(&field.ident);
    let value = match (&field.ty, field.optional) {
        (Ty::IntEnum(_), false) => quote!(response.#name.as_i64()),
        (Ty::IntEnum(_), true) => quote!(response.#name.map(|status| status.as_i64())),
        (Ty::TextEnum(_) | Ty::String, false) => quote!(response.#name.as_str()),
        (Ty::TextEnum(_), true) => quote!(response.#name.as_ref().map(|status| status.as_str())),
        (Ty::String, true) => quote!(response.#name.as_deref()),
        _ => quote!(response.#name),
    };
    let patterns = |values: &[Wire]| {
        let patterns = values.iter().map(|value| {
            let value = literal(value);
            if field.optional { quote!(Some(#value)) } else { value }
        });
        quote!(#(#patterns)|*)
    };
    let succeeded = patterns(&status.succeeded);
    let failed = (!status.failed.is_empty()).then(|| {
        let failed = patterns(&status.failed);
        quote!(#failed => #state::Failed,)
    });
    quote! {
        match #value {
            #succeeded => #state::Succeeded,
            #failed
            _ => #state::Running,
        }
    }
}

fn by_result(
    ir: &Ir<'_>,
    response: &Struct<'_>,
    result: &TaskResult,
    state: &TokenStream,
) -> Option<TokenStream> {
    let list = field(response, &result.list)?;
    let Ty::List(element) = &list.ty else { return None };
    let Ty::Struct(element) = &**element else { return None };
    let element = object(ir, element)?;
    let list = ident(&list.ident);
    let fields = result.any_of.iter().filter_map(|wire| field(element, wire));
    let is_set = fields.map(|field| {
        let name = ident(&field.ident);
        match field.optional {
            true => quote!(item.#name.as_ref().is_some_and(|value| !value.is_empty())),
            false => quote!(!item.#name.is_empty()),
        }
    });
    Some(quote! {
        let is_complete = !response.#list.is_empty()
            && response.#list.iter().all(|item| #(#is_set)||*);
        if is_complete { #state::Succeeded } else { #state::Running }
    })
}

/// Emits `StartTask` for an action that starts a task.
pub(super) fn start_impl(ir: &Ir<'_>, action: &Action, scope: &Scope<'_>) -> Option<TokenStream> {
    let (query, task, start) = started(ir, action)?;
    let (own, target) = (object(ir, &action.request)?, object(ir, &query.request)?);
    let id = field(object(ir, &action.response)?, start.id.as_ref().unwrap_or(&task.id))?;
    let [trait_path, option] = ["StartTask", "Option"].map(|name| scope.path(name));
    let fields = target.fields.iter().map(|field| {
        let name = ident(&field.ident);
        let value = value(field, own, task, start, scope);
        quote!(#name: #value)
    });
    let id_name = ident(&id.ident);
    let unwrapped = id.optional.then(|| quote!(.unwrap_or_default()));
    // The module of the action does not have the feature of the other group.
    let gate = query.group.iter().filter(|group| Some(*group) != action.group.as_ref());
    let gate = gate.map(|group| quote!(#[cfg(feature = #group)]));
    let note = docs([format!(
        "Starts a task whose progress `{}` reports, at first every {} seconds.",
        query.name, task.interval
    )
    .as_str()]);
    let [request, response, query] =
        [&action.request, &action.response, &query.request].map(|name| scope.type_path(name));
    Some(quote! {
        #note
        #(#gate)*
        impl #trait_path for #request {
            type Query = #query;

            fn query(&self, response: &#response) -> #option<#query> {
                let id = response.#id_name.clone()#unwrapped;
                if id.is_empty() {
                    return None;
                }
                Some(#query { #(#fields),* })
            }
        }
    })
}

/// Emits the value of a field of the request for the progress.
fn value(
    field: &Field<'_>,
    own: &Struct<'_>,
    task: &Task,
    start: &TaskStart,
    scope: &Scope<'_>,
) -> TokenStream {
    let wrap = |value: TokenStream| if field.optional { quote!(Some(#value)) } else { value };
    if field.wire == task.id {
        return wrap(quote!(id));
    }
    if let Some(fixed) = start.set.get(&field.wire) {
        let fixed = literal(fixed);
        return wrap(match &field.ty {
            Ty::IntEnum(name) | Ty::TextEnum(name) => {
                let set = scope.type_path(name);
                quote!(#set::from(#fixed))
            }
            Ty::String => quote!(#fixed.to_owned()),
            _ => fixed,
        });
    }
    let same = self::field(own, &field.wire).filter(|other| other.ty == field.ty);
    match same {
        None => quote!(None),
        Some(other) => {
            let name = ident(&other.ident);
            let is_copy =
                matches!(other.ty, Ty::I64 | Ty::U64 | Ty::F64 | Ty::Bool | Ty::IntEnum(_));
            let value = if is_copy { quote!(self.#name) } else { quote!(self.#name.clone()) };
            if other.optional { value } else { wrap(value) }
        }
    }
}

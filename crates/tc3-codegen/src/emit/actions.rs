//! Implementations of the traits of a request.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::quote;

use super::scope::Scope;
use super::{pages, tasks};
use crate::ir::{Action, Ir, Stream};
use crate::overlay::{FieldForm, StreamError};

/// Emits the implementations for the request of an action.
pub(super) fn impls(ir: &Ir<'_>, action: &Action, scope: &Scope<'_>) -> Vec<TokenStream> {
    let mut items = vec![action_impl(ir, action, scope)];
    items.extend(action.pages.as_ref().map(|pages| pages::paginated(action, pages, scope)));
    items.extend(action.stream.as_ref().map(|stream| streaming_impl(action, stream, scope)));
    items.extend(tasks::query_impl(ir, action, scope));
    items.extend(tasks::start_impl(ir, action, scope));
    items
}

fn action_impl(ir: &Ir<'_>, action: &Action, scope: &Scope<'_>) -> TokenStream {
    let request = scope.type_path(&action.request);
    let response = scope.type_path(&action.response);
    let [trait_path, info_type, envelope, json] =
        ["Action", "ActionInfo", "Envelope", "json"].map(|name| scope.path(name));
    let [result, vec] = ["Result", "Vec"].map(|name| scope.path(name));
    let info = info(ir, action, &info_type, &quote!(super::ERRORS));
    quote! {
        impl #trait_path for #request {
            const INFO: #info_type<'static> = #info;
            type Response = #response;

            fn encode(&self) -> #result<#vec<u8>, #json::Error> {
                #json::encode(self)
            }

            fn decode(body: &[u8]) -> #result<#envelope<Self::Response>, #json::Error> {
                #envelope::decode(body)
            }
        }
    }
}

fn streaming_impl(action: &Action, stream: &Stream, scope: &Scope<'_>) -> TokenStream {
    let request = scope.type_path(&action.request);
    let [trait_path, info, event, json, result] =
        ["StreamingAction", "StreamInfo", "Event", "json", "Result"].map(|name| scope.path(name));
    let (item, decoded) = if stream.is_untyped {
        (event.clone(), quote!(Ok(event)))
    } else {
        (scope.type_path(&action.response), quote!(event.decode()))
    };
    let error = stream.error.iter().map(|StreamError { object, code, message }| {
        let fields = scope.path("ErrorFields");
        match object {
            Some(object) => quote!(.with_error(#fields::within(#object, #code, #message))),
            None => quote!(.with_error(#fields::flat(#code, #message))),
        }
    });
    let end_marker = stream.end_marker.then(|| quote!(.with_end_marker()));
    quote! {
        impl #trait_path for #request {
            const STREAM: #info = #info::new()#(#error)* #end_marker;
            type Item = #item;

            fn decode_event(event: #event) -> #result<Self::Item, #json::Error> {
                #decoded
            }
        }
    }
}

/// Emits the metadata of an action; `info` is the path of `ActionInfo`, `errors` that of the table of error codes.
pub(super) fn info(
    ir: &Ir<'_>,
    action: &Action,
    info: &TokenStream,
    errors: &TokenStream,
) -> TokenStream {
    let (service, version, name) = (&ir.service, &ir.version, &action.name);
    let host = action.host.iter().map(|host| quote!(.with_host(#host)));
    let test_host = action.test_host.iter().map(|host| quote!(.with_test_host(#host)));
    let path = action.path.iter().map(|path| quote!(.with_path(#path)));
    let form = action.form.iter().map(|form| match form {
        FieldForm::Query => quote!(.query()),
        FieldForm::OctetStream => quote!(.octet_stream()),
    });
    let rate = action
        .rate_limit
        .iter()
        .map(|rate| proc_macro2::Literal::u32_unsuffixed(*rate))
        .map(|rate| quote!(.with_rate_limit(#rate)));
    let idempotent = action.idempotent.then(|| quote!(.idempotent()));
    let unsigned = (!action.signed).then(|| quote!(.unsigned()));
    let errors = (!ir.codes.is_empty()).then(|| quote!(.with_errors(#errors)));
    let deprecated = action.deprecated.then(|| quote!(.deprecated()));
    quote! {
        #info::new(#service, #version, #name)
            #(#host)* #(#test_host)* #(#path)* #(#form)* #(#rate)* #idempotent #unsigned #deprecated #errors
    }
}

/// Emits the function that visits the types of all actions.
pub(super) fn visit(ir: &Ir<'_>) -> TokenStream {
    let structs = ir.structs.iter().map(|item| item.ident.as_str());
    let types: BTreeSet<&str> =
        structs.chain(ir.enums.iter().map(|set| set.ident.as_str())).collect();
    let scope = Scope::new(types, BTreeSet::new(), true);
    let visitor = scope.tc3_api("Visitor");
    let visits = ir.actions.iter().map(|action| {
        let request = scope.type_path(&action.request);
        let gate = action.group.iter().map(|group| quote!(#[cfg(feature = #group)]));
        quote!(#(#gate)* visitor.visit::<#request>();)
    });
    quote! {
        /// Calls `visitor` with the types of every enabled action, sorted by name.
        #[cfg(feature = "serde")]
        #[allow(unused_variables, reason = "all groups may be disabled")]
        pub fn visit_actions(visitor: &mut impl #visitor) {
            #(#visits)*
        }
    }
}

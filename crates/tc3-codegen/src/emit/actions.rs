//! What ties a request to its answer.

use proc_macro2::TokenStream;
use quote::quote;

use super::ident;
use crate::ir::{Action, Ir};

pub(super) fn action_impl(ir: &Ir, action: &Action) -> TokenStream {
    let request = ident(&action.request);
    let response = ident(&action.response);
    let info = info(ir, action);
    quote! {
        impl ::tc3_api::Action for #request {
            const INFO: ::tc3_api::ActionInfo<'static> = #info;
            type Response = super::#response;
        }
    }
}

pub(super) fn info(ir: &Ir, action: &Action) -> TokenStream {
    let (service, version, name) = (&ir.service, &ir.version, &action.name);
    let host = action.host.iter().map(|host| quote!(.with_host(#host)));
    let test_host = action.test_host.iter().map(|host| quote!(.with_test_host(#host)));
    let rate = action.rate_limit.iter().map(|rate| quote!(.with_rate_limit(#rate)));
    let retry_safe = action.retry_safe.then(|| quote!(.retry_safe()));
    let unsigned = (!action.signed).then(|| quote!(.unsigned()));
    let deprecated = action.deprecated.then(|| quote!(.deprecated()));
    quote! {
        ::tc3_api::ActionInfo::new(#service, #version, #name)
            #(#host)* #(#test_host)* #(#rate)* #retry_safe #unsigned #deprecated
    }
}

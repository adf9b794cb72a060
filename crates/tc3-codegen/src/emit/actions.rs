//! Implementations of `tc3_api::Action`.

use proc_macro2::TokenStream;
use quote::quote;

use super::ident;
use crate::ir::{Action, Ir};

pub(super) fn action_impl(ir: &Ir<'_>, action: &Action) -> TokenStream {
    let request = ident(&action.request);
    let response = ident(&action.response);
    let info = info(ir, action);
    quote! {
        impl ::tc3_api::Action for #request {
            const INFO: ::tc3_api::ActionInfo<'static> = #info;
            type Response = super::#response;

            fn encode(
                &self,
            ) -> ::core::result::Result<::std::vec::Vec<::core::primitive::u8>, ::tc3_api::json::Error> {
                ::tc3_api::json::encode(self)
            }

            fn decode(
                body: &[::core::primitive::u8],
            ) -> ::core::result::Result<::tc3_api::Envelope<Self::Response>, ::tc3_api::json::Error> {
                ::tc3_api::Envelope::decode(body)
            }
        }
    }
}

pub(super) fn info(ir: &Ir<'_>, action: &Action) -> TokenStream {
    let (service, version, name) = (&ir.service, &ir.version, &action.name);
    let host = action.host.iter().map(|host| quote!(.with_host(#host)));
    let test_host = action.test_host.iter().map(|host| quote!(.with_test_host(#host)));
    let rate = action.rate_limit.iter().map(|rate| quote!(.with_rate_limit(#rate)));
    let idempotent = action.idempotent.then(|| quote!(.idempotent()));
    let unsigned = (!action.signed).then(|| quote!(.unsigned()));
    let deprecated = action.deprecated.then(|| quote!(.deprecated()));
    quote! {
        ::tc3_api::ActionInfo::new(#service, #version, #name)
            #(#host)* #(#test_host)* #(#rate)* #idempotent #unsigned #deprecated
    }
}

/// Emits the function that visits the types of all actions.
pub(super) fn visit(ir: &Ir<'_>) -> TokenStream {
    let visits = ir.actions.iter().map(|action| {
        let request = ident(&action.request);
        let gate = action.group.iter().map(|group| quote!(#[cfg(feature = #group)]));
        quote!(#(#gate)* visitor.visit::<self::#request>();)
    });
    quote! {
        /// Calls `visitor` with the types of every enabled action, sorted by name.
        #[cfg(feature = "server")]
        #[allow(unused_variables, reason = "all groups may be disabled")]
        pub fn visit_actions<V: ::tc3_api::Visitor>(visitor: &mut V) {
            #(#visits)*
        }
    }
}

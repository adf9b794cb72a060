//! The actions as data, whatever features are on.

use proc_macro2::TokenStream;
use quote::quote;

use super::{actions, ident};
use crate::ir::{Ir, Shape};
use crate::names;

pub(super) fn items(ir: &Ir) -> Vec<TokenStream> {
    let meta = quote!(::tc3_api::catalogue);
    let rows = ir.actions.iter().map(|action| {
        let info = actions::info(ir, action);
        let (title, group, errors) =
            (&action.title, action.group.as_deref().unwrap_or_default(), &action.errors);
        let object = object_ident(&action.request_object);
        quote!(#meta::ActionMeta::new(#info, #title, #group, &[#(#errors),*], &objects::#object))
    });
    let visits = ir.actions.iter().map(|action| {
        let request = ident(&action.request);
        let gate = action.group.iter().map(|group| quote!(#[cfg(feature = #group)]));
        quote!(#(#gate)* visitor.visit::<super::#request>();)
    });
    let objects = ir.request_objects.iter().map(|object| {
        let static_name = object_ident(&object.name);
        let name = &object.name;
        let members = object.members.iter().map(|member| {
            let (name, required, internal) = (&member.name, member.required, member.disabled);
            let shape = shape(&member.shape);
            quote!(#meta::MemberMeta::new(#name, #shape, #required, #internal))
        });
        quote! {
            pub(super) static #static_name: #meta::ObjectMeta =
                #meta::ObjectMeta::new(#name, &[#(#members),*]);
        }
    });
    vec![
        quote! {
            /// All actions of the service, sorted by name, whatever features are on.
            pub static ACTIONS: &[#meta::ActionMeta] = &[#(#rows),*];
        },
        quote! {
            /// The action of that name.
            pub fn action(
                name: &::core::primitive::str,
            ) -> ::core::option::Option<&'static #meta::ActionMeta> {
                let index = ACTIONS.binary_search_by(|action| action.info.name.cmp(name)).ok()?;
                ACTIONS.get(index)
            }
        },
        quote! {
            /// Shows `visitor` the types of every action whose feature is on, sorted by name.
            #[cfg(feature = "server")]
            #[allow(unused_variables, reason = "every group of actions may be off")]
            pub fn visit_actions<V: #meta::Visitor>(visitor: &mut V) {
                #(#visits)*
            }
        },
        quote! {
            #[allow(non_upper_case_globals, reason = "the reference's names")]
            mod objects { #(#objects)* }
        },
    ]
}

/// Names were checked when types were named; the fallback is never reached.
fn object_ident(name: &str) -> proc_macro2::Ident {
    ident(&names::ident(name).unwrap_or_else(|| "_unnamed".to_owned()))
}

fn shape(of: &Shape) -> TokenStream {
    let json = quote!(::tc3_api::catalogue::JsonType);
    match of {
        Shape::String => quote!(#json::String),
        Shape::Int => quote!(#json::Int),
        Shape::Uint => quote!(#json::Uint),
        Shape::Float => quote!(#json::Float),
        Shape::Bool => quote!(#json::Bool),
        Shape::Object(name) => {
            let name = object_ident(name);
            quote!(#json::Object(&#name))
        }
        Shape::List(element) => {
            let element = shape(element);
            quote!(#json::List(&#element))
        }
    }
}

//! Implementations of `tc3_api::Paginated`.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::scope::Scope;
use super::{ident, structs};
use crate::ir::{Action, Pages, Place};
use crate::pages::PositionKind;

pub(super) fn paginated(action: &Action, pages: &Pages, scope: &Scope<'_>) -> TokenStream {
    let (request, response) = (scope.type_path(&action.request), scope.type_path(&action.response));
    let [paginated, pagination, position, option, vec] =
        ["Paginated", "Pagination", "Position", "Option", "Vec"].map(|name| scope.path(name));
    let item = structs::ty(&pages.item, scope);
    let kind = match pages.kind {
        PositionKind::Offset => quote!(#pagination::Offset),
        PositionKind::Page { first } => {
            let first = Literal::u64_unsuffixed(first);
            quote!(#pagination::Page { first: #first })
        }
        PositionKind::Token => quote!(#pagination::Token),
    };
    let field = ident(&pages.position);
    let read = match pages.kind {
        PositionKind::Token => quote!(#position::token(&self.#field)),
        _ => quote!(#position::number(&self.#field)),
    };
    let size = pages.size.as_ref().map(|size| {
        let (size, fields) = (ident(size), scope.path("PageField"));
        quote! {
            fn page_size(&self) -> #option<u64> {
                #fields::number(&self.#size)
            }
        }
    });
    let (items, into_items) = (items(&pages.items), into_items(&pages.items, &vec));
    let total = pages.total.as_ref().map(|place| {
        let fields = scope.path("PageField");
        let value = read_at(place, &|field| quote!(#fields::number(&#field)));
        quote! {
            fn total(response: &#response) -> #option<u64> {
                #value
            }
        }
    });
    let next = pages.next.as_ref().map(|place| {
        let value = read_at(place, &|field| quote!(#position::token(&#field)));
        quote! {
            fn next_token(response: &#response) -> #option<#position> {
                #value
            }
        }
    });
    let more = pages.more.as_ref().map(|(place, ends)| {
        let fields = scope.path("PageField");
        let negated = ends.then(|| quote!(.map(|ends| !ends)));
        let value = read_at(place, &|field| quote!(#fields::flag(&#field)#negated));
        quote! {
            fn has_more(response: &#response) -> #option<bool> {
                #value
            }
        }
    });
    quote! {
        impl #paginated for #request {
            const PAGINATION: #pagination = #kind;
            type Item = #item;

            fn position(&self) -> #option<#position> {
                #read
            }

            fn set_position(&mut self, position: &#position) {
                position.write_to(&mut self.#field);
            }

            #size

            fn items(response: &#response) -> &[#item] {
                #items
            }

            fn into_items(response: #response) -> #vec<#item> {
                #into_items
            }

            #total
            #next
            #more
        }
    }
}

/// Returns the expression of an optional value at a place in `response`.
fn read_at(place: &Place, read: &dyn Fn(TokenStream) -> TokenStream) -> TokenStream {
    let field = ident(&place.field);
    match &place.object {
        None => read(quote!(response.#field)),
        Some((object, is_optional)) => {
            let object = ident(object);
            if *is_optional {
                let read = read(quote!(object.#field));
                quote!(response.#object.as_ref().and_then(|object| #read))
            } else {
                read(quote!(response.#object.#field))
            }
        }
    }
}

/// Returns the expression of the items as a slice.
fn items(place: &Place) -> TokenStream {
    let field = ident(&place.field);
    let of = |owner: TokenStream| match place.optional {
        true => quote!(#owner.#field.as_deref().unwrap_or_default()),
        false => quote!(&#owner.#field),
    };
    match &place.object {
        None => of(quote!(response)),
        Some((object, is_optional)) => {
            let object = ident(object);
            if *is_optional {
                let items = of(quote!(object));
                quote!(match &response.#object { Some(object) => #items, None => &[] })
            } else {
                of(quote!(response.#object))
            }
        }
    }
}

/// Returns the expression of the items by value.
fn into_items(place: &Place, vec: &TokenStream) -> TokenStream {
    let field = ident(&place.field);
    let of = |owner: TokenStream| match place.optional {
        true => quote!(#owner.#field.unwrap_or_default()),
        false => quote!(#owner.#field),
    };
    match &place.object {
        None => of(quote!(response)),
        Some((object, is_optional)) => {
            let object = ident(object);
            if *is_optional {
                let items = of(quote!(object));
                quote!(match response.#object { Some(object) => #items, None => #vec::new() })
            } else {
                of(quote!(response.#object))
            }
        }
    }
}

//! Tokens to text, item by item, so that blank lines stand between items.

use proc_macro2::TokenStream;

/// The text of a file. `head` stands first, as it is.
///
/// # Errors
/// Tokens that are no Rust item: a mistake of the emitter.
pub(crate) fn format(head: &str, items: &[TokenStream]) -> Result<String, syn::Error> {
    let mut text = head.to_owned();
    let mut tight = false;
    for tokens in items {
        let item: syn::Item = syn::parse2(tokens.clone())?;
        let short = matches!(item, syn::Item::Mod(syn::ItemMod { content: None, .. }));
        if !tight {
            text.push('\n');
        }
        // A module's declaration and its re-export belong together.
        tight = short;
        let file =
            syn::File { shebang: None, frontmatter: None, attrs: Vec::new(), items: vec![item] };
        text.push_str(&prettyplease::unparse(&file));
    }
    Ok(text)
}

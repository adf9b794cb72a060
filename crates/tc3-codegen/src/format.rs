//! Formats tokens as source text, with blank lines between items.

use proc_macro2::TokenStream;

/// Returns the text of a file, which begins with `head`.
///
/// # Errors
/// Returns an error if the tokens do not form a Rust item, which is a bug of the emitter.
pub(crate) fn format(head: &str, items: &[TokenStream]) -> Result<String, syn::Error> {
    let mut text = head.to_owned();
    let mut tight = false;
    for tokens in items {
        let item: syn::Item = syn::parse2(tokens.clone())?;
        let short = matches!(item, syn::Item::Mod(syn::ItemMod { content: None, .. }));
        if !tight {
            text.push('\n');
        }
        // No blank line between a module's declaration and its re-export.
        tight = short;
        let file =
            syn::File { shebang: None, frontmatter: None, attrs: Vec::new(), items: vec![item] };
        text.push_str(&prettyplease::unparse(&file));
    }
    Ok(text)
}

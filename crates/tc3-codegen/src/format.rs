//! Formats tokens as source text: blank lines between items and methods, long strings over several lines.

use proc_macro2::TokenStream;
use syn::{Item, UseTree};

/// Maximum length of a line, in characters, if it can be wrapped.
const WIDTH: usize = 100;

/// Returns the text of a file, which begins with `head`.
///
/// # Errors
/// Returns an error if the tokens do not form a Rust item, which is a bug of the emitter.
pub(crate) fn format(head: &str, items: &[TokenStream]) -> Result<String, syn::Error> {
    let mut text = head.to_owned();
    let mut previous = None;
    for tokens in items {
        let item: Item = syn::parse2(tokens.clone())?;
        let kind = Kind::of(&item);
        if !previous.is_some_and(|previous| adjoin(previous, kind)) {
            text.push('\n');
        }
        previous = Some(kind);
        let file =
            syn::File { shebang: None, frontmatter: None, attrs: Vec::new(), items: vec![item] };
        push_lines(&mut text, &prettyplease::unparse(&file));
    }
    Ok(text)
}

/// Kind of an item, for the blank lines around it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Module,
    /// Private import from the standard library, another crate or a parent module.
    Import(Origin),
    Export,
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Origin {
    Std,
    Crate,
    Parent,
}

impl Kind {
    fn of(item: &Item) -> Self {
        match item {
            Item::Mod(module) if module.content.is_none() => Self::Module,
            Item::Use(item) if !matches!(item.vis, syn::Visibility::Inherited) => Self::Export,
            Item::Use(item) => Self::Import(match &item.tree {
                UseTree::Path(path) if path.ident == "std" => Origin::Std,
                UseTree::Path(path) if path.ident == "super" => Origin::Parent,
                _ => Origin::Crate,
            }),
            _ => Self::Other,
        }
    }
}

/// Returns whether no blank line separates two items.
fn adjoin(previous: Kind, next: Kind) -> bool {
    match (previous, next) {
        (Kind::Module, Kind::Module | Kind::Export) => true,
        (Kind::Import(previous), Kind::Import(next)) => previous == next,
        _ => false,
    }
}

/// Adds the lines of an item, with a blank line before each method but the first.
fn push_lines(text: &mut String, item: &str) {
    let mut previous = "";
    for line in item.lines() {
        let ends_method = previous == "    }";
        let ends_constant = previous.starts_with("    ") && previous.ends_with(';');
        let method = line.starts_with("    fn ") || line.starts_with("    pub fn ");
        if ends_method && line != "}" || ends_constant && method {
            text.push('\n');
        }
        push_wrapped(text, line);
        text.push('\n');
        previous = line;
    }
}

/// Adds a line; a string that makes it too long is continued on further lines.
fn push_wrapped(text: &mut String, line: &str) {
    let indent = line.len() - line.trim_start().len();
    if line.chars().count() <= WIDTH || line.trim_start().starts_with("//") {
        text.push_str(line);
        return;
    }
    let (mut current, mut length) = (String::new(), 0);
    let (mut in_string, mut escaped) = (false, false);
    // Length in bytes of the part of `current` after which the string can be continued.
    let mut break_at = None;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        current.push(c);
        length += 1;
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = in_string,
            '"' => in_string = !in_string,
            // The compiler skips white space after the continuation.
            ' ' if in_string
                && (length < WIDTH || break_at.is_none())
                && chars.peek().is_some_and(|next| !next.is_whitespace()) =>
            {
                break_at = Some(current.len());
            }
            _ => {}
        }
        if length >= WIDTH
            && chars.peek().is_some()
            && let Some(at) = break_at.take()
        {
            let rest = format!("{}{}", " ".repeat(indent), current.get(at..).unwrap_or_default());
            text.push_str(current.get(..at).unwrap_or_default());
            text.push_str("\\\n");
            length = rest.chars().count();
            current = rest;
        }
    }
    text.push_str(&current);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_strings_are_continued_on_further_lines() {
        let word = "w".repeat(40);
        for (line, expected) in [
            ("    \"short\",".to_owned(), "    \"short\",".to_owned()),
            (
                format!("    \"{word} {word} {word}\","),
                format!("    \"{word} {word} \\\n    {word}\","),
            ),
            (
                format!("  f(\"{word}\\\" {word}  {word}\")"),
                format!("  f(\"{word}\\\" {word}  \\\n  {word}\")"),
            ),
            (format!("\"{word}{word}{word}\""), format!("\"{word}{word}{word}\"")),
            (format!("f({word}, {word}, {word})"), format!("f({word}, {word}, {word})")),
            (format!("/// {word} {word} {word}"), format!("/// {word} {word} {word}")),
        ] {
            let mut text = String::new();
            push_wrapped(&mut text, &line);
            assert_eq!(text, expected, "{line}");
        }
    }

    #[test]
    fn methods_are_separated_by_blank_lines() {
        let method = |name: &str| -> syn::Result<TokenStream> {
            syn::parse_str(&format!(
                "impl A {{ const N: u8 = 1; fn {name}() {{ b() }} fn b() {{ c() }} }}"
            ))
        };
        let text = method("a").and_then(|item| format("// head\n", &[item]));
        let expected = "// head\n\nimpl A {\n    const N: u8 = 1;\n\n    fn a() {\n        b()\n    }\n\n    \
            fn b() {\n        c()\n    }\n}\n";
        assert_eq!(text.unwrap_or_default(), expected);
    }
}

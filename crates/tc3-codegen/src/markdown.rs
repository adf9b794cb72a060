//! Plain text in Markdown.

/// Converts text to Markdown: escapes its characters, and links its URLs.
pub(crate) fn escape(text: &str) -> String {
    let escaped = text.chars().fold(String::new(), |mut out, c| {
        if "\\`*_[]<>".contains(c) {
            out.push('\\');
        }
        out.push(c);
        out
    });
    urls_as_links(&escaped)
}

/// Turns URLs in escaped text into links: rustdoc warns about bare URLs.
pub(crate) fn urls_as_links(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = ["http://", "https://"].iter().filter_map(|head| rest.find(head)).min() {
        let (before, tail) = rest.split_at(at);
        let ends = |c: char| !c.is_ascii_graphic() || "\"',;<>`".contains(c);
        let mut end = tail.find(ends).unwrap_or(tail.len());
        // An escaped end keeps its backslash.
        if tail.get(end..).is_some_and(|after| after.starts_with(['<', '>', '`'])) {
            end -= 1;
        }
        let (url, after) = tail.split_at(end);
        out.push_str(before);
        let bare: String = url.chars().filter(|c| *c != '\\').collect();
        let trimmed = bare.trim_end_matches(['.', ')', ':']);
        if trimmed.ends_with("//") {
            out.push_str(url);
        } else {
            out.push_str(&format!("<{trimmed}>{}", bare.get(trimmed.len()..).unwrap_or_default()));
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

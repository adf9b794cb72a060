//! Conversion of the reference's prose, a mixture of Markdown and HTML, to Markdown without rustdoc warnings:
//! paragraphs, lists, tables as lists, code, and web links.

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use crate::markdown::urls_as_links;

/// Converts the text to clean Markdown.
pub(super) fn clean(text: &str) -> String {
    let mut writer = Writer::default();
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    for event in Parser::new_ext(text, options) {
        writer.event(event);
    }
    writer.finish()
}

#[derive(Default)]
struct Writer {
    out: String,
    /// Pending break before the next text.
    pending: Break,
    /// `true` if the next text begins a list item.
    item: bool,
    /// Nesting depth of lists.
    depth: usize,
    /// Depth of the last item; an item deeper by more than one would be code.
    level: usize,
    /// Targets of the links around the text.
    links: Vec<Option<String>>,
    /// `true` inside a code block.
    code: bool,
    /// `true` inside an indented code block.
    indented: bool,
    /// End mark of the open HTML comment, script or style.
    hidden: Option<&'static str>,
}

#[derive(Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Break {
    #[default]
    Nothing,
    Space,
    Line,
    Paragraph,
}

impl Writer {
    fn event(&mut self, event: Event<'_>) {
        match event {
            // Indented accidentally, often HTML; real code is fenced.
            Event::Start(Tag::CodeBlock(CodeBlockKind::Indented)) => {
                self.indented = true;
                self.request_break(Break::Line);
            }
            Event::End(TagEnd::CodeBlock) if self.indented => {
                self.indented = false;
                self.request_break(Break::Line);
            }
            Event::Text(text) if self.indented => {
                for line in text.lines() {
                    self.html(line);
                    self.request_break(Break::Line);
                }
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_))) => {
                // Code ends the item, in which it would have to be indented.
                self.item = false;
                self.request_break(Break::Paragraph);
                self.write_break();
                self.out.push_str("```text\n");
                self.code = true;
            }
            Event::End(TagEnd::CodeBlock) => {
                if !self.out.ends_with('\n') {
                    self.out.push('\n');
                }
                self.out.push_str("```");
                self.code = false;
                self.request_break(Break::Paragraph);
            }
            Event::Start(tag) => self.start(&tag),
            Event::End(tag) => self.end(tag),
            // A fence inside the code would end it early.
            Event::Text(text) if self.code => self.out.push_str(&text.replace("```", "'''")),
            Event::Text(text) => self.text(&text),
            Event::Code(text) => self.inline_code(&text),
            Event::Html(html) | Event::InlineHtml(html) => self.html(&html),
            Event::SoftBreak | Event::HardBreak => self.request_break(Break::Line),
            Event::Rule => self.request_break(Break::Paragraph),
            _ => {}
        }
    }

    fn start(&mut self, tag: &Tag<'_>) {
        match tag {
            Tag::List(_) => self.open_list(),
            Tag::Item | Tag::TableHead | Tag::TableRow => self.item = true,
            Tag::Table(_) => self.open_list(),
            Tag::Link { dest_url, .. } => self.open_link(dest_url),
            Tag::Image { .. } => self.links.push(None),
            Tag::Heading { .. } | Tag::BlockQuote(_) => self.request_break(Break::Paragraph),
            Tag::Paragraph if self.depth == 0 => self.request_break(Break::Paragraph),
            Tag::Paragraph => self.request_break(Break::Line),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::List(_) | TagEnd::Table => self.close_list(),
            TagEnd::TableCell => self.cell(),
            TagEnd::Link => self.close_link(),
            TagEnd::Image => {
                self.links.pop();
            }
            TagEnd::Heading(_) | TagEnd::BlockQuote(_) => self.request_break(Break::Paragraph),
            TagEnd::Paragraph if self.depth == 0 => self.request_break(Break::Paragraph),
            _ => {}
        }
    }

    fn open_list(&mut self) {
        if self.depth == 0 {
            self.request_break(Break::Paragraph);
        }
        self.depth += 1;
    }

    fn close_list(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.request_break(if self.depth == 0 { Break::Paragraph } else { Break::Line });
    }

    fn cell(&mut self) {
        if self.pending < Break::Line && !self.item {
            self.pending = Break::Nothing;
            self.out.push_str(" | ");
        }
    }

    fn open_link(&mut self, target: &str) {
        let safe = (target.starts_with("https://") || target.starts_with("http://"))
            && !target
                .contains(|c: char| c.is_whitespace() || c.is_control() || "<>()[]\\`".contains(c));
        if safe && self.links.iter().all(Option::is_none) {
            self.raw("[");
            // After an exclamation mark it would be an image.
            if self.out.ends_with("![") {
                self.out.insert(self.out.len() - 2, '\\');
            }
            self.links.push(Some(target.to_owned()));
        } else {
            self.links.push(None);
        }
    }

    fn close_link(&mut self) {
        if let Some(Some(target)) = self.links.pop() {
            if self.out.ends_with('[') {
                self.out.pop();
            } else {
                self.out.push_str(&format!("](<{target}>)"));
            }
        }
    }

    fn inline_code(&mut self, text: &str) {
        let text = text.replace('`', "'");
        let text = text.trim();
        if !text.is_empty() {
            self.raw(&format!("`{text}`"));
        }
    }

    /// Writes text, escaping the syntax of Markdown and rustdoc.
    fn text(&mut self, text: &str) {
        if self.hidden.is_some() {
            return;
        }
        let mut escaped = String::new();
        for c in text.chars() {
            match c {
                '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '~' | '&' | '$' => {
                    escaped.push('\\');
                    escaped.push(c);
                }
                c if c.is_control() || c == '\u{a0}' || is_invisible(c) => escaped.push(' '),
                c => escaped.push(c),
            }
        }
        self.raw(&urls_as_links(&escaped));
    }

    /// Writes Markdown.
    fn raw(&mut self, text: &str) {
        let lead = text.starts_with(' ');
        let body = text.trim_start();
        if body.is_empty() {
            if lead {
                self.request_break(Break::Space);
            }
            return;
        }
        if lead {
            self.request_break(Break::Space);
        }
        self.write_break();
        let at_start = self.out.is_empty() || self.out.ends_with('\n') || self.out.ends_with("- ");
        if at_start && begins_a_block(body) {
            self.out.push('\\');
        }
        self.out.push_str(body.trim_end());
        if body.ends_with(' ') {
            self.request_break(Break::Space);
        }
    }

    fn request_break(&mut self, kind: Break) {
        self.pending = self.pending.max(kind);
    }

    /// Writes the pending break.
    fn write_break(&mut self) {
        let (pending, item) = (std::mem::take(&mut self.pending), std::mem::take(&mut self.item));
        let start = self.out.is_empty();
        if pending == Break::Paragraph || self.depth == 0 {
            self.level = 0;
        }
        match pending {
            _ if start => {}
            Break::Paragraph => self.out.push_str("\n\n"),
            Break::Line => self.out.push('\n'),
            _ if item => self.out.push('\n'),
            Break::Space => self.out.push(' '),
            Break::Nothing => {}
        }
        if item {
            self.level = self.depth.min(self.level + 1);
            self.out.push_str(&"  ".repeat(self.level.saturating_sub(1)));
            self.out.push_str("- ");
        } else if pending == Break::Line && !start {
            self.out.push_str(&"  ".repeat(self.level.min(self.depth)));
        }
    }

    fn html(&mut self, html: &str) {
        let mut rest = html;
        while !rest.is_empty() {
            if let Some(end) = self.hidden {
                let Some(at) = rest.find(end) else { return };
                rest = rest.get(at + end.len()..).unwrap_or_default();
                self.hidden = None;
                continue;
            }
            let Some(at) = rest.find('<') else { return self.text(&entities(rest)) };
            let (before, tag) = rest.split_at(at);
            self.text(&entities(before).replace('\n', " "));
            if tag.starts_with("<!--") {
                self.hidden = Some("-->");
                rest = tag.get(4..).unwrap_or_default();
                continue;
            }
            let Some(end) = tag.find('>') else { return self.text(&entities(tag)) };
            let (tag, after) = tag.split_at(end + 1);
            self.tag(tag);
            rest = after;
        }
    }

    fn tag(&mut self, tag: &str) {
        let inner = tag.trim_start_matches('<').trim_end_matches('>').trim_end_matches('/');
        let (close, inner) = inner.strip_prefix('/').map_or((false, inner), |rest| (true, rest));
        let name: String = inner.chars().take_while(char::is_ascii_alphanumeric).collect();
        match (name.to_ascii_lowercase().as_str(), close) {
            ("br", _) => self.request_break(Break::Line),
            (
                "p" | "div" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "blockquote" | "hr" | "pre"
                | "section",
                _,
            ) => {
                self.request_break(if self.depth == 0 { Break::Paragraph } else { Break::Line });
            }
            ("ul" | "ol" | "table" | "dl", false) => self.open_list(),
            ("ul" | "ol" | "table" | "dl", true) => self.close_list(),
            ("li" | "tr" | "dt" | "dd", false) => {
                self.request_break(Break::Line);
                self.item = self.depth > 0;
            }
            ("td" | "th", true) => self.cell(),
            ("a", false) => {
                let target = attribute(inner, "href").unwrap_or_default();
                self.open_link(&entities(&target));
            }
            ("a", true) => self.close_link(),
            ("script", false) => self.hidden = Some("</script>"),
            ("style", false) => self.hidden = Some("</style>"),
            (
                "b" | "strong" | "i" | "em" | "u" | "s" | "del" | "font" | "span" | "code" | "img"
                | "sup" | "sub" | "small" | "big" | "tt" | "kbd" | "center" | "thead" | "tbody"
                | "tfoot" | "colgroup" | "col" | "caption" | "li" | "tr" | "td" | "th" | "dt"
                | "dd" | "dx" | "input" | "video" | "iframe" | "details" | "summary" | "label"
                | "mark" | "nobr" | "html" | "body" | "head" | "title" | "article" | "figure",
                _,
            ) => {}
            // A placeholder such as `<bucket>`, which is text.
            _ => self.text(tag),
        }
    }

    fn finish(mut self) -> String {
        while !self.links.is_empty() {
            self.close_link();
        }
        let lines: Vec<&str> = self.out.lines().map(str::trim_end).collect();
        let text = lines.join("\n");
        let mut text = text.trim_matches('\n').to_owned();
        while text.contains("\n\n\n") {
            text = text.replace("\n\n\n", "\n\n");
        }
        text
    }
}

/// Returns whether the character is a direction mark or invisible, and would reorder or hide source text.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Returns whether a line with this beginning would be a list item or turn the previous line into a heading.
fn begins_a_block(text: &str) -> bool {
    text.starts_with(['-', '+', '='])
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let lower = tag.to_ascii_lowercase();
    let at = lower.find(&format!("{name}="))? + name.len() + 1;
    let value = tag.get(at..)?;
    let quoted = value.strip_prefix('"').map(|rest| rest.split('"').next());
    let quoted = quoted.or_else(|| value.strip_prefix('\'').map(|rest| rest.split('\'').next()));
    quoted.unwrap_or_else(|| value.split_whitespace().next()).map(str::to_owned)
}

fn entities(text: &str) -> String {
    [
        ("&nbsp;", " "),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (entity, meaning)| text.replace(entity, meaning))
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn markdown_and_html_become_plain_markdown() {
        for (text, expected) in [
            ("", ""),
            ("plain", "plain"),
            ("a<br/>b<br>c", "a\nb\nc"),
            ("<p>one</p><p>two</p>", "one\n\ntwo"),
            ("x：<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>y", "x：\n\n- a\n- b\n  - c\n\ny"),
            ("**bold** and `code`", "bold and `code`"),
            ("[name](https://a.example/b)", "[name](<https://a.example/b>)"),
            ("[name](/relative)", "name"),
            ("<a href=\"https://a.example\">n</a>", "[n](<https://a.example>)"),
            ("see https://a.example/b_c.", "see <https://a.example/b_c>."),
            ("[0, 1] and a_b", "\\[0, 1\\] and a\\_b"),
            ("ins-<id> of <bucket>", "ins-\\<id\\> of \\<bucket\\>"),
            ("a < b && c > d", "a \\< b \\&\\& c \\> d"),
            ("- x\n\n---\n-1 is all", "- x\n\n\\-1 is all"),
            ("| a | b |\n|---|---|\n| 1 | 2 |", "- a | b |\n- 1 | 2 |"),
            ("<table><tr><td>a</td><td>b</td></tr></table>", "- a | b |"),
            ("```json\n{\"a\": 1}\n```", "```text\n{\"a\": 1}\n```"),
            ("- a\n-     b", "- a\n- b"),
            ("- a\n- ```\n  b\n  ```\n- c", "- a\n\n```text\nb\n```\n\n- c"),
            ("# Head\ntext", "Head\n\ntext"),
            ("a<!-- no -->b<script>x</script>c", "abc"),
            ("1. one\n2. two", "- one\n- two"),
            ("<dl><ul><ul><p>a</p><p>b</p></ul></ul></dl>", "a\nb"),
            ("`\\`https://a.example/x``", "`\\`<https://a.example/x>\\`\\`"),
            ("&lt;x&gt;&nbsp;y", "\\<x\\> y"),
            ("x\u{202e}y\u{200b}z", "x y z"),
            ("so!<a href=\"https://a.example\">n</a>", "so\\![n](<https://a.example>)"),
            ("https://<!x>", "https://\\<!x\\>"),
            ("<p>https://a.example/b<bucket>", "<https://a.example/b>\\<bucket\\>"),
        ] {
            assert_eq!(clean(text), expected, "{text}");
        }
    }
}

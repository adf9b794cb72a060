//! Smaller text of scripts and style sheets, for the same meaning.

/// Returns a script without comments that begin a line, and without the spaces that it does not need.
///
/// A template literal must not contain a line break: the next line's indentation would be content.
pub(crate) fn script(text: &str) -> String {
    strip(text, |line| match line.contains(['/', '\'', '`']) {
        // Regular expressions and other strings: only `"` is known below.
        true => line.to_owned(),
        false => without_spaces(line, |before, after| {
            [before, after].into_iter().flatten().any(|char| "=?:,;(){}[]&|<>!".contains(char))
        }),
    })
}

/// Returns a style sheet without comments that begin a line, and without the spaces that it does not need.
pub(crate) fn style_sheet(text: &str) -> String {
    strip(text, |line| {
        without_spaces(line, |before, after| {
            before.is_some_and(|char| ":;,{}>".contains(char))
                || after.is_some_and(|char| "{}>".contains(char))
        })
    })
}

/// Removes comments, indentation and empty lines, and shortens each other line.
fn strip(text: &str, shorten: impl Fn(&str) -> String) -> String {
    let mut stripped = String::with_capacity(text.len());
    let mut is_in_comment = false;
    for line in text.lines() {
        let mut rest = line.trim();
        loop {
            if is_in_comment {
                let Some((_, after)) = rest.split_once("*/") else { break };
                is_in_comment = false;
                rest = after.trim_start();
            }
            let Some(comment) = rest.strip_prefix("/*") else { break };
            is_in_comment = true;
            rest = comment;
        }
        if is_in_comment || rest.is_empty() || rest.starts_with("//") {
            continue;
        }
        stripped.push_str(&shorten(rest));
        stripped.push('\n');
    }
    stripped
}

/// Removes the spaces outside of strings that `is_needless` accepts, by the characters before and after.
fn without_spaces(line: &str, is_needless: impl Fn(Option<char>, Option<char>) -> bool) -> String {
    let mut shorter = String::with_capacity(line.len());
    let mut is_in_string = false;
    let mut is_escaped = false;
    let mut before = None;
    let mut chars = line.chars().peekable();
    while let Some(char) = chars.next() {
        if char == '"' && !is_escaped {
            is_in_string = !is_in_string;
        }
        is_escaped = is_in_string && char == '\\' && !is_escaped;
        if char != ' ' || is_in_string || !is_needless(before, chars.peek().copied()) {
            shorter.push(char);
        }
        before = Some(char);
    }
    shorter
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_keep_their_meaning() {
        for (text, expected) in [
            ("", ""),
            ("\n\n", ""),
            ("// one\nlet a = 1;\n", "let a=1;\n"),
            ("/** A. */\nlet a;\n", "let a;\n"),
            ("/** A.\n * @type {B} */\n\tlet a;", "let a;\n"),
            ("/* a */ /* b */ let a;\n", "let a;\n"),
            ("/** @type {A} */ (b).c();\n", "(b).c();\n"),
            ("/*\n\n// */ a\n", "a\n"),
            ("/* open\nlet a;\n", ""),
            ("let a = \"http://b\"; // c\n", "let a = \"http://b\"; // c\n"),
            ("if (a) return \"b : c \\\" , d\";", "if(a)return \"b : c \\\" , d\";\n"),
            ("return \"\\\\\" + b;", "return \"\\\\\" + b;\n"),
            ("a = b ? -c : +d - -e;", "a=b?-c:+d - -e;\n"),
            ("for (const a of b) await c;", "for(const a of b)await c;\n"),
            ("t(`a ${ b }`, c);", "t(`a ${ b }`, c);\n"),
            ("t('a , b', c);", "t('a , b', c);\n"),
        ] {
            assert_eq!(script(text), expected, "{text:?}");
        }
    }

    #[test]
    fn style_sheets_keep_their_meaning() {
        for (text, expected) in [
            ("/* A. */\na { b: c; d: e, f; }\n", "a{b:c;d:e,f;}\n"),
            ("a :is(b, c) > d {\n\te: f\n}", "a :is(b,c)>d{\ne:f\n}\n"),
            ("@media (max-width: 1px) {", "@media (max-width:1px){\n"),
            ("a::after { content: \": \"; }", "a::after{content:\": \";}\n"),
            ("a { width: calc(1px - 2px) !important; }", "a{width:calc(1px - 2px) !important;}\n"),
        ] {
            assert_eq!(style_sheet(text), expected, "{text:?}");
        }
    }
}

//! Smaller text of scripts and style sheets, for the same meaning.

/// Returns a script or style sheet without comments that begin a line, indentation and empty lines.
///
/// A line of a script must not begin inside a template literal: its indentation would be content.
pub(super) fn strip(text: &str) -> String {
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
        stripped.push_str(rest);
        stripped.push('\n');
    }
    stripped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_indentation_are_removed() {
        for (text, expected) in [
            ("", ""),
            ("\n\n", ""),
            ("// one\nlet a = 1;\n", "let a = 1;\n"),
            ("/** A. */\nlet a;\n", "let a;\n"),
            ("/** A.\n * @type {B} */\n\tlet a;", "let a;\n"),
            ("/* a */ /* b */ let a;\n", "let a;\n"),
            ("/** @type {A} */ (b).c();\n", "(b).c();\n"),
            ("/*\n\n// */ a\n", "a\n"),
            ("let a = \"http://b\"; // c\n", "let a = \"http://b\"; // c\n"),
            ("\ta {\n\t\tb: c;\n\t}\n", "a {\nb: c;\n}\n"),
            ("/* open\nlet a;\n", ""),
        ] {
            assert_eq!(strip(text), expected, "{text:?}");
        }
    }
}

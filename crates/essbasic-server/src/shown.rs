//! Texts for terminals and logs, whose parts may be untrusted.

use std::fmt::Write as _;

/// Returns the text on one line: each character that ends a line, controls a terminal or changes the direction of text is a space.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(|c| if is_unsafe(c) { ' ' } else { c }).collect()
}

/// Returns JSON text in which such characters are escaped. JSON has them in strings only.
pub(crate) fn escaped_json(text: String) -> String {
    if !text.contains(is_unsafe) {
        return text;
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_unsafe(c) {
            // None of them is outside of the basic multilingual plane.
            let _ = write!(escaped, "\\u{:04x}", u32::from(c));
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// Returns whether a character ends a line, controls a terminal or changes the direction of text.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_one_line_without_control_characters() {
        for (text, line, json) in [
            ("a 合同 é", "a 合同 é", "\"a 合同 é\""),
            ("a\nerror: b\r\tc", "a error: b  c", "\"a\\nerror: b\\r\\tc\""),
            ("\u{1b}[2J\0\u{7f}", " [2J  ", "\"\\u001b[2J\\u0000\\u007f\""),
            ("\u{9b}2J\u{85}", " 2J ", "\"\\u009b2J\\u0085\""),
            ("a\u{202e}b\u{2066}c\u{200f}", "a b c ", "\"a\\u202eb\\u2066c\\u200f\""),
            ("a\u{2028}b\u{2029}c\u{61c}", "a b c ", "\"a\\u2028b\\u2029c\\u061c\""),
        ] {
            assert_eq!(one_line(text), line);
            let escaped = escaped_json(serde_json::to_string(text).unwrap());
            assert_eq!(escaped, json);
            assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), text);
        }
    }
}

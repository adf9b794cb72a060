//! Values of the user in messages.

/// Maximum length of a value that is shown, in characters. A SecretKey has 32.
const MAX_CHARS: usize = 31;

/// Returns the value if it can be shown in a message: it is short, and has only characters of names, hosts, durations and
/// templates. A value in the wrong place may be a key.
pub fn showable(text: &str) -> Option<&str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || " -_.,:/*+={}".contains(c);
    (text.chars().all(is_plain) && text.len() <= MAX_CHARS).then_some(text)
}

/// Returns the value in quotes if it is [`showable`], and its length otherwise.
pub fn quoted(text: &str) -> String {
    match showable(text) {
        Some(text) => format!("\"{text}\""),
        None => format!("({} characters)", text.chars().count()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_not_shown() {
        for (text, expected) in [
            ("", "\"\""),
            ("default", "\"default\""),
            ("*.example.com", "\"*.example.com\""),
            ("{name}-{flow}", "\"{name}-{flow}\""),
            ("1h 30m", "\"1h 30m\""),
            // Of the length of a SecretKey, a SecretId and an access key.
            ("0123456789abcdef0123456789abcdef", "(32 characters)"),
            ("AKID0123456789abcdef0123456789abcdef", "(36 characters)"),
            ("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "(40 characters)"),
            ("http://u:pass@host", "(18 characters)"),
            ("AKID#Gu5", "(8 characters)"),
            ("密钥", "(2 characters)"),
            ("a\nb", "(3 characters)"),
            ("a\u{202e}b", "(3 characters)"),
            ("a\"b", "(3 characters)"),
        ] {
            assert_eq!(quoted(text), expected, "{text:?}");
        }
    }
}

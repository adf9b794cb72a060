//! Messages of the TOML parser, without values: a secret may be at a wrong place of the file.

/// Maximum length of the name of a key that is shown.
const MAX_NAME: usize = 40;

/// Returns the message with what is expected, and without quoted values. Names of unknown keys are kept if they look like keys.
pub(super) fn without_values(message: &str) -> String {
    // A value may contain the separator, and what follows the last one does not.
    let (found, expected) = match message.rfind(", expected ") {
        Some(at) => message.split_at(at),
        None => (message, ""),
    };
    let names_key =
        ["unknown field `", "missing field `", "duplicate field `"].into_iter().find_map(|start| {
            let name = found.strip_prefix(start)?.split('`').next()?;
            Some((start, name))
        });
    let found = match names_key {
        Some((start, name)) if is_key(name) => format!("{start}{name}`"),
        _ => before_value(found).to_owned(),
    };
    let expected = expected.split('\n').next().unwrap_or_default();
    format!("{found}{expected}")
}

/// Returns the kind of a value, without the value.
fn before_value(text: &str) -> &str {
    text.split(['"', '`', '\'', '\n']).next().unwrap_or_default().trim_end_matches([' ', ':'])
}

/// Returns whether the text looks like a key of this file, and not like a secret.
fn is_key(name: &str) -> bool {
    name.len() <= MAX_NAME && name.chars().all(|c| c.is_ascii_lowercase() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_not_part_of_messages() {
        for (message, expected) in [
            ("unknown field `concurency`, expected one of `to`, `names`", None),
            ("missing field `account`", None),
            ("invalid type: map, expected a string", None),
            ("invalid socket address syntax", None),
            (
                "invalid type: string \"postgres://u:PW@h, expected d\", expected struct Store",
                Some("invalid type: string, expected struct Store"),
            ),
            (
                "invalid type: integer `5`, expected a string",
                Some("invalid type: integer, expected a string"),
            ),
            (
                "unknown variant `PW`, expected `text` or `json`",
                Some("unknown variant, expected `text` or `json`"),
            ),
            ("unknown field `AKIDpw`, expected `to`", Some("unknown field, expected `to`")),
            ("invalid duration \"PW\"", Some("invalid duration")),
            ("a\nPW", Some("a")),
        ] {
            assert_eq!(without_values(message), expected.unwrap_or(message));
        }
    }
}

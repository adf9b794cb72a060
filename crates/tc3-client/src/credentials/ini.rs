//! The little of INI that a credentials file is made of.

use core::fmt;

/// What one section says of the keys asked for.
#[derive(PartialEq, Eq)]
pub(super) struct Section<'a, const N: usize> {
    /// The line of the section's head, from 1.
    pub(super) line: usize,
    /// For each key asked for: its line and its value.
    pub(super) values: [Option<(usize, &'a str)>; N],
}

/// A line that cannot be read, without its text, which may be a secret in the wrong place.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Flaw {
    pub(super) line: usize,
    pub(super) what: &'static str,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

/// Finds a section; `None` where the file has no such. Key names match in any case, as the Python
/// SDK's reader has it; keys not asked for are passed over. A value may stand in quotes.
pub(super) fn section<'a, const N: usize>(
    text: &'a str,
    name: &str,
    keys: [&str; N],
) -> Result<Option<Section<'a, N>>, Flaw> {
    let mut found: Option<Section<'a, N>> = None;
    let mut inside = false;
    let mut headed = false;
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        let flaw = |what| Flaw { line: number, what };
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(head) = line.strip_prefix('[') {
            let head = head.strip_suffix(']').ok_or(flaw("a section without its ]"))?.trim();
            headed = true;
            inside = head == name;
            if inside && found.is_some() {
                return Err(flaw("the section stands in the file twice"));
            }
            if inside {
                found = Some(Section { line: number, values: [None; N] });
            }
            continue;
        }
        let (key, value) = line
            .split_once(['=', ':'])
            .ok_or(flaw("neither a section, nor key = value, nor a comment"))?;
        if !headed {
            return Err(flaw("a key before the first [section]"));
        }
        let Some(section) = found.as_mut().filter(|_| inside) else { continue };
        for (wanted, slot) in keys.iter().zip(&mut section.values) {
            if key.trim().eq_ignore_ascii_case(wanted)
                && slot.replace((number, unquoted(value.trim()))).is_some()
            {
                return Err(flaw("the key stands in the section twice"));
            }
        }
    }
    Ok(found)
}

fn unquoted(value: &str) -> &str {
    ['"', '\'']
        .into_iter()
        .find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Option<[Option<&str>; 2]>, Flaw> {
        let found = section(text, "default", ["id", "key"])?;
        Ok(found.map(|section| section.values.map(|value| value.map(|(_, text)| text))))
    }

    #[test]
    fn what_people_write() {
        for text in [
            "[default]\nid=a\nkey=b\n",
            "; c\r\n\r\n[ default ]\r\nid = a\r\n  # c\r\nKEY\t=\tb",
            "[other]\nid=x\n[default]\nid: \"a\"\nkey = 'b'\nregion=r\n[last]\nkey=y",
        ] {
            assert_eq!(read(text), Ok(Some([Some("a"), Some("b")])), "{text}");
        }
        assert_eq!(read("[Default]\nid=a"), Ok(None));
        assert_eq!(read("[default]\nkey=a=b=="), Ok(Some([None, Some("a=b==")])));
    }

    #[test]
    fn what_cannot_be_meant() {
        for (text, line) in [
            ("id=a\n[default]", 1),
            ("[default\nid=a", 1),
            ("[default]\nSECRET", 2),
            ("[default]\nid=a\n\nID=b", 4),
            ("[default]\n[x]\n[default]", 3),
        ] {
            let flaw = read(text).unwrap_err();
            assert_eq!(flaw.line, line, "{text}");
            assert!(!flaw.to_string().contains("SECRET"));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[\\[\\]=:a-c;#\"' \\r\\n\\u{feff}é]{0,60}") {
            let _ = section(&text, "a", ["b", "c"]);
        }
    }
}

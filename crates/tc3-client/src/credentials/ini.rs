//! Parser for the INI format of credential files.

use core::fmt;

/// The requested keys of a section.
#[derive(PartialEq, Eq)]
pub(super) struct Section<'a, const N: usize> {
    /// Line number and name of each other key.
    pub(super) others: Vec<(usize, &'a str)>,
    /// Line number of the section header, from 1.
    pub(super) line: usize,
    /// For each requested key: line number and value.
    pub(super) values: [Option<(usize, &'a str)>; N],
}

/// A syntax error. It does not contain the line, which may contain a secret.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SyntaxError {
    pub(super) line: usize,
    pub(super) message: &'static str,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

/// Returns the section `name`, or `None` if it does not exist. A section whose name differs only in case is an error.
///
/// Key names are case-insensitive, as in the official Python SDK. Other keys are skipped. Quotes around a value are
/// removed.
pub(super) fn section<'a, const N: usize>(
    text: &'a str,
    name: &str,
    keys: [&str; N],
) -> Result<Option<Section<'a, N>>, SyntaxError> {
    let mut found: Option<Section<'a, N>> = None;
    let mut inside = false;
    let mut has_section = false;
    // A section whose name differs only in case, which would be ignored.
    let mut similar = None;
    // A line ends with LF, CR LF or CR.
    let lines = text.lines().flat_map(|line| line.split('\r'));
    for (index, line) in lines.enumerate() {
        let number = index + 1;
        let error = |message| SyntaxError { line: number, message };
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(header) = line.strip_prefix('[') {
            let header =
                header.strip_suffix(']').ok_or(error("section header without `]`"))?.trim();
            has_section = true;
            inside = header == name;
            if inside && found.is_some() {
                return Err(error("duplicate section"));
            }
            if inside {
                found = Some(Section { line: number, values: [None; N], others: Vec::new() });
            } else if header.eq_ignore_ascii_case(name) {
                similar.get_or_insert(error("section names are case-sensitive"));
            }
            continue;
        }
        let (key, value) = line
            .split_once(['=', ':'])
            .ok_or(error("expected a section, key = value or a comment"))?;
        if !has_section {
            return Err(error("key before the first section"));
        }
        let Some(section) = found.as_mut().filter(|_| inside) else { continue };
        if !keys.iter().any(|requested| key.trim().eq_ignore_ascii_case(requested)) {
            section.others.push((number, key.trim()));
        }
        for (requested, slot) in keys.iter().zip(&mut section.values) {
            if key.trim().eq_ignore_ascii_case(requested)
                && slot.replace((number, unquoted(value.trim()))).is_some()
            {
                return Err(error("duplicate key"));
            }
        }
    }
    match (found, similar) {
        (None, Some(similar)) => Err(similar),
        (found, _) => Ok(found),
    }
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

    fn read(text: &str) -> Result<Option<[Option<&str>; 2]>, SyntaxError> {
        let found = section(text, "default", ["id", "key"])?;
        Ok(found.map(|section| section.values.map(|value| value.map(|(_, text)| text))))
    }

    #[test]
    fn reads_comments_quotes_and_both_separators() {
        for text in [
            "[default]\nid=a\nkey=b\n",
            "; c\r\n\r\n[ default ]\r\nid = a\r\n  # c\r\nKEY\t=\tb",
            "; c\r\r[default]\rid=a\rkey=b\r",
            "[other]\nid=x\n[default]\nid: \"a\"\nkey = 'b'\nregion=r\n[last]\nkey=y",
        ] {
            assert_eq!(read(text), Ok(Some([Some("a"), Some("b")])), "{text}");
        }
        assert_eq!(read("[other]\nid=a"), Ok(None));
        assert_eq!(
            read("[Default]\nid=x\n[default]\nid=a\nkey=b"),
            Ok(Some([Some("a"), Some("b")]))
        );
        assert_eq!(read("[default]\nkey=a=b=="), Ok(Some([None, Some("a=b==")])));
    }

    #[test]
    fn reports_the_line_of_a_syntax_error() {
        for (text, line) in [
            ("id=a\n[default]", 1),
            ("[default\nid=a", 1),
            ("[default]\nSECRET", 2),
            ("[default]\nid=a\n\nID=b", 4),
            ("[default]\n[x]\n[default]", 3),
            ("\n[Default]\nid=a", 2),
            ("[x]\n[DEFAULT]\n[Default]\nid=a", 2),
        ] {
            let error = read(text).unwrap_err();
            assert_eq!(error.line, line, "{text}");
            assert!(!error.to_string().contains("SECRET"));
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "[\\[\\]=:a-c;#\"' \\r\\n\\u{feff}é]{0,60}") {
            let _ = section(&text, "a", ["b", "c"]);
        }
    }
}

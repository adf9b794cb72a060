//! Profiles in the files of the AWS tools.

use core::fmt;

/// An entry of a profile.
#[derive(PartialEq, Eq)]
pub(crate) struct Entry<'a> {
    /// From 1.
    pub(crate) line: usize,
    pub(crate) name: &'a str,
    pub(crate) value: &'a str,
}

impl fmt::Debug for Entry<'_> {
    /// Omits name and value, which may be keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("line", &self.line).finish_non_exhaustive()
    }
}

/// A line that cannot be parsed. It does not contain the text, which may be a misplaced key.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Flaw {
    pub(crate) line: usize,
    pub(crate) cause: &'static str,
}

/// Returns the entries of a profile; `None` if the file does not have it. The section of a profile is
/// `[NAME]`; in a config file, `[profile NAME]`, and `[default]`.
pub(crate) fn entries<'a>(
    text: &'a str,
    profile: &str,
    is_config: bool,
) -> Result<Option<Vec<Entry<'a>>>, Flaw> {
    let mut found: Option<Vec<Entry<'a>>> = None;
    let mut inside = false;
    // A line ends with LF, CR LF or CR.
    let lines = text.lines().flat_map(|line| line.split('\r'));
    // A section whose name differs only in case, which would be ignored.
    let mut similar = None;
    for (index, raw) in lines.enumerate() {
        let flaw = |cause| Flaw { line: index + 1, cause };
        let line = raw.trim();
        // Indented lines belong to the entry above: settings of one service.
        if line.is_empty() || line.starts_with(['#', ';']) || raw.starts_with([' ', '\t']) {
            continue;
        }
        if let Some(head) = line.strip_prefix('[') {
            let (head, _) = head.split_once(']').ok_or(flaw("a section lacks its `]`"))?;
            let name = name_of(head, is_config);
            inside = name == Some(profile);
            if !inside && name.is_some_and(|name| name.eq_ignore_ascii_case(profile)) {
                similar.get_or_insert(flaw("section names are case-sensitive"));
            }
            if inside {
                found.get_or_insert_default();
            }
            continue;
        }
        let Some(entries) = found.as_mut().filter(|_| inside) else { continue };
        let (name, value) =
            line.split_once('=').ok_or(flaw("neither [SECTION] nor NAME = VALUE nor a comment"))?;
        entries.push(Entry { line: index + 1, name: name.trim(), value: uncommented(value) });
    }
    match (found, similar) {
        (None, Some(similar)) => Err(similar),
        (found, _) => Ok(found),
    }
}

fn name_of(head: &str, is_config: bool) -> Option<&str> {
    let head = head.trim();
    match head.strip_prefix("profile").filter(|rest| rest.starts_with(char::is_whitespace)) {
        Some(name) if is_config => Some(name.trim()),
        // Of a config file's other sections, only the default one is a profile.
        _ if is_config && !head.eq_ignore_ascii_case("default") => None,
        _ => Some(head),
    }
}

/// Returns the value without its comment, which begins after a blank.
fn uncommented(value: &str) -> &str {
    let comment = value
        .char_indices()
        .zip(value.chars().skip(1))
        .find(|((_, blank), mark)| blank.is_whitespace() && matches!(mark, '#' | ';'));
    match comment {
        Some(((index, _), _)) => value.get(..index).unwrap_or(value).trim(),
        None => value.trim(),
    }
}

/// Returns the entry that selects an unsupported source of keys.
pub(crate) fn unsupported<'a>(text: &'a str, profile: &str, is_config: bool) -> Option<Entry<'a>> {
    let ways = [
        "credential_process",
        "sso_session",
        "sso_start_url",
        "source_profile",
        "credential_source",
        "login_session",
    ];
    entries(text, profile, is_config)
        .ok()??
        .into_iter()
        .find(|entry| ways.iter().any(|way| entry.name.eq_ignore_ascii_case(way)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_are_sections() {
        let text = "# c\n[default]\na=1\n[profile x y]\na = 2 # c\nb= p#q;r\ns3 =\n  a = 9\n[x]\na=3\n[profile z]\n";
        let found = |profile: &str, is_config| {
            let entries = entries(text, profile, is_config).unwrap()?;
            Some(
                entries
                    .iter()
                    .map(|entry| (entry.line, entry.name, entry.value))
                    .collect::<Vec<_>>(),
            )
        };
        assert_eq!(found("default", true), Some(vec![(3, "a", "1")]));
        assert_eq!(found("x y", true), Some(vec![(5, "a", "2"), (6, "b", "p#q;r"), (7, "s3", "")]));
        assert_eq!(found("x", true), None);
        assert_eq!(found("x", false), Some(vec![(10, "a", "3")]));
        assert_eq!(found("z", true), Some(Vec::new()));
        assert_eq!(found("z", false), None);
        for (text, line) in [
            ("[default\n", 1),
            ("[default]\n\nSECRET\n", 3),
            ("[default]\rSECRET\r", 2),
            ("[a]\n[Default]\na=1\n", 2),
        ] {
            assert_eq!(entries(text, "default", false).unwrap_err().line, line);
        }
        let found = entries("[Profile a]\r[default]\ra = 1\r\rb=2", "default", true).unwrap();
        let found = found.unwrap().into_iter().map(|entry| (entry.line, entry.name, entry.value));
        assert_eq!(found.collect::<Vec<_>>(), [(3, "a", "1"), (5, "b", "2")]);
        assert_eq!(entries("[DEFAULT]\na=1\n", "default", true).unwrap_err().line, 1);
    }
}

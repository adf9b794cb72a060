//! Templates of file names.

use core::fmt;
use core::str::FromStr;

use tc3_client::__private::quoted;

use super::sanitize::{replace_unsafe, sanitize};

/// A template of file names: text with placeholders.
///
/// | placeholder | value |
/// |---|---|
/// | `{name}` | the service's name of the file, without extension |
/// | `{flow_id}` | the flow ID of the contract |
/// | `{date}` | the date of the download in UTC, such as `2026-01-31` |
/// | `{index}` | the position of the contract in the input, from 1 |
/// | `{file_index}` | the position of the file in its contract, from 1 |
///
/// The extension is appended. Without `{flow_id}` or `{index}` names may collide: later files are numbered.
///
/// The default is `{name}-{flow_id}`. An archive with a shard, a custom journal or a store requires `{flow_id}`: other
/// jobs may write to the same place, and only the flow ID prevents collisions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameTemplate(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Name,
    FlowId,
    Date,
    Index,
    FileIndex,
}

/// The error of parsing a [`NameTemplate`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError(String);

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; use {{name}}, {{flow_id}}, {{date}}, {{index}} or {{file_index}}", self.0)
    }
}

impl std::error::Error for TemplateError {}

/// The values of the placeholders of one file.
#[derive(Clone, Copy)]
pub(crate) struct NameValues<'a> {
    /// The service's name of the file.
    pub(crate) name: &'a str,
    pub(crate) flow_id: &'a str,
    pub(crate) kind: &'a str,
    /// Index of the contract in the input, from 0.
    pub(crate) index: usize,
    /// Index of the file in its contract, from 0.
    pub(crate) file_index: usize,
    /// Time of the download, in seconds since the Unix epoch.
    pub(crate) at: u64,
}

impl Default for NameTemplate {
    fn default() -> Self {
        Self(vec![Part::Name, Part::Text("-".to_owned()), Part::FlowId])
    }
}

impl NameTemplate {
    /// Returns the template `{name}`.
    pub(crate) fn name() -> Self {
        Self(vec![Part::Name])
    }
}

impl FromStr for NameTemplate {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(at);
            parts
                .extend(Some(before).filter(|text| !text.is_empty()).map(|t| Part::Text(t.into())));
            let unmatched = || TemplateError("unmatched brace".to_owned());
            let inner = from.strip_prefix('{').ok_or_else(unmatched)?;
            let (name, after) = inner.split_once('}').ok_or_else(unmatched)?;
            parts.push(match name {
                "name" => Part::Name,
                "flow_id" => Part::FlowId,
                "date" => Part::Date,
                "index" => Part::Index,
                "file_index" => Part::FileIndex,
                other => {
                    return Err(TemplateError(format!("unknown placeholder {}", quoted(other))));
                }
            });
            rest = after;
        }
        parts.extend(Some(rest).filter(|text| !text.is_empty()).map(|t| Part::Text(t.into())));
        if parts.iter().all(|part| matches!(part, Part::Text(_) | Part::Date | Part::FileIndex)) {
            return Err(TemplateError("the template gives every file the same name".to_owned()));
        }
        Ok(Self(parts))
    }
}

impl NameTemplate {
    /// Returns the text before the first `{name}`, the name itself, and the text after it. Without `{name}`, all text
    /// is in the last part.
    pub(super) fn parts(&self, stem: &str, values: &NameValues<'_>) -> [String; 3] {
        // Without a name the default template is the flow ID, without the dash.
        if stem.is_empty() && *self == Self::default() {
            return [String::new(), String::new(), sanitize(values.flow_id)];
        }
        let has_name = self.0.contains(&Part::Name);
        let [mut before, mut name, mut after] = [const { String::new() }; 3];
        for part in &self.0 {
            let text = match part {
                Part::Name if name.is_empty() && after.is_empty() => {
                    name.push_str(stem);
                    continue;
                }
                Part::Name => stem.to_owned(),
                Part::Text(text) => replace_unsafe(text),
                Part::FlowId => sanitize(values.flow_id),
                Part::Date => date(values.at),
                Part::Index => values.index.saturating_add(1).to_string(),
                Part::FileIndex => values.file_index.saturating_add(1).to_string(),
            };
            let part = if has_name && name.is_empty() { &mut before } else { &mut after };
            part.push_str(&text);
        }
        // A name with a leading dot would be a hidden file.
        let first = if has_name { &mut before } else { &mut after };
        *first = first.trim_start_matches([' ', '.']).to_owned();
        if before.is_empty() && name.is_empty() {
            after = after.trim_start_matches([' ', '.']).to_owned();
        }
        [before, name, after]
    }

    /// Returns whether names contain the flow ID, which prevents collisions between contracts.
    pub(crate) fn has_flow_id(&self) -> bool {
        self.0.contains(&Part::FlowId)
    }

    /// Returns whether names contain the date of the download.
    pub(super) fn has_date(&self) -> bool {
        self.0.contains(&Part::Date)
    }
}

/// Formats seconds since the Unix epoch as a date such as `2026-01-31`, by Howard Hinnant's algorithm
/// `civil_from_days`.
fn date(at: u64) -> String {
    let days = at / 86_400 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::date;

    #[test]
    fn formats_dates_of_the_gregorian_calendar() {
        for (at, expected) in [
            (0, "1970-01-01"),
            (951_782_399, "2000-02-28"),
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (1_700_000_000, "2023-11-14"),
            (4_107_542_399, "2100-02-28"),
            (4_107_542_400, "2100-03-01"),
        ] {
            assert_eq!(date(at), expected);
        }
    }
}

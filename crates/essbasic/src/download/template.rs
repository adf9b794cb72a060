//! What the names of files are made of, as a caller says it.

use core::fmt;
use core::str::FromStr;

use super::file_name::{Named, clean, replace_unsafe};

/// How files are named: text with `{name}` (what the service calls the file), `{flow_id}`, `{date}` (the
/// day it was fetched, UTC, `2026-01-31`) and `{index}` (the contract's place in the input, from 1). The
/// extension is added. Without `{flow_id}` or `{index}` names may repeat: later ones are numbered.
///
/// By default `{name}-{flow_id}`. An archive with a shard, a journal of its own or a store requires `{flow_id}`:
/// other jobs may write to the same place, and only the ID keeps their names apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameTemplate(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Name,
    FlowId,
    Date,
    Index,
}

/// A template that names files by nothing known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError(String);

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; a name is made of {{name}}, {{flow_id}}, {{date}} and {{index}}", self.0)
    }
}

impl std::error::Error for TemplateError {}

impl Default for NameTemplate {
    fn default() -> Self {
        Self(vec![Part::Name, Part::Text("-".to_owned()), Part::FlowId])
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
            let unclosed = || TemplateError(format!("{text:?} has a brace without its other"));
            let inner = from.strip_prefix('{').ok_or_else(unclosed)?;
            let (name, after) = inner.split_once('}').ok_or_else(unclosed)?;
            parts.push(match name {
                "name" => Part::Name,
                "flow_id" => Part::FlowId,
                "date" => Part::Date,
                "index" => Part::Index,
                other => return Err(TemplateError(format!("there is no {{{other}}}"))),
            });
            rest = after;
        }
        parts.extend(Some(rest).filter(|text| !text.is_empty()).map(|t| Part::Text(t.into())));
        if parts.iter().all(|part| matches!(part, Part::Text(_) | Part::Date)) {
            return Err(TemplateError(format!("{text:?} would give every file the same name")));
        }
        Ok(Self(parts))
    }
}

impl NameTemplate {
    /// What stands before the file's own name, that name, and what comes after it.
    pub(super) fn parts(&self, stem: &str, named: &Named<'_>) -> [String; 3] {
        // A dash beside nothing would say nothing.
        if stem.is_empty() && *self == Self::default() {
            return [String::new(), String::new(), clean(named.flow_id)];
        }
        let named_by_it = self.0.contains(&Part::Name);
        let [mut before, mut own, mut after] = [const { String::new() }; 3];
        for part in &self.0 {
            let text = match part {
                Part::Name if own.is_empty() && after.is_empty() => {
                    own.push_str(stem);
                    continue;
                }
                Part::Name => stem.to_owned(),
                Part::Text(text) => replace_unsafe(text),
                Part::FlowId => clean(named.flow_id),
                Part::Date => date(named.at),
                Part::Index => named.index.saturating_add(1).to_string(),
            };
            let place = if named_by_it && own.is_empty() { &mut before } else { &mut after };
            place.push_str(&text);
        }
        // A name that begins with a dot is hidden.
        let first = if named_by_it { &mut before } else { &mut after };
        *first = first.trim_start_matches([' ', '.']).to_owned();
        if before.is_empty() && own.is_empty() {
            after = after.trim_start_matches([' ', '.']).to_owned();
        }
        [before, own, after]
    }

    /// Returns whether names contain the ID of the contract, so that no two contracts share one.
    pub(crate) fn has_flow_id(&self) -> bool {
        self.0.contains(&Part::FlowId)
    }

    /// Returns whether names contain the day on which the file is fetched.
    pub(super) fn has_date(&self) -> bool {
        self.0.contains(&Part::Date)
    }
}

/// `2026-01-31`, of seconds since the epoch. After the method of Howard Hinnant's `civil_from_days`.
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
    fn days_are_those_of_the_calendar() {
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

//! File names made of names from the service: safe on every file system, and readable.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;
use std::sync::Arc;

use super::destination::{Destination, Existing, Ledger};
use super::options::SavedFile;
use super::target::Target;
use super::template::NameTemplate;

/// The longest name that common file systems take, in bytes.
const LONGEST: usize = 255;

/// Room for what makes a name unique: ` (4294967295)`.
const ROOM: usize = 13;

/// Names that Windows keeps for devices, whatever their extension.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// The names given out in one folder. Two that some file system takes for one count as the same: those that
/// differ in case on Windows and macOS; and, where it runs on Apple's systems, those that spell a letter in two
/// ways.
#[derive(Default)]
pub(crate) struct FileNames {
    /// Hashes of names: a hundred thousand names would be ten times as much. Two that fall together
    /// cost a number in a name.
    taken: HashSet<u64>,
    hasher: RandomState,
    template: NameTemplate,
    /// Names by the journal, of contracts that are not saved yet.
    owned: HashMap<String, Vec<Owned>>,
    existing: Existing,
    /// The folder that the files go to.
    folder: Option<PathBuf>,
    ledger: Option<Arc<dyn Ledger>>,
}

struct Owned {
    name: String,
    existing: Existing,
}

/// What a name is made of.
#[derive(Clone, Copy)]
pub(crate) struct Named<'a> {
    /// What the service calls the file.
    pub(crate) name: &'a str,
    pub(crate) flow_id: &'a str,
    pub(crate) kind: &'a str,
    /// The contract's place among all that were asked for.
    pub(crate) index: usize,
    /// Seconds since the epoch.
    pub(crate) at: u64,
}

impl FileNames {
    pub(crate) fn new(template: NameTemplate) -> Self {
        Self { template, ..Self::default() }
    }

    /// The names of a plain download. A contract's own file may be replaced if the name tells whose it is.
    pub(crate) fn of_download(template: NameTemplate, target: &Target) -> Self {
        let existing = match template.has_flow_id() {
            true => Existing::Replace,
            false => Existing::Number,
        };
        Self { existing, folder: target.folder(), ..Self::new(template) }
    }

    /// The names of an archive job. Only a file that the journal lists may be replaced.
    pub(crate) fn of_archive(template: NameTemplate, target: &Target) -> Self {
        let existing = match template.has_flow_id() {
            true => Existing::Keep,
            false => Existing::Number,
        };
        Self { existing, folder: target.folder(), ..Self::new(template) }
    }

    /// Records names in this journal before files get them.
    pub(crate) fn record_in(&mut self, ledger: Arc<dyn Ledger>) {
        self.ledger = Some(ledger);
    }

    /// Keeps a name that an earlier run has given out.
    pub(crate) fn take(&mut self, name: &str) -> bool {
        self.taken.insert(self.hasher.hash_one(folded(name)))
    }

    /// Reserves a name, which is taken, for the contract whose it is by the journal.
    pub(crate) fn own(&mut self, flow_id: &str, name: String, existing: Existing) {
        let owned = self.owned.entry(flow_id.to_owned()).or_default();
        owned.push(Owned { name, existing });
    }

    /// Reserves the name of a saved file for its contract, of which another file has failed.
    pub(super) fn own_saved(&mut self, flow_id: &str, file: &SavedFile) {
        if let Some(name) = file.path.file_name() {
            self.own(flow_id, name.to_string_lossy().into_owned(), Existing::Replace);
        }
    }

    /// Takes back a name under which nothing was saved.
    pub(super) fn release(&mut self, to: &Destination) {
        match to.owned {
            true => self.own(&to.flow_id, to.name.clone(), to.existing.clone()),
            false => {
                self.taken.remove(&self.hasher.hash_one(folded(&to.name)));
            }
        }
    }

    /// Returns the destination of a file of a contract. By default its name is the one that the service gives it, with
    /// the contract's ID, which distinguishes the many files called "contract.pdf".
    pub(crate) fn assign(&mut self, named: Named<'_>) -> Destination {
        let (stem, extension) = split(named.name, named.kind);
        let base = self.base(&stem, &extension, &named);
        let owned = self.take_owned(named.flow_id, &base, &extension);
        let (name, existing, owned) = match owned {
            Some(Owned { name, existing }) => (name, existing, true),
            None => (self.unique(&base, &extension), self.existing.clone(), false),
        };
        let (flow_id, ledger) = (named.flow_id.to_owned(), self.ledger.clone());
        Destination { flow_id, name, existing, owned, ledger }
    }

    /// The name without number and extension.
    fn base(&self, stem: &str, extension: &str, named: &Named<'_>) -> String {
        let [before, stem, after] = self.template.parts(stem, named);
        let start = match misleads(&format!("{before}{stem}{after}")) {
            true => format!("_{before}"),
            false => before,
        };
        // What the file's own name does not tell stays whole as far as may be: the id.
        let (start, end) = (cut(&start, LONGEST / 4), cut(&after, LONGEST / 2));
        let room = LONGEST - ROOM - start.len() - end.len() - extension.len() - 1;
        let stem = cut(&stem, room).trim_end_matches([' ', '.']);
        let base = format!("{start}{stem}{end}");
        base.trim_end_matches([' ', '.']).to_owned()
    }

    /// The contract's own name for this file, if the journal has one: the same but for a number and the day of the
    /// earlier run.
    fn take_owned(&mut self, flow_id: &str, base: &str, extension: &str) -> Option<Owned> {
        let owned = self.owned.get_mut(flow_id)?;
        let same = |name: &str, base: &str| {
            let stem = name.strip_suffix(extension).and_then(|stem| stem.strip_suffix('.'));
            let rest = stem.and_then(|stem| stem.strip_prefix(base));
            rest.is_some_and(|rest| rest.is_empty() || is_number(rest))
        };
        let undated = without_dates(base);
        let at = owned.iter().position(|owned| same(&owned.name, base)).or_else(|| {
            let dated = self.template.has_date();
            owned.iter().position(|owned| dated && same(&without_dates(&owned.name), &undated))
        })?;
        let found = owned.remove(at);
        if owned.is_empty() {
            self.owned.remove(flow_id);
        }
        Some(found)
    }

    fn unique(&mut self, base: &str, extension: &str) -> String {
        for count in 1_u32.. {
            let unique = match count {
                1 => String::new(),
                count => format!(" ({count})"),
            };
            let candidate = format!("{base}{unique}.{extension}");
            if self.take(&candidate) && !self.exists(&candidate) {
                return candidate;
            }
        }
        format!("{base}.{extension}")
    }

    /// Whether a file stands in the way of a name that may be numbered.
    fn exists(&self, name: &str) -> bool {
        let folder = self.folder.as_ref().filter(|_| self.existing == Existing::Number);
        folder.is_some_and(|folder| folder.join(name).symlink_metadata().is_ok())
    }
}

/// Whether it is what numbers a name: ` (2)`.
fn is_number(text: &str) -> bool {
    let number = text.strip_prefix(" (").and_then(|rest| rest.strip_suffix(')'));
    number.is_some_and(|number| number.parse::<u32>().is_ok())
}

/// The name without anything that looks like `2026-01-31`.
fn without_dates(name: &str) -> String {
    let is_date = |text: &str| {
        let place = |(at, c): (usize, char)| match at {
            4 | 7 => c == '-',
            _ => c.is_ascii_digit(),
        };
        text.chars().enumerate().all(place)
    };
    let (mut kept, mut rest) = (String::new(), name);
    while let Some(first) = rest.chars().next() {
        let (dropped, other) = match rest.split_at_checked(10) {
            Some((date, other)) if is_date(date) => (true, other),
            _ => (false, rest.get(first.len_utf8()..).unwrap_or_default()),
        };
        if !dropped {
            kept.push(first);
        }
        rest = other;
    }
    kept
}

/// Name, cleaned, and extension. What the service says the file is goes before what its name ends in:
/// a "contract 1.0" is still a PDF, and a PDF is never a ".exe".
fn split(name: &str, kind: &str) -> (String, String) {
    let is_extension = |text: &str| {
        (1..=8).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    match name.rsplit_once('.').filter(|(_, extension)| is_extension(extension)) {
        Some((stem, extension)) if !is_extension(kind) || extension.eq_ignore_ascii_case(kind) => {
            (clean(stem), extension.to_owned())
        }
        _ if is_extension(kind) => (clean(name), kind.to_ascii_lowercase()),
        _ => (clean(name), "bin".to_owned()),
    }
}

/// Returns a name without unsafe characters, and without dots and white space at its ends.
pub(super) fn clean(name: &str) -> String {
    replace_unsafe(name).trim_matches(|c: char| c == '.' || c.is_whitespace()).to_owned()
}

/// Keeps letters of every script. Path separators, characters special to a shell or a file system and control
/// characters become `_`; invisible characters and those that change the writing direction are removed.
pub(super) fn replace_unsafe(name: &str) -> String {
    let kept = name.chars().filter_map(|c| match c {
        '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' => Some('_'),
        c if c.is_control() || is_no_character(c) => Some('_'),
        c if is_hidden(c) => None,
        c => Some(c),
    });
    kept.collect()
}

/// Code points that are nobody's, and that some file systems refuse.
fn is_no_character(c: char) -> bool {
    matches!(c, '\u{fdd0}'..='\u{fdef}') || u32::from(c) & 0xfffe == 0xfffe
}

/// What is not seen: Unicode's Default_Ignorable_Code_Point, with what turns the writing direction among it;
/// separators of lines and paragraphs; annotations.
fn is_hidden(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// What names have in common that some file system takes for one. Upper case first: it folds more (ß, ſ).
fn folded(name: &str) -> String {
    decomposed(name).to_uppercase().to_lowercase()
}

/// Letters as Apple's file systems compare them.
#[cfg(any(test, target_vendor = "apple"))]
fn decomposed(name: &str) -> String {
    unicode_normalization::UnicodeNormalization::nfd(name).collect()
}

/// Elsewhere letters spelled in two ways are two: the tables would be a part of every build for nothing.
#[cfg(not(any(test, target_vendor = "apple")))]
fn decomposed(name: &str) -> &str {
    name
}

/// Whether the name begins like an option, or is a device's.
fn misleads(stem: &str) -> bool {
    let device = stem.split('.').next().unwrap_or(stem).trim_end().to_ascii_lowercase();
    let port = device.strip_prefix("com").or_else(|| device.strip_prefix("lpt"));
    let is_port = port.is_some_and(|number| {
        let mut chars = number.chars();
        chars.next().is_some_and(|c| c.is_ascii_digit() || "¹²³".contains(c))
            && chars.next().is_none()
    });
    stem.is_empty() || stem.starts_with('-') || is_port || DEVICES.contains(&device.as_str())
}

/// As much of the text as fits, cut between characters.
pub(crate) fn cut(text: &str, bytes: usize) -> &str {
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
    let end = ends.take_while(|&end| end <= bytes).last().unwrap_or_default();
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests;

//! Assignment of unique file names that are valid on every file system.

use std::collections::HashMap;
use std::sync::Arc;
#[cfg(feature = "object-store")]
use std::sync::atomic::AtomicU32;

use super::destination::{Destination, Existing, IntentLog, Numbers, UsedNames, numbered};
use super::name_set::NameSet;
use super::report::SavedFile;
use super::sanitize::{sanitize, truncate};
use super::target::Target;
use super::template::{NameTemplate, NameValues};

/// Maximum length of a name on common file systems, in bytes.
const MAX_NAME_BYTES: usize = 255;

/// Maximum length of the number that makes a name unique, ` (4294967295)`, in bytes.
const MAX_NUMBER_BYTES: usize = 13;

/// Names that Windows reserves for devices, with any extension.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// The names assigned in one folder.
#[derive(Default)]
pub(crate) struct FileNames {
    assigned: NameSet,
    template: NameTemplate,
    /// Names that the journal assigns to contracts that are not saved yet.
    owned: HashMap<String, Vec<Owned>>,
    /// The names of saved files if a name that another file has gets a number; `None` if it is an error.
    used: Option<UsedNames>,
    intents: Option<Arc<dyn IntentLog>>,
    /// The handling of an existing file if a new name gets no number.
    existing: Existing,
}

struct Owned {
    name: String,
    existing: Existing,
}

impl FileNames {
    pub(crate) fn new(template: NameTemplate) -> Self {
        Self { template, ..Self::default() }
    }

    /// Creates the names of a plain download, which replaces no existing file, and objects only on request. In a store an
    /// existing object causes no number.
    pub(crate) fn for_download(template: NameTemplate, target: &Target) -> Self {
        let used = target.folder().map(|_| UsedNames::default());
        Self { used, existing: target.existing(), ..Self::new(template) }
    }

    /// Creates the names of an archive job. An existing file is replaced only if the journal lists it.
    pub(crate) fn for_archive(template: NameTemplate) -> Self {
        let used = (!template.has_flow_id()).then(UsedNames::default);
        Self { used, ..Self::new(template) }
    }

    /// Sets the log in which names are recorded before files get them.
    pub(crate) fn set_intent_log(&mut self, intents: Arc<dyn IntentLog>) {
        self.intents = Some(intents);
    }

    /// Marks a name of an earlier run as assigned and used, and returns whether it was not assigned before.
    pub(crate) fn mark_used(&mut self, name: &str) -> bool {
        if let Some(used) = &self.used {
            used.lock().insert(name);
        }
        self.assigned.insert(name)
    }

    /// Reserves an assigned name for the contract to which the journal assigns it.
    pub(crate) fn reserve(&mut self, flow_id: &str, name: String, existing: Existing) {
        let owned = self.owned.entry(flow_id.to_owned()).or_default();
        owned.push(Owned { name, existing });
    }

    /// Reserves the name of a saved file for its contract, because another file of the contract has failed.
    pub(super) fn reserve_saved(&mut self, flow_id: &str, file: &SavedFile) {
        self.reserve(flow_id, file.name().to_owned(), Existing::Replace);
    }

    /// Releases a name under which no file was saved.
    pub(super) fn release(&mut self, to: &Destination) {
        match to.owned {
            true => self.reserve(&to.flow_id, to.name.clone(), to.existing.clone()),
            false => self.assigned.remove(&to.name),
        }
    }

    /// Returns the destination of a file of a contract. By default the name is the service's name of the file with the
    /// flow ID, because many files are called "contract.pdf".
    pub(crate) fn assign(&mut self, values: NameValues<'_>) -> Destination {
        let (stem, extension) = split(values.name, values.kind);
        let base = self.base(&stem, &extension, &values);
        let owned = self.take_owned(values.flow_id, &base, &extension);
        let (name, existing, owned) = match owned {
            Some(Owned { name, existing }) => (name, existing, true),
            None => {
                let (name, existing) = self.unique(format!("{base}.{extension}"));
                (name, existing, false)
            }
        };
        let (flow_id, intents) = (values.flow_id.to_owned(), self.intents.clone());
        Destination {
            flow_id,
            name,
            existing,
            owned,
            intents,
            #[cfg(feature = "object-store")]
            uncompleted: AtomicU32::new(0),
        }
    }

    /// Returns the name without number and extension.
    fn base(&self, stem: &str, extension: &str, values: &NameValues<'_>) -> String {
        let [before, stem, after] = self.template.parts(stem, values);
        let start = match is_misleading(&format!("{before}{stem}{after}")) {
            true => format!("_{before}"),
            false => before,
        };
        // The service's name is truncated first, so that the flow ID stays complete.
        let (start, end) =
            (truncate(&start, MAX_NAME_BYTES / 4), truncate(&after, MAX_NAME_BYTES / 2));
        let room =
            MAX_NAME_BYTES - MAX_NUMBER_BYTES - start.len() - end.len() - extension.len() - 1;
        let stem = truncate(&stem, room).trim_end_matches([' ', '.']);
        let base = format!("{start}{stem}{end}");
        base.trim_end_matches([' ', '.']).to_owned()
    }

    /// Removes and returns the name that the journal assigns to this file. It may differ by a number and by the date of
    /// the earlier run.
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

    /// Returns the first name with this base that is not assigned, and the handling of an existing file.
    fn unique(&mut self, base: String) -> (String, Existing) {
        let mut first = 1;
        loop {
            let name = numbered(&base, first);
            if self.assigned.insert(&name) || first == u32::MAX {
                let used = self.used.clone();
                let numbers = used.map(|used| Existing::Number(Numbers { base, first, used }));
                return (name, numbers.unwrap_or_else(|| self.existing.clone()));
            }
            first += 1;
        }
    }
}

/// Returns whether the text is the number of a name, such as ` (2)`.
fn is_number(text: &str) -> bool {
    let number = text.strip_prefix(" (").and_then(|rest| rest.strip_suffix(')'));
    number.is_some_and(|number| number.parse::<u32>().is_ok())
}

/// Returns the name without dates such as `2026-01-31`.
fn without_dates(name: &str) -> String {
    let is_date = |text: &str| {
        let matches = |(at, c): (usize, char)| match at {
            4 | 7 => c == '-',
            _ => c.is_ascii_digit(),
        };
        text.chars().enumerate().all(matches)
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

/// Splits a name into a sanitized stem and an extension. The service's `Type` takes precedence over the end of the
/// name: "contract 1.0" is a PDF, and a PDF never gets the extension ".exe".
fn split(name: &str, kind: &str) -> (String, String) {
    let is_extension = |text: &str| {
        (1..=8).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    match name.rsplit_once('.').filter(|(_, extension)| is_extension(extension)) {
        Some((stem, extension)) if !is_extension(kind) || extension.eq_ignore_ascii_case(kind) => {
            (sanitize(stem), extension.to_owned())
        }
        _ if is_extension(kind) => (sanitize(name), kind.to_ascii_lowercase()),
        _ => (sanitize(name), "bin".to_owned()),
    }
}

/// Returns whether the name is empty, begins like a command-line option, or is reserved for a device.
fn is_misleading(stem: &str) -> bool {
    let device = stem.split('.').next().unwrap_or(stem).trim_end().to_ascii_lowercase();
    let port = device.strip_prefix("com").or_else(|| device.strip_prefix("lpt"));
    let is_port = port.is_some_and(|number| {
        let mut chars = number.chars();
        chars.next().is_some_and(|c| c.is_ascii_digit() || "¹²³".contains(c))
            && chars.next().is_none()
    });
    stem.is_empty() || stem.starts_with('-') || is_port || DEVICES.contains(&device.as_str())
}

#[cfg(test)]
mod tests;

//! Input of commands: lists of flow IDs, bodies, secrets.

mod ids;

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tc3_client::__private::quoted;
use zeroize::Zeroizing;

use self::ids::{IdLines, check};
use crate::failure::Failure;
use crate::output;

/// UTF-8 byte order mark, which some editors write.
pub(crate) const BYTE_ORDER_MARK: char = '\u{feff}';

/// Maximum size of a file that is read into memory, in bytes. An upload has up to 60 MB, in base64 a third more.
const MAX_FILE_BYTES: u64 = 128 << 20;

/// Name of stdin as a file argument.
pub(crate) const STDIN: &str = "-";

/// The contracts of a command.
#[derive(clap::Args)]
pub(crate) struct FlowArgs {
    /// IDs of contracts.
    #[arg(value_name = "FLOW_ID")]
    ids: Vec<String>,
    /// Read ids from a file, one per line; `-` is stdin. Lines that begin with `#` are comments. May be repeated.
    #[arg(long, value_name = "FILE")]
    flows: Vec<PathBuf>,
}

/// Flow IDs in the given order, without duplicates.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FlowList {
    pub(crate) ids: Vec<String>,
    /// Number of duplicates that were left out.
    pub(crate) repeated: usize,
}

impl FlowArgs {
    /// Returns whether no IDs were given, neither as arguments nor in a file.
    pub(crate) fn is_absent(&self) -> bool {
        self.ids.is_empty() && self.flows.is_empty()
    }

    /// Returns the files from which IDs are read.
    pub(crate) fn files(&self) -> impl Iterator<Item = &Path> {
        self.flows.iter().map(PathBuf::as_path).filter(|path| *path != Path::new(STDIN))
    }

    /// Reads the list, which is never empty.
    pub(crate) fn read(&self) -> Result<FlowList, Failure> {
        if self.is_absent() {
            return Err(Failure::new(
                "no flow IDs; give them as arguments, or a file of them with --flows FILE",
            ));
        }
        let mut list = FlowList { ids: Vec::new(), repeated: 0 };
        let mut seen = HashSet::new();
        let mut add = |id: String| match seen.insert(id.clone()) {
            true => list.ids.push(id),
            false => list.repeated += 1,
        };
        for id in &self.ids {
            add(check(id.trim()).map_err(|why| {
                Failure::new(format!("invalid flow ID {}: {why}; check the arguments", quoted(id)))
            })?);
        }
        if self.flows.iter().filter(|path| *path == Path::new(STDIN)).count() > 1 {
            return Err(Failure::new("`--flows -` is given twice; stdin can be read only once"));
        }
        for path in &self.flows {
            let (name, found) = if path == Path::new(STDIN) {
                (
                    "stdin".to_owned(),
                    IdLines::new(io::stdin().lock(), "stdin").collect::<Result<Vec<_>, _>>()?,
                )
            } else {
                let name = path.display().to_string();
                let file = File::open(path).map_err(|error| unreadable(&name, &error))?;
                let found =
                    IdLines::new(BufReader::new(file), &name).collect::<Result<Vec<_>, _>>()?;
                (name, found)
            };
            if found.is_empty() {
                return Err(Failure::new(format!(
                    "{name} contains no flow IDs; write one per line"
                )));
            }
            found.into_iter().for_each(&mut add);
        }
        Ok(list)
    }
}

impl FlowList {
    pub(crate) fn note_duplicates(&self) {
        if self.repeated > 0 {
            output::note(format_args!(
                "duplicate flow IDs: {}; each is processed once",
                self.repeated
            ));
        }
    }
}

fn unreadable(name: &str, error: &io::Error) -> Failure {
    Failure::new(format!("{name} cannot be read: {error}; check the path and its permissions"))
}

/// Flow IDs that are read on demand.
pub(crate) struct FlowStream {
    /// Number of IDs of this shard, duplicates included.
    pub(crate) count: u64,
    pub(crate) ids: Box<dyn Iterator<Item = String> + Send>,
    /// Source, to read them again.
    pub(crate) source: FlowSource,
    /// Reason for which reading ended early.
    pub(crate) broken: Arc<Mutex<Option<Failure>>>,
}

/// Source of flow ids that can be read more than once.
#[derive(Clone)]
pub(crate) enum FlowSource {
    /// IDs in memory.
    List(Arc<[String]>),
    /// Regular files of ids.
    Files(Vec<PathBuf>),
}

impl FlowSource {
    /// Returns the IDs. Reading ends early at an invalid one, with the reason in `broken`.
    pub(crate) fn ids(
        &self,
        broken: Arc<Mutex<Option<Failure>>>,
    ) -> Box<dyn Iterator<Item = String> + Send> {
        let paths = match self.clone() {
            Self::List(ids) => {
                return Box::new((0..ids.len()).filter_map(move |at| ids.get(at).cloned()));
            }
            Self::Files(paths) => paths,
        };
        let lines = paths.into_iter().flat_map(|path| match lines_of(&path) {
            Ok(lines) => Box::new(lines) as Box<dyn Iterator<Item = _> + Send>,
            Err(failure) => Box::new(std::iter::once(Err(failure))),
        });
        Box::new(lines.map_while(move |id| match id {
            Ok(id) => Some(id),
            Err(failure) => {
                *broken.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
                None
            }
        }))
    }
}

impl FlowStream {
    /// Returns a stream of IDs in memory.
    pub(crate) fn of_list(ids: Vec<String>, ours: impl Fn(&str) -> bool) -> Self {
        let count = ids.iter().filter(|id| ours(id)).count() as u64;
        Self::of(FlowSource::List(ids.into()), count)
    }

    fn of(source: FlowSource, count: u64) -> Self {
        let broken = Arc::default();
        Self { count, ids: source.ids(Arc::clone(&broken)), source, broken }
    }
}

impl FlowArgs {
    /// Returns the IDs, without a list in memory if they come from a file. The whole file is checked
    /// first, so that an invalid ID is reported before the first request, and the IDs of this shard are counted.
    pub(crate) fn stream(&self, ours: impl Fn(&str) -> bool) -> Result<FlowStream, Failure> {
        if self.flows.is_empty() || !self.ids.is_empty() || !self.flows.iter().all(|p| p.is_file())
        {
            return Ok(FlowStream::of_list(self.read()?.ids, ours));
        }
        let mut count = 0;
        for path in &self.flows {
            let mut none = true;
            for id in lines_of(path)? {
                count += u64::from(ours(&id?));
                none = false;
            }
            if none {
                let name = path.display();
                return Err(Failure::new(format!(
                    "{name} contains no flow IDs; write one per line"
                )));
            }
        }
        Ok(FlowStream::of(FlowSource::Files(self.flows.clone()), count))
    }
}

fn lines_of(path: &Path) -> Result<IdLines<BufReader<File>>, Failure> {
    let name = path.display().to_string();
    let file = File::open(path).map_err(|error| unreadable(&name, &error))?;
    Ok(IdLines::new(BufReader::new(file), &name))
}

/// Returns whether this is the start of UTF-16 text: it has a byte order mark, or one of its first two bytes is zero.
pub(crate) fn is_utf16(bytes: &[u8]) -> bool {
    matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, _, ..] | [_, 0, ..])
}

/// Reads a body given as text, as `@FILE`, or as `-` for stdin.
pub(crate) fn body(argument: &str) -> Result<Vec<u8>, Failure> {
    match (argument, argument.strip_prefix('@')) {
        ("-", _) => whole("stdin", io::stdin().lock()),
        (_, Some(path)) => whole(path, File::open(path).map_err(|error| unreadable(path, &error))?),
        _ => Ok(argument.as_bytes().to_vec()),
    }
}

/// Reads everything, up to a limit.
fn whole(name: &str, from: impl Read) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = from.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| unreadable(name, &error))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(Failure::new(format!(
            "{name} exceeds the limit of 128 MiB; give another file"
        )));
    }
    Ok(bytes)
}

/// Returns the text of a file, without a byte order mark.
pub(crate) fn text_file(path: &Path) -> Result<String, Failure> {
    text_of(&path.display().to_string(), file(path)?)
}

/// Returns the content of a file.
pub(crate) fn file(path: &Path) -> Result<Vec<u8>, Failure> {
    let name = path.display().to_string();
    let file = File::open(path).map_err(|error| unreadable(&name, &error))?;
    whole(&name, file)
}

/// Returns the text of a file, or of stdin if the path is `-`.
pub(crate) fn text_file_or_stdin(path: &Path) -> Result<String, Failure> {
    if path == Path::new(STDIN) {
        return text_of("stdin", whole("stdin", io::stdin().lock())?);
    }
    text_file(path)
}

fn text_of(name: &str, bytes: Vec<u8>) -> Result<String, Failure> {
    let text = match is_utf16(&bytes) {
        true => Err("is UTF-16 text"),
        false => String::from_utf8(bytes).map_err(|_| "is not UTF-8 text"),
    };
    let text = text.map_err(|why| Failure::new(format!("{name} {why}; save it as UTF-8")))?;
    Ok(match text.strip_prefix(BYTE_ORDER_MARK) {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

/// A secret string that is never shown, and zeroized when dropped.
#[derive(Clone)]
pub(crate) struct Secret(Zeroizing<String>);

impl Secret {
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duplicates_are_left_out_and_counted() {
        let args =
            FlowArgs { ids: ["b", "a", "b", "c", "a"].map(str::to_owned).to_vec(), flows: vec![] };
        let list = args.read().unwrap();
        assert_eq!(list.ids, ["b", "a", "c"]);
        assert_eq!(list.repeated, 2);
    }
}

//! Input of commands: lists of flow IDs, bodies, secrets.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tc3_client::__private::quoted;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::output;

/// UTF-8 byte order mark, which some editors write.
pub(crate) const BYTE_ORDER_MARK: char = '\u{feff}';

/// Maximum length of a flow ID, in bytes; those of the service have 32.
const MAX_ID_CHARS: usize = 128;

/// Maximum length of a line, in bytes: an ID, its line end and a byte order mark.
const MAX_LINE_BYTES: u64 = 1024;

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
    /// Read ids from a file, one per line; `-` is stdin. May be repeated.
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
                ("stdin".to_owned(), read_ids(io::stdin().lock(), "stdin")?)
            } else {
                let name = path.display().to_string();
                let file = File::open(path).map_err(|error| unreadable(&name, &error))?;
                let found = read_ids(BufReader::new(file), &name)?;
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

/// Reads IDs, one per line. A byte order mark, blank lines, spaces around an ID and both kinds of line end
/// are accepted; anything else is an error with its line number.
fn read_ids(reader: impl BufRead, name: &str) -> Result<Vec<String>, Failure> {
    IdLines::new(reader, name).collect()
}

/// Iterates over the IDs of a list.
struct IdLines<R> {
    reader: R,
    name: String,
    number: u64,
    line: Vec<u8>,
}

impl<R: BufRead> IdLines<R> {
    fn new(reader: R, name: &str) -> Self {
        Self { reader, name: name.to_owned(), number: 0, line: Vec::new() }
    }

    fn read(&mut self) -> Result<Option<String>, Failure> {
        loop {
            self.number += 1;
            self.line.clear();
            let limited = self.reader.by_ref().take(MAX_LINE_BYTES);
            let read = { limited }.read_until(b'\n', &mut self.line);
            if read.map_err(|error| unreadable(&self.name, &error))? == 0 {
                return Ok(None);
            }
            let (number, name) = (self.number, &self.name);
            let refuse = |why: &str| {
                Failure::new(format!(
                    "line {number} of {name} is not a flow ID: {why}; write one ID per line"
                ))
            };
            if self.line.len() as u64 == MAX_LINE_BYTES && self.line.last() != Some(&b'\n') {
                return Err(refuse("it is too long"));
            }
            let text = str::from_utf8(&self.line).map_err(|_| refuse("it is not UTF-8"))?;
            let text = if number == 1 { text.trim_start_matches(BYTE_ORDER_MARK) } else { text };
            let id = text.trim();
            if !id.is_empty() {
                return check(id).map(Some).map_err(refuse);
            }
        }
    }
}

impl<R: BufRead> Iterator for IdLines<R> {
    type Item = Result<String, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
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

/// The service does not publish the format of IDs. Refused are characters that point to another
/// kind of input: a path, a line of CSV, JSON, a comment.
fn check(id: &str) -> Result<String, &'static str> {
    if id.is_empty() {
        return Err("it is empty");
    }
    if id.chars().count() > MAX_ID_CHARS {
        return Err("it is too long");
    }
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !id.chars().all(fits) || id.starts_with('.') {
        return Err("it contains a character other than letters, digits, - and _");
    }
    Ok(id.to_owned())
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
    let name = path.display().to_string();
    let file = File::open(path).map_err(|error| unreadable(&name, &error))?;
    text_of(&name, whole(&name, file)?)
}

/// Returns the text of a file, or of stdin if the path is `-`.
pub(crate) fn text_file_or_stdin(path: &Path) -> Result<String, Failure> {
    if path == Path::new(STDIN) {
        return text_of("stdin", whole("stdin", io::stdin().lock())?);
    }
    text_file(path)
}

fn text_of(name: &str, bytes: Vec<u8>) -> Result<String, Failure> {
    let text = String::from_utf8(bytes)
        .map_err(|_| Failure::new(format!("{name} is not UTF-8 text; save it as UTF-8")))?;
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

    fn ids(text: &[u8]) -> Result<Vec<String>, String> {
        read_ids(text, "list").map_err(|failure| failure.to_string())
    }

    #[test]
    fn byte_order_marks_blanks_and_line_ends_are_accepted() {
        assert_eq!(
            ids("\u{feff}yDwA\r\n\r\n  yDwB\t\n\nyDw-C_1".as_bytes()).unwrap(),
            ["yDwA", "yDwB", "yDw-C_1"]
        );
        assert_eq!(ids("\u{feff}\r\n \n".as_bytes()).unwrap(), [""; 0]);
    }

    #[test]
    fn other_input_is_refused_with_its_line() {
        for (text, why) in [
            (
                &b"a\nb,c\n"[..],
                "line 2 of list is not a flow ID: it contains a character other than",
            ),
            (b"# ids\n", "line 1"),
            (b"a\n\n../b", "line 3"),
            (b"a\nb\\c", "line 2"),
            (b"..", "line 1"),
            (b"a\n\xff\xfe", "line 2 of list is not a flow ID: it is not UTF-8"),
            (b"a\0b", "line 1"),
            (b"a b", "line 1"),
        ] {
            let error = ids(text).unwrap_err();
            assert!(error.contains(why), "{error}");
            assert!(error.contains("; write one ID per line"), "{error}");
        }
        let long = [b"a\n".as_slice(), &[b'x'; 5000]].concat();
        assert!(
            ids(&long).unwrap_err().contains("line 2 of list is not a flow ID: it is too long")
        );
        assert!(ids(&[b'x'; 129]).unwrap_err().contains("too long"));
        assert_eq!(ids(&[b'x'; 128]).unwrap().len(), 1);
    }

    #[test]
    fn duplicates_are_left_out_and_counted() {
        let args =
            FlowArgs { ids: ["b", "a", "b", "c", "a"].map(str::to_owned).to_vec(), flows: vec![] };
        let list = args.read().unwrap();
        assert_eq!(list.ids, ["b", "a", "c"]);
        assert_eq!(list.repeated, 2);
    }
}

//! Reading of a journal, line by line.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use tc3_client::api::json;

use super::line::{Header, Record, VERSION};

/// Longest line, in bytes: a contract has a few files, and its reason is cut.
const MAX_LINE_BYTES: u64 = 1 << 20;

/// The beginning of every journal.
const HEAD: &[u8] = b"{\"essbasic_archive\":";

/// A journal read line by line. A last line without its end was being written when the job was killed and is left
/// out.
pub(crate) struct Reader {
    lines: BufReader<File>,
    line: u64,
    pub(super) header: Header,
}

impl Reader {
    /// Returns `None` if there is no journal, an empty one, or one whose first line is incomplete.
    pub(crate) fn open(path: &Path) -> io::Result<Option<Self>> {
        let file = match essbasic_files::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut lines = BufReader::new(file);
        let head = line(&mut lines)?.ok_or_else(|| too_long(1))?;
        let ours = head.starts_with(HEAD) || HEAD.starts_with(&head);
        if ours && !head.ends_with(b"\n") {
            return Ok(None);
        }
        let header: Header =
            json::decode(&head).map_err(|_| invalid("is no journal of an archive job"))?;
        if !(1..=VERSION).contains(&header.essbasic_archive) {
            return Err(invalid(&format!(
                "unknown journal version {}; use the essbasic that wrote it, or a later one",
                header.essbasic_archive
            )));
        }
        Ok(Some(Self { lines, line: 1, header }))
    }
}

impl Iterator for Reader {
    type Item = io::Result<Record>;

    fn next(&mut self) -> Option<Self::Item> {
        self.line += 1;
        match line(&mut self.lines) {
            Ok(None) => Some(Err(too_long(self.line))),
            Ok(Some(line)) if line.ends_with(b"\n") => {
                let record = json::decode(&line).ok().filter(Record::has_plain_names);
                let broken = || invalid(&format!("line {} is broken", self.line));
                Some(record.ok_or_else(broken))
            }
            Ok(Some(_)) => None,
            Err(error) => Some(Err(error)),
        }
    }
}

pub(super) fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

fn too_long(line: u64) -> io::Error {
    invalid(&format!("line {line} is longer than 1 MiB"))
}

/// The next line with its end, if it has one; `None` if it is too long.
fn line(lines: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    io::Read::take(&mut *lines, MAX_LINE_BYTES + 1).read_until(b'\n', &mut line)?;
    Ok(Some(line).filter(|line| line.len() as u64 <= MAX_LINE_BYTES))
}

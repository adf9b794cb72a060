//! The reader of a journal.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use tc3_client::api::json;

use super::line::{Header, Record, VERSION};

/// Maximum length of a line, in bytes. A contract has few files, and the length of every other string is limited.
const MAX_LINE_BYTES: u64 = 1 << 20;

/// The first bytes of every journal.
const PREFIX: &[u8] = b"{\"essbasic_archive\":";

/// An iterator over the records of a journal. An incomplete last line, left by a killed job, is skipped.
pub(crate) struct Reader {
    lines: BufReader<File>,
    line: u64,
    pub(super) header: Header,
}

impl Reader {
    /// Opens a journal. Returns `None` if it does not exist, is empty, or has an incomplete first line.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read, or is not a journal of a supported version.
    pub(crate) fn open(path: &Path) -> io::Result<Option<Self>> {
        let file = match essbasic_files::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut lines = BufReader::new(file);
        let head = read_line(&mut lines)?.ok_or_else(|| too_long(1))?;
        let is_journal = head.starts_with(PREFIX) || PREFIX.starts_with(&head);
        if is_journal && !head.ends_with(b"\n") {
            return Ok(None);
        }
        let header: Header =
            json::decode(&head).map_err(|_| invalid_data("not a journal of an archive job"))?;
        if !(1..=VERSION).contains(&header.essbasic_archive) {
            return Err(invalid_data(&format!(
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
        match read_line(&mut self.lines) {
            Ok(None) => Some(Err(too_long(self.line))),
            Ok(Some(line)) if line.ends_with(b"\n") => {
                let record = json::decode(&line).ok().filter(Record::has_plain_names);
                let corrupt = || invalid_data(&format!("line {} is corrupt", self.line));
                Some(record.ok_or_else(corrupt))
            }
            Ok(Some(_)) => None,
            Err(error) => Some(Err(error)),
        }
    }
}

pub(super) fn invalid_data(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

fn too_long(line: u64) -> io::Error {
    invalid_data(&format!("line {line} exceeds 1 MiB"))
}

/// Reads the next line with its line break, if it has one. Returns `None` if the line is too long.
fn read_line(lines: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    io::Read::take(&mut *lines, MAX_LINE_BYTES + 1).read_until(b'\n', &mut line)?;
    Ok(Some(line).filter(|line| line.len() as u64 <= MAX_LINE_BYTES))
}

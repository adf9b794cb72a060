//! The file of `--state`: handled MsgIds, across restarts.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use essbasic_callback::MAX_ID_BYTES;
use essbasic_files::{LineFile, Lock, TemporaryFile, is_at, parent, sync_folder, with_suffix};
use serde::{Deserialize, Serialize};

/// The first line, which identifies a state file.
const HEADER: &str = r#"{"format":"essbasic listen state","version":1}"#;

/// Maximum length of a line, in bytes: JSON escapes a control character in six bytes.
const MAX_LINE_BYTES: usize = 6 * MAX_ID_BYTES + 64;

/// Maximum age and number of MsgIds.
pub(super) const LIMITS: Limits =
    Limits { age: Duration::from_secs(7 * 24 * 60 * 60), entries: 100_000 };

#[derive(Clone, Copy)]
pub(super) struct Limits {
    pub(super) age: Duration,
    pub(super) entries: usize,
}

/// One line of the file.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    msg_id: String,
    /// In seconds since 1970.
    handled_at: u64,
}

impl Entry {
    fn time(&self) -> SystemTime {
        UNIX_EPOCH.checked_add(Duration::from_secs(self.handled_at)).unwrap_or(UNIX_EPOCH)
    }
}

/// An append-only file of MsgIds, used by one process at a time. It is rewritten without expired entries when they
/// outnumber the others.
pub(super) struct State {
    path: PathBuf,
    limits: Limits,
    file: LineFile,
    /// The same file, to check whether it is still at its path.
    at: File,
    /// Number of entries in the file.
    written: usize,
    /// Entries in the order in which they were handled.
    entries: VecDeque<Entry>,
    /// Handled entries that could not be written.
    pending: Vec<Entry>,
    _lock: Lock,
}

impl State {
    /// Opens or creates the file.
    ///
    /// # Errors
    /// Returns [`ErrorKind::ResourceBusy`] if another process uses it, [`ErrorKind::InvalidData`] if it is not a
    /// state file, and the error of the operating system otherwise.
    pub(super) fn open(path: &Path, limits: Limits, now: SystemTime) -> io::Result<Self> {
        let lock = Lock::acquire(&with_suffix(path, ".lock"))?;
        check_header(path)?;
        let mut entries = VecDeque::new();
        let mut number = 0_usize;
        let (mut file, at) = open(path, |line| {
            number += 1;
            match number {
                1 if line == HEADER.as_bytes() => {}
                1 => return Err(not_a_state_file(number)),
                _ => entries
                    .push_back(serde_json::from_slice(line).map_err(|_| not_a_state_file(number))?),
            }
            Ok(())
        })?;
        if number == 0 {
            file.append([HEADER])?;
        }
        let (path, written) = (path.to_owned(), entries.len());
        let mut state =
            Self { path, limits, file, at, written, entries, pending: Vec::new(), _lock: lock };
        state.forget_old(now);
        if state.written > state.entries.len() {
            state.compact()?;
        }
        Ok(state)
    }

    /// Returns each MsgId with the time when it was handled.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&str, SystemTime)> {
        self.entries.iter().map(|entry| (&*entry.msg_id, entry.time()))
    }

    /// Writes pending entries. Returns whether this MsgId was one of them.
    pub(super) fn flush(&mut self, msg_id: &str) -> io::Result<bool> {
        let is_pending = self.pending.iter().any(|entry| entry.msg_id == msg_id);
        self.write()?;
        Ok(is_pending)
    }

    /// Writes a MsgId and fsyncs it. After an error it is pending, and written by the next
    /// [`flush`](Self::flush).
    pub(super) fn record(&mut self, msg_id: &str, now: SystemTime) -> io::Result<()> {
        let handled_at = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        self.pending.push(Entry { msg_id: msg_id.to_owned(), handled_at });
        self.write()?;
        self.forget_old(now);
        if self.written > self.limits.entries.saturating_mul(2) {
            // Compaction is optional, and retried after the next entry.
            let _ = self.compact();
        }
        Ok(())
    }

    fn write(&mut self) -> io::Result<()> {
        if !is_at(&self.at, &self.path)? {
            self.restore()?;
        }
        if self.pending.is_empty() {
            return Ok(());
        }
        let lines: Vec<String> =
            self.pending.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
        self.file.append(lines)?;
        self.written += self.pending.len();
        self.entries.extend(self.pending.drain(..));
        Ok(())
    }

    fn forget_old(&mut self, now: SystemTime) {
        while self.entries.front().is_some_and(|entry| {
            self.entries.len() > self.limits.entries
                || now.duration_since(entry.time()).is_ok_and(|age| age >= self.limits.age)
        }) {
            self.entries.pop_front();
        }
    }

    /// Rewrites the file with the entries that are kept.
    fn compact(&mut self) -> io::Result<()> {
        let mut temporary = self.temporary()?;
        if !is_at(&self.at, &self.path)? {
            return Err(replaced());
        }
        temporary.persist(&self.path)?;
        drop(temporary);
        self.reopen()
    }

    /// Writes the file again after it was removed. Another file at its path is not replaced.
    fn restore(&mut self) -> io::Result<()> {
        let mut temporary = self.temporary()?;
        temporary.persist_new(&self.path).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => replaced(),
            _ => error,
        })?;
        drop(temporary);
        self.reopen()
    }

    fn temporary(&self) -> io::Result<TemporaryFile> {
        let temporary = TemporaryFile::create_in(parent(&self.path))?;
        let mut writer = BufWriter::new(temporary);
        writeln!(writer, "{HEADER}")?;
        for entry in &self.entries {
            writeln!(writer, "{}", serde_json::to_string(entry)?)?;
        }
        let temporary = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
        temporary.sync()?;
        Ok(temporary)
    }

    fn reopen(&mut self) -> io::Result<()> {
        (self.file, self.at) = open(&self.path, |_| Ok(()))?;
        self.written = self.entries.len();
        sync_folder(parent(&self.path))
    }
}

fn open(path: &Path, line: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<(LineFile, File)> {
    let file = LineFile::open(path, MAX_LINE_BYTES, line)?;
    let at = essbasic_files::open(path)?;
    Ok((file, at))
}

/// Refuses a file with another header, before it is changed. A truncated header is accepted.
fn check_header(path: &Path) -> io::Result<()> {
    let expected = format!("{HEADER}\n");
    let start = essbasic_files::read_start(path, expected.len())?;
    if expected.as_bytes().starts_with(&start) { Ok(()) } else { Err(not_a_state_file(1)) }
}

fn not_a_state_file(line: usize) -> io::Error {
    let text = format!("line {line} is not valid in a state file of `essbasic listen`");
    io::Error::new(ErrorKind::InvalidData, text)
}

fn replaced() -> io::Error {
    io::Error::new(ErrorKind::AlreadyExists, "another file is at its path")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const LIMITS: Limits = Limits { age: Duration::from_secs(100), entries: 3 };

    fn at(second: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(second)
    }

    fn open(path: &Path, second: u64) -> io::Result<State> {
        State::open(path, LIMITS, at(second))
    }

    fn ids(state: &State) -> Vec<String> {
        state.entries().map(|(id, _)| id.to_owned()).collect()
    }

    #[test]
    fn entries_are_bounded_by_age_and_number_in_memory_and_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let mut state = open(&path, 0).unwrap();
        for second in 0..200 {
            state.record(&format!("m{second}"), at(second)).unwrap();
            assert!(state.entries.len() <= 3);
            let lines = fs::read_to_string(&path).unwrap().lines().count();
            assert!(lines <= 1 + 6, "{lines}");
        }
        assert_eq!(ids(&state), ["m197", "m198", "m199"]);
        drop(state);
        assert_eq!(ids(&open(&path, 200).unwrap()), ["m197", "m198", "m199"]);
        assert_eq!(ids(&open(&path, 298).unwrap()), ["m199"]);
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 2);
        let names = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(names, 2, "the file and its lock");
    }

    #[test]
    fn ids_of_any_characters_are_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let long = "\u{1}".repeat(MAX_ID_BYTES);
        for id in ["a\nb", "\"", "签", &long] {
            open(&path, 0).unwrap().record(id, at(0)).unwrap();
            let state = open(&path, 0).unwrap();
            assert_eq!(state.entries().last().unwrap(), (id, at(0)));
        }
    }

    #[test]
    fn a_truncated_file_is_opened_and_another_one_is_not_changed() {
        let entry = r#"{"msg_id":"a","handled_at":5}"#;
        let good = format!("{HEADER}\n{entry}\n");
        let other = "somebody's only line";
        for (text, expected) in [
            (String::new(), Some(&[][..])),
            (HEADER[..9].to_owned(), Some(&[])),
            (HEADER.to_owned(), Some(&[])),
            (good.clone(), Some(&["a"])),
            (format!("{good}{{\"msg_id\":"), Some(&["a"])),
            (other.to_owned(), None),
            (format!("{other}\n"), None),
            (format!("{entry}\n"), None),
            (format!("{good}{other}\n{entry}\n"), None),
            (format!("{HEADER} \n"), None),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("state");
            fs::write(&path, &text).unwrap();
            match open(&path, 9) {
                Ok(state) => assert_eq!(
                    Some(&*ids(&state)),
                    expected
                        .map(|ids| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>())
                        .as_deref(),
                    "{text}"
                ),
                Err(error) => {
                    assert_eq!((error.kind(), expected), (ErrorKind::InvalidData, None), "{text}");
                    assert_eq!(fs::read_to_string(&path).unwrap(), text);
                }
            }
        }
    }

    #[test]
    fn two_processes_do_not_share_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let state = open(&path, 0).unwrap();
        assert_eq!(open(&path, 0).err().unwrap().kind(), ErrorKind::ResourceBusy);
        drop(state);
        open(&path, 0).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_removed_file_is_written_again_and_another_one_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let mut state = open(&path, 0).unwrap();
        state.record("a", at(1)).unwrap();
        fs::remove_file(&path).unwrap();
        state.record("b", at(2)).unwrap();
        fs::remove_file(&path).unwrap();
        fs::write(&path, "another").unwrap();
        let error = state.record("c", at(3)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        assert!(state.flush("d").is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "another");
        fs::remove_file(&path).unwrap();
        assert!(state.flush("c").unwrap(), "it was handled, and is not handled again");
        assert!(!state.flush("c").unwrap());
        drop(state);
        assert_eq!(ids(&open(&path, 4).unwrap()), ["a", "b", "c"]);
    }
}

//! One file on its way to disk: written beside, checked, made durable, then renamed.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Bytes at either end in which the marks of a PDF must stand. The format's own readers look as far.
const MARK_WINDOW: usize = 1024;

/// A file being written. Dropped before [`finish`](Self::finish), it leaves nothing.
#[derive(Debug)]
pub(crate) struct Incoming {
    file: NamedTempFile<File>,
    folder: PathBuf,
    length: u64,
    expected: Option<u64>,
    head: Vec<u8>,
    tail: Vec<u8>,
}

/// Why a file is not kept.
#[derive(Debug)]
pub(crate) enum Refused {
    /// It is not the contract's file: this is why.
    Content(String),
    /// The disk refused.
    Disk(io::Error),
}

impl Incoming {
    /// Begins a file in the folder where it will stay, so that renaming it is one step.
    pub(crate) fn create(folder: &Path, expected: Option<u64>) -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(PREFIX).suffix(SUFFIX);
        // The empty path is the folder that the process is in; the system knows it by another name.
        let here = Path::new(".");
        let folder = if folder.as_os_str().is_empty() { here } else { folder };
        // Created as any program's files are, with the permissions that the process's mask leaves and
        // the system's own errors; the builder's own way has neither.
        let file = builder.make_in(folder, |path| File::create_new(path))?;
        let folder = folder.to_owned();
        Ok(Self { file, folder, length: 0, expected, head: Vec::new(), tail: Vec::new() })
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.length += bytes.len() as u64;
        let missing = MARK_WINDOW.saturating_sub(self.head.len()).min(bytes.len());
        self.head.extend_from_slice(bytes.get(..missing).unwrap_or_default());
        let start = bytes.len().saturating_sub(MARK_WINDOW);
        self.tail.extend_from_slice(bytes.get(start..).unwrap_or_default());
        let surplus = self.tail.len().saturating_sub(MARK_WINDOW);
        self.tail.drain(..surplus);
        self.file.as_file_mut().write_all(bytes)
    }

    /// Checks the file and gives it its name, replacing one that stands there.
    pub(crate) fn finish(self, name: &str, is_pdf: bool) -> Result<(PathBuf, u64), Refused> {
        self.check(is_pdf).map_err(Refused::Content)?;
        self.file.as_file().sync_all().map_err(Refused::Disk)?;
        let path = self.folder.join(name);
        self.file.persist(&path).map_err(|error| Refused::Disk(error.error))?;
        sync_folder(&self.folder).map_err(Refused::Disk)?;
        Ok((path, self.length))
    }

    fn check(&self, is_pdf: bool) -> Result<(), String> {
        if let Some(expected) = self.expected
            && self.length != expected
        {
            return Err(format!("{} bytes came instead of {expected}", self.length));
        }
        if self.length == 0 {
            return Err("the file is empty".to_owned());
        }
        if is_pdf && !contains(&self.head, b"%PDF-") {
            let text = String::from_utf8_lossy(&self.head).to_ascii_lowercase();
            let html = text.contains("<html") || text.contains("<!doctype html");
            let what = if html { "a web page" } else { "no PDF" };
            return Err(format!("what came is {what} ({} bytes)", self.length));
        }
        if is_pdf && !contains(&self.tail, b"%%EOF") {
            return Err(format!("the PDF has no end ({} bytes)", self.length));
        }
        Ok(())
    }
}

fn contains(bytes: &[u8], mark: &[u8]) -> bool {
    bytes.windows(mark.len()).any(|window| window == mark)
}

/// Makes the new name itself durable, where the system has a way to.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

const PREFIX: &str = ".essbasic-";
const SUFFIX: &str = ".part";

/// Removes what downloads that were killed have left in the folder.
pub(crate) fn clear_leftovers(folder: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(PREFIX) && name.ends_with(SUFFIX) {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Makes sure that files can be written in the folder, before anything is asked of the service.
pub(crate) fn prepare_folder(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    Incoming::create(folder, None).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PDF: &[u8] = b"%PDF-1.7\n...\n%%EOF\n";

    fn write(chunks: &[&[u8]], expected: Option<u64>, is_pdf: bool) -> Result<Vec<u8>, Refused> {
        let folder = tempfile::tempdir().unwrap();
        let result = (|| {
            let mut file = Incoming::create(folder.path(), expected).map_err(Refused::Disk)?;
            for chunk in chunks {
                file.write(chunk).map_err(Refused::Disk)?;
                assert!(!folder.path().join("a.pdf").exists());
            }
            file.finish("a.pdf", is_pdf)
        })();
        let left = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, usize::from(result.is_ok()));
        result.map(|(path, _)| std::fs::read(path).unwrap())
    }

    fn refusal(chunks: &[&[u8]], expected: Option<u64>) -> String {
        match write(chunks, expected, true) {
            Err(Refused::Content(why)) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_good_file_gets_its_name_whatever_pieces_it_came_in() {
        let bytes: Vec<&[u8]> = PDF.chunks(1).collect();
        assert_eq!(write(&bytes, Some(PDF.len() as u64), true).unwrap(), PDF);
        let long = [b"%PDF-1.7\n", vec![0; 100_000].as_slice(), b"\n%%EOF"].concat();
        assert_eq!(write(&[&long], None, true).unwrap(), long);
        assert_eq!(write(&[b"any"], None, false).unwrap(), b"any");
    }

    #[test]
    fn what_is_not_the_file_leaves_nothing() {
        assert!(refusal(&[PDF], Some(99)).contains("instead of 99"));
        assert!(refusal(&[], None).contains("empty"));
        assert!(refusal(&[b"<!DOCTYPE html><html>"], None).contains("web page"));
        assert!(refusal(&[b"PK..."], None).contains("no PDF"));
        assert!(refusal(&[b"%PDF-1.7 cut off"], None).contains("no end"));
    }

    #[test]
    fn a_folder_that_is_none_says_so_in_the_systems_words() {
        let folder = tempfile::tempdir().unwrap();
        let error = Incoming::create(&folder.path().join("none"), None).unwrap_err();
        assert!(error.raw_os_error().is_some(), "{error}");
        assert!(!error.to_string().contains(".part"), "{error}");
    }

    #[test]
    fn a_file_that_stands_is_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.pdf"), "old").unwrap();
        let mut file = Incoming::create(folder.path(), None).unwrap();
        file.write(PDF).unwrap();
        file.finish("a.pdf", true).unwrap();
        assert_eq!(std::fs::read(folder.path().join("a.pdf")).unwrap(), PDF);
    }
}

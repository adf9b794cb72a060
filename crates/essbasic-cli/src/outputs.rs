//! Output files that options name.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use essbasic_files::{TemporaryFile, TemporaryFileLost, is_same_file, parent, sync_folder};

use crate::advice;
use crate::failure::Failure;

/// Files that a command reads or keeps, which an output must not replace.
#[derive(Default)]
pub(crate) struct Inputs(Vec<(PathBuf, &'static str)>);

impl Inputs {
    /// Adds a file, with its role.
    pub(crate) fn add(&mut self, path: impl Into<PathBuf>, role: &'static str) {
        self.0.push((path.into(), role));
    }

    /// Returns an error if the output file of an option is one of the inputs.
    ///
    /// # Errors
    /// Returns an error in this case, and if a path cannot be resolved.
    pub(crate) fn refuse(&self, option: &str, output: &Path) -> Result<(), Failure> {
        let shown = output.display();
        for (input, role) in &self.0 {
            let same = is_same_file(input, output).map_err(|error| {
                Failure::new(format!("{option} {shown}: {error}; give another file"))
            })?;
            if same {
                return Err(Failure::new(format!(
                    "{option} {shown} is also {role}; give another file"
                )));
            }
        }
        Ok(())
    }
}

/// An output file of an option, created before the work starts, and renamed to its final name when complete.
pub(crate) struct OutputFile {
    option: &'static str,
    path: PathBuf,
    magic: &'static [u8],
    file: TemporaryFile,
}

impl OutputFile {
    /// Creates the file under a temporary name next to its final one. An existing file is replaced only if it is an
    /// earlier output: it is empty or starts with `magic`.
    ///
    /// # Errors
    /// Returns an error if the path is one of the inputs, a link, something other than a regular file or another
    /// file, or if its folder cannot be written.
    pub(crate) fn create(
        option: &'static str,
        path: &Path,
        magic: &'static [u8],
        inputs: &Inputs,
    ) -> Result<Self, Failure> {
        inputs.refuse(option, path)?;
        let create = || {
            // `-` usually means stdout, which is not supported.
            if path.file_name().is_none() || path == Path::new("-") {
                return Err(io::ErrorKind::InvalidFilename.into());
            }
            check_replaceable(path, magic)?;
            TemporaryFile::create_in(parent(path))
        };
        let file = create().map_err(|error| refused(option, path, &error))?;
        Ok(Self { option, path: path.to_owned(), magic, file })
    }

    /// Removes an earlier output, so that it is not mistaken for the one of this run if that ends early.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read or removed.
    pub(crate) fn remove_earlier(&self) -> Result<(), Failure> {
        let remove = || {
            let start = essbasic_files::read_start(&self.path, self.magic.len())?;
            if start != self.magic {
                return Ok(());
            }
            std::fs::remove_file(&self.path)?;
            sync_folder(parent(&self.path))
        };
        remove().map_err(|error| refused(self.option, &self.path, &error))
    }

    /// Writes the file and renames it to its final name.
    ///
    /// # Errors
    /// Returns an error if it cannot be written or renamed. An earlier file of that name is left as it was.
    pub(crate) fn finish(
        mut self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Failure> {
        let finish = || {
            let mut buffered = io::BufWriter::new(&mut self.file);
            write(&mut buffered)?;
            buffered.flush()?;
            drop(buffered);
            self.file.sync()?;
            // Only an earlier output is replaced, and not what another program creates meanwhile.
            match self.file.persist_new(&self.path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    check_replaceable(&self.path, self.magic)?;
                    self.file.persist(&self.path)?;
                }
                named => named?,
            }
            sync_folder(parent(&self.path))
        };
        finish().map_err(|error| refused(self.option, &self.path, &error))
    }
}

/// Returns an error unless the path is free or has an earlier output.
fn check_replaceable(path: &Path, magic: &[u8]) -> io::Result<()> {
    let start = essbasic_files::read_start(path, magic.len())?;
    match start.is_empty() || start == magic {
        true => Ok(()),
        false => Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "it exists and was not written by this option",
        )),
    }
}

fn refused(option: &str, path: &Path, error: &io::Error) -> Failure {
    let remedy = match TemporaryFileLost::is_cause_of(error) {
        true => advice::for_own_file(error),
        false => "give another file",
    };
    Failure::new(format!("{option} {} cannot be written: {error}; {remedy}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn an_output_is_whole_or_absent() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        let names = || fs::read_dir(folder.path()).unwrap().count();
        fs::write(&path, "old").unwrap();
        let create = || OutputFile::create("--report", &path, b"old", &Inputs::default()).unwrap();
        drop(create());
        assert_eq!((fs::read_to_string(&path).unwrap(), names()), ("old".into(), 1));
        let failure = create().finish(|_| Err(io::ErrorKind::StorageFull.into())).unwrap_err();
        assert!(failure.to_string().starts_with("--report "), "{failure}");
        assert_eq!((fs::read_to_string(&path).unwrap(), names()), ("old".into(), 1));
        create().finish(|file| file.write_all(b"old and new")).unwrap();
        assert_eq!((fs::read_to_string(&path).unwrap(), names()), ("old and new".into(), 1));
        let output = create();
        output.remove_earlier().unwrap();
        assert!(!path.exists());
        output.remove_earlier().unwrap();
        // A file that was created meanwhile is neither removed nor replaced.
        fs::write(&path, "mine").unwrap();
        output.remove_earlier().unwrap();
        output.finish(|file| file.write_all(b"old")).unwrap_err();
        assert_eq!((fs::read_to_string(&path).unwrap(), names()), ("mine".into(), 1));
    }

    #[test]
    fn outputs_that_cannot_be_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("ids"), "yDw").unwrap();
        fs::hard_link(at("ids"), at("hard")).unwrap();
        fs::write(at("contract.pdf"), "%PDF-1.7").unwrap();
        fs::write(at("start"), "{\"flo").unwrap();
        let mut inputs = Inputs::default();
        inputs.add(at("ids"), "a list of ids");
        inputs.add(at("absent"), "the journal");
        #[cfg(unix)]
        std::os::unix::fs::symlink(at("ids"), at("soft")).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(at("nowhere"), at("dangling")).unwrap();
        for (name, why) in [
            ("ids", "is also a list of ids"),
            ("hard", "is also a list of ids"),
            #[cfg(unix)]
            ("soft", "is also a list of ids"),
            ("absent", "is also the journal"),
            ("", "not a regular file"),
            ("..", "invalid filename"),
            ("none/report", "--report"),
            ("ids/report", "--report"),
            ("contract.pdf", "was not written by this option"),
            ("start", "was not written by this option"),
            #[cfg(unix)]
            ("dangling", "a symbolic link"),
            #[cfg(unix)]
            ("/dev/null", "not a regular file"),
        ] {
            let created = OutputFile::create("--report", &at(name), b"{\"flows\":[", &inputs);
            let failure = created.err().unwrap();
            assert!(failure.to_string().contains(why), "{name}: {failure}");
        }
        assert_eq!(fs::read_to_string(at("ids")).unwrap(), "yDw");
    }
}

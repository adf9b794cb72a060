//! Output files that options name.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use essbasic_files::{TemporaryFile, is_same_file, sync_folder};

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
    file: TemporaryFile,
}

impl OutputFile {
    /// Creates the file under a temporary name next to its final one.
    ///
    /// # Errors
    /// Returns an error if the path is one of the inputs or something other than a regular file, or if its folder
    /// cannot be written.
    pub(crate) fn create(
        option: &'static str,
        path: &Path,
        inputs: &Inputs,
    ) -> Result<Self, Failure> {
        inputs.refuse(option, path)?;
        let create = || match std::fs::symlink_metadata(path) {
            Ok(found) if found.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
            Ok(found) if !found.is_file() && !found.is_symlink() => {
                Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"))
            }
            _ if path.file_name().is_none() => Err(io::ErrorKind::InvalidFilename.into()),
            _ => TemporaryFile::create_in(folder(path)),
        };
        let file = create().map_err(|error| refused(option, path, &error))?;
        Ok(Self { option, path: path.to_owned(), file })
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
            self.file.persist(&self.path)?;
            sync_folder(folder(&self.path))
        };
        finish().map_err(|error| refused(self.option, &self.path, &error))
    }
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn refused(option: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::new(format!(
        "{option} {} cannot be written: {error}; give another file",
        path.display()
    ))
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
        let create = || OutputFile::create("--report", &path, &Inputs::default()).unwrap();
        drop(create());
        assert_eq!((fs::read_to_string(&path).unwrap(), names()), ("old".into(), 1));
        let failure = create().finish(|_| Err(io::ErrorKind::StorageFull.into())).unwrap_err();
        assert!(failure.to_string().starts_with("--report "), "{failure}");
        assert_eq!((fs::read_to_string(&path).unwrap(), names()), ("old".into(), 1));
        create().finish(|file| file.write_all(b"new")).unwrap();
        assert_eq!((fs::read_to_string(&path).unwrap(), names()), ("new".into(), 1));
    }

    #[test]
    fn outputs_that_cannot_be_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("ids"), "yDw").unwrap();
        fs::hard_link(at("ids"), at("hard")).unwrap();
        let mut inputs = Inputs::default();
        inputs.add(at("ids"), "a list of ids");
        inputs.add(at("absent"), "the journal");
        #[cfg(unix)]
        std::os::unix::fs::symlink(at("ids"), at("soft")).unwrap();
        for (name, why) in [
            ("ids", "is also a list of ids"),
            ("hard", "is also a list of ids"),
            #[cfg(unix)]
            ("soft", "is also a list of ids"),
            ("absent", "is also the journal"),
            ("", "directory"),
            ("..", "directory"),
            ("none/report", "--report"),
            ("ids/report", "--report"),
            #[cfg(unix)]
            ("/dev/null", "not a regular file"),
        ] {
            let failure = OutputFile::create("--report", &at(name), &inputs).err().unwrap();
            assert!(failure.to_string().contains(why), "{name}: {failure}");
        }
        assert_eq!(fs::read_to_string(at("ids")).unwrap(), "yDw");
    }
}

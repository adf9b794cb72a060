//! Requests that the page has saved: one file per request.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::Serialize;

/// Maximum number of requests that are listed.
const MAX_LISTED: usize = 1000;

/// Maximum length of a name, in characters.
const MAX_NAME_CHARS: usize = 64;

/// Maximum length of a name, in bytes. With the action and the extension, file systems accept it.
const MAX_NAME_BYTES: usize = 128;

/// Number of names that are tried for a request without a name.
const MAX_NUMBER: u32 = 10_000;

/// A folder of files `ACTION.NAME.json`.
pub(crate) struct Saved {
    folder: PathBuf,
}

/// A file of the folder.
#[derive(Serialize)]
pub(crate) struct SavedRequest {
    name: String,
    action: String,
    bytes: u64,
    /// Time of its last change by RFC 3339.
    saved_at: String,
}

/// Reason for which a request was not saved.
pub(crate) enum NotSaved {
    /// The name is invalid.
    Name,
    /// A file has the name.
    Exists,
    /// The file cannot be written.
    Io(io::Error),
}

impl Saved {
    /// Opens the folder, or creates it for this user only.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        match builder.create(folder) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        let folder = fs::canonicalize(folder)?;
        match folder.is_dir() {
            true => Ok(Self { folder }),
            false => Err(io::Error::new(ErrorKind::NotADirectory, "it is not a folder")),
        }
    }

    /// Returns the saved requests, the newest first.
    pub(crate) fn list(&self) -> Vec<SavedRequest> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut found: Vec<(SystemTime, SavedRequest)> = entries
            .filter_map(|entry| {
                let file = entry.file_name().into_string().ok()?;
                let (action, name) = file.strip_suffix(".json")?.split_once('.')?;
                let data = entry.metadata().ok().filter(|data| data.is_file())?;
                let at = data.modified().ok()?;
                let saved_at = humantime::format_rfc3339_seconds(at).to_string();
                is_valid(name).then(|| {
                    let (name, action) = (name.to_owned(), action.to_owned());
                    (at, SavedRequest { name, action, bytes: data.len(), saved_at })
                })
            })
            .collect();
        found.sort_by(|(a, _), (b, _)| b.cmp(a));
        found.into_iter().take(MAX_LISTED).map(|(_, saved)| saved).collect()
    }

    /// Saves a request under this name, or under the first free number. Returns its name and path.
    pub(crate) fn save(
        &self,
        action: &str,
        name: Option<&str>,
        body: &str,
    ) -> Result<(String, PathBuf), NotSaved> {
        if let Some(name) = name {
            if !is_valid(name) {
                return Err(NotSaved::Name);
            }
            return self.create(action, name, body);
        }
        for number in 1..=MAX_NUMBER {
            match self.create(action, &number.to_string(), body) {
                Err(NotSaved::Exists) => {}
                result => return result,
            }
        }
        Err(NotSaved::Exists)
    }

    /// Creates a file that only this user can read. A file or a link of the name is neither replaced nor followed.
    fn create(&self, action: &str, name: &str, body: &str) -> Result<(String, PathBuf), NotSaved> {
        let path = self.folder.join(format!("{action}.{name}.json"));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => NotSaved::Exists,
            _ => NotSaved::Io(error),
        })?;
        write(file, body).map_err(|error| {
            // An incomplete file would be a request that nobody has saved.
            let _ = fs::remove_file(&path);
            NotSaved::Io(error)
        })?;
        Ok((name.to_owned(), path))
    }
}

fn write(mut file: File, body: &str) -> io::Result<()> {
    file.write_all(body.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

/// Returns whether a name is safe in the name of a file of every system.
fn is_valid(name: &str) -> bool {
    let is_allowed = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    let is_short = name.len() <= MAX_NAME_BYTES && name.chars().count() <= MAX_NAME_CHARS;
    !name.is_empty() && is_short && name.chars().all(is_allowed)
}

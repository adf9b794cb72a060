//! The official machine-readable reference: the PyPI package `tccli`, as a wheel or a folder.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::files::{entries, sha256};
use crate::names::is_service;

/// The package `tccli`, or an edition of it such as `tccli-intl-en`.
#[derive(Debug)]
pub struct Tccli(Content);

enum Content {
    Wheel { archive: Box<zip::ZipArchive<File>>, sha256: String, path: PathBuf },
    Folder(PathBuf),
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Wheel { path, .. } | Self::Folder(path) => {
                f.debug_tuple("Tccli").field(path).finish()
            }
        }
    }
}

impl Tccli {
    /// Opens a wheel, or a folder with its content.
    ///
    /// # Errors
    /// Returns an [`Error`] if the path is neither.
    pub fn open(path: &Path) -> Result<Self, Error> {
        if path.is_dir() {
            return if path.join("tccli/services").is_dir() {
                Ok(Self(Content::Folder(path.to_owned())))
            } else {
                let hint =
                    "missing tccli/services; expected the folder with the content of the wheel";
                Err(Error::new(format!("{}: {hint}", path.display())))
            };
        }
        let bytes = fs::read(path).map_err(|error| Error::io(path, &error))?;
        let file = File::open(path).map_err(|error| Error::io(path, &error))?;
        let archive = zip::ZipArchive::new(file)
            .map_err(|error| Error::new(format!("{}: invalid wheel: {error}", path.display())))?;
        Ok(Self(Content::Wheel {
            archive: Box::new(archive),
            sha256: sha256(&bytes),
            path: path.to_owned(),
        }))
    }

    /// Returns the name of the package, such as `tccli-intl-en`; that of a folder is `tccli`.
    #[must_use]
    pub fn package(&self) -> String {
        let wheel = match &self.0 {
            Content::Wheel { path, .. } => path.file_name(),
            Content::Folder(_) => None,
        };
        let name = wheel.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        match name.split_once('-') {
            Some((package, _)) if package.starts_with("tccli") => package.replace('_', "-"),
            _ => "tccli".to_owned(),
        }
    }

    /// Returns the version of the package.
    pub(crate) fn version(&mut self) -> Result<String, Error> {
        let text = self.read("tccli/__init__.py")?;
        text.lines()
            .find_map(|line| line.strip_prefix("__version__ = "))
            .map(|version| version.trim().trim_matches(['\'', '"']).to_owned())
            .ok_or_else(|| Error::new("tccli/__init__.py: no __version__"))
    }

    /// Returns the file name and checksum of the wheel; `None` for a folder.
    pub(crate) fn wheel(&self) -> Option<(String, String)> {
        match &self.0 {
            Content::Wheel { sha256, path, .. } => {
                let name = path.file_name()?.to_string_lossy().into_owned();
                Some((name, sha256.clone()))
            }
            Content::Folder(_) => None,
        }
    }

    /// Returns the names of the services, sorted.
    ///
    /// # Errors
    /// Returns an [`Error`] if the folder cannot be read.
    pub fn services(&self) -> Result<Vec<String>, Error> {
        let mut found: Vec<String> = match &self.0 {
            Content::Wheel { archive, .. } => archive
                .file_names()
                .filter_map(|name| {
                    let rest = name.ok()?.strip_prefix("tccli/services/")?.to_owned();
                    let (service, file) = rest.split_once('/')?;
                    file.ends_with("/api.json").then(|| service.to_owned())
                })
                .collect(),
            Content::Folder(root) => {
                let names = names_in(&root.join("tccli/services"))?.into_iter();
                names.filter(|name| self.versions(name).is_ok()).collect()
            }
        };
        found.retain(|name| is_service(name));
        found.sort();
        found.dedup();
        Ok(found)
    }

    /// Returns the versions of a service, `YYYY-MM-DD`, oldest first.
    ///
    /// # Errors
    /// Returns an [`Error`] if the name is invalid, or if the package has no such service.
    pub fn versions(&self, service: &str) -> Result<Vec<String>, Error> {
        if !is_service(service) {
            return Err(Error::new(format!(
                "invalid service name `{service}`; expected letters, digits and `_`, such as cvm"
            )));
        }
        let prefix = format!("tccli/services/{service}/v");
        let mut found: Vec<String> = match &self.0 {
            Content::Wheel { archive, .. } => archive
                .file_names()
                .filter_map(|name| {
                    dashed(name.ok()?.strip_prefix(&prefix)?.strip_suffix("/api.json")?)
                })
                .collect(),
            Content::Folder(root) => {
                let folder = root.join("tccli/services").join(service);
                let names = names_in(&folder)?.into_iter();
                names.filter_map(|name| dashed(name.strip_prefix('v')?)).collect()
            }
        };
        found.sort();
        if found.is_empty() {
            return Err(Error::new(format!("unknown service `{service}`")));
        }
        Ok(found)
    }

    /// Reads the official samples of one version of a service, as JSON.
    ///
    /// # Errors
    /// Returns an [`Error`] if the file cannot be read.
    pub fn examples(&mut self, service: &str, version: &str) -> Result<String, Error> {
        self.read(&format!("tccli/services/{service}/v{}/examples.json", version.replace('-', "")))
    }

    /// Reads a file of the package.
    pub(crate) fn read(&mut self, name: &str) -> Result<String, Error> {
        match &mut self.0 {
            Content::Folder(root) => crate::files::read(&root.join(name)),
            Content::Wheel { archive, .. } => {
                let wrong = |error: String| Error::new(format!("{name} in the wheel: {error}"));
                let file = archive.by_name(name).map_err(|error| wrong(error.to_string()))?;
                crate::files::bounded(file).map_err(|error| wrong(error.to_string()))
            }
        }
    }
}

/// Returns the names of the entries of a folder that are UTF-8; none if it does not exist.
fn names_in(folder: &Path) -> Result<Vec<String>, Error> {
    let names = entries(folder)?.into_iter();
    Ok(names.filter_map(|path| path.file_name()?.to_str().map(str::to_owned)).collect())
}

/// Converts `20210526` to `2021-05-26`.
fn dashed(version: &str) -> Option<String> {
    let digits = version.len() == 8 && version.bytes().all(|byte| byte.is_ascii_digit());
    let (year, month, day) = (version.get(..4)?, version.get(4..6)?, version.get(6..)?);
    digits.then(|| format!("{year}-{month}-{day}"))
}

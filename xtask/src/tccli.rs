//! The official machine-readable reference: the PyPI package `tccli`, as a wheel or a folder.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::files::sha256;

/// A `tccli` package.
pub(crate) enum Tccli {
    Wheel { archive: Box<zip::ZipArchive<File>>, sha256: String, path: PathBuf },
    Folder(PathBuf),
}

impl Tccli {
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        if path.is_dir() {
            return if path.join("tccli/services").is_dir() {
                Ok(Self::Folder(path.to_owned()))
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
        Ok(Self::Wheel {
            archive: Box::new(archive),
            sha256: sha256(&bytes),
            path: path.to_owned(),
        })
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
        match self {
            Self::Wheel { sha256, path, .. } => {
                let name = path.file_name()?.to_string_lossy().into_owned();
                Some((name, sha256.clone()))
            }
            Self::Folder(_) => None,
        }
    }

    /// Returns the names of the services, sorted.
    pub(crate) fn services(&self) -> Result<Vec<String>, Error> {
        let mut found: Vec<String> = match self {
            Self::Wheel { archive, .. } => archive
                .file_names()
                .filter_map(|name| {
                    let rest = name.ok()?.strip_prefix("tccli/services/")?.to_owned();
                    let (service, file) = rest.split_once('/')?;
                    file.ends_with("/api.json").then(|| service.to_owned())
                })
                .collect(),
            Self::Folder(root) => {
                let folder = root.join("tccli/services");
                let entries = fs::read_dir(&folder).map_err(|error| Error::io(&folder, &error))?;
                entries
                    .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
                    .filter(|name| self.versions(name).is_ok())
                    .collect()
            }
        };
        found.sort();
        found.dedup();
        Ok(found)
    }

    /// Returns the versions of a service, `YYYY-MM-DD`, oldest first.
    pub(crate) fn versions(&self, service: &str) -> Result<Vec<String>, Error> {
        let prefix = format!("tccli/services/{service}/v");
        let mut found: Vec<String> = match self {
            Self::Wheel { archive, .. } => archive
                .file_names()
                .filter_map(|name| {
                    dashed(name.ok()?.strip_prefix(&prefix)?.strip_suffix("/api.json")?)
                })
                .collect(),
            Self::Folder(root) => {
                let folder = root.join("tccli/services").join(service);
                let entries = fs::read_dir(&folder).map_err(|error| Error::io(&folder, &error))?;
                entries
                    .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
                    .filter_map(|name| dashed(name.strip_prefix('v')?))
                    .collect()
            }
        };
        found.sort();
        if found.is_empty() {
            return Err(Error::new(format!("unknown service `{service}`")));
        }
        Ok(found)
    }

    /// Reads the official samples of one version of a service.
    pub(crate) fn examples(&mut self, service: &str, version: &str) -> Result<String, Error> {
        self.read(&format!("tccli/services/{service}/v{}/examples.json", version.replace('-', "")))
    }

    /// Reads a file of the package.
    pub(crate) fn read(&mut self, name: &str) -> Result<String, Error> {
        match self {
            Self::Folder(root) => crate::files::read(&root.join(name)),
            Self::Wheel { archive, .. } => {
                let wrong = |error: String| Error::new(format!("{name} in the wheel: {error}"));
                let file = archive.by_name(name).map_err(|error| wrong(error.to_string()))?;
                crate::files::bounded(file).map_err(|error| wrong(error.to_string()))
            }
        }
    }
}

/// Converts `20210526` to `2021-05-26`.
fn dashed(version: &str) -> Option<String> {
    let digits = version.len() == 8 && version.bytes().all(|byte| byte.is_ascii_digit());
    let (year, month, day) = (version.get(..4)?, version.get(4..6)?, version.get(6..)?);
    digits.then(|| format!("{year}-{month}-{day}"))
}

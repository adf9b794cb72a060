//! Installation of the official SDKs, at the versions of the conformance tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::error::Error;
use super::files::{folder, read, root, write};

pub(super) fn python() -> Result<Option<PathBuf>, Error> {
    let pins = root().join("tests/conformance/python.txt");
    install("python", &pins, |folder| {
        let mut command = Command::new("python3");
        command.args(["-m", "pip", "install", "--quiet", "--no-deps", "--target"]);
        command.arg(folder).arg("--requirement").arg(&pins);
        Ok(command)
    })
}

pub(super) fn node() -> Result<Option<PathBuf>, Error> {
    let pin = root().join("tests/conformance/node.txt");
    install("node", &pin, |folder| {
        let mut command = Command::new("npm");
        command.args(["install", "--silent", "--no-audit", "--prefix"]);
        command.arg(folder).arg(read(&pin)?.trim());
        Ok(command)
    })
}

/// Returns the folder of the installation; prints the reason and returns `None` if it fails.
fn install(
    name: &str,
    pins: &Path,
    command: impl FnOnce(&Path) -> Result<Command, Error>,
) -> Result<Option<PathBuf>, Error> {
    let folder = folder().join(name);
    let (marker, versions) = (folder.join("installed"), read(pins)?);
    if fs::read_to_string(&marker).is_ok_and(|installed| installed == versions) {
        return Ok(Some(folder));
    }
    // Neither installer removes files of another version.
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|error| Error::io(&folder, &error))?;
    }
    fs::create_dir_all(&folder).map_err(|error| Error::io(&folder, &error))?;
    let reason = match command(&folder)?.output() {
        Ok(output) if output.status.success() => {
            write(&marker, &versions)?;
            return Ok(Some(folder));
        }
        Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
        Err(error) => error.to_string(),
    };
    eprintln!("!! NOT MEASURED: the {name} SDK cannot be installed: {reason}");
    Ok(None)
}

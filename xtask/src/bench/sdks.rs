//! The official SDKs, as the conformance tests pin and install them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::folder;
use crate::error::Error;
use crate::files::{read, read_optional, root, write};

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

/// Where they are installed; `None`, said on the standard error, where they cannot be had.
fn install(
    name: &str,
    pins: &Path,
    command: impl FnOnce(&Path) -> Result<Command, Error>,
) -> Result<Option<PathBuf>, Error> {
    let folder = folder().join(name);
    let (done, wanted) = (folder.join("installed"), read(pins)?);
    if read_optional(&done)?.is_some_and(|installed| installed == wanted) {
        return Ok(Some(folder));
    }
    // Neither installer replaces what another version left behind.
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|error| Error::io(&folder, &error))?;
    }
    fs::create_dir_all(&folder).map_err(|error| Error::io(&folder, &error))?;
    let reason = match command(&folder)?.output() {
        Ok(output) if output.status.success() => {
            write(&done, &wanted)?;
            return Ok(Some(folder));
        }
        Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
        Err(error) => error.to_string(),
    };
    eprintln!("!! NOT MEASURED: the {name} SDK cannot be installed here: {reason}");
    Ok(None)
}

//! A package in a folder below `target`, built by measured commands.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::super::error::Error;
use super::super::files::{folder, read, remove, root, write};
use super::super::{cargo, cpu};

/// A package called `program`, with locked versions.
pub(super) struct Scratch {
    folder: PathBuf,
}

impl Scratch {
    /// Creates the package from the lines below `[dependencies]` and the program's source, with the versions of a lock file.
    pub(super) fn new(
        name: &str,
        dependencies: &str,
        program: &str,
        lock: &str,
    ) -> Result<Self, Error> {
        let scratch = Self { folder: folder().join("builds").join(name) };
        // Only the release profile differs from cargo's defaults, as for a shipped program.
        let manifest = format!(
            "[package]\nname = \"program\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
             [profile.release]\nstrip = true\n\n[dependencies]\n{dependencies}"
        );
        write(&scratch.folder.join("Cargo.toml"), &manifest)?;
        write(&scratch.folder.join("src/main.rs"), program)?;
        write(&scratch.folder.join("Cargo.lock"), &read(&root().join(lock))?)?;
        Ok(scratch)
    }

    /// Downloads missing dependencies.
    pub(super) fn fetch(&self) -> Result<(), Error> {
        let mut offline = self.cargo("fetch");
        offline.args(["--offline", "--quiet"]).stderr(Stdio::null());
        match offline.status() {
            Ok(status) if status.success() => Ok(()),
            _ => cpu::seconds(self.cargo("fetch").arg("--quiet")).map(|_| ()),
        }
    }

    /// Returns the CPU time of `cargo COMMAND` with two jobs, in seconds.
    pub(super) fn run(&self, command: &str, arguments: &[&str]) -> Result<f64, Error> {
        let mut cargo = self.cargo(command);
        if command != "clean" {
            cargo.arg("-j2");
        }
        cpu::seconds(cargo.args(["--quiet", "--offline"]).args(arguments))
    }

    fn cargo(&self, command: &str) -> Command {
        let mut cargo = cargo::command();
        cargo.arg(command).current_dir(&self.folder);
        // Packages of a registry are never built incrementally; path dependencies would be.
        cargo.env("CARGO_TARGET_DIR", self.target()).env("CARGO_INCREMENTAL", "0");
        // A compiler cache would hide the cost.
        cargo.env_remove("RUSTC_WRAPPER").env_remove("CARGO_BUILD_RUSTC_WRAPPER");
        cargo
    }

    /// Returns a path in the package.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn target(&self) -> PathBuf {
        self.folder.join("target")
    }

    /// Removes everything that has been built.
    pub(super) fn clean(&self) -> Result<(), Error> {
        remove(&self.target())
    }

    /// Returns the size of the release program, in bytes.
    pub(super) fn size(&self) -> Result<u64, Error> {
        let path = self.target().join("release/program");
        fs::metadata(&path).map(|data| data.len()).map_err(|error| Error::io(&path, &error))
    }
}

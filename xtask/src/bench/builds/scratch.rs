//! A package in an empty folder, built by commands whose CPU time is taken.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::bench::{cpu, folder, remove};
use crate::error::Error;
use crate::files::{read, root, write};

/// A package called `program`, with the versions that the workspace is locked to.
pub(super) struct Scratch {
    folder: PathBuf,
}

impl Scratch {
    /// With these lines below `[dependencies]`, and this program. What it depends on has been fetched.
    pub(super) fn new(name: &str, dependencies: &str, program: &str) -> Result<Self, Error> {
        let scratch = Self { folder: folder().join("builds").join(name) };
        // The profile of what is shipped; apart from that, what cargo does unasked.
        let manifest = format!(
            "[package]\nname = \"program\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
             [profile.release]\nstrip = true\n\n[dependencies]\n{dependencies}"
        );
        write(&scratch.folder.join("Cargo.toml"), &manifest)?;
        write(&scratch.folder.join("src/main.rs"), program)?;
        write(&scratch.folder.join("Cargo.lock"), &read(&root().join("Cargo.lock"))?)?;
        Ok(scratch)
    }

    /// Fetches what it depends on; from the net only what is not there.
    pub(super) fn fetch(&self) -> Result<(), Error> {
        let mut offline = self.cargo("fetch");
        offline.args(["--offline", "--quiet"]).stderr(Stdio::null());
        match offline.status() {
            Ok(status) if status.success() => Ok(()),
            _ => cpu::seconds(self.cargo("fetch").arg("--quiet")).map(|_| ()),
        }
    }

    /// The CPU time of `cargo COMMAND`, with no more than two jobs.
    pub(super) fn run(&self, command: &str, arguments: &[&str]) -> Result<f64, Error> {
        let mut cargo = self.cargo(command);
        if command != "clean" {
            cargo.arg("-j2");
        }
        cpu::seconds(cargo.args(["--quiet", "--offline"]).args(arguments))
    }

    fn cargo(&self, command: &str) -> Command {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.arg(command).current_dir(&self.folder);
        // Packages of a registry are never built incrementally, and ours would come from one.
        cargo.env("CARGO_TARGET_DIR", self.target()).env("CARGO_INCREMENTAL", "0");
        cargo
    }

    /// A place in it.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn target(&self) -> PathBuf {
        self.folder.join("target")
    }

    /// Forgets all that has been built.
    pub(super) fn empty(&self) -> Result<(), Error> {
        remove(&self.target())
    }

    /// The program's length in bytes, once it has been built for release.
    pub(super) fn size(&self) -> Result<u64, Error> {
        let path = self.target().join("release/program");
        fs::metadata(&path).map(|data| data.len()).map_err(|error| Error::io(&path, &error))
    }
}

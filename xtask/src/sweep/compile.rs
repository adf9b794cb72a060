//! Compilation and tests of generated crates.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use tc3_cli::{Error, Tccli, read, write};

/// Parses the samples in a test of the crate.
pub(super) fn samples(
    tccli: &Mutex<Tccli>,
    service: &str,
    version: &str,
    folder: &Path,
    target: &Path,
) -> Result<String, String> {
    const TEST: &str = include_str!("../../templates/samples.rs");
    let examples = match tccli.lock() {
        Ok(mut tccli) => tccli.examples(service, version),
        Err(_) => Err(Error::new("another service's import panicked")),
    };
    let prepare = || -> Result<PathBuf, Error> {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().replace('-', "_");
        write(&folder.join("tests/samples.rs"), &TEST.replace("CRATE", &name))?;
        let path = folder.join("examples.json");
        write(&path, &examples?)?;
        let manifest = folder.join("Cargo.toml");
        let text = read(&manifest)?;
        if !text.contains("[dev-dependencies]") {
            let more = "\n[dev-dependencies]\nserde = { version = \"1\", features = [\"derive\"] }\n\
                        serde_json = \"1\"\n";
            write(&manifest, &format!("{text}{more}"))?;
        }
        Ok(path)
    };
    let path = prepare().map_err(|error| error.to_string())?;
    let output = cargo(folder, target)
        .args(["test", "--all-features", "--test", "samples", "--quiet", "--offline"])
        .args(["--config", "profile.dev.debug=false", "--", "--nocapture"])
        .env("SAMPLES", path)
        .output()
        .map_err(|error| format!("cargo test: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let value = |mark: &str| text.lines().filter_map(|line| line.strip_prefix(mark)).next();
    // A sample that does not match the types contradicts its own reference: reported, but not a failure of
    // the generator.
    match (value("SAMPLES "), value("FAILURE ")) {
        (Some(sum), None) => Ok(format!("ok, {sum}")),
        (Some(sum), Some(first)) => Ok(format!("ok, {sum}: {first}")),
        (None, _) => Err("cargo test: no samples were read".to_owned()),
    }
}

/// Checks and documents the crate, with warnings as errors.
pub(super) fn compile(folder: &Path, target: &Path) -> Result<(), String> {
    for (command, flags, arguments) in [
        ("check", "RUSTFLAGS", &["--all-features"][..]),
        ("doc", "RUSTDOCFLAGS", &["--all-features", "--no-deps"][..]),
    ] {
        let output = cargo(folder, target)
            .arg(command)
            .args(arguments)
            .args(["--quiet", "--offline", "--message-format", "short"])
            .env(flags, "-D warnings")
            .output()
            .map_err(|error| format!("cargo {command}: {error}"))?;
        if !output.status.success() {
            let text = String::from_utf8_lossy(&output.stderr);
            let first: Vec<&str> =
                text.lines().filter(|line| line.contains("error")).take(3).collect();
            return Err(format!("cargo {command}: {}", first.join("; ")));
        }
    }
    Ok(())
}

/// Removes build output and documentation of a crate; those of all crates would fill a disk.
pub(super) fn clean(folder: &Path, target: &Path) -> Result<(), String> {
    let name = folder.file_name().unwrap_or_default();
    cargo(folder, target)
        .args(["clean", "--quiet", "--offline", "--package"])
        .arg(name)
        .status()
        .map_err(|error| format!("cargo clean: {error}"))?;
    let doc = target.join("doc");
    if doc.exists() {
        std::fs::remove_dir_all(&doc).map_err(|error| format!("{}: {error}", doc.display()))?;
    }
    Ok(())
}

fn cargo(folder: &Path, target: &Path) -> Command {
    let mut command = Command::new(env!("CARGO"));
    command.env("CARGO_TARGET_DIR", target).env("CARGO_INCREMENTAL", "0").current_dir(folder);
    command
}

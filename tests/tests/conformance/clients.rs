//! Installation and execution of the official clients.
//!
//! They are installed from their registries into folders below the target folder. If Python or Node is not available, the
//! tests print a message and are skipped; under CI they fail.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde::Serialize;
use serde::de::DeserializeOwned;
use workspace_tests::{ChildGuard, tccli_wheel};

const NODE_SDK: &str = include_str!("../../conformance/node.txt").trim_ascii();
/// One package per line, with its version.
const PYTHON_PACKAGES: &str = include_str!("../../conformance/python.txt");

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Client {
    PythonSdk,
    NodeSdk,
    CommandLine,
}

impl Client {
    /// Runs the script of the client with the input and returns its output, one JSON value per line; `None` if the client
    /// is not available.
    pub(crate) fn run<T: DeserializeOwned>(
        self,
        mode: &str,
        input: &impl Serialize,
    ) -> Option<Vec<T>> {
        let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance");
        let mut command = match self {
            Self::NodeSdk => {
                let mut command = Command::new("node");
                command.arg(scripts.join("sdk.cjs")).env("NODE_PATH", node()?.join("node_modules"));
                command
            }
            Self::PythonSdk | Self::CommandLine => {
                let script = if self == Self::PythonSdk { "sdk.py" } else { "command.py" };
                let mut command = Command::new("python3");
                // Warnings of Python about the SDK are ignored.
                command
                    .args(["-W", "ignore"])
                    .arg(scripts.join(script))
                    .env("PYTHONPATH", python()?);
                command
            }
        };
        let home = tempfile::tempdir().unwrap();
        command.env("HOME", home.path()).env("PYTHONIOENCODING", "utf-8").arg(mode);
        // The emulator is on loopback, and the settings are those of the test.
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "TCCLI_PROFILE"] {
            command.env_remove(name).env_remove(name.to_lowercase());
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = ChildGuard::start(&mut command).unwrap();
        // The scripts read all input before they write.
        child.stdin.take().unwrap().write_all(&serde_json::to_vec(input).unwrap()).unwrap();
        let mut text = String::new();
        child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
        assert!(child.wait().unwrap().success(), "{self:?} failed");
        Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
    }
}

/// Returns the wheel of the command line, which also contains the samples.
pub(crate) fn wheel() -> Option<&'static PathBuf> {
    static WHEEL: OnceLock<Option<PathBuf>> = OnceLock::new();
    WHEEL.get_or_init(|| tccli_wheel("conformance")).as_ref()
}

/// Installs both Python clients into one folder, because they use the same packages.
pub(crate) fn python() -> Option<&'static PathBuf> {
    static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
    let installed = || {
        let wheel = wheel()?;
        let pins = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance/python.txt");
        install("python-clients", &format!("{} {PYTHON_PACKAGES}", wheel.display()), |folder| {
            let mut command = Command::new("python3");
            command.args(["-m", "pip", "install", "--quiet", "--no-deps", "--target"]);
            command.arg(folder).arg("--requirement").arg(&pins).arg(wheel);
            command
        })
    };
    FOLDER.get_or_init(installed).as_ref()
}

fn node() -> Option<&'static PathBuf> {
    static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
    let installed = || {
        install("node-sdk", NODE_SDK, |folder| {
            let mut command = Command::new("npm");
            command.args(["install", "--silent", "--no-audit", "--prefix"]);
            command.arg(folder).arg(NODE_SDK);
            command
        })
    };
    FOLDER.get_or_init(installed).as_ref()
}

/// Runs an installer into a folder, unless the same packages are already installed there.
fn install(folder: &str, packages: &str, command: impl Fn(&Path) -> Command) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
    let done = folder.join("installed");
    if fs::read_to_string(&done).is_ok_and(|installed| installed == packages) {
        return Some(folder);
    }
    // Neither installer removes files of another version.
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    let reason = match command(&folder).output() {
        Ok(output) if output.status.success() => {
            fs::write(done, packages).unwrap();
            return Some(folder);
        }
        Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
        Err(error) => error.to_string(),
    };
    assert!(std::env::var_os("CI").is_none(), "cannot install {packages}: {reason}");
    eprintln!("SKIPPED: cannot install {packages}: {reason}");
    None
}

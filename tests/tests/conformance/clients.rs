//! The official clients: how each is installed and run.
//!
//! They come from their registries into scratch folders. Where Python or Node is not at hand the tests
//! say so and stop; under CI they fail instead.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde::Serialize;
use serde::de::DeserializeOwned;
use workspace_tests::{Running, tccli_wheel};

const NODE_SDK: &str = include_str!("../../conformance/node.txt").trim_ascii();
/// One a line, with versions.
const PYTHON_PACKAGES: &str = include_str!("../../conformance/python.txt");

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Client {
    PythonSdk,
    NodeSdk,
    CommandLine,
}

impl Client {
    /// Runs the client's script with these orders and gives what it reports, a line of JSON each; `None`
    /// where the client cannot be had.
    pub(crate) fn run<T: DeserializeOwned>(
        self,
        mode: &str,
        orders: &impl Serialize,
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
                // What Python has against the SDK's use of it is not of interest.
                command
                    .args(["-W", "ignore"])
                    .arg(scripts.join(script))
                    .env("PYTHONPATH", python()?);
                command
            }
        };
        let home = tempfile::tempdir().unwrap();
        command.env("HOME", home.path()).env("PYTHONIOENCODING", "utf-8").arg(mode);
        // The emulator is on loopback, and the settings are the test's.
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "TCCLI_PROFILE"] {
            command.env_remove(name).env_remove(name.to_lowercase());
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = Running::start(&mut command).unwrap();
        // The scripts read all of it before they write.
        child.stdin.take().unwrap().write_all(&serde_json::to_vec(orders).unwrap()).unwrap();
        let mut text = String::new();
        child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
        assert!(child.wait().unwrap().success(), "{self:?} failed");
        Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
    }
}

/// The wheel of the command line, which also has the samples.
pub(crate) fn wheel() -> Option<&'static PathBuf> {
    static WHEEL: OnceLock<Option<PathBuf>> = OnceLock::new();
    WHEEL.get_or_init(|| tccli_wheel("conformance")).as_ref()
}

/// Both Python clients in one folder: they stand on the same packages.
fn python() -> Option<&'static PathBuf> {
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

/// Runs an installer into a scratch folder, unless it holds just this already.
fn install(folder: &str, what: &str, command: impl Fn(&Path) -> Command) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
    let done = folder.join("installed");
    if fs::read_to_string(&done).is_ok_and(|installed| installed == what) {
        return Some(folder);
    }
    // Neither installer replaces what another version left behind.
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    let reason = match command(&folder).output() {
        Ok(output) if output.status.success() => {
            fs::write(done, what).unwrap();
            return Some(folder);
        }
        Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
        Err(error) => error.to_string(),
    };
    assert!(std::env::var_os("CI").is_none(), "{what} cannot be installed: {reason}");
    eprintln!("SKIPPED: {what} cannot be installed here: {reason}");
    None
}

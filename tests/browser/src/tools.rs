//! Programs and packages that `.ci/explorer tools` installs.

use std::path::{Path, PathBuf};

pub(crate) struct Tools {
    pub(crate) chromium: PathBuf,
    pub(crate) chromedriver: PathBuf,
    /// Source of axe-core.
    pub(crate) axe: Option<String>,
}

impl Tools {
    /// Finds the tools. Returns an error if the browser or its driver is missing, and if anything is missing and `CI` is set.
    pub(crate) fn find() -> Result<Self, String> {
        let program = |name: &str| {
            let folders = std::env::var_os("PATH").unwrap_or_default();
            let found = std::env::split_paths(&folders)
                .map(|folder| folder.join(name))
                .find(|path| path.is_file());
            found.ok_or_else(|| format!("{name} is not installed; run `.ci/explorer tools`"))
        };
        let (chromium, chromedriver) = (program("chromium")?, program("chromedriver")?);
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
        let axe = root.join("target/explorer/node_modules/axe-core/axe.min.js");
        let axe = std::fs::read_to_string(axe).ok();
        if axe.is_none() && is_ci() {
            return Err("axe-core is not installed; run `.ci/explorer tools`".to_owned());
        }
        Ok(Self { chromium, chromedriver, axe })
    }
}

pub(crate) fn is_ci() -> bool {
    std::env::var_os("CI").is_some()
}

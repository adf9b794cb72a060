//! The files of the page.

use axum::Router;
use essbasic_page::{Asset, Assets, SHARED};

// Every file of the folder `assets`; a test compares both.
const ASSETS: &[Asset] = essbasic_page::assets![
    "action.css",
    "app.js",
    "build.css",
    "build.js",
    "call.js",
    "callback.js",
    "code.js",
    "describe.js",
    "difference.js",
    "editor.js",
    "emulator-callbacks.js",
    "emulator-clock.js",
    "emulator-faults.js",
    "emulator-flow.js",
    "emulator.js",
    "explain.js",
    "field.js",
    "files.js",
    "form.js",
    "history.js",
    "home.js",
    "i18n-en.js",
    "i18n-zh.js",
    "index.html",
    "item.js",
    "markdown.js",
    "next.js",
    "paste.js",
    "prefill.js",
    "response.js",
    "search.js",
    "session.js",
    "side.js",
    "signature.js",
    "tool.js",
    "tools.css",
    "tree.js",
];

/// Returns the routes of the page and its files.
pub(super) fn routes() -> Router {
    files().routes()
}

fn files() -> Assets {
    Assets::new(&[ASSETS, SHARED])
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// Maximum size of all files together, in bytes.
    const MAX_BYTES: usize = 200 * 1024;

    #[test]
    fn all_files_together_are_small() {
        let size = files().bytes();
        assert!(size <= MAX_BYTES, "the files have {size} bytes; the limit is {MAX_BYTES}");
    }

    #[test]
    fn every_file_of_the_folder_is_embedded() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        let mut embedded: Vec<&str> = ASSETS.iter().map(|(name, _)| *name).collect();
        embedded.sort_unstable();
        assert_eq!(embedded, names, "list the files in `assets!`");
        for (shared, _) in SHARED {
            assert!(!embedded.contains(shared), "{shared} is a file of all pages");
        }
    }
}

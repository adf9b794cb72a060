//! The files of the page, embedded at build time.

use essbasic_page::{Asset, Assets, SHARED, assets};

/// Every file of the folder `assets`; a test compares both.
const ASSETS: &[Asset] = assets![
    "add.js",
    "admin.css",
    "app.js",
    "buckets.js",
    "bulk.js",
    "chart.js",
    "confirm.js",
    "contract.js",
    "contracts.js",
    "forwards.js",
    "i18n-en.js",
    "i18n-zh.js",
    "index.html",
    "labels.js",
    "live.js",
    "message.js",
    "messages.js",
    "overview-dead.js",
    "overview-parts.js",
    "overview-state.js",
    "overview.js",
    "pages.js",
    "parts.js",
    "side.js",
    "status.js",
    "throughput.js",
    "timeline.js",
    "times.js",
];

/// Returns the files of the page.
pub(super) fn page() -> Assets {
    Assets::new(&[ASSETS, SHARED])
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// Maximum size of the files of this crate, in bytes. A quarter of it is text in two languages, and each page loads only its own
    /// scripts.
    const MAX_OWN_BYTES: usize = 110 * 1024;

    /// Maximum size of all files together, in bytes.
    const MAX_BYTES: usize = 200 * 1024;

    #[test]
    fn every_file_of_the_folder_is_embedded_and_all_are_small() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        let mut embedded: Vec<&str> = ASSETS.iter().map(|(name, _)| *name).collect();
        embedded.sort_unstable();
        assert_eq!(embedded, names, "list the files in `assets!`");
        let own = Assets::new(&[ASSETS]).bytes();
        assert!(own <= MAX_OWN_BYTES, "{own} bytes; the limit is {MAX_OWN_BYTES}");
        let size = page().bytes();
        assert!(size <= MAX_BYTES, "the files have {size} bytes; the limit is {MAX_BYTES}");
    }
}

//! Samples of the official reference. They are the vendor's text and not part of the repository; they are read from the
//! wheel from which the specification was imported.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

/// A sample call of the reference.
#[derive(Deserialize, Debug)]
pub struct Sample {
    /// Some headers, an empty line, and the request body.
    input: String,
    /// Response, as JSON.
    pub output: String,
}

impl Sample {
    /// Returns the text of the request body.
    #[must_use]
    pub fn request(&self) -> &str {
        self.input.split_once("\n\n").map_or("", |(_, body)| body)
    }

    /// Returns the request body.
    ///
    /// # Panics
    /// If it is not JSON.
    #[must_use]
    #[allow(clippy::expect_used, reason = "a panic fails the test")]
    pub fn body(&self) -> Value {
        serde_json::from_str(self.request()).expect("the sample's request is JSON")
    }
}

/// Returns the samples of each action, in order, from the [wheel](crate::tccli_wheel).
///
/// # Panics
/// If the wheel has no samples.
#[must_use]
#[allow(clippy::expect_used, reason = "a panic fails the test")]
pub fn official_samples(wheel: &Path) -> BTreeMap<String, Vec<Sample>> {
    #[derive(Deserialize)]
    struct Examples {
        actions: BTreeMap<String, Vec<Sample>>,
    }
    let wheel = File::open(wheel).expect("the wheel can be read");
    let mut archive = zip::ZipArchive::new(wheel).expect("the wheel is an archive");
    let file = archive
        .by_name("tccli/services/essbasic/v20210526/examples.json")
        .expect("the wheel has samples");
    serde_json::from_reader::<_, Examples>(file).expect("the samples are JSON").actions
}

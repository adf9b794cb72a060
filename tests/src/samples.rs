//! The samples of the official reference. They are the vendor's text and are not kept here: they come
//! from the wheel that the spec was made from.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

/// A call as the reference shows it.
#[derive(Deserialize, Debug)]
pub struct Sample {
    /// A few headers, an empty line, and the request.
    input: String,
    /// The answer, as JSON.
    pub output: String,
}

impl Sample {
    /// The request's text.
    #[must_use]
    pub fn request(&self) -> &str {
        self.input.split_once("\n\n").map_or("", |(_, body)| body)
    }

    /// The request.
    ///
    /// # Panics
    /// Where it is no JSON.
    #[must_use]
    #[allow(clippy::expect_used, reason = "a failed assumption is a failed test")]
    pub fn body(&self) -> Value {
        serde_json::from_str(self.request()).expect("the sample's request is JSON")
    }
}

/// The samples of each action, in their order, out of the [wheel](crate::tccli_wheel).
///
/// # Panics
/// Where the wheel has none.
#[must_use]
#[allow(clippy::expect_used, reason = "a failed assumption is a failed test")]
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

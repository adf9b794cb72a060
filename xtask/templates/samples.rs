//! Parses every official sample of the service into the generated types.
//!
//! `SAMPLES` is the path of the reference's `examples.json`. Samples that are not JSON are counted and skipped.

use std::collections::BTreeMap;
use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tc3_api::Visitor;
use tc3_api::Action;

#[derive(Deserialize)]
struct Examples {
    actions: BTreeMap<String, Vec<Sample>>,
}

#[derive(Deserialize)]
struct Sample {
    input: String,
    output: String,
}

struct Check {
    examples: Examples,
    parsed: usize,
    invalid: usize,
    failures: Vec<String>,
}

impl Check {
    fn parse<T>(
        &mut self,
        what: String,
        text: &str,
        decode: impl FnOnce(&[u8]) -> Result<T, String>,
    ) {
        if serde_json::from_str::<serde_json::Value>(text).is_err() {
            self.invalid += 1;
        } else if let Err(error) = decode(text.as_bytes()) {
            self.failures.push(format!("{what}: {error}"));
        } else {
            self.parsed += 1;
        }
    }
}

impl Visitor for Check {
    fn visit<A>(&mut self)
    where
        A: Action + DeserializeOwned + Clone + PartialEq + Debug,
        A::Response: Serialize + Clone + PartialEq + Debug + Default,
    {
        let name = A::INFO.name;
        let samples = self.examples.actions.remove(name).unwrap_or_default();
        for (index, sample) in samples.iter().enumerate() {
            if let (true, Some((_, body))) =
                (sample.input.starts_with("POST"), sample.input.split_once("\n\n"))
            {
                let decode = |body: &[u8]| {
                    serde_json::from_slice::<A>(body).map_err(|error| error.to_string())
                };
                self.parse(format!("{name} {index} request"), body, decode);
            }
            let decode = |body: &[u8]| A::decode(body).map_err(|error| error.to_string());
            self.parse(format!("{name} {index} response"), &sample.output, decode);
        }
    }
}

#[test]
fn samples_parse() {
    let text = std::fs::read_to_string(std::env::var("SAMPLES").unwrap()).unwrap();
    let examples = serde_json::from_str(&text).unwrap();
    let mut check = Check { examples, parsed: 0, invalid: 0, failures: Vec::new() };
    CRATE::visit_actions(&mut check);
    for failure in &check.failures {
        println!("FAILURE {failure}");
    }
    println!("SAMPLES {} parsed, {} not JSON, {} mismatched", check.parsed, check.invalid, check.failures.len());
}

//! Every sample of the official reference parses into the generated types, and comes back the same.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed assumption is a failed test"
)]

use std::collections::BTreeMap;
use std::fmt::Debug;

use essbasic::api::Visitor;
use essbasic::api::{Action, Envelope};
use essbasic::catalogue::validation::violations;
use essbasic::models::{CATALOGUE, visit_actions};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use workspace_tests::{Sample, official_samples, tccli_wheel};

#[test]
fn all_official_samples_parse_and_come_back() {
    let Some(wheel) = tccli_wheel("samples") else { return };
    let mut check = Check { examples: official_samples(&wheel), ..Check::default() };
    visit_actions(&mut check);

    assert_eq!(check.actions, 99);
    assert_eq!(check.samples, 226);
    assert_eq!(check.refused, REFUSED, "{:#?}", check.refused);
    assert!(check.failures.is_empty(), "{:#?}", check.failures);
}

#[derive(Default)]
struct Check {
    examples: BTreeMap<String, Vec<Sample>>,
    actions: usize,
    samples: usize,
    /// Requests that the catalogue has something against, though the reference shows them.
    refused: Vec<String>,
    failures: Vec<String>,
}

/// All of them are shown for the error that the service answers.
const REFUSED: [&str; 3] = [
    "ChannelCreateBatchQuickSignUrl 8: the body: only one of FlowIds, FlowGroupId is allowed",
    "ChannelCreateBatchQuickSignUrl 9: the body: missing field, one of FlowIds, FlowGroupId is required",
    "ChannelDescribeBillUsageDetail 0: Limit: is 500, expected at most 100",
];

impl Visitor for Check {
    fn visit<A>(&mut self)
    where
        A: Action + Serialize + DeserializeOwned + Clone + PartialEq + Debug,
        A::Response: Serialize + DeserializeOwned + Clone + PartialEq + Debug + Default,
    {
        self.actions += 1;
        let name = A::INFO.name;
        for (index, sample) in self.examples.remove(name).unwrap_or_default().iter().enumerate() {
            self.samples += 1;
            self.check(name, index, sample);
            if let Err(error) = self.request::<A>(name, sample) {
                self.failures.push(format!("{name} sample {index}, request: {error}"));
            }
            if let Err(error) = self.answer::<A>(name, sample) {
                self.failures.push(format!("{name} sample {index}, answer: {error}"));
            }
        }
    }
}

impl Check {
    /// What limits, rules and types say of a request that the reference shows.
    fn check(&mut self, name: &str, index: usize, sample: &Sample) {
        let found = violations(&sample.body(), CATALOGUE.action(name).unwrap().request);
        assert!(
            found.is_empty() || sample.output.contains("\"Error\""),
            "{name} {index}: {found:?}"
        );
        self.refused.extend(found.iter().map(|found| format!("{name} {index}: {found}")));
    }

    fn request<A>(&mut self, name: &str, sample: &Sample) -> Result<(), serde_json::Error>
    where
        A: Action + Serialize + DeserializeOwned + Debug,
    {
        let sent = sample.body();
        let typed: A = serde_json::from_str(sample.request())?;
        self.nothing_personal(name, &format!("{typed:?}"));
        self.compare(&format!("{name} request"), "", &sent, &serde_json::to_value(&typed)?, false);
        Ok(())
    }

    fn answer<A>(&mut self, name: &str, sample: &Sample) -> Result<(), serde_json::Error>
    where
        A: Action<Response: Serialize + DeserializeOwned + PartialEq + Debug>,
    {
        let answer: Value = serde_json::from_str(&sample.output)?;
        let typed = A::decode(sample.output.as_bytes());
        let typed = typed.map_err(serde::de::Error::custom)?;
        // By way of serde it is the same.
        let by_serde = Envelope::<A::Response>::deserialize(sample.output.as_bytes());
        assert_eq!(by_serde.as_ref(), Ok(&typed), "{name}");
        let body = match typed.result {
            Ok(success) => success.body,
            Err(error) => {
                assert_eq!(answer["Response"]["Error"]["Code"], error.code);
                assert_eq!(answer["Response"]["RequestId"], typed.request_id.as_str());
                return Ok(());
            }
        };
        self.nothing_personal(name, &format!("{body:?}"));
        let again = serde_json::to_value(&body)?;
        assert_eq!(again["RequestId"], typed.request_id.as_str());
        self.compare(&format!("{name} answer"), "", &answer["Response"], &again, true);
        Ok(())
    }

    /// Notes where `Debug` shows what has the form of a phone or ID number, a link or a file.
    fn nothing_personal(&mut self, name: &str, shown: &str) {
        for word in shown.split(|c: char| !c.is_ascii_alphanumeric() && !"+/=:".contains(c)) {
            let digits = word.chars().filter(char::is_ascii_digit).count();
            let phone = word.len() == 11 && digits == 11 && word.starts_with('1');
            let card = word.len() == 18 && digits >= 17;
            // One sample gives an employee this as the id that the platform makes up.
            let card = card && word != "110101200610116558";
            if phone || card || word.contains("://") || word.len() > 200 {
                self.failures.push(format!("{name}: Debug shows {word}"));
            }
        }
    }

    /// Notes where `again` lacks or changes what `sent` has; in a request also what it adds.
    /// An answer's `null` and absent lists come back empty.
    fn compare(&mut self, name: &str, path: &str, sent: &Value, again: &Value, lenient: bool) {
        match (sent, again) {
            (Value::Object(sent), Value::Object(again)) => {
                for (key, value) in sent {
                    let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    match again.get(key) {
                        Some(again) => self.compare(name, &path, value, again, lenient),
                        None if lenient && value.is_null() => {}
                        None => self.failures.push(format!("{name}: {path} is unknown")),
                    }
                }
                for key in again.keys().filter(|key| !lenient && !sent.contains_key(*key)) {
                    self.failures.push(format!("{name}: {path}.{key} was not sent"));
                }
            }
            (Value::Array(sent), Value::Array(again)) if sent.len() == again.len() => {
                for (sent, again) in sent.iter().zip(again) {
                    self.compare(name, &format!("{path}[]"), sent, again, lenient);
                }
            }
            (Value::Null, _) if lenient => {}
            (sent, again) if sent == again => {}
            _ => self.failures.push(format!("{name}: {path} comes back in another form")),
        }
    }
}

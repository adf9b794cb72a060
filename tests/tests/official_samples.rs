//! Round trips of every sample of the official reference through the generated types, in each format of serde that
//! describes itself.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic fails the test"
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
use workspace_tests::{Sample, official_samples, round_trips, tccli_wheel};

#[test]
fn all_official_samples_survive_a_round_trip() {
    let Some(wheel) = tccli_wheel("samples") else { return };
    let mut check = Check { examples: official_samples(&wheel), ..Check::default() };
    visit_actions(&mut check);

    assert_eq!(check.actions, 99);
    assert_eq!(check.samples, 226);
    // A sample has a request, and a response unless that is an error.
    assert!(check.round_trips > 400 * 11, "{}", check.round_trips);
    assert_eq!(check.violations, VIOLATIONS, "{:#?}", check.violations);
    assert!(check.failures.is_empty(), "{:#?}", check.failures);
}

#[derive(Default)]
struct Check {
    examples: BTreeMap<String, Vec<Sample>>,
    actions: usize,
    samples: usize,
    round_trips: usize,
    /// Violations of requests that the reference shows.
    violations: Vec<String>,
    failures: Vec<String>,
}

/// The reference shows these requests with an error response.
const VIOLATIONS: [&str; 3] = [
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
            if let Err(error) = self.response::<A>(name, sample) {
                self.failures.push(format!("{name} sample {index}, response: {error}"));
            }
        }
    }
}

impl Check {
    /// Validates a request of the reference by its limits, rules and types.
    fn check(&mut self, name: &str, index: usize, sample: &Sample) {
        let found = violations(&sample.body(), CATALOGUE.action(name).unwrap().request);
        assert!(
            found.is_empty() || sample.output.contains("\"Error\""),
            "{name} {index}: {found:?}"
        );
        self.violations.extend(found.iter().map(|found| format!("{name} {index}: {found}")));
    }

    fn request<A>(&mut self, name: &str, sample: &Sample) -> Result<(), serde_json::Error>
    where
        A: Action + Serialize + DeserializeOwned + PartialEq + Debug,
    {
        let sent = sample.body();
        let typed: A = serde_json::from_str(sample.request())?;
        self.check_personal_data(name, &format!("{typed:?}"));
        self.compare(&format!("{name} request"), "", &sent, &serde_json::to_value(&typed)?, false);
        self.check_formats(&format!("{name} request"), &typed);
        Ok(())
    }

    fn response<A>(&mut self, name: &str, sample: &Sample) -> Result<(), serde_json::Error>
    where
        A: Action<Response: Serialize + DeserializeOwned + PartialEq + Debug>,
    {
        let response: Value = serde_json::from_str(&sample.output)?;
        let typed = A::decode(sample.output.as_bytes());
        let typed = typed.map_err(serde::de::Error::custom)?;
        // Decoding by serde has the same result.
        let by_serde = Envelope::<A::Response>::deserialize(sample.output.as_bytes());
        assert_eq!(by_serde.as_ref(), Ok(&typed), "{name}");
        let body = match typed.result {
            Ok(success) => success.body,
            Err(error) => {
                assert_eq!(response["Response"]["Error"]["Code"], error.code);
                assert_eq!(response["Response"]["RequestId"], typed.request_id.as_str());
                return Ok(());
            }
        };
        self.check_personal_data(name, &format!("{body:?}"));
        let again = serde_json::to_value(&body)?;
        assert_eq!(again["RequestId"], typed.request_id.as_str());
        self.compare(&format!("{name} response"), "", &response["Response"], &again, true);
        self.check_formats(&format!("{name} response"), &body);
        Ok(())
    }

    /// Adds a failure for every format that changes the value.
    fn check_formats<T>(&mut self, name: &str, value: &T)
    where
        T: Serialize + DeserializeOwned + PartialEq + Debug,
    {
        for (format, read) in round_trips(value) {
            self.round_trips += 1;
            match read {
                Some(Ok(read)) if read == *value => {}
                Some(Ok(_)) => self.failures.push(format!("{name}: {format} changes the value")),
                Some(Err(error)) => self.failures.push(format!("{name}: {format}: {error}")),
                None => self.failures.push(format!("{name}: {format}: not a map")),
            }
        }
    }

    /// Adds a failure if `Debug` output contains a phone number, an ID number, a link or a file.
    fn check_personal_data(&mut self, name: &str, shown: &str) {
        for word in shown.split(|c: char| !c.is_ascii_alphanumeric() && !"+/=:".contains(c)) {
            let digits = word.chars().filter(char::is_ascii_digit).count();
            let phone = word.len() == 11 && digits == 11 && word.starts_with('1');
            let card = word.len() == 18 && digits >= 17;
            // A sample uses this number as the platform's ID of an employee.
            let card = card && word != "110101200610116558";
            if phone || card || word.contains("://") || word.len() > 200 {
                self.failures.push(format!("{name}: Debug shows {word}"));
            }
        }
    }

    /// Adds a failure for every value of `sent` that `again` lacks or changes; for a request also for added values. In a
    /// response, `null` and absent arrays become empty.
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
            _ => self.failures.push(format!("{name}: {path} changes in the round trip")),
        }
    }
}

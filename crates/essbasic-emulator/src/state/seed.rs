//! Initial data of an emulator, from JSON or built in.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use super::State;
use super::bulk;
use super::flow::Status;
use super::organizations::{Application, Organization};
use super::template::Template;
use super::terms::NewFlow;
use crate::json::from_object;
use crate::limits;

/// Initial data of the service.
///
/// The [default](Self::default) contains the two contracts of the API's examples, twelve more completed
/// contracts, one contract with each other status, and three templates.
#[derive(Clone, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Seed {
    applications: BTreeMap<String, ApplicationSeed>,
}

#[derive(Clone, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
struct ApplicationSeed {
    #[serde(default)]
    downloads: bool,
    organizations: BTreeMap<String, OrganizationSeed>,
}

#[derive(Clone, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
struct OrganizationSeed {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    downloads: Option<bool>,
    operators: Vec<String>,
    #[serde(default)]
    templates: Vec<Template>,
    /// Number of generated completed contracts.
    #[serde(default)]
    completed: usize,
    #[serde(default)]
    flows: Vec<FlowSeed>,
}

#[derive(Clone, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
struct FlowSeed {
    id: String,
    name: String,
    #[serde(default)]
    file_name: String,
    #[serde(default)]
    group: Option<String>,
    parties: Vec<PartySeed>,
    status: Status,
    #[serde(default)]
    reason: String,
}

#[derive(Clone, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
struct PartySeed {
    name: String,
    #[serde(default)]
    organization: Option<String>,
}

from_object!(
    Seed: "a seed",
    ApplicationSeed: "an application",
    OrganizationSeed: "an organization",
    FlowSeed: "a contract",
    PartySeed: "a party",
);

impl core::fmt::Debug for Seed {
    /// Shows the number of contracts only.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Seed").field("flows", &self.flows().count()).finish_non_exhaustive()
    }
}

/// Error of an invalid seed. [`Display`](core::fmt::Display) prints the reason, and its position in the JSON;
/// [`hint`](Self::hint) returns the fix.
#[derive(Debug)]
pub struct SeedError {
    reason: String,
    hint: Option<&'static str>,
}

impl SeedError {
    fn new(reason: impl core::fmt::Display) -> Self {
        Self { reason: reason.to_string(), hint: None }
    }

    fn with_hint(self, hint: impl Into<Option<&'static str>>) -> Self {
        Self { hint: hint.into(), ..self }
    }

    /// Returns the fix, if one is known.
    pub fn hint(&self) -> Option<&'static str> {
        self.hint
    }
}

impl core::fmt::Display for SeedError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "invalid seed: {}", self.reason)
    }
}

impl std::error::Error for SeedError {}

impl Seed {
    /// Returns a seed with this number of generated completed contracts, and the application and templates of the
    /// default.
    ///
    /// IDs of generated contracts are the same in every run: `yDEmuBulk` and the number, from 1, with 23 digits.
    /// [`Builder::start`](crate::Builder::start) rejects more than 1,000,000 contracts.
    pub fn completed(flows: usize) -> Self {
        let mut seed = Self::default();
        let apps = seed.applications.values_mut();
        let mut organizations = apps.flat_map(|app| app.organizations.values_mut());
        if let Some(first) = organizations.next() {
            first.completed = flows;
            first.flows.clear();
        }
        seed
    }

    /// Parses a seed from JSON. `assets/seed.json` of this crate is an example.
    ///
    /// ```
    /// # fn main() -> Result<(), essbasic_emulator::SeedError> {
    /// let seed = essbasic_emulator::Seed::from_json(
    ///     r#"{ "applications": { "APP_ID": {
    ///         "downloads": true,
    ///         "organizations": { "ORGANIZATION": {
    ///             "name": "A company",
    ///             "downloads": true,
    ///             "operators": ["OPERATOR"],
    ///             "completed": 100,
    ///             "flows": [{
    ///                 "id": "yDContract1",
    ///                 "name": "Lease",
    ///                 "file_name": "lease.pdf",
    ///                 "group": "yDGroup1",
    ///                 "status": "PART",
    ///                 "reason": "",
    ///                 "parties": [{ "name": "A", "organization": "A company" }, { "name": "B" }]
    ///             }],
    ///             "templates": [{
    ///                 "id": "yDTemplate1",
    ///                 "name": "Lease",
    ///                 "description": "Lease of a flat",
    ///                 "unordered": false,
    ///                 "recipients": [{ "id": "yDRecipient1", "role": "Landlord", "organization": true, "initiator": true }],
    ///                 "fields": [{ "id": "Field1", "name": "Rent", "required": true }]
    ///             }]
    ///         } }
    ///     } } }"#,
    /// )?;
    /// # drop(seed);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The fields `applications`, `organizations` and `operators` are required, and `id`, `name`, `status` and
    /// `parties` of a contract. `completed` is a number of generated contracts with the ids of
    /// [`completed`](Self::completed), numbered over the whole seed.
    ///
    /// # Errors
    /// Returns [`SeedError`] if
    /// - the text is not a JSON object of this form, or has an unknown field,
    /// - a contract id is duplicate, begins with `yDEmuBulk`, or has characters other than letters and digits,
    /// - a contract has no parties, or has the status `PART` and only one party,
    /// - there are more than 1,000,000 generated contracts.
    pub fn from_json(text: &str) -> Result<Self, SeedError> {
        let seed: Self = serde_json::from_str(text).map_err(SeedError::new)?;
        seed.check_bulk()?;
        let mut ids = std::collections::BTreeSet::new();
        for flow in seed.flows() {
            if flow.id.is_empty() || !flow.id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                let reason = format_args!("invalid contract id {:?}", flow.id);
                return Err(SeedError::new(reason).with_hint("use letters and digits"));
            }
            let id = &flow.id;
            if !ids.insert(id) {
                let reason = format_args!("duplicate contract id {id}");
                return Err(SeedError::new(reason).with_hint("give each contract another id"));
            }
            if id.starts_with(bulk::ID_PREFIX) {
                let prefix = bulk::ID_PREFIX;
                let reason =
                    format_args!("contract id {id} has the prefix {prefix} of generated contracts");
                return Err(SeedError::new(reason).with_hint("use another prefix"));
            }
            if flow.parties.is_empty() {
                let reason = format_args!("contract {id} has no parties");
                return Err(SeedError::new(reason).with_hint("add a party"));
            }
            if flow.status == Status::Part && flow.parties.len() < 2 {
                let reason =
                    format_args!("contract {id} with status PART has fewer than two parties");
                return Err(SeedError::new(reason).with_hint("add a party, or use the status INIT"));
            }
        }
        Ok(seed)
    }

    /// Returns the ids of the first operator and of its application and organization: application, organization,
    /// operator.
    pub fn first_operator(&self) -> Option<(&str, &str, &str)> {
        let mut operators = self.applications.iter().flat_map(|(app, seed)| {
            seed.organizations.iter().flat_map(move |(organization, seed)| {
                let operators = seed.operators.iter();
                operators
                    .map(move |operator| (app.as_str(), organization.as_str(), operator.as_str()))
            })
        });
        operators.next()
    }

    fn organizations(&self) -> impl Iterator<Item = &OrganizationSeed> {
        self.applications.values().flat_map(|app| app.organizations.values())
    }

    fn flows(&self) -> impl Iterator<Item = &FlowSeed> {
        self.organizations().flat_map(|organization| &organization.flows)
    }

    fn check_bulk(&self) -> Result<(), SeedError> {
        let completed = self.organizations().map(|organization| organization.completed);
        limits::flows(completed.fold(0, usize::saturating_add)).map_err(SeedError::new)
    }

    /// Creates the organizations and contracts of the seed.
    pub(crate) fn apply(self, state: &mut State, now: Duration) -> Result<(), SeedError> {
        self.check_bulk()?;
        let mut bulk = 0;
        for (app_id, app) in self.applications {
            let application = Application { downloads: app.downloads, ..Application::default() };
            state.applications.insert(app_id.clone(), application);
            for (open_id, seed) in app.organizations {
                let organization = Organization {
                    name: seed.name.clone(),
                    downloads: seed.downloads,
                    operators: seed.operators,
                    templates: seed.templates,
                };
                if let Some(app) = state.applications.get_mut(&app_id) {
                    app.organizations.insert(open_id.clone(), organization);
                }
                for flow in seed.flows {
                    flow.apply(state, &app_id, &open_id, now)?;
                }
                let company = seed.name.as_deref().unwrap_or(&open_id);
                let first = bulk;
                bulk += seed.completed;
                bulk::generate(state, first..bulk, [&app_id, &open_id, company], now)
                    .map_err(|error| SeedError::new(&error).with_hint(error.hint()))?;
            }
        }
        Ok(())
    }
}

impl FlowSeed {
    fn apply(
        self,
        state: &mut State,
        app_id: &str,
        organization: &str,
        now: Duration,
    ) -> Result<(), SeedError> {
        let created = now.saturating_sub(bulk::AGE);
        let id = self.id;
        let mut new = NewFlow::new(app_id, organization, &id);
        new.name = self.name;
        new.file_name = self.file_name;
        new.group = self.group;
        new.parties =
            self.parties.into_iter().map(|party| (party.name, party.organization)).collect();
        state.create(new, created);
        let signed_at = |index: u64| {
            let minute = index.saturating_add(1);
            created.saturating_add(Duration::from_secs(minute.saturating_mul(60))).min(now)
        };
        let reached = state.bring_into(&id, self.status, &self.reason, signed_at, now);
        reached.map_err(|error| {
            SeedError::new(format_args!("contract {id}: {error}")).with_hint(error.hint())
        })?;
        state.process_due(now);
        Ok(())
    }
}

impl Default for Seed {
    fn default() -> Self {
        match Self::from_json(include_str!("../../assets/seed.json")) {
            Ok(seed) => seed,
            // A test checks that the file, which is part of the crate, is valid.
            Err(_) => Self { applications: BTreeMap::new() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_seed_has_each_status_and_can_be_applied() {
        let seed = Seed::from_json(include_str!("../../assets/seed.json")).unwrap();
        let mut state = State::default();
        let now = Duration::from_secs(1_700_000_000);
        seed.clone().apply(&mut state, now).unwrap();
        for (created, expected) in state.flows().zip(seed.flows()) {
            assert_eq!(
                (&*created.id, created.status(now)),
                (expected.id.as_str(), expected.status)
            );
            let signed = created.progress.iter().filter(|party| party.signed_at.is_some()).count();
            assert_eq!(created.composed_signatures(now), signed);
        }
        // Only the deadlines of open contracts are in the future.
        assert!(state.next_due() > Some(now));
        let statuses: std::collections::HashSet<_> = seed.flows().map(|flow| flow.status).collect();
        assert_eq!(statuses.len(), 8);
        assert_eq!(seed.flows().filter(|flow| flow.status == Status::All).count(), 14);
    }

    #[test]
    fn rejects_invalid_seeds_with_a_reason() {
        let flow = |id: &str, status: &str| {
            format!(r#"{{"id":"{id}","name":"n","parties":[{{"name":"p"}}],"status":"{status}"}}"#)
        };
        let seed = |flows: &str| {
            format!(
                r#"{{"applications":{{"a":{{"organizations":{{"o":{{"operators":[],"flows":[{flows}]}}}}}}}}}}"#
            )
        };
        let completed = |count: &str| {
            format!(
                r#"{{"applications":{{"a":{{"organizations":{{"o":{{"operators":[],"completed":{count}}},"p":{{"operators":[],"completed":1}}}}}}}}}}"#
            )
        };
        let empty = Seed::from_json(&completed("999999")).unwrap();
        assert_eq!(empty.first_operator(), None);
        let first = (crate::APP_ID, crate::ORGANIZATION, crate::OPERATOR);
        assert_eq!(Seed::default().first_operator(), Some(first));
        assert!(Seed::from_json(&seed(&flow("f", "ALL"))).is_ok());
        for (text, reason) in [
            (String::new(), "EOF"),
            ("[]".into(), "sequence, expected a seed as a JSON object"),
            ("[{}]".into(), "sequence, expected a seed as a JSON object"),
            (r#"{"applications":[]}"#.into(), "sequence, expected a map"),
            (
                r#"{"applications":{"a":[true,{}]}}"#.into(),
                "expected an application as a JSON object",
            ),
            (
                r#"{"applications":{"a":{"organizations":{"o":[]}}}}"#.into(),
                "expected an organization",
            ),
            (seed(r#"["f"]"#), "expected a contract as a JSON object"),
            (seed(r#"{"id":"f","name":"n","parties":[["p"]],"status":"ALL"}"#), "expected a party"),
            (completed("1000000"), "1000001 generated contracts exceed the limit of 1000000"),
            (completed("18446744073709551615"), "exceed the limit of 1000000"),
            (completed("18446744073709551616"), "expected usize"),
            (completed("-1"), "-1"),
            (completed("1e400"), "out of range"),
            ("{}".into(), "applications"),
            (seed(&flow("f", "DONE")), "DONE"),
            (seed(r#"{"idd":"f"}"#), "idd"),
        ] {
            let error = Seed::from_json(&text).unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}

//! What an emulator starts with, from a JSON file or built in.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use crate::json::from_object;
use crate::limits;
use crate::state::bulk;
use crate::state::flow::{Status, Who};
use crate::state::template::Template;
use crate::state::terms::NewFlow;
use crate::state::{Application, Organization, State};

/// The service's contents at the start.
///
/// The [default](Self::default) holds the two contracts of the API's own examples, twelve more that
/// are complete, one in each other state, and three templates.
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
    /// So many contracts more, alike and complete.
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
    /// Shows how much there is, and of nobody.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Seed").field("flows", &self.flows().count()).finish_non_exhaustive()
    }
}

/// Error of an invalid seed, with the reason and the position.
#[derive(Debug)]
pub struct SeedError(String);

impl core::fmt::Display for SeedError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "invalid seed: {}", self.0)
    }
}

impl std::error::Error for SeedError {}

/// Contracts of a seed were created this long before the start, and signed soon after, so that their
/// files are composed.
pub(crate) const AGE: Duration = Duration::from_secs(3600);

impl Seed {
    /// The default's application and templates with this many completed contracts in place of its own.
    /// Their ids are the same in every run: `yDEmuBulk` and the number, from 1, in 23 digits. More than
    /// 1,000,000 are refused by [`Builder::start`](crate::Builder::start).
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

    /// Reads a seed from JSON; `assets/seed.json` of this crate is an example.
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
    ///                 "description": "Of a flat",
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
    /// Required are `applications`, `organizations`, `operators`, and `id`, `name`, `status` and `parties` of a
    /// contract. `completed` adds that many generated contracts with the ids of
    /// [`completed`](Self::completed), numbered over the whole seed.
    ///
    /// # Errors
    /// Returns an error if the text is not a JSON object of that form, has an unknown field, has two contracts
    /// of one id, or exceeds 1,000,000 generated contracts.
    pub fn from_json(text: &str) -> Result<Self, SeedError> {
        let seed: Self =
            serde_json::from_str(text).map_err(|error| SeedError(error.to_string()))?;
        seed.check_bulk()?;
        let mut ids = std::collections::BTreeSet::new();
        for flow in seed.flows() {
            if flow.id.is_empty() || !flow.id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                return Err(SeedError(format!(
                    "the id {:?} is not of letters and digits",
                    flow.id
                )));
            }
            if !ids.insert(&flow.id) {
                return Err(SeedError(format!("the id {} stands twice", flow.id)));
            }
            if flow.id.starts_with(bulk::PREFIX) {
                return Err(SeedError(format!(
                    "the id {} is one that the emulator makes",
                    flow.id
                )));
            }
            if flow.parties.is_empty() {
                return Err(SeedError(format!("nobody signs {}", flow.id)));
            }
            if flow.status == Status::Part && flow.parties.len() < 2 {
                return Err(SeedError(format!("{} is PART, which takes two parties", flow.id)));
            }
        }
        Ok(seed)
    }

    /// Returns application, organization and operator of the first operator in the seed.
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
        limits::flows(completed.fold(0, usize::saturating_add)).map_err(SeedError)
    }

    /// Brings everything about by the steps that also a caller would take.
    pub(crate) fn plant(self, state: &mut State, now: Duration) -> Result<(), SeedError> {
        self.check_bulk()?;
        let mut bulk = 0;
        for (app_id, app) in self.applications {
            let known = Application { downloads: app.downloads, ..Application::default() };
            state.applications.insert(app_id.clone(), known);
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
                    flow.plant(state, &app_id, &open_id, now)?;
                }
                let company = seed.name.as_deref().unwrap_or(&open_id);
                let first = bulk;
                bulk += seed.completed;
                bulk::plant(state, first..bulk, [&app_id, &open_id, company], now)
                    .map_err(|refusal| SeedError(refusal.to_string()))?;
            }
        }
        Ok(())
    }
}

impl FlowSeed {
    fn plant(
        self,
        state: &mut State,
        app_id: &str,
        organization: &str,
        now: Duration,
    ) -> Result<(), SeedError> {
        let created = now.saturating_sub(AGE);
        let signatures = match self.status {
            Status::All | Status::Relieved => self.parties.len(),
            Status::Part => 1,
            _ => 0,
        };
        let id = self.id;
        let mut new = NewFlow::new(app_id, organization, &id);
        new.name = self.name;
        new.file_name = self.file_name;
        new.group = self.group;
        new.parties =
            self.parties.into_iter().map(|party| (party.name, party.organization)).collect();
        state.create(new, created);
        let failed = |refusal: crate::Refusal| SeedError(format!("{id}: {refusal}"));
        for index in 0..signatures {
            let at = created + Duration::from_secs(60 * (index as u64 + 1));
            state.sign(&id, Who::Next, at.min(now)).map_err(failed)?;
        }
        match self.status {
            Status::Init | Status::Part | Status::All => {}
            status => state.end(&id, status, &self.reason, now).map_err(failed)?,
        }
        state.settle(now);
        Ok(())
    }
}

impl Default for Seed {
    fn default() -> Self {
        match Self::from_json(include_str!("../../assets/seed.json")) {
            Ok(seed) => seed,
            // Held by a test: the file is part of the crate.
            Err(_) => Self { applications: BTreeMap::new() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_seed_holds_each_state_and_stands_planted() {
        let seed = Seed::from_json(include_str!("../../assets/seed.json")).unwrap();
        let mut state = State::default();
        let now = Duration::from_secs(1_700_000_000);
        seed.clone().plant(&mut state, now).unwrap();
        for (planted, meant) in state.flows().zip(seed.flows()) {
            assert_eq!((&*planted.id, planted.status(now)), (meant.id.as_str(), meant.status));
            let signed = planted.progress.iter().filter(|party| party.signed_at.is_some()).count();
            assert_eq!(planted.composed(now), signed);
        }
        // Only the deadlines of the open ones are still to come.
        assert!(state.next_due() > Some(now));
        let states: std::collections::HashSet<_> = seed.flows().map(|flow| flow.status).collect();
        assert_eq!(states.len(), 8);
        assert_eq!(seed.flows().filter(|flow| flow.status == Status::All).count(), 14);
    }

    #[test]
    fn bad_seeds_say_what_is_wrong() {
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
        let without = Seed::from_json(&completed("999999")).unwrap();
        assert_eq!(without.first_operator(), None);
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
            (seed(&flow("../f", "ALL")), "letters and digits"),
            (seed(&[flow("f", "ALL"), flow("f", "ALL")].join(",")), "twice"),
            (seed(&flow("f", "PART")), "two parties"),
            (seed(r#"{"id":"f","name":"n","parties":[],"status":"ALL"}"#), "nobody"),
            (seed(r#"{"idd":"f"}"#), "idd"),
            (seed(&flow("yDEmuBulk00000000000000000000001", "ALL")), "makes"),
        ] {
            let error = Seed::from_json(&text).unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}

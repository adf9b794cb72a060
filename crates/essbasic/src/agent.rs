//! The agent of a client.

use std::time::Duration;

use essbasic_models::Agent;
use tc3_client::api::json::{self, Members, Reader};
use tc3_client::api::{Action, ActionInfo, Envelope, TaskQuery, TaskState};

use crate::error::Error;

/// Creates an agent: an application, and the sub-organization and employee on whose behalf calls are made.
///
/// The contract workflows require all three. The organization and the employee must have passed identity verification.
pub fn agent(
    app_id: impl Into<String>,
    organization_open_id: impl Into<String>,
    operator_open_id: impl Into<String>,
) -> Agent {
    let operator = essbasic_models::UserInfo::new().open_id(operator_open_id);
    Agent::new(app_id).proxy_organization_open_id(organization_open_id).proxy_operator(operator)
}

/// Returns a copy of an agent that has the fields required by contract actions. The service would report one missing
/// field per request.
pub(crate) fn validated(agent: &Agent) -> Result<Agent, Error> {
    let is_set = |field: Option<&str>| field.is_some_and(|value| !value.is_empty());
    let operator = agent.proxy_operator.as_ref().and_then(|operator| operator.open_id.as_deref());
    if !is_set(Some(&agent.app_id)) {
        Err(Error::Agent("AppId"))
    } else if !is_set(agent.proxy_organization_open_id.as_deref()) {
        Err(Error::Agent("ProxyOrganizationOpenId"))
    } else if !is_set(operator) {
        Err(Error::Agent("ProxyOperator.OpenId"))
    } else {
        Ok(agent.clone())
    }
}

/// A request, with the agent of the client if it has none.
pub(crate) struct WithAgent<'a, R> {
    pub(crate) request: &'a R,
    pub(crate) agent: &'a Agent,
}

/// Name of the field in requests.
const FIELD: &str = "Agent";

/// The only action without an agent: its body is an encrypted request.
const WITHOUT_AGENT: &str = "CreateRequestWithEncryption";

impl<R: Action> Action for WithAgent<'_, R> {
    const INFO: ActionInfo<'static> = R::INFO;
    type Response = R::Response;

    fn encode(&self) -> Result<Vec<u8>, json::Error> {
        let body = self.request.encode()?;
        let takes_agent = R::INFO.service == "essbasic" && R::INFO.name != WITHOUT_AGENT;
        if !takes_agent || has_agent(&body) {
            return Ok(body);
        }
        Ok(insert(&body, &json::encode(self.agent)?))
    }

    fn decode(response: &[u8]) -> Result<Envelope<R::Response>, json::Error> {
        R::decode(response)
    }
}

impl<R: TaskQuery> TaskQuery for WithAgent<'_, R> {
    const INTERVAL: Duration = R::INTERVAL;
    const RUNNING_CODES: &'static [&'static str] = R::RUNNING_CODES;

    fn state(response: &R::Response) -> TaskState {
        R::state(response)
    }
}

/// Returns whether a request has an agent. The rest of the request is not read: it may contain a large file.
fn has_agent(body: &[u8]) -> bool {
    struct Search(bool);

    impl Members for Search {
        fn member(&mut self, name: &str, reader: &mut Reader<'_>) -> Result<(), json::Error> {
            if name == FIELD {
                self.0 = true;
                return Err(reader.expected("no further field"));
            }
            reader.skip()
        }
    }

    let mut search = Search(false);
    match Reader::new(body).and_then(|mut reader| reader.members(&mut search, &[])) {
        Ok(()) => search.0,
        // A body that is not an object is left to the validation and the service.
        Err(_) => true,
    }
}

/// Inserts the agent as the first field of an object.
fn insert(body: &[u8], agent: &[u8]) -> Vec<u8> {
    let fields = body.trim_ascii().strip_prefix(b"{").unwrap_or_default();
    let separator: &[u8] = if fields.trim_ascii_start() == b"}" { b"" } else { b"," };
    [b"{\"", FIELD.as_bytes(), b"\":", agent, separator, fields].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inserts_the_agent_only_into_a_request_without_one() {
        for (body, filled) in [
            ("{}", Some("{\"Agent\":1}")),
            (" { } ", Some("{\"Agent\":1 }")),
            (r#"{"A":{"Agent":2}}"#, Some(r#"{"Agent":1,"A":{"Agent":2}}"#)),
            (r#"{"A":[],"Agent":{}}"#, None),
            (r#"{"Agent":null}"#, None),
            ("[]", None),
            ("{", None),
        ] {
            let body = body.as_bytes();
            let found = (!has_agent(body)).then(|| insert(body, b"1"));
            assert_eq!(found.as_deref(), filled.map(str::as_bytes));
        }
    }

    #[cfg(all(feature = "catalogue", feature = "full"))]
    #[test]
    fn every_other_action_has_an_agent() {
        let actions = essbasic_models::CATALOGUE.actions.iter();
        let without = actions.filter(|action| action.request.field(FIELD).is_none());
        let without: Vec<_> = without.map(|action| action.info.name).collect();
        assert_eq!(without, [WITHOUT_AGENT]);
    }
}

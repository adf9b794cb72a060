//! The agent of a client.

use essbasic_models::Agent;

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

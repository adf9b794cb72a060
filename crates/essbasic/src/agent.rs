//! On whose behalf.

use essbasic_models::Agent;

use crate::error::Error;

/// The agent, once it has what the contract actions need of it: the service's own answer would name
/// one member at a time.
pub(crate) fn complete(agent: &Agent) -> Result<Agent, Error> {
    let given = |text: Option<&str>| text.is_some_and(|text| !text.is_empty());
    let operator = agent.proxy_operator.as_ref().and_then(|operator| operator.open_id.as_deref());
    if !given(Some(&agent.app_id)) {
        Err(Error::Agent("AppId"))
    } else if !given(agent.proxy_organization_open_id.as_deref()) {
        Err(Error::Agent("ProxyOrganizationOpenId"))
    } else if !given(operator) {
        Err(Error::Agent("ProxyOperator.OpenId"))
    } else {
        Ok(agent.clone())
    }
}

/// An agent of an application: the sub-organisation and its employee on whose behalf contracts are
/// handled.
///
/// All three are needed by the contract workflows. The organisation and the employee must have passed
/// their identity checks.
pub fn agent(
    app_id: impl Into<String>,
    organization_open_id: impl Into<String>,
    operator_open_id: impl Into<String>,
) -> Agent {
    let operator = essbasic_models::UserInfo::new().open_id(operator_open_id);
    Agent::new(app_id).proxy_organization_open_id(organization_open_id).proxy_operator(operator)
}

pub(crate) fn flow_ids<I>(flows: I) -> Vec<String>
where
    I: IntoIterator,
    I::Item: Into<String>,
{
    flows.into_iter().map(Into::into).collect()
}

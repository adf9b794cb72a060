//! Caller of an action, from the parameter `Agent`.

use serde_json::Value;

use crate::api::context::Context;
use crate::error::ApiError;
use crate::state::flow::Flow;

/// Application and sub-organization of a call.
pub(super) struct Caller {
    pub(super) app_id: String,
    pub(super) organization_id: String,
}

impl Caller {
    /// Checks `Agent` and returns its application and sub-organization.
    ///
    /// # Errors
    /// Returns an error if the application, the sub-organization or the operator is missing or unknown.
    pub(super) fn from_agent(context: &Context<'_>, body: &Value) -> Result<Self, ApiError> {
        let agent = |path| body.pointer(path).and_then(Value::as_str).unwrap_or_default();
        let app_id = agent("/Agent/AppId");
        let organization_id = agent("/Agent/ProxyOrganizationOpenId");
        let operator = agent("/Agent/ProxyOperator/OpenId");
        if app_id.is_empty() {
            return Err(ApiError::missing("Agent.AppId"));
        }
        let app = context.state.applications.get(app_id).ok_or_else(|| {
            context.error(
                "ResourceNotFound.Application",
                "The application of Agent.AppId is not found.",
            )
        })?;
        if organization_id.is_empty() {
            return Err(ApiError::missing("Agent.ProxyOrganizationOpenId"));
        }
        let organization = app.organizations.get(organization_id).ok_or_else(|| {
            // Nobody is a user of an unknown organization.
            context.error_of(
                ["ResourceNotFound.Organization", "OperationDenied.UserNotInOrganization"],
                "The organization of Agent.ProxyOrganizationOpenId is not found.",
            )
        })?;
        if operator.is_empty() {
            return Err(context
                .error("MissingParameter.UserOpenId", "Agent.ProxyOperator.OpenId is missing."));
        }
        if !organization.operators.iter().any(|known| known == operator) {
            return Err(context.error(
                "OperationDenied.UserNotInOrganization",
                "The user of Agent.ProxyOperator.OpenId is not in the organization.",
            ));
        }
        Ok(Self { app_id: app_id.to_owned(), organization_id: organization_id.to_owned() })
    }

    /// Returns `true` if the contract belongs to the caller.
    pub(super) fn owns(&self, flow: &Flow) -> bool {
        self.is(&flow.terms.app_id, &flow.terms.organization)
    }

    pub(super) fn is(&self, app_id: &str, organization_id: &str) -> bool {
        (self.app_id.as_str(), self.organization_id.as_str()) == (app_id, organization_id)
    }

    /// Returns a contract of the caller.
    ///
    /// # Errors
    /// Returns an error if the contract does not exist, or an error with the code `not_owned` if it belongs to
    /// another organization.
    pub(super) fn flow<'a>(
        &self,
        context: &'a Context<'_>,
        id: &str,
        not_owned: &'static str,
    ) -> Result<&'a Flow, ApiError> {
        let flow = context
            .state
            .flow(id)
            .ok_or_else(|| context.error("ResourceNotFound.Flow", "The contract is not found."))?;
        if self.owns(flow) {
            Ok(flow)
        } else {
            Err(context.error(not_owned, "The contract belongs to another organization."))
        }
    }
}

//! The same call by this SDK.

use essbasic_models::{
    Agent, DescribeResourceUrlsByFlowsRequest, DescribeResourceUrlsByFlowsResponse, UserInfo,
};
use tc3_api::Envelope;
use tc3_client::credentials::Credential;
use tc3_client::{Config, RateLimit};

use crate::{FLOWS, SECRET_ID, SECRET_KEY, flow_ids};

/// Returns the request.
pub fn request() -> DescribeResourceUrlsByFlowsRequest {
    let agent = Agent::new("yDwhxUUckp3gl8j5UuFX33LSNozpRsbi")
        .proxy_organization_open_id("org_dianziqian")
        .proxy_operator(UserInfo::new().open_id("n9527"));
    DescribeResourceUrlsByFlowsRequest::new(agent, flow_ids(FLOWS))
}

/// Decodes a response as the client does.
///
/// # Errors
/// Returns an error if the text is not a response of the API.
pub fn decode(
    body: &[u8],
) -> Result<Envelope<DescribeResourceUrlsByFlowsResponse>, tc3_api::json::Error> {
    Envelope::decode(body)
}

/// Returns the default configuration without rate limit.
pub fn config(endpoint: &str) -> Config {
    Config::new(Credential::new(SECRET_ID, SECRET_KEY))
        .with_endpoint_url(endpoint)
        .unwrap()
        .with_rate_limit(RateLimit::Off)
}

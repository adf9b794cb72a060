//! The same call by this SDK.

use essbasic_models::{
    Agent, DescribeResourceUrlsByFlowsRequest, DescribeResourceUrlsByFlowsResponse, UserInfo,
};
use tc3_api::Envelope;
use tc3_client::credentials::Credential;
use tc3_client::{Config, RateLimit};

use crate::{FLOWS, SECRET_ID, SECRET_KEY, flow_ids};

/// The request.
pub fn request() -> DescribeResourceUrlsByFlowsRequest {
    let agent = Agent::new("yDwhxUUckp3gl8j5UuFX33LSNozpRsbi")
        .proxy_organization_open_id("org_dianziqian")
        .proxy_operator(UserInfo::new().open_id("n9527"));
    DescribeResourceUrlsByFlowsRequest::new(agent, flow_ids(FLOWS))
}

/// Decodes an answer as the client does.
///
/// # Errors
/// Where the text is no answer.
pub fn decode(
    body: &[u8],
) -> Result<Envelope<DescribeResourceUrlsByFlowsResponse>, tc3_api::json::Error> {
    Envelope::decode(body)
}

/// The defaults, but for the rate limit, which would be all that is measured.
pub fn config(endpoint: &str) -> Config {
    Config::new(Credential::new(SECRET_ID, SECRET_KEY))
        .with_endpoint_url(endpoint)
        .unwrap()
        .with_rate_limit(RateLimit::Off)
}

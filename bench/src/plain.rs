//! Hand-written types of the call with serde's derives: the baseline of the generated types.

#![allow(missing_docs, reason = "the fields are those of the service")]

use serde::{Deserialize, Serialize};

use crate::{FLOWS, flow_ids};

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    pub agent: Agent,
    pub flow_ids: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Agent {
    pub app_id: String,
    pub proxy_organization_open_id: String,
    pub proxy_operator: Operator,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Operator {
    pub open_id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Envelope {
    pub response: Response,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Response {
    pub flow_resource_url_infos: Option<Vec<Flow>>,
    pub error_messages: Option<Vec<String>>,
    pub request_id: String,
    pub error: Option<ApiError>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Flow {
    pub flow_id: String,
    pub resource_url_infos: Option<Vec<Link>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Link {
    pub url: String,
    pub name: String,
    pub r#type: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ApiError {
    pub code: String,
    pub message: String,
}

pub fn request() -> Request {
    Request {
        agent: Agent {
            app_id: "yDwhxUUckp3gl8j5UuFX33LSNozpRsbi".to_owned(),
            proxy_organization_open_id: "org_dianziqian".to_owned(),
            proxy_operator: Operator { open_id: "n9527".to_owned() },
        },
        flow_ids: flow_ids(FLOWS),
    }
}

pub fn decode(body: &[u8]) -> Result<Envelope, serde_json::Error> {
    serde_json::from_slice(body)
}

/// Returns the number of contracts in a response.
pub fn flows(body: &[u8]) -> Result<usize, serde_json::Error> {
    Ok(decode(body)?.response.flow_resource_url_infos.map_or(0, |flows| flows.len()))
}

#[cfg(test)]
mod tests {
    #[test]
    fn both_codecs_encode_the_same_request() {
        let plain = serde_json::to_value(super::request()).unwrap();
        assert_eq!(plain, serde_json::to_value(crate::ours::request()).unwrap());
    }
}

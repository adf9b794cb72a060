//! Parts of scripted transports.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic fails the test"
)]
#![allow(unreachable_pub, reason = "shared by the modules of this program")]

use std::collections::VecDeque;
use std::time::Duration;

use essbasic::credentials::Credential;
use essbasic::transport::{
    AsyncChunks, BlockingChunks, Bytes, HeaderMap, Request, Response, StatusCode, TransportError,
    TransportErrorKind, header,
};
use essbasic::{Config, RateLimit};
use serde_json::json;

/// The remaining chunks of a body, and how it ends.
pub struct Body(pub VecDeque<Bytes>, pub End);

#[derive(Clone, Copy)]
pub enum End {
    Complete,
    Broken,
    /// The body stalls. In the blocking client, only a stop ends the download.
    Never,
}

impl Body {
    fn next_chunk(&mut self) -> Result<Option<Bytes>, TransportError> {
        match (self.0.pop_front(), self.1) {
            (Some(chunk), _) => Ok(Some(chunk)),
            (None, End::Complete) => Ok(None),
            (None, _) => Err(TransportError::new(TransportErrorKind::Interrupted)),
        }
    }
}

impl BlockingChunks for Body {
    fn next(&mut self) -> Result<Option<Bytes>, TransportError> {
        while self.0.is_empty() && matches!(self.1, End::Never) {
            std::thread::park();
        }
        self.next_chunk()
    }
}

#[async_trait::async_trait]
impl AsyncChunks for Body {
    async fn next(&mut self) -> Result<Option<Bytes>, TransportError> {
        if self.0.is_empty() && matches!(self.1, End::Never) {
            std::future::pending::<()>().await;
        }
        self.next_chunk()
    }
}

pub fn response(status: u16, length: Option<usize>, body: Body) -> Response<Body> {
    let mut headers = HeaderMap::new();
    if let Some(length) = length {
        headers.insert(header::CONTENT_LENGTH, length.into());
    }
    Response { status: StatusCode::from_u16(status).unwrap(), headers, body }
}

/// Returns the response to a request for details or links. Each contract was signed long ago, and has one link to a PDF
/// with this name.
pub fn links(request: &Request, name: &str) -> Response<Body> {
    let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    if request.headers["x-tc-action"] == "DescribeFlowDetailInfo" {
        let infos = body["FlowIds"].as_array().unwrap().iter().map(|flow| {
            let approvers = json!([{"ApproveTime": 1_600_000_000}]);
            json!({"FlowId": flow, "FlowStatus": "ALL", "FlowApproverInfos": approvers})
        });
        let body = json!({"Response": {"FlowInfo": infos.collect::<Vec<_>>()}}).to_string();
        return response(200, None, Body([body.into()].into(), End::Complete));
    }
    let infos = body["FlowIds"].as_array().unwrap().iter().map(|flow| {
        let url = format!("https://file.ess.tencent.cn/{}?hkey=SECRET", flow.as_str().unwrap());
        json!({"FlowId": flow, "ResourceUrlInfos": [{"Url": url, "Name": name, "Type": "PDF"}]})
    });
    let infos: Vec<_> = infos.collect();
    let body =
        json!({"Response": {"FlowResourceUrlInfos": infos, "ErrorMessages": [], "RequestId": "r"}});
    response(200, None, Body([body.to_string().into()].into(), End::Complete))
}

/// Returns a configuration without a rate limit, in which delays end at once.
pub fn config() -> Config {
    Config::new(Credential::new("id", "key"))
        .with_rate_limit(RateLimit::Off)
        .with_blocking_sleep(NoSleep)
        .with_async_sleep(NoSleep)
}

struct NoSleep;

impl tc3_client::BlockingSleep for NoSleep {
    fn sleep(&self, _: Duration) {}
}

#[async_trait::async_trait]
impl tc3_client::AsyncSleep for NoSleep {
    async fn sleep(&self, _: Duration) {}
}

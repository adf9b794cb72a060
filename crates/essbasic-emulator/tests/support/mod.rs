//! HTTP client of the emulator that shares no code with the SDK except the signer.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic fails the test")]

pub(crate) mod flows;
pub(crate) mod receiver;

use std::time::Duration;

use essbasic_emulator::{APP_ID, Emulator, OPERATOR, ORGANIZATION, SECRET_ID, SECRET_KEY};
use serde_json::{Value, json};
use tc3_signer::{Payload, Request, Signer};

pub(crate) const NOW: u64 = 1_700_000_000;
pub(crate) const FIRST: &str = "yDwivUUckpor6wtoUuogwQHCAB0ES0pQ";
pub(crate) const SECOND: &str = "yDwi8UUckpo5fz9cUqI6nGwcuTvt9YSh";

/// Call that is valid until a field is changed.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) method: &'static str,
    pub(crate) query: String,
    pub(crate) action: String,
    pub(crate) version: String,
    pub(crate) service: &'static str,
    pub(crate) secret_id: String,
    pub(crate) secret_key: String,
    pub(crate) token: Option<String>,
    pub(crate) timestamp: u64,
    pub(crate) content_type: &'static str,
    pub(crate) body: String,
    pub(crate) unsigned: bool,
    pub(crate) sign_action: bool,
    /// Content type that is sent instead of the signed one.
    pub(crate) sent_content_type: Option<&'static str>,
    pub(crate) signed_host: Option<String>,
    /// Value of the `Host` header, if it is not the address of the emulator.
    pub(crate) sent_host: Option<String>,
    pub(crate) authorization: Option<String>,
}

pub(crate) fn agent() -> Value {
    json!({
        "AppId": APP_ID,
        "ProxyOrganizationOpenId": ORGANIZATION,
        "ProxyOperator": { "OpenId": OPERATOR },
        "ProxyAppId": "",
    })
}

pub(crate) fn call(action: &str, body: Value) -> Call {
    Call {
        method: "POST",
        query: String::new(),
        action: action.into(),
        version: "2021-05-26".into(),
        service: "essbasic",
        secret_id: SECRET_ID.into(),
        secret_key: SECRET_KEY.into(),
        token: None,
        timestamp: NOW,
        content_type: "application/json",
        body: body.to_string(),
        unsigned: false,
        sign_action: true,
        signed_host: None,
        sent_content_type: None,
        sent_host: None,
        authorization: None,
    }
}

pub(crate) fn urls(flow_ids: &[&str]) -> Call {
    call("DescribeResourceUrlsByFlows", json!({ "Agent": agent(), "FlowIds": flow_ids }))
}

pub(crate) fn details(flow_ids: &[&str]) -> Call {
    call("DescribeFlowDetailInfo", json!({ "Agent": agent(), "FlowIds": flow_ids }))
}

pub(crate) fn start() -> Emulator {
    Emulator::builder().with_manual_clock(NOW).with_rate_limit(None).start().unwrap()
}

pub(crate) fn http() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .proxy(None)
        .timeout_recv_response(Some(Duration::from_secs(20)))
        .build()
        .new_agent()
}

impl Call {
    pub(crate) fn send(&self, emulator: &Emulator) -> ureq::http::Response<ureq::Body> {
        self.try_send(emulator).unwrap()
    }

    pub(crate) fn try_send(
        &self,
        emulator: &Emulator,
    ) -> Result<ureq::http::Response<ureq::Body>, ureq::Error> {
        let host = emulator.endpoint().replace("http://", "");
        let request = Request {
            method: self.method,
            path: "/",
            query: &self.query,
            content_type: self.content_type,
            host: self.signed_host.as_deref().unwrap_or(&host),
            action: self.sign_action.then_some(&self.action),
            extra: &[],
            payload: if self.unsigned {
                Payload::Unsigned
            } else {
                Payload::Signed(self.body.as_bytes())
            },
        };
        let signer = Signer::new(&self.secret_id, &self.secret_key);
        let signed = signer.sign(&request, self.service, self.timestamp).unwrap();
        let separator = if self.query.is_empty() { "" } else { "?" };
        let mut http_request = ureq::http::Request::builder()
            .method(self.method)
            .uri(format!("{}/{separator}{}", emulator.endpoint(), self.query))
            .header("content-type", self.sent_content_type.unwrap_or(self.content_type))
            .header("x-tc-action", &self.action)
            .header("x-tc-version", &self.version)
            .header("x-tc-timestamp", self.timestamp)
            .header("authorization", self.authorization.as_ref().unwrap_or(&signed));
        if self.unsigned {
            http_request = http_request.header("x-tc-content-sha256", "UNSIGNED-PAYLOAD");
        }
        if let Some(token) = &self.token {
            http_request = http_request.header("x-tc-token", token);
        }
        if let Some(host) = &self.sent_host {
            http_request = http_request.header("host", host);
        }
        let http = http();
        match self.method {
            "GET" => http.run(http_request.body(()).unwrap()),
            _ => http.run(http_request.body(self.body.clone()).unwrap()),
        }
    }

    /// Sends the call, and returns the content of `Response`.
    pub(crate) fn response(&self, emulator: &Emulator) -> Value {
        let mut http_response = self.send(emulator);
        assert_eq!(http_response.status(), 200);
        let text = http_response.body_mut().read_to_string().unwrap();
        let mut envelope: Value = serde_json::from_str(&text).unwrap();
        let response = envelope["Response"].take();
        assert_eq!(response["RequestId"].as_str().unwrap().len(), 36);
        response
    }

    pub(crate) fn code(&self, emulator: &Emulator) -> String {
        self.response(emulator)["Error"]["Code"].as_str().unwrap_or("success").to_owned()
    }
}

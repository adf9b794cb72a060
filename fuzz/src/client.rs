//! A client without a network.

use std::time::Duration;

use tc3_client::blocking::Client;
use tc3_client::credentials::Credential;
use tc3_client::transport::{
    BlockingBody, Bytes, HeaderMap, HeaderValue, Request, Response, StatusCode, header,
};
use tc3_client::{BlockingSleep, Config, RateLimit, RetryPolicy};

struct NoSleep;

impl BlockingSleep for NoSleep {
    fn sleep(&self, _: Duration) {}
}

/// Returns a client whose requests are answered by a function, once per call.
pub fn blocking_client(
    respond: impl Fn(Request) -> Response<BlockingBody> + Send + Sync + 'static,
) -> Client {
    let config = Config::new(Credential::new("id", "key"))
        .with_rate_limit(RateLimit::Off)
        .with_retry(RetryPolicy::none())
        .with_blocking_sleep(NoSleep);
    match Client::with_transport(config, move |request| Ok(respond(request))) {
        Ok(client) => client,
        Err(error) => panic!("invalid configuration: {error}"),
    }
}

/// Returns a response with this status.
pub fn response(
    status: u16,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Response<BlockingBody> {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    let status = StatusCode::from_u16(status).unwrap_or_default();
    Response { status, headers, body: BlockingBody::from(body.into()) }
}

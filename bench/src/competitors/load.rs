//! The emulator and a bare hyper server under the same load: signed requests, whose client does as little as possible.

use bytes::Bytes;
use essbasic_emulator::{APP_ID, Emulator, OPERATOR, ORGANIZATION, SECRET_ID, SECRET_KEY, Seed};
use essbasic_models::DescribeResourceUrlsByFlowsRequest;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tc3_api::Action as _;
use tokio::net::TcpStream;

use super::{seconds, serve};
use crate::measure::{self, Caller, Load};
use crate::{ACTION, Failure, SERVICE, VERSION};

/// Starts an emulator with one contract, prints its endpoint and serves until the standard input ends.
pub(super) fn emulate() {
    let builder = Emulator::builder().with_seed(Seed::completed(1)).with_rate_limit(None);
    let emulator = builder.start().unwrap();
    println!("{}", emulator.endpoint());
    serve::wait();
    drop(emulator);
}

/// The ID of the contract.
fn flow_id() -> String {
    format!("yDEmuBulk{:023}", 1)
}

/// Returns the same response as the emulator, for the bare server.
pub(super) fn response() -> Bytes {
    let id = flow_id();
    let url = format!("http://127.0.0.1:40000/file/FLOW/{id}/0/0.PDF?hkey={:064}", 1);
    let links = serde_json::json!([{ "Name": "contract.pdf", "Type": "PDF", "Url": url }]);
    let flows = serde_json::json!([{ "FlowId": id, "ResourceUrlInfos": links }]);
    let fields = serde_json::json!({
        "FlowResourceUrlInfos": flows,
        "ErrorMessages": [""],
        "RequestId": "7d0e8b0e-4c8d-4f43-8f0f-6d5a1d3b9c10",
    });
    Bytes::from(serde_json::json!({ "Response": fields }).to_string())
}

/// A connection, and the request that it repeats: the signature does not change within a second.
struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: String,
    body: Bytes,
    authorization: (u64, String),
}

impl Connection {
    /// Returns the request, signed for the current time.
    fn request(&mut self) -> Result<http::Request<Full<Bytes>>, Failure> {
        let now = seconds();
        if now != self.authorization.0 {
            let request = tc3_signer::Request::post(&self.host, ACTION, &self.body);
            let signer = tc3_signer::Signer::new(SECRET_ID, SECRET_KEY);
            self.authorization = (now, signer.sign(&request, SERVICE, now)?);
        }
        let request = http::Request::post("/")
            .header("host", &self.host)
            .header("content-type", "application/json")
            .header("x-tc-action", ACTION)
            .header("x-tc-version", VERSION)
            .header("x-tc-timestamp", now)
            .header("authorization", &self.authorization.1);
        Ok(request.body(self.body.clone().into())?)
    }
}

impl Caller for Connection {
    /// Fails unless the response has the contract: an error would be a fast response.
    async fn call(&mut self) -> Result<usize, Failure> {
        let request = self.request()?;
        let response = self.sender.send_request(request).await?;
        let body = response.into_body().collect().await?.to_bytes();
        match body.windows(8).any(|part| part == b"?hkey=00" || part == b"\"FlowId\"") {
            true => Ok(crate::FLOWS),
            false => Err(String::from_utf8_lossy(&body).into()),
        }
    }
}

/// Sends requests on `load.concurrency` connections.
pub(super) fn run(load: &Load) {
    let agent = essbasic::agent(APP_ID, ORGANIZATION, OPERATOR);
    let request = DescribeResourceUrlsByFlowsRequest::new(agent, [flow_id()]);
    let body = Bytes::from(request.encode().unwrap());
    measure::asynchronous(load, async || {
        let mut callers = Vec::new();
        for _ in 0..load.concurrency {
            let stream = TcpStream::connect(load.host()).await.unwrap();
            stream.set_nodelay(true).unwrap();
            let (sender, driver) = handshake(TokioIo::new(stream)).await.unwrap();
            tokio::spawn(driver);
            let (host, body) = (load.host().to_owned(), body.clone());
            callers.push(Connection { sender, host, body, authorization: (0, String::new()) });
        }
        callers
    });
}

//! Hand-written calls over hyper: one kept connection per caller.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Manual;
use crate::measure::{self, Caller, Load};
use crate::{Failure, plain};

const TIMEOUT: Duration = Duration::from_secs(60);

async fn count_flows(response: http::Response<Incoming>) -> Result<usize, Failure> {
    Ok(plain::flows(&response.into_body().collect().await?.to_bytes())?)
}

struct Hyper {
    connection: SendRequest<Full<Bytes>>,
    manual: Manual,
}

impl Caller for Hyper {
    async fn call(&mut self) -> Result<usize, Failure> {
        let mut request = self.manual.request()?;
        // A connection without proxy takes the path only.
        *request.uri_mut() = "/".parse()?;
        let exchange = async { count_flows(self.connection.send_request(request).await?).await };
        timeout(TIMEOUT, exchange).await?
    }
}

pub(super) fn run(load: &Load) {
    measure::asynchronous(load, async || {
        let mut callers = Vec::new();
        for _ in 0..load.concurrency {
            let stream = TcpStream::connect(load.host()).await.unwrap();
            stream.set_nodelay(true).unwrap();
            let (connection, driver) = handshake(TokioIo::new(stream)).await.unwrap();
            tokio::spawn(driver);
            callers.push(Hyper { connection, manual: Manual::new(load) });
        }
        callers
    });
}

//! hyper by hand: a kept connection for each caller, and the pooled client of hyper-util.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::ByHand;
use crate::measure::{self, Caller, Load};
use crate::{Failure, plain};

const LIMIT: Duration = Duration::from_secs(60);

async fn read(answer: http::Response<Incoming>) -> Result<usize, Failure> {
    Ok(plain::flows(&answer.into_body().collect().await?.to_bytes())?)
}

struct Kept {
    connection: SendRequest<Full<Bytes>>,
    by_hand: ByHand,
}

impl Caller for Kept {
    async fn call(&mut self) -> Result<usize, Failure> {
        let mut request = self.by_hand.request()?;
        // Over a connection of one's own, only the path is sent.
        *request.uri_mut() = "/".parse()?;
        let exchange = async { read(self.connection.send_request(request).await?).await };
        timeout(LIMIT, exchange).await?
    }
}

pub(super) fn kept(load: &Load) {
    measure::asynchronous(load, async || {
        let mut callers = Vec::new();
        for _ in 0..load.concurrency {
            let stream = TcpStream::connect(load.host()).await.unwrap();
            stream.set_nodelay(true).unwrap();
            let (connection, driver) = handshake(TokioIo::new(stream)).await.unwrap();
            tokio::spawn(driver);
            callers.push(Kept { connection, by_hand: ByHand::new(load) });
        }
        callers
    });
}

struct Pooled {
    client: Client<HttpConnector, Full<Bytes>>,
    by_hand: ByHand,
}

impl Caller for Pooled {
    async fn call(&mut self) -> Result<usize, Failure> {
        let request = self.by_hand.request()?;
        let exchange = async { read(self.client.request(request).await?).await };
        timeout(LIMIT, exchange).await?
    }
}

pub(super) fn pooled(load: &Load) {
    measure::asynchronous(load, async || {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        let caller = || Pooled { client: client.clone(), by_hand: ByHand::new(load) };
        (0..load.concurrency).map(|_| caller()).collect()
    });
}

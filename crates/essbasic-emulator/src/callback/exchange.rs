//! One message over one connection.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::config::Address;
use super::seal::Sealed;

/// How long a receiver may take to accept a connection, and then to answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// What of an answer is read, out of courtesy: it says nothing.
const MOST_ANSWER: usize = 64 << 10;

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// Posts to the address and gives the answer's status.
///
/// Each time over a connection of its own, so that a receiver may be restarted between any two.
pub(super) async fn post(address: &Address, sealed: &Sealed) -> Result<StatusCode, Failed> {
    let mut request = Request::post(&address.path)
        .header(header::HOST, address.authority())
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CONNECTION, "close");
    if let Some(signature) = &sealed.signature {
        request = request.header("content-signature", signature);
    }
    let request = request.body(Full::new(sealed.body.clone()))?;
    let stream = timeout(CONNECT_TIMEOUT, connect(address)).await??;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let exchange = async {
        let response = sender.send_request(request).await?;
        let status = response.status();
        // The receiver has decided: what becomes of the rest of its answer changes nothing.
        let _ = Limited::new(response.into_body(), MOST_ANSWER).collect().await;
        Ok::<_, hyper::Error>(status)
    };
    let answered = timeout(ANSWER_TIMEOUT, exchange).await;
    connection.abort();
    Ok(answered??)
}

async fn connect(address: &Address) -> io::Result<TcpStream> {
    if !address.host.eq_ignore_ascii_case("localhost") {
        return TcpStream::connect((address.host.as_str(), address.port)).await;
    }
    // The name is not looked up: whoever answers must be on this machine.
    match TcpStream::connect((Ipv4Addr::LOCALHOST, address.port)).await {
        Ok(stream) => Ok(stream),
        Err(_) => TcpStream::connect((Ipv6Addr::LOCALHOST, address.port)).await,
    }
}

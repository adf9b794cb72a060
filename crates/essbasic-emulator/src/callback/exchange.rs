//! HTTP exchange of one message.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::address::Address;
use super::seal::Sealed;

/// Timeout for the connection to the receiver.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Timeout for the response of the receiver.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);

/// Maximum size of a response body that is read and ignored, in bytes.
const MAX_RESPONSE_BYTES: usize = 64 << 10;

/// Reason why a message got no response.
pub(super) type ExchangeError = Box<dyn std::error::Error + Send + Sync>;

/// Posts a message and returns the status of the response.
///
/// Each message uses a new connection, so that the receiver may be restarted between messages.
pub(super) async fn post(address: &Address, sealed: &Sealed) -> Result<StatusCode, ExchangeError> {
    let mut request = Request::post(&address.path)
        .header(header::HOST, address.authority())
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CONNECTION, "close");
    if let Some(signature) = &sealed.signature {
        request = request.header("content-signature", signature);
    }
    let request = request.body(Full::new(sealed.body.clone()))?;
    let stream = timeout(CONNECT_TIMEOUT, connect(address))
        .await
        .map_err(|_| timed_out("connection", CONNECT_TIMEOUT))??;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let exchange = async {
        let response = sender.send_request(request).await?;
        let status = response.status();
        // The status is decisive: an error in the body is ignored.
        let _ = Limited::new(response.into_body(), MAX_RESPONSE_BYTES).collect().await;
        Ok::<_, hyper::Error>(status)
    };
    let result = timeout(RESPONSE_TIMEOUT, exchange).await;
    connection.abort();
    Ok(result.map_err(|_| timed_out("response", RESPONSE_TIMEOUT))??)
}

fn timed_out(what: &str, limit: Duration) -> io::Error {
    let message = format!("no {what} within {} s", limit.as_secs());
    io::Error::new(io::ErrorKind::TimedOut, message)
}

async fn connect(address: &Address) -> io::Result<TcpStream> {
    if !address.host.eq_ignore_ascii_case("localhost") {
        return TcpStream::connect((address.host.as_str(), address.port)).await;
    }
    // `localhost` is not resolved by DNS: the receiver must be on this machine.
    match TcpStream::connect((Ipv4Addr::LOCALHOST, address.port)).await {
        Ok(stream) => Ok(stream),
        Err(_) => TcpStream::connect((Ipv6Addr::LOCALHOST, address.port)).await,
    }
}

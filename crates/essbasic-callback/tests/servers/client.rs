//! A minimal HTTP client that sends and returns raw bytes.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Sends these bytes, and returns the status and the whole response.
pub(crate) fn exchange(address: SocketAddr, request: &[u8]) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.write_all(request).unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    let status = response.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3));
    (status.unwrap_or_else(|| panic!("no status in {response:?}")).parse().unwrap(), response)
}

pub(crate) fn head(method: &str, signatures: &[&str], length: usize) -> String {
    let signatures: String =
        signatures.iter().map(|value| format!("content-signature: {value}\r\n")).collect();
    format!(
        "{method} /callback HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         {signatures}Content-Length: {length}\r\nConnection: close\r\n\r\n"
    )
}

pub(crate) fn post(address: SocketAddr, signatures: &[&str], body: &[u8]) -> (u16, String) {
    let head = head("POST", signatures, body.len());
    exchange(address, &[head.as_bytes(), body].concat())
}

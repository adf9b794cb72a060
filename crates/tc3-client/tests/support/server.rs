//! A server on loopback, for clients with a transport of the crate.

use std::io::{self, BufRead as _, BufReader, Read as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

/// Starts a server that reads one request from each connection, calls `respond` with its head, and closes the
/// connection. Returns the URL of the server, which ends with the process.
///
/// The request is read with its body: closing a connection with unread data would reset it, and the client could lose the
/// response. Errors are ignored, since a client may close the connection at any time.
pub(crate) fn serve<F>(respond: F) -> String
where
    F: Fn(String, &mut TcpStream) -> io::Result<()> + Clone + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, respond) = (stream.unwrap(), respond.clone());
            thread::spawn(move || respond(read_request(&stream)?, &mut stream));
        }
    });
    url
}

/// Reads a request with its body. Returns its head.
fn read_request(stream: &TcpStream) -> io::Result<String> {
    let mut stream = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    while !head.ends_with("\r\n\r\n") {
        let start = head.len();
        if stream.read_line(&mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = head[start..].to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    stream.read_exact(&mut vec![0; length])?;
    Ok(head)
}

/// Returns the response of a successful call.
pub(crate) fn success() -> String {
    let body = r#"{"Response":{"RequestId":"r"}}"#;
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}")
}

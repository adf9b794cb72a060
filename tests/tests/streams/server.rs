//! A server on loopback with scripted responses.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// A server that responds to the first request of each connection, and then closes it.
pub(crate) struct Server {
    pub(crate) url: String,
    requests: Arc<AtomicUsize>,
}

impl Server {
    /// Calls `respond` with the number of the request, from 0.
    pub(crate) fn start(respond: impl Fn(usize, &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(AtomicUsize::new(0));
        let (counter, respond) = (Arc::clone(&requests), Arc::new(respond));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (counter, respond) = (Arc::clone(&counter), Arc::clone(&respond));
                let mut stream = stream.unwrap();
                thread::spawn(move || {
                    if read_request(&stream).is_some() {
                        respond(counter.fetch_add(1, Ordering::SeqCst), &mut stream);
                    }
                });
            }
        });
        Self { url, requests }
    }

    /// Sends the same bytes to every request.
    pub(crate) fn responding(response: impl Into<Vec<u8>>) -> Self {
        let response = response.into();
        Self::start(move |_, stream| send(stream, &response))
    }

    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

/// Reads a request with its body; `None` if the client has disconnected.
fn read_request(stream: &TcpStream) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    while !head.ends_with("\r\n\r\n") {
        let start = head.len();
        if stream.read_line(&mut head).ok()? == 0 {
            return None;
        }
        let line = head[start..].to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    stream.read_exact(&mut vec![0; length]).ok()
}

/// Sends bytes. A client may close the connection at any time.
pub(crate) fn send(stream: &mut TcpStream, bytes: &[u8]) {
    let _ = stream.write_all(bytes).and_then(|()| stream.flush());
}

/// Waits until the client has closed the connection.
pub(crate) fn wait_for_close(stream: &mut TcpStream) {
    let mut byte = [0];
    while matches!(stream.read(&mut byte), Ok(1)) {}
}

/// Returns the head of a stream.
pub(crate) fn head(content_type: &str, framing: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nX-TC-RequestId: of-head\r\n{framing}\r\n"
    )
    .into()
}

/// Returns a chunked stream, each event in a chunk of its own.
pub(crate) fn chunked(content_type: &str, events: &[String]) -> Vec<u8> {
    let mut response = head(content_type, "Transfer-Encoding: chunked\r\n");
    for event in events {
        response.extend(format!("{:x}\r\n{event}\r\n", event.len()).into_bytes());
    }
    response.extend(b"0\r\n\r\n");
    response
}

/// Returns a plain response.
pub(crate) fn json(body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into()
}

//! A scripted server that records requests.

use std::collections::HashSet;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

pub(crate) trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

#[derive(Debug, Clone)]
pub(crate) struct Received {
    /// Index of the connection, from 0.
    pub(crate) connection: usize,
    /// Request line and headers.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Received {
    /// Returns all values of a header.
    pub(crate) fn header(&self, name: &str) -> Vec<&str> {
        let of = |line: &'_ str| line.split_once(':').map(|(n, _)| n.eq_ignore_ascii_case(name));
        let lines = self.head.lines().skip(1).filter(|line| of(line) == Some(true));
        lines.map(|line| line.split_once(':').unwrap().1.trim()).collect()
    }
}

pub(crate) struct Server {
    pub(crate) addr: SocketAddr,
    log: Arc<Mutex<Vec<Received>>>,
}

impl Server {
    /// Runs the script for each connection on a separate thread; the connection closes at its end.
    pub(crate) fn start(script: impl Fn(&mut Connection) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let (script, kept) = (Arc::new(script), Arc::clone(&log));
        thread::spawn(move || {
            for (index, stream) in listener.incoming().enumerate() {
                let (script, log) = (Arc::clone(&script), Arc::clone(&kept));
                let tcp = stream.unwrap();
                let stream = Box::new(tcp.try_clone().unwrap());
                thread::spawn(move || script(&mut Connection { index, tcp, stream, log }));
            }
        });
        Self { addr, log }
    }

    /// Responds to every request with the same bytes.
    pub(crate) fn responding(response: impl Into<Vec<u8>>) -> Self {
        let response = response.into();
        Self::start(move |connection| {
            while connection.receive().is_some() {
                connection.write(&response);
            }
        })
    }

    /// Responds to the first request of each connection and closes it.
    pub(crate) fn closing(response: impl Into<Vec<u8>>) -> Self {
        let response = response.into();
        Self::start(move |connection| {
            connection.receive();
            connection.write(&response);
        })
    }

    pub(crate) fn http(&self) -> String {
        format!("http://{}", self.addr)
    }

    pub(crate) fn https(&self) -> String {
        format!("https://localhost:{}", self.addr.port())
    }

    /// Returns whether several requests with this prefix used one connection.
    pub(crate) fn reused(&self, begin: &str) -> bool {
        let mut seen = HashSet::new();
        let mut requests = self.received().into_iter().filter(|r| r.head.starts_with(begin));
        requests.any(|r| !seen.insert(r.connection))
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.log.lock().unwrap().clone()
    }
}

pub(crate) struct Connection {
    pub(crate) index: usize,
    tcp: TcpStream,
    stream: Box<dyn Stream>,
    log: Arc<Mutex<Vec<Received>>>,
}

impl Connection {
    /// Receives the head of the next request; `None` if the connection is closed or broken.
    pub(crate) fn receive_head(&mut self) -> Option<Received> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.byte()?);
        }
        let head = String::from_utf8(head).unwrap();
        Some(Received { connection: self.index, head, body: Vec::new() })
    }

    /// Receives the next request; `None` if the connection is closed or broken.
    pub(crate) fn receive(&mut self) -> Option<Received> {
        let mut received = self.receive_head()?;
        received.body = self.receive_body(&received);
        self.log.lock().unwrap().push(received.clone());
        Some(received)
    }

    /// Receives the body of a request.
    pub(crate) fn receive_body(&mut self, head: &Received) -> Vec<u8> {
        let mut body = Vec::new();
        if let Some(length) = head.header("content-length").first() {
            body = vec![0; length.parse().unwrap()];
            self.stream.read_exact(&mut body).unwrap();
        }
        body
    }

    /// Receives this number of bytes of a body.
    pub(crate) fn receive_bytes(&mut self, count: usize) {
        self.stream.read_exact(&mut vec![0; count]).unwrap();
    }

    /// Receives this number of bytes, and returns false if the client disconnects before.
    pub(crate) fn skip(&mut self, count: usize) -> bool {
        let mut bytes = (&mut self.stream).take(count as u64);
        std::io::copy(&mut bytes, &mut std::io::sink()).is_ok_and(|read| read == count as u64)
    }

    /// Reads until the client disconnects.
    pub(crate) fn drain(&mut self) {
        let mut buffer = vec![0; 64 << 10];
        while self.stream.read(&mut buffer).is_ok_and(|read| read > 0) {}
    }

    fn byte(&mut self) -> Option<u8> {
        let mut byte = [0];
        match self.stream.read(&mut byte) {
            Ok(1) => Some(byte[0]),
            Err(error) if error.kind() == ErrorKind::Interrupted => self.byte(),
            _ => None,
        }
    }

    /// Writes; returns false if the client has disconnected.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).and_then(|()| self.stream.flush()).is_ok()
    }

    /// Sends nothing until the client disconnects.
    pub(crate) fn stall(&mut self) {
        while self.byte().is_some() {}
    }

    /// Resets the connection at the end of the script, because received bytes are unread.
    pub(crate) fn reset(&mut self) {
        let mut byte = [0];
        assert_eq!(self.tcp.peek(&mut byte).unwrap(), 1, "a byte must be unread");
    }

    /// Closes the connection immediately.
    pub(crate) fn close(&mut self) {
        self.tcp.shutdown(Shutdown::Both).unwrap();
    }

    /// Switches to TLS.
    pub(crate) fn secure(&mut self, config: &Arc<ServerConfig>) {
        let tls = ServerConnection::new(Arc::clone(config)).unwrap();
        self.stream = Box::new(StreamOwned::new(tls, self.tcp.try_clone().unwrap()));
    }
}

/// Returns a response with a `Content-Length`.
pub(crate) fn response(status: u16, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len()).into()
}

//! A server, which is also a proxy, that records requests and verifies their signatures.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use tc3_signer::{Authorization, Payload, Received as Signed, UNSIGNED_PAYLOAD, verify};

use super::SECRET_KEY;

/// A request as received.
#[derive(Debug, Clone, Default)]
pub(crate) struct Received {
    pub(crate) method: String,
    /// The target of the request line.
    pub(crate) target: String,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// The target of the tunnel that the request came through.
    pub(crate) tunnel: Option<String>,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Verifies the signature as the service does; `service` must be the one of the scope.
    pub(crate) fn verify(&self, service: &str) {
        let authorization = Authorization::parse(self.header("authorization").unwrap()).unwrap();
        assert_eq!(authorization.service, service);
        // A proxy that forwards a request removes scheme and host.
        let origin = match self.target.split_once("://") {
            Some((_, rest)) => rest.find('/').map_or("/", |start| &rest[start..]),
            None => &self.target,
        };
        let (path, query) = origin.split_once('?').unwrap_or((origin, ""));
        let timestamp = self.header("x-tc-timestamp").unwrap().parse().unwrap();
        let is_unsigned = self.header("x-tc-content-sha256") == Some(UNSIGNED_PAYLOAD);
        let received = Signed {
            method: &self.method,
            path,
            query,
            header: &|name| self.header(name),
            payload: if is_unsigned { Payload::Unsigned } else { Payload::Signed(&self.body) },
            timestamp,
        };
        verify(&authorization, SECRET_KEY, &received, timestamp).unwrap();
    }
}

pub(crate) struct Server {
    pub(crate) addr: SocketAddr,
    log: Arc<Mutex<Vec<Received>>>,
}

impl Server {
    /// Starts a server that accepts every call and every tunnel without TLS.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&log);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, log) = (stream.unwrap(), Arc::clone(&shared));
                thread::spawn(move || respond(&stream, &log));
            }
        });
        Self { addr, log }
    }

    /// Returns the requests since the last call of this method.
    pub(crate) fn take(&self) -> Vec<Received> {
        std::mem::take(&mut *self.log.lock().unwrap())
    }
}

/// Responds to the requests of one connection. `None` if it is closed.
fn respond(mut stream: &TcpStream, log: &Mutex<Vec<Received>>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut tunnel = None;
    loop {
        let mut received = receive(&mut reader)?;
        if received.method == "CONNECT" {
            tunnel = Some(received.target);
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").ok()?;
            continue;
        }
        received.tunnel.clone_from(&tunnel);
        log.lock().unwrap().push(received);
        let body = r#"{"Response":{"RequestId":"r"}}"#;
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        stream.write_all(format!("{head}{body}").as_bytes()).ok()?;
    }
}

fn receive(reader: &mut BufReader<&TcpStream>) -> Option<Received> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let mut first = lines.first()?.split(' ');
    let mut received = Received {
        method: first.next()?.to_owned(),
        target: first.next()?.to_owned(),
        ..Received::default()
    };
    for line in &lines[1..] {
        let (name, value) = line.split_once(':')?;
        received.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = received.header("content-length").unwrap_or("0").parse().ok()?;
    received.body = vec![0; length];
    reader.read_exact(&mut received.body).ok()?;
    Some(received)
}

//! A service on a real socket with scripted responses.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

/// The key of every link, which no error may contain.
pub const KEY: &str = "SECRETLINKKEY";

pub const PDF: &[u8] = b"%PDF-1.7\n...\n%%EOF\n";

pub struct Request {
    /// The request line, such as `POST / HTTP/1.1`.
    pub line: String,
    host: String,
    /// Header names in lower case, and values.
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn is_call(&self) -> bool {
        self.line.starts_with("POST ")
    }

    /// Returns the value of the `Host` header.
    pub fn host(&self) -> String {
        self.host.clone()
    }

    pub fn headers(&self, name: &str) -> Vec<&str> {
        let named = self.headers.iter().filter(|header| header.0 == name);
        named.map(|header| header.1.as_str()).collect()
    }

    /// Returns the flow IDs of a call.
    fn flows(&self) -> Vec<String> {
        let body: Value = serde_json::from_slice(&self.body).unwrap();
        serde_json::from_value(body["FlowIds"].clone()).unwrap()
    }
}

/// The writer of a response, which counts the bytes sent.
pub struct Out {
    stream: TcpStream,
    sent: Arc<AtomicU64>,
}

impl Out {
    pub fn write(&mut self, bytes: &[u8]) {
        self.sends(bytes);
    }

    /// Writes the bytes repeatedly until the client closes the connection, at most 256 MiB: a missing limit fails the
    /// test without filling the disk.
    pub fn flood(&mut self, bytes: &[u8]) {
        let mut left = (256 << 20) / bytes.len();
        while left > 0 && self.sends(bytes) {
            left -= 1;
        }
    }

    /// Writes and returns whether the connection is still open.
    pub fn sends(&mut self, bytes: &[u8]) -> bool {
        let written = self.stream.write_all(bytes).is_ok();
        self.sent.fetch_add(if written { bytes.len() as u64 } else { 0 }, Ordering::Relaxed);
        written
    }
}

pub struct Server {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
    sent: Arc<AtomicU64>,
}

impl Server {
    /// Starts a server that responds to one request per connection.
    pub fn start(respond: impl Fn(&Request, &mut Out) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            seen: Arc::default(),
            sent: Arc::default(),
        };
        let (respond, seen) = (Arc::new(respond), Arc::clone(&server.seen));
        let sent = Arc::clone(&server.sent);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (respond, seen) = (Arc::clone(&respond), Arc::clone(&seen));
                let stream = stream.unwrap();
                let mut out = Out { stream: stream.try_clone().unwrap(), sent: Arc::clone(&sent) };
                std::thread::spawn(move || {
                    if let Some(request) = receive(stream) {
                        seen.lock().unwrap().push(request.line.clone());
                        respond(&request, &mut out);
                    }
                });
            }
        });
        server
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the request lines since the last call.
    pub fn take_seen(&self) -> Vec<String> {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }

    /// Returns the number of bytes sent since the last call.
    pub fn take_sent(&self) -> u64 {
        self.sent.swap(0, Ordering::Relaxed)
    }
}

fn receive(stream: TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let (mut header, mut length, mut host) = (String::new(), 0, String::new());
    let mut headers = Vec::new();
    while reader.read_line(&mut header).ok()? > 2 {
        let lower = header.to_ascii_lowercase();
        if let Some((name, value)) = lower.split_once(':') {
            headers.push((name.to_owned(), value.trim().to_owned()));
        }
        if let Some(value) = lower.strip_prefix("host:") {
            host = value.trim().to_owned();
        }
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        header.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request { line, host, headers, body })
}

/// Returns a response with `Content-Length` and `Connection: close`.
pub fn response(status: u16, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// Returns the response to a status check: every party signed each contract long ago.
pub fn statuses(request: &Request) -> Option<Vec<u8>> {
    if request.headers("x-tc-action") != ["describeflowdetailinfo"] {
        return None;
    }
    let info = |flow: &String| {
        let approvers = json!([{"ApproveTime": 1_600_000_000}]);
        json!({"FlowId": flow, "FlowStatus": "ALL", "FlowApproverInfos": approvers})
    };
    let infos: Vec<Value> = request.flows().iter().map(info).collect();
    let body = json!({"Response": {"FlowInfo": infos, "RequestId": "r"}});
    Some(response(200, "", body.to_string().as_bytes()))
}

/// Returns the response to a call for links: one link to a PDF per contract, at the URL that `url` returns.
pub fn links(request: &Request, url: impl Fn(&str) -> String) -> Vec<u8> {
    if let Some(statuses) = statuses(request) {
        return statuses;
    }
    let info = |flow: &String| {
        let link = json!({"Url": url(flow), "Name": "lease", "Type": "PDF"});
        json!({"FlowId": flow, "ResourceUrlInfos": [link]})
    };
    let infos: Vec<Value> = request.flows().iter().map(info).collect();
    let body =
        json!({"Response": {"FlowResourceUrlInfos": infos, "ErrorMessages": [], "RequestId": "r"}});
    response(200, "", body.to_string().as_bytes())
}

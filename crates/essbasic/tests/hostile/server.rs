//! A service on a real socket that answers as a test says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

/// The key of every link: no error may show it.
pub const KEY: &str = "SECRETLINKKEY";

pub const PDF: &[u8] = b"%PDF-1.7\n...\n%%EOF\n";

pub struct Request {
    /// Such as `POST / HTTP/1.1`.
    pub line: String,
    host: String,
    /// Names in lower case, and values.
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn is_call(&self) -> bool {
        self.line.starts_with("POST ")
    }

    /// Whom the client takes this server for.
    pub fn host(&self) -> String {
        self.host.clone()
    }

    pub fn headers(&self, name: &str) -> Vec<&str> {
        let named = self.headers.iter().filter(|header| header.0 == name);
        named.map(|header| header.1.as_str()).collect()
    }

    /// The contracts that a call is about.
    fn flows(&self) -> Vec<String> {
        let body: Value = serde_json::from_slice(&self.body).unwrap();
        serde_json::from_value(body["FlowIds"].clone()).unwrap()
    }
}

/// What goes to the client, and how much of it.
pub struct Out {
    stream: TcpStream,
    sent: Arc<AtomicU64>,
}

impl Out {
    pub fn write(&mut self, bytes: &[u8]) {
        self.sends(bytes);
    }

    /// Writes over and over until the client hangs up. Where a bound does not hold, the test is to fail and
    /// the disk not to fill: a quarter of a GiB is enough.
    pub fn flood(&mut self, bytes: &[u8]) {
        let mut left = (256 << 20) / bytes.len();
        while left > 0 && self.sends(bytes) {
            left -= 1;
        }
    }

    /// Writes; whether the client still listens.
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
    /// Answers one request a connection.
    pub fn start(answer: impl Fn(&Request, &mut Out) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            seen: Arc::default(),
            sent: Arc::default(),
        };
        let (answer, seen) = (Arc::new(answer), Arc::clone(&server.seen));
        let sent = Arc::clone(&server.sent);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (answer, seen) = (Arc::clone(&answer), Arc::clone(&seen));
                let stream = stream.unwrap();
                let mut out = Out { stream: stream.try_clone().unwrap(), sent: Arc::clone(&sent) };
                std::thread::spawn(move || {
                    if let Some(request) = receive(stream) {
                        seen.lock().unwrap().push(request.line.clone());
                        answer(&request, &mut out);
                    }
                });
            }
        });
        server
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The first lines of the requests since the last time.
    pub fn take_seen(&self) -> Vec<String> {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }

    /// How much it has sent since the last time, in bytes.
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

/// An answer with a length, after which the connection ends.
pub fn answer(status: u16, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// The answer to a call for the states of contracts: each was signed by every party long ago.
pub fn states(request: &Request) -> Option<Vec<u8>> {
    if request.headers("x-tc-action") != ["describeflowdetailinfo"] {
        return None;
    }
    let info = |flow: &String| {
        let approvers = json!([{"ApproveTime": 1_600_000_000}]);
        json!({"FlowId": flow, "FlowStatus": "ALL", "FlowApproverInfos": approvers})
    };
    let infos: Vec<Value> = request.flows().iter().map(info).collect();
    let body = json!({"Response": {"FlowInfo": infos, "RequestId": "r"}});
    Some(answer(200, "", body.to_string().as_bytes()))
}

/// The answer to a call for links: to a PDF for each contract, wherever `url` says.
pub fn links(request: &Request, url: impl Fn(&str) -> String) -> Vec<u8> {
    if let Some(states) = states(request) {
        return states;
    }
    let info = |flow: &String| {
        let link = json!({"Url": url(flow), "Name": "lease", "Type": "PDF"});
        json!({"FlowId": flow, "ResourceUrlInfos": [link]})
    };
    let infos: Vec<Value> = request.flows().iter().map(info).collect();
    let body =
        json!({"Response": {"FlowResourceUrlInfos": infos, "ErrorMessages": [], "RequestId": "r"}});
    answer(200, "", body.to_string().as_bytes())
}

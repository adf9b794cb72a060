//! Receiver of callbacks.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Receiver of callbacks that acknowledges all messages.
pub(crate) struct Receiver {
    pub(crate) url: String,
    received: Arc<Mutex<String>>,
}

impl Receiver {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let received = Arc::<Mutex<String>>::default();
        let all = Arc::clone(&received);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = BufReader::new(stream.unwrap());
                let (mut line, mut length) = (String::new(), 0);
                while stream.read_line(&mut line).unwrap() > 2 {
                    if line.to_lowercase().starts_with("content-signature:") {
                        all.lock().unwrap().push_str(line.trim());
                    }
                    if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                        length = value.trim().parse().unwrap();
                    }
                    line.clear();
                }
                let mut body = vec![0; length];
                stream.read_exact(&mut body).unwrap();
                all.lock().unwrap().push_str(std::str::from_utf8(&body).unwrap());
                stream
                    .into_inner()
                    .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                    .unwrap();
            }
        });
        Self { url, received }
    }

    pub(crate) fn wait_for(&self, text: &str) {
        let started = Instant::now();
        while !self.received.lock().unwrap().contains(text) {
            assert!(started.elapsed() < Duration::from_secs(20), "{text} was not received");
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

//! A running explorer, and requests over raw sockets.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

use essbasic_explorer::Builder;
use tokio::sync::oneshot;

/// An explorer that runs on a thread, until it is dropped.
pub(crate) struct Running {
    pub(crate) port: u16,
    pub(crate) token: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// A response as received.
pub(crate) struct Received {
    pub(crate) status: u16,
    /// Head in lower case.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

pub(crate) fn serve(builder: Builder) -> Running {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let explorer = builder.build(port).unwrap();
    let token = explorer.url().split_once("#token=").unwrap().1.to_owned();
    Running::start(port, token, |stopped| async move {
        explorer.serve(listener, async { drop(stopped.await) }).await.unwrap();
    })
}

impl Running {
    /// Runs a server on a thread, until its argument is complete.
    pub(crate) fn start<F: Future<Output = ()>>(
        port: u16,
        token: String,
        serve: impl FnOnce(oneshot::Receiver<()>) -> F + Send + 'static,
    ) -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(serve(stopped));
            runtime.shutdown_background();
        });
        Self { port, token, stop: Some(stop), thread: Some(thread) }
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream
    }

    /// Sends a request, in which `PORT` and `TOKEN` are replaced and `|` precedes the body, and reads its response.
    pub(crate) fn raw(&self, request: &str) -> Received {
        let request = request.replace("PORT", &self.port.to_string()).replace("TOKEN", &self.token);
        let (head, body) = request.split_once('|').unwrap_or((&request, ""));
        let mut text = head.replace('\n', "\r\n");
        if !text.to_lowercase().contains("content-length") && !text.contains("Transfer-Encoding") {
            text += &format!("Content-Length: {}\r\n", body.len());
        }
        text += "Connection: close\r\n\r\n";
        let mut stream = self.connect();
        // The server may respond before it has read everything.
        let _ = stream.write_all(text.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(bytes.len());
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        let status = head.split(' ').nth(1).unwrap_or("0").parse().unwrap();
        Received { status, head, body: bytes.get(end + 4..).unwrap_or_default().to_owned() }
    }

    /// Sends a request of the page: POST with a body, otherwise GET.
    pub(crate) fn send(&self, path: &str, headers: &str, body: Option<&str>) -> Received {
        let method = if body.is_some() { "POST" } else { "GET" };
        let body = body.unwrap_or_default();
        self.raw(&format!(
            "{method} {path} HTTP/1.1\nHost: 127.0.0.1:PORT\nAuthorization: Bearer TOKEN\n\
             Content-Type: application/json\n{headers}|{body}"
        ))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().unwrap().join();
        assert!(ended.is_ok() || std::thread::panicking());
    }
}

impl Received {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Returns the code of an error.
    pub(crate) fn code(&self) -> String {
        let json = serde_json::from_slice(&self.body).unwrap_or(serde_json::Value::Null);
        json["error"]["code"].as_str().unwrap_or_default().to_owned()
    }
}

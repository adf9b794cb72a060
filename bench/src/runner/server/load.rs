//! Callbacks over kept connections, each of which sends the next one after the response.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use essbasic_callback::{CallbackKey, SIGNATURE_HEADER, Sender, Token};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::super::error::Error;
use super::process::{KEY, TOKEN};

/// Number of connections.
const CONNECTIONS: usize = 16;
/// Time for a response.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(15);

/// Signed and encrypted callbacks as HTTP requests.
pub(super) struct Callbacks(Vec<Vec<u8>>);

/// Times of a run.
pub(super) struct Sent {
    pub(super) per_second: f64,
    /// Median and 99th percentile of the time until the response, in milliseconds.
    pub(super) median_ms: f64,
    pub(super) p99_ms: f64,
}

impl Callbacks {
    /// Returns `count` messages about as many contracts, each signed by one of several parties. `run` makes their IDs distinct.
    pub(super) fn new(run: &str, count: usize) -> Result<Self, Error> {
        let failed = |error: &dyn std::fmt::Display| Error::new(format!("callbacks: {error}"));
        let token = Token::new(TOKEN).map_err(|error| failed(&error))?;
        let key = CallbackKey::new(KEY).map_err(|error| failed(&error))?;
        let sender = Sender::new(token, key);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let request = |number: usize| {
            let message = serde_json::json!({
                "MsgId": format!("{run}-{number:08}-c7d1f7c1bd4e4b9a"),
                "MsgType": "FlowStatusChange",
                "MsgVersion": "ThirdPartyApp",
                "MsgData": {
                    "ApplicationId": "yDwhsUUckp3gl8j5UuFX33LSNozpRsbi",
                    "ProxyOrganizationOpenId": "org_digitnext",
                    "FlowId": format!("yDBench{run}{number:020}"),
                    "FlowName": "合作协议",
                    "FlowType": "合同",
                    "FlowCallbackStatus": 3,
                    "FlowMessage": "",
                    "CreateOn": now,
                    "OccurTime": now,
                },
            });
            let callback = sender.send(&message.to_string());
            let signature = callback.signature.unwrap_or_default();
            let mut request = format!(
                "POST / HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n\
                 {SIGNATURE_HEADER}: {signature}\r\nContent-Length: {}\r\n\r\n",
                callback.body.len()
            )
            .into_bytes();
            request.extend_from_slice(&callback.body);
            request
        };
        Ok(Self((0..count).map(request).collect()))
    }

    /// Sends all callbacks. Each must be acknowledged.
    pub(super) fn send(self, address: &str) -> Result<Sent, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Error::new(format!("runtime: {error}")))?;
        let failed = |error: std::io::Error| Error::new(format!("callbacks to {address}: {error}"));
        let count = self.0.len();
        let (requests, next) = (Arc::new(self.0), Arc::new(AtomicUsize::new(0)));
        let (wall, mut times) = runtime.block_on(async {
            let began = Instant::now();
            let mut tasks = tokio::task::JoinSet::new();
            for _ in 0..CONNECTIONS {
                let stream = TcpStream::connect(address).await.map_err(failed)?;
                tasks.spawn(connection(stream, Arc::clone(&requests), Arc::clone(&next)));
            }
            let mut times = Vec::with_capacity(count);
            while let Some(ended) = tasks.join_next().await {
                let ended = ended.map_err(|error| Error::new(format!("callbacks: {error}")))?;
                times.extend(ended.map_err(failed)?);
            }
            Ok::<_, Error>((began.elapsed(), times))
        })?;
        times.sort_unstable();
        let at = |index: usize| times.get(index).map_or(0.0, |time| time.as_secs_f64() * 1e3);
        Ok(Sent {
            per_second: count as f64 / wall.as_secs_f64(),
            median_ms: at(count / 2),
            p99_ms: at(count * 99 / 100),
        })
    }
}

/// Sends callbacks until there are none left. Returns their times.
async fn connection(
    mut stream: TcpStream,
    requests: Arc<Vec<Vec<u8>>>,
    next: Arc<AtomicUsize>,
) -> std::io::Result<Vec<Duration>> {
    stream.set_nodelay(true)?;
    let mut times = Vec::new();
    while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
        let began = Instant::now();
        stream.write_all(request).await?;
        timeout(RESPONSE_TIMEOUT, acknowledged(&mut stream)).await??;
        times.push(began.elapsed());
    }
    Ok(times)
}

/// Reads a response, which has no body.
async fn acknowledged(stream: &mut TcpStream) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut head).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    match head.starts_with(b"HTTP/1.1 200 ") {
        true => Ok(()),
        false => {
            let line = String::from_utf8_lossy(&head).lines().next().unwrap_or_default().to_owned();
            Err(std::io::Error::other(line))
        }
    }
}

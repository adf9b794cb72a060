//! Targets of forwards, which fail and are slow at times, and the record of their deliveries.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use essbasic_callback::{CallbackKey, Receiver, SIGNATURE_HEADER, Token, Verified};
use tokio::net::TcpListener;
use tokio::time::sleep;

use crate::error::{Context as _, Result};
use crate::settings::Forward;

/// Percentage of deliveries that fail.
const FAILED: u32 = 6;
/// Percentage of deliveries that are slow.
const SLOW: u32 = 2;
/// Longest time of a slow delivery, in milliseconds.
const MAX_SLOW_MS: u64 = 2_000;

/// A target. A clone is a handle of the same one.
#[derive(Clone)]
pub(crate) struct Target(Arc<Inner>);

struct Inner {
    receiver: Receiver,
    record: Mutex<Record>,
}

/// Deliveries of a target.
#[derive(Clone, Default)]
pub(crate) struct Record {
    /// Position of the first accepted delivery of each message, by `MsgId`.
    pub(crate) first: HashMap<String, usize>,
    /// Number of accepted deliveries.
    pub(crate) accepted: usize,
    /// Number of deliveries that were not accepted.
    pub(crate) refused: usize,
    /// Number of deliveries without a valid signature, or in plain text.
    pub(crate) invalid: usize,
}

impl Target {
    /// Starts the listener and returns its URL.
    pub(crate) async fn start(forward: &Forward) -> Result<(Self, String)> {
        let token = Token::new(forward.token).context("token")?;
        let key = CallbackKey::new(forward.key).context("key")?;
        let inner = Inner { receiver: Receiver::new(token, key), record: Mutex::default() };
        let target = Self(Arc::new(inner));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("target")?;
        let address = listener.local_addr().context("target")?;
        let router = Router::new().route("/hook", post(deliver)).with_state(target.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok((target, format!("http://{address}/hook")))
    }

    /// Returns the deliveries.
    pub(crate) fn record(&self) -> Record {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Record> {
        self.0.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn respond(&self, headers: &HeaderMap, body: &[u8]) -> StatusCode {
        let signature = headers.get(SIGNATURE_HEADER).and_then(|value| value.to_str().ok());
        let verified = self.0.receiver.verify(signature, body, SystemTime::now());
        let is_encrypted = body.starts_with(b"{\"encrypt\":");
        let (Ok(Verified::Message { message, .. }), true) = (verified, is_encrypted) else {
            self.lock().invalid += 1;
            return StatusCode::BAD_REQUEST;
        };
        let draw = fastrand::u32(..100);
        if draw < FAILED {
            self.lock().refused += 1;
            return StatusCode::SERVICE_UNAVAILABLE;
        }
        if draw < FAILED + SLOW {
            sleep(Duration::from_millis(fastrand::u64(..MAX_SLOW_MS))).await;
        }
        let mut record = self.lock();
        let position = record.accepted;
        record.accepted += 1;
        record.first.entry(message.msg_id).or_insert(position);
        StatusCode::OK
    }
}

async fn deliver(State(target): State<Target>, headers: HeaderMap, body: Bytes) -> StatusCode {
    target.respond(&headers, &body).await
}

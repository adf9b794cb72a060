//! A load balancer for callbacks, on which requests and responses are lost, and the record of what was acknowledged.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use essbasic_callback::{CallbackKey, MessageData, Receiver, SIGNATURE_HEADER, Token, Verified};
use tokio::net::TcpListener;

use crate::error::{Context as _, Result};
use crate::replica::Replica;
use crate::settings::{KEY, TOKEN};

/// Time for the response of a replica, which may be stopped.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Percentage of requests that do not reach a replica, and of responses that do not reach the sender.
const LOST: u32 = 2;

/// Message that a replica has acknowledged.
#[derive(Clone, Debug)]
pub(crate) struct Acknowledged {
    pub(crate) flow_id: String,
    pub(crate) status: String,
}

/// Load balancer. A clone is a handle of the same one.
#[derive(Clone)]
pub(crate) struct Balancer(Arc<Inner>);

struct Inner {
    receiver: Receiver,
    client: reqwest::Client,
    replicas: Mutex<Vec<Replica>>,
    /// Contracts whose completion is not reported.
    unreported: Box<dyn Fn(&str) -> bool + Send + Sync>,
    /// By `MsgId`.
    acknowledged: Mutex<HashMap<String, Acknowledged>>,
    counts: Mutex<HashMap<u16, u64>>,
}

impl Balancer {
    /// Starts the listener and returns its URL. It has no replicas yet.
    pub(crate) async fn start(
        unreported: impl Fn(&str) -> bool + Send + Sync + 'static,
    ) -> Result<(Self, String)> {
        let key = CallbackKey::new(KEY).context("key")?;
        let client = reqwest::Client::builder().timeout(TIMEOUT).no_proxy().build();
        let inner = Inner {
            receiver: Receiver::new(Token::new(TOKEN).context("token")?, key),
            client: client.context("HTTP client")?,
            replicas: Mutex::default(),
            unreported: Box::new(unreported),
            acknowledged: Mutex::default(),
            counts: Mutex::default(),
        };
        let balancer = Self(Arc::new(inner));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("load balancer")?;
        let address = listener.local_addr().context("load balancer")?;
        let router = Router::new().route("/", post(forward)).with_state(balancer.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok((balancer, format!("http://{address}/")))
    }

    /// Sets the replicas.
    pub(crate) fn set(&self, replicas: Vec<Replica>) {
        *lock(&self.0.replicas) = replicas;
    }

    /// Returns the acknowledged messages by `MsgId`.
    pub(crate) fn acknowledged(&self) -> HashMap<String, Acknowledged> {
        lock(&self.0.acknowledged).clone()
    }

    /// Returns the number of responses of replicas by status; 0 stands for none.
    pub(crate) fn counts(&self) -> HashMap<u16, u64> {
        lock(&self.0.counts).clone()
    }

    async fn respond(&self, headers: &HeaderMap, body: Bytes) -> StatusCode {
        let inner = &*self.0;
        let signature = headers.get(SIGNATURE_HEADER).and_then(|value| value.to_str().ok());
        let message = match inner.receiver.verify(signature, &body, SystemTime::now()) {
            Ok(Verified::Message { message, .. }) => Some(message),
            _ => None,
        };
        let message = message.map(|message| {
            let status = match &message.data {
                MessageData::FlowStatusChange(flow) => flow.status_name().to_owned(),
                _ => String::new(),
            };
            let flow_id = message.flow_id().unwrap_or_default().to_owned();
            (message.msg_id, Acknowledged { flow_id, status })
        });
        if let Some((_, one)) = &message
            && one.status == "ALL"
            && (inner.unreported)(&one.flow_id)
        {
            // As if the platform had lost it: no replica has acknowledged it.
            return StatusCode::OK;
        }
        if fastrand::u32(..100) < LOST {
            return StatusCode::BAD_GATEWAY;
        }
        let ready: Vec<String> =
            lock(&inner.replicas).iter().filter_map(Replica::callbacks).collect();
        let Some(url) = fastrand::choice(ready) else { return StatusCode::SERVICE_UNAVAILABLE };
        let mut request = inner.client.post(url).body(body);
        if let Some(signature) = headers.get(SIGNATURE_HEADER) {
            request = request.header(SIGNATURE_HEADER, signature);
        }
        let status = request.send().await.ok().map(|response| response.status());
        *lock(&inner.counts).entry(status.map_or(0, |status| status.as_u16())).or_default() += 1;
        let Some(status) = status else { return StatusCode::GATEWAY_TIMEOUT };
        if status == StatusCode::OK
            && let Some((msg_id, one)) = message
        {
            lock(&inner.acknowledged).insert(msg_id, one);
        }
        match fastrand::u32(..100) < LOST {
            true => StatusCode::GATEWAY_TIMEOUT,
            false => status,
        }
    }
}

async fn forward(State(balancer): State<Balancer>, headers: HeaderMap, body: Bytes) -> StatusCode {
    balancer.respond(&headers, body).await
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! Cancellation of an async call by dropping its future.

#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use tc3_client::api::ActionInfo;
use tc3_client::credentials::Credential;
use tc3_client::transport::{AsyncBody, Bytes, HeaderMap, Request, Response, StatusCode};
use tc3_client::{Client, Config};

const INFO: ActionInfo<'static> = ActionInfo::new("essbasic", "2021-05-26", "CreateFlow");

#[test]
fn a_client_works_after_a_call_is_dropped() {
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&sent);
    let transport = move |_: Request| {
        // The first request gets no response; later ones do.
        let hangs = counted.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            if hangs {
                std::future::pending::<()>().await;
            }
            let body = AsyncBody::from(Bytes::from_static(br#"{"Response":{"RequestId":"r"}}"#));
            Ok(Response { status: StatusCode::OK, headers: HeaderMap::new(), body })
        }
    };
    let config = Config::new(Credential::new("AKID", "key"));
    let client = Client::with_transport(config, transport).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let body = json!({});
        let mut hanging = Box::pin(client.call_json(INFO, &body));
        // One poll sends the request.
        let pending = std::future::poll_fn(|context| {
            std::task::Poll::Ready(hanging.as_mut().poll(context).is_pending())
        });
        assert!(pending.await);
        assert_eq!(sent.load(Ordering::SeqCst), 1);
        drop(hanging);
        assert!(client.call_json(INFO, &body).await.is_ok());
        assert_eq!(sent.load(Ordering::SeqCst), 2);
    });
}

//! Functions of the caller as sources, with both clients.

use std::future::Future as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use serde_json::json;
use tc3_client::credentials::{
    AssumeRole, Chain, Credential, CredentialError, CredentialSource, from_async_fn, from_fn,
};

use super::clients::{AnyClient, DRIVERS, Driver, Service};
use super::remote::sts_response;
use super::{READ, SECRET, call, credential_error, used};
use crate::support::Reply;

#[test]
fn a_function_can_be_absent_or_fail() {
    let found = from_fn(|| Ok(Credential::new("vault", "k").with_token("t")));
    assert_eq!(used(&call(found, &[])), ("vault".into(), "t"));
    let absent = from_fn(|| Err(CredentialError::absent("vault")));
    let source = Chain::new().then(absent).then(Credential::new("next", "k"));
    assert_eq!(used(&call(source, &[])).0, "next");
    let failing = from_fn(|| Err(CredentialError::new("vault", "sealed\nforged").transient()));
    let outcome = call(Chain::new().then(failing).then(Credential::new("next", "k")), &[]);
    assert_eq!(credential_error(&outcome), "DescribeFlows: credentials: vault: sealed forged");
    assert!(outcome.error().is_retryable());
    // A function supplies the keys that assume a role.
    let role = AssumeRole::new(from_fn(|| Ok(Credential::new("vault", SECRET))), "arn");
    let outcome = call(role, &[Reply::error("InternalError"), sts_response("tmp", 7_200)]);
    assert_eq!(used(&outcome).0, "tmp");
}

/// Makes a call with the async client.
fn call_async(source: impl CredentialSource) -> Result<String, String> {
    let service = Service::default();
    let client = service.client(Driver::Async, service.config(source));
    client.call().map_err(|error| error.to_string())
}

#[test]
fn an_async_function_can_be_absent_or_fail() {
    let found = || {
        from_async_fn(|| async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            Ok(Credential::new("vault", "k"))
        })
    };
    assert_eq!(call_async(found()).as_deref(), Ok("vault"));
    let absent = || from_async_fn(|| async { Err(CredentialError::absent("vault")) });
    assert_eq!(call_async(Chain::new().then(absent()).then(found())).as_deref(), Ok("vault"));
    let failing = from_async_fn(|| async { Err(CredentialError::new("vault", "sealed")) });
    let result = call_async(Chain::new().then(failing).then(found()));
    assert_eq!(result.unwrap_err(), "DescribeFlows: credentials: vault: sealed");
    // It supplies the keys that assume a role; the service returns no others.
    let error = call_async(AssumeRole::new(found(), "arn")).unwrap_err();
    assert!(error.contains("assumed role: TmpSecretId in the response is empty"), "{error}");
}

#[test]
fn the_blocking_client_refuses_an_async_function() {
    let service = Service::default();
    let source = from_async_fn(|| async { Ok(Credential::new("vault", "k")) });
    let client = service.client(Driver::Blocking, service.config(source));
    let error = client.call().unwrap_err();
    let message =
        "credentials: function: an async function cannot be used with the blocking client";
    assert_eq!(error.to_string(), format!("DescribeFlows: {message}"));
    assert!(error.hint().unwrap().contains("from_fn") && !error.is_retryable());
    assert_eq!(service.requests(), 0);
}

/// The function waits for another task of the only thread of the runtime.
#[test]
fn a_function_does_not_block_the_tasks_of_the_async_client() {
    let (sender, receiver) = channel();
    let receiver = Mutex::new(receiver);
    let source = from_fn(move || {
        let ended = receiver.lock().unwrap().recv_timeout(Duration::from_secs(60));
        ended.map_err(|error| CredentialError::new("vault", error.to_string()))?;
        Ok(Credential::new("vault", "k"))
    });
    let service = Service::default();
    let AnyClient::Async(client, runtime) = service.client(Driver::Async, service.config(source))
    else {
        panic!()
    };
    let body = json!({});
    let (result, ()) = runtime.block_on(async {
        tokio::join!(client.call_json(READ, &body), async { sender.send(()).unwrap() })
    });
    assert_eq!(result.unwrap()["Id"], "vault");
}

#[test]
fn a_function_runs_on_the_calling_thread_outside_of_a_runtime() {
    let source = from_fn(|| Ok(Credential::new("vault", "k")));
    let service = Service::default();
    let AnyClient::Async(client, _runtime) = service.client(Driver::Async, service.config(source))
    else {
        panic!()
    };
    let body = json!({});
    let mut call = std::pin::pin!(client.call_json(READ, &body));
    let Poll::Ready(result) = call.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("the call waits")
    };
    assert_eq!(result.unwrap()["Id"], "vault");
}

#[test]
fn a_panic_of_a_function_is_propagated() {
    for driver in DRIVERS {
        let source = from_fn(|| panic!("of the function"));
        let service = Service::default();
        let client = service.client(driver, service.config(source));
        let panic = catch_unwind(AssertUnwindSafe(|| client.call())).unwrap_err();
        assert_eq!(panic.downcast_ref(), Some(&"of the function"), "{driver:?}");
    }
}

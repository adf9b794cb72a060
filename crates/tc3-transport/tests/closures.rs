//! Closures and pointers as transports.

#![cfg(all(feature = "async", feature = "blocking"))]
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use std::sync::Arc;

use tc3_transport::{
    AsyncBody, AsyncTransport, BlockingBody, BlockingTransport, Bytes, HeaderMap, Request,
    Response, StatusCode, TransportError, TransportErrorKind,
};

fn respond<B: From<Bytes>>(request: &Request) -> Result<Response<B>, TransportError> {
    if request.uri.path() == "/broken" {
        return Err(TransportError::new(TransportErrorKind::Interrupted));
    }
    let body = Bytes::from(request.uri.path().to_owned());
    Ok(Response { status: StatusCode::OK, headers: HeaderMap::new(), body: B::from(body) })
}

fn get(path: &str) -> Request {
    Request::get(format!("http://host{path}").parse().unwrap())
}

#[test]
fn a_blocking_closure_is_a_transport() {
    let transport: Box<dyn BlockingTransport> =
        Box::new(|request: Request| respond::<BlockingBody>(&request));
    assert_eq!(transport.send(get("/path")).unwrap().body.collect(5).unwrap(), "/path");
    let error = transport.send(get("/longer")).unwrap().body.collect(5).unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::BodyTooLarge);
    let error = transport.send(get("/broken")).unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Interrupted);
}

#[test]
fn an_async_closure_is_a_transport() {
    let transport: Box<dyn AsyncTransport> =
        Box::new(|request: Request| async move { respond::<AsyncBody>(&request) });
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let body = transport.send(get("/path")).await.unwrap().body;
        assert_eq!(body.collect(5).await.unwrap(), "/path");
        let error = transport.send(get("/longer")).await.unwrap().body.collect(5).await;
        assert_eq!(error.unwrap_err().kind(), TransportErrorKind::BodyTooLarge);
        let error = transport.send(get("/broken")).await.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Interrupted);
    });
}

#[test]
fn a_pointer_to_a_blocking_transport_is_a_transport() {
    fn path(transport: impl BlockingTransport) -> Bytes {
        transport.send(get("/path")).unwrap().body.collect(5).unwrap()
    }
    let closure = |request: Request| respond::<BlockingBody>(&request);
    let shared: Arc<dyn BlockingTransport> = Arc::new(closure);
    let boxed: Box<dyn BlockingTransport> = Box::new(Arc::clone(&shared));
    assert_eq!(path(&*boxed), "/path");
    assert_eq!(path(boxed), "/path");
    assert_eq!(path(Arc::clone(&shared)), "/path");
    assert_eq!(path(closure), "/path");
    assert_eq!(path(Arc::new(closure)), "/path");
}

#[test]
fn a_pointer_to_an_async_transport_is_a_transport() {
    async fn path(transport: impl AsyncTransport) -> Bytes {
        transport.send(get("/path")).await.unwrap().body.collect(5).await.unwrap()
    }
    let closure = |request: Request| async move { respond::<AsyncBody>(&request) };
    let shared: Arc<dyn AsyncTransport> = Arc::new(closure);
    let boxed: Box<dyn AsyncTransport> = Box::new(Arc::clone(&shared));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        assert_eq!(path(&*boxed).await, "/path");
        assert_eq!(path(boxed).await, "/path");
        assert_eq!(path(Arc::clone(&shared)).await, "/path");
        assert_eq!(path(closure).await, "/path");
        assert_eq!(path(Arc::new(closure)).await, "/path");
    });
}

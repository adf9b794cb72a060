//! The server of all calls: the same response to every request, on one thread.

use std::convert::Infallible;
use std::io::Read as _;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// Prints the endpoint and serves until the standard input ends.
pub(super) fn run(response: Bytes) {
    std::thread::spawn(|| serve(response));
    wait();
}

/// Waits for the end of the standard input.
pub(super) fn wait() {
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}

fn serve(response: Bytes) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("http://{}", listener.local_addr().unwrap());
        while let Ok((stream, _)) = listener.accept().await {
            stream.set_nodelay(true).unwrap();
            let response = response.clone();
            let service = service_fn(move |request: http::Request<Incoming>| {
                let response = response.clone();
                async move {
                    // hyper closes a connection whose request body is unread.
                    let _ = request.into_body().collect().await;
                    let mut response = http::Response::new(Full::new(response));
                    let json = http::HeaderValue::from_static("application/json");
                    response.headers_mut().insert("content-type", json);
                    Ok::<_, Infallible>(response)
                }
            });
            // Errors of closed connections are ignored.
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
}

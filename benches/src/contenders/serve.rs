//! The server that all call: one answer, whatever is asked, on one thread.

use std::convert::Infallible;
use std::io::Read as _;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::{FLOWS, answer};

/// Prints its endpoint, and serves until its standard input ends.
pub(super) fn run() {
    std::thread::spawn(serve);
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}

fn serve() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    let answer = Bytes::from(answer::links(FLOWS));
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("http://{}", listener.local_addr().unwrap());
        while let Ok((stream, _)) = listener.accept().await {
            stream.set_nodelay(true).unwrap();
            let answer = answer.clone();
            let service = service_fn(move |request: http::Request<Incoming>| {
                let answer = answer.clone();
                async move {
                    // An unread body costs the connection.
                    let _ = request.into_body().collect().await;
                    let mut response = http::Response::new(Full::new(answer));
                    let json = http::HeaderValue::from_static("application/json");
                    response.headers_mut().insert("content-type", json);
                    Ok::<_, Infallible>(response)
                }
            });
            // A client that leaves is none of its concern.
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
}

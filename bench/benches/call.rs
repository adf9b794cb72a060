//! A call with a transport that responds immediately: the cost of the client itself, async and blocking.

#![allow(clippy::unwrap_used, reason = "a failed measurement ends the process")]
#![allow(missing_docs, reason = "criterion's macros define functions")]

use bench::{FLOWS, ours, response};
use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use tc3_client::transport::{AsyncBody, BlockingBody, HeaderMap, Request, Response, StatusCode};
use tc3_client::{Client, blocking};

fn ok<B: From<Bytes>>(body: &Bytes) -> Response<B> {
    Response { status: StatusCode::OK, headers: HeaderMap::new(), body: body.clone().into() }
}

fn call(criterion: &mut Criterion) {
    let body = Bytes::from(response::links(FLOWS));
    let (config, request) = (ours::config("http://127.0.0.1:1"), ours::request());
    let mut group = criterion.benchmark_group("call without IO");

    let blocking_body = body.clone();
    let transport = move |_: Request| Ok(ok::<BlockingBody>(&blocking_body));
    let client = blocking::Client::with_transport(config.clone(), transport).unwrap();
    group.bench_function("blocking", |b| b.iter(|| client.call(&request).unwrap()));

    let transport = move |_: Request| {
        let response = ok::<AsyncBody>(&body);
        async move { Ok(response) }
    };
    let client = Client::with_transport(config, transport).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    group.bench_function("async", |b| {
        b.iter(|| runtime.block_on(client.call(&request)).unwrap());
    });
    group.finish();
}

criterion_group!(benches, call);
criterion_main!(benches);

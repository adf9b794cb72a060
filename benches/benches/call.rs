//! A call whose server answers at once: what the client itself costs, with both drivers.

#![allow(clippy::unwrap_used, reason = "a failed assumption ends the measurement")]
#![allow(missing_docs, reason = "criterion's macros write functions")]

use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use tc3_client::transport::{AsyncBody, BlockingBody, HeaderMap, Request, Response, StatusCode};
use tc3_client::{Client, blocking};
use workspace_benches::{FLOWS, answer, ours};

fn response<B: From<Bytes>>(answer: &Bytes) -> Response<B> {
    Response { status: StatusCode::OK, headers: HeaderMap::new(), body: answer.clone().into() }
}

fn call(criterion: &mut Criterion) {
    let answer = Bytes::from(answer::links(FLOWS));
    let (config, request) = (ours::config("http://127.0.0.1:1"), ours::request());
    let mut group = criterion.benchmark_group("call without IO");

    let answers = answer.clone();
    let transport = move |_: Request| Ok(response::<BlockingBody>(&answers));
    let client = blocking::Client::with_transport(config.clone(), transport).unwrap();
    group.bench_function("blocking", |b| b.iter(|| client.call(&request).unwrap()));

    let transport = move |_: Request| {
        let answered = response::<AsyncBody>(&answer);
        async move { Ok(answered) }
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

//! Encoding of requests and decoding of responses, next to serde's derives on hand-written structs.

#![allow(clippy::unwrap_used, reason = "a failed measurement ends the process")]
#![allow(missing_docs, reason = "criterion's macros define functions")]

use std::hint::black_box;

use bench::{FLOWS, ours, plain, response};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tc3_api::Action as _;

fn encode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("encode");
    let (request, plain) = (ours::request(), plain::request());
    group.bench_function("models", |b| b.iter(|| black_box(&request).encode()));
    group.bench_function("derived", |b| b.iter(|| serde_json::to_vec(black_box(&plain))));
    group.finish();
}

fn decode(criterion: &mut Criterion) {
    let responses = [
        ("decode links", response::links(FLOWS)),
        ("decode an error", response::ERROR.to_owned()),
        ("decode nulls", response::nulls(FLOWS)),
    ];
    for (name, text) in responses {
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Bytes(text.len() as u64));
        let body = text.as_bytes();
        group.bench_function("models", |b| b.iter(|| ours::decode(black_box(body)).unwrap()));
        group.bench_function("derived", |b| b.iter(|| plain::decode(black_box(body)).unwrap()));
        group.finish();
    }
}

criterion_group!(benches, encode, decode);
criterion_main!(benches);

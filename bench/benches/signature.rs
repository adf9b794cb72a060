//! Signing, next to a minimal signer, and verification.

#![allow(clippy::unwrap_used, reason = "a failed measurement ends the process")]
#![allow(missing_docs, reason = "criterion's macros define functions")]

use std::hint::black_box;

use bench::{ACTION, SECRET_ID, SECRET_KEY, SERVICE, minimal};
use criterion::{Criterion, criterion_group, criterion_main};
use tc3_signer::{Authorization, Payload, Received, Request, Signer, verify};

const HOST: &str = "essbasic.tencentcloudapi.com";
const TIMESTAMP: u64 = 1_700_000_000;

fn signature(criterion: &mut Criterion) {
    for length in [256, 2048] {
        let body = vec![b'x'; length];
        let request = Request::post(HOST, ACTION, &body);
        let signer = Signer::new(SECRET_ID, SECRET_KEY);
        let mut group = criterion.benchmark_group(format!("sign {length} B"));
        group.bench_function("signer", |b| {
            b.iter(|| signer.sign(black_box(&request), SERVICE, TIMESTAMP));
        });
        let mut minimal = minimal::Signer::new(TIMESTAMP);
        let action = ACTION.to_lowercase();
        group.bench_function("minimal", |b| {
            b.iter(|| minimal.sign(HOST, &action, black_box(&body), TIMESTAMP));
        });
        group.finish();

        let header = signer.sign(&request, SERVICE, TIMESTAMP).unwrap();
        let received = Received {
            method: "POST",
            path: "/",
            query: "",
            header: &|name| match name {
                "content-type" => Some("application/json"),
                "host" => Some(HOST),
                "x-tc-action" => Some(ACTION),
                _ => None,
            },
            payload: Payload::Signed(&body),
            timestamp: TIMESTAMP,
        };
        criterion.bench_function(&format!("verify {length} B"), |b| {
            b.iter(|| {
                let authorization = Authorization::parse(black_box(&header)).unwrap();
                verify(&authorization, SECRET_KEY, &received, TIMESTAMP).unwrap();
            });
        });
    }
}

criterion_group!(benches, signature);
criterion_main!(benches);

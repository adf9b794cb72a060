//! Parts of a call without IO: ours and the other's in alternating batches, one line of JSON for each.

use std::hint::black_box;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde::Serialize;
use tc3_api::Action as _;
use tc3_client::blocking::Client;
use tc3_client::transport::{BlockingBody, HeaderMap, Request, Response, StatusCode};

use super::seconds;
use crate::measure::Counter;
use crate::{ACTION, FLOWS, SECRET_ID, SECRET_KEY, SERVICE, answer, minimal, ours, plain};

/// Batches of each side.
const BATCHES: usize = 200;
/// How long a batch takes.
const BATCH: Duration = Duration::from_millis(1);

const HOST: &str = "essbasic.tencentcloudapi.com";

/// What one time costs: of the time, the least of all batches, as nothing but others' work makes it more.
#[derive(Serialize)]
struct Pair<'a> {
    name: &'a str,
    ours_ns: f64,
    other: &'a str,
    other_ns: f64,
    ours_allocations: Option<u64>,
    other_allocations: Option<u64>,
}

pub(super) fn run(counter: Option<Counter>) {
    let side = Sides { counter };
    for (name, length) in [("sign 256 B", 256), ("sign 2 KiB", 2048)] {
        let body = vec![b'x'; length];
        let timestamp = seconds();
        let signer = tc3_signer::Signer::new(SECRET_ID, SECRET_KEY);
        let mut minimal = minimal::Signer::new(timestamp);
        let action = ACTION.to_lowercase();
        side.by_side(
            name,
            || {
                let request = tc3_signer::Request::post(HOST, ACTION, black_box(&body));
                black_box(signer.sign(&request, SERVICE, timestamp).unwrap());
            },
            "a minimal signer",
            || {
                black_box(minimal.sign(HOST, &action, black_box(&body), timestamp));
            },
        );
    }
    let (request, plain_request) = (ours::request(), plain::request());
    side.by_side(
        "encode",
        || drop(black_box(black_box(&request).encode().unwrap())),
        PLAIN,
        || drop(black_box(serde_json::to_vec(black_box(&plain_request)).unwrap())),
    );
    let answers = [
        ("decode", answer::links(FLOWS)),
        ("decode an error", answer::ERROR.to_owned()),
        ("decode nulls", answer::nulls(FLOWS)),
    ];
    for (name, answer) in answers {
        let answer = answer.as_bytes();
        side.by_side(
            name,
            || drop(black_box(ours::decode(black_box(answer)).unwrap())),
            PLAIN,
            || drop(black_box(plain::decode(black_box(answer)).unwrap())),
        );
    }
    let client = without_io();
    let (mut signer, action) = (minimal::Signer::new(seconds()), ACTION.to_lowercase());
    let answer = answer::links(FLOWS);
    side.by_side(
        "call without IO",
        || drop(black_box(client.call(&request).unwrap())),
        "encode, sign and decode by hand",
        || {
            let body = serde_json::to_vec(&plain_request).unwrap();
            black_box(signer.sign(HOST, &action, &body, seconds()));
            drop(black_box(plain::decode(answer.as_bytes()).unwrap()));
        },
    );
}

/// Decoding answers about ever more contracts, whose number is the name.
pub(super) fn growth() {
    let side = Sides { counter: None };
    for flows in (0..7).map(|doubled| 25 << doubled) {
        let answer = answer::links(flows);
        side.by_side(
            &flows.to_string(),
            || drop(black_box(ours::decode(black_box(answer.as_bytes())).unwrap())),
            PLAIN,
            || drop(black_box(plain::decode(black_box(answer.as_bytes())).unwrap())),
        );
    }
}

const PLAIN: &str = "serde_json, derived";

/// A client whose server answers at once.
fn without_io() -> Client {
    let answer = Bytes::from(answer::links(FLOWS));
    let transport = move |_: Request| {
        Ok(Response {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: BlockingBody::from(answer.clone()),
        })
    };
    Client::with_transport(ours::config("http://127.0.0.1:1"), transport).unwrap()
}

struct Sides {
    counter: Option<Counter>,
}

impl Sides {
    fn by_side(&self, name: &str, mut ours: impl FnMut(), other: &str, mut theirs: impl FnMut()) {
        let (times, other_times) = (fitting(&mut ours), fitting(&mut theirs));
        let (mut ours_ns, mut other_ns) = (f64::INFINITY, f64::INFINITY);
        for _ in 0..BATCHES {
            ours_ns = ours_ns.min(batch(&mut ours, times));
            other_ns = other_ns.min(batch(&mut theirs, other_times));
        }
        let pair = Pair {
            name,
            ours_ns,
            other,
            other_ns,
            ours_allocations: self.allocations(&mut ours),
            other_allocations: self.allocations(&mut theirs),
        };
        println!("{}", serde_json::to_string(&pair).unwrap());
    }

    fn allocations(&self, once: &mut impl FnMut()) -> Option<u64> {
        let count = self.counter?;
        let before = count();
        once();
        Some(count() - before)
    }
}

/// How many times fill a batch.
fn fitting(once: &mut impl FnMut()) -> u32 {
    let mut times = 1;
    loop {
        let begun = Instant::now();
        for _ in 0..times {
            once();
        }
        if begun.elapsed() >= BATCH {
            return times;
        }
        times *= 2;
    }
}

/// Nanoseconds of one time.
fn batch(once: &mut impl FnMut(), times: u32) -> f64 {
    let begun = Instant::now();
    for _ in 0..times {
        once();
    }
    begun.elapsed().as_nanos() as f64 / f64::from(times)
}

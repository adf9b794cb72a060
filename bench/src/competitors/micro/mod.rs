//! Parts of a call without IO, next to their baselines: alternating batches, one line of JSON per part.

mod callback;

use std::hint::black_box;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde::Serialize;
use tc3_api::Action as _;
use tc3_client::blocking::Client;
use tc3_client::transport::{BlockingBody, HeaderMap, Request, Response, StatusCode};

use super::seconds;
use crate::measure::Counter;
use crate::{ACTION, FLOWS, SECRET_ID, SECRET_KEY, SERVICE, minimal, ours, plain, response};

/// Number of batches of each side.
const BATCHES: usize = 200;
/// Minimum duration of a batch.
const BATCH: Duration = Duration::from_millis(1);

const HOST: &str = "essbasic.tencentcloudapi.com";

/// Cost of one execution. The time is the minimum of all batches, since other load only increases it.
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
    let sides = Sides { counter };
    for (name, length) in [("sign 256 B", 256), ("sign 2 KiB", 2048)] {
        let body = vec![b'x'; length];
        let timestamp = seconds();
        let signer = tc3_signer::Signer::new(SECRET_ID, SECRET_KEY);
        let mut minimal = minimal::Signer::new(timestamp);
        let action = ACTION.to_lowercase();
        sides.compare(
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
    sides.compare(
        "encode",
        || drop(black_box(black_box(&request).encode().unwrap())),
        PLAIN,
        || drop(black_box(serde_json::to_vec(black_box(&plain_request)).unwrap())),
    );
    let responses = [
        ("decode", response::links(FLOWS)),
        ("decode an error", response::ERROR.to_owned()),
        ("decode nulls", response::nulls(FLOWS)),
    ];
    for (name, response) in responses {
        let response = response.as_bytes();
        sides.compare(
            name,
            || drop(black_box(ours::decode(black_box(response)).unwrap())),
            PLAIN,
            || drop(black_box(plain::decode(black_box(response)).unwrap())),
        );
    }
    let client = without_io();
    let (mut signer, action) = (minimal::Signer::new(seconds()), ACTION.to_lowercase());
    let response = response::links(FLOWS);
    sides.compare(
        "call without IO",
        || drop(black_box(client.call(&request).unwrap())),
        "encode, sign and decode by hand",
        || {
            let body = serde_json::to_vec(&plain_request).unwrap();
            black_box(signer.sign(HOST, &action, &body, seconds()));
            drop(black_box(plain::decode(response.as_bytes()).unwrap()));
        },
    );
    callback::run(&sides);
}

/// Measures only the reception of callbacks.
pub(super) fn callbacks(counter: Option<Counter>) {
    callback::run(&Sides { counter });
}

/// Decodes responses with an increasing number of contracts, which is the name of the part.
pub(super) fn growth() {
    let sides = Sides { counter: None };
    for flows in (0..7).map(|doublings| 25 << doublings) {
        let response = response::links(flows);
        sides.compare(
            &flows.to_string(),
            || drop(black_box(ours::decode(black_box(response.as_bytes())).unwrap())),
            PLAIN,
            || drop(black_box(plain::decode(black_box(response.as_bytes())).unwrap())),
        );
    }
}

const PLAIN: &str = "serde_json, derived";

/// Returns a client whose transport responds immediately.
fn without_io() -> Client {
    let response = Bytes::from(response::links(FLOWS));
    let transport = move |_: Request| {
        Ok(Response {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: BlockingBody::from(response.clone()),
        })
    };
    Client::with_transport(ours::config("http://127.0.0.1:1"), transport).unwrap()
}

struct Sides {
    counter: Option<Counter>,
}

impl Sides {
    fn compare(&self, name: &str, mut ours: impl FnMut(), other: &str, mut theirs: impl FnMut()) {
        let (times, other_times) = (batch_size(&mut ours), batch_size(&mut theirs));
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

/// Returns the number of executions that fill a batch.
fn batch_size(once: &mut impl FnMut()) -> u32 {
    let mut times = 1;
    loop {
        let start = Instant::now();
        for _ in 0..times {
            once();
        }
        if start.elapsed() >= BATCH {
            return times;
        }
        times *= 2;
    }
}

/// Returns the time of one execution in a batch, in nanoseconds.
fn batch(once: &mut impl FnMut(), times: u32) -> f64 {
    let start = Instant::now();
    for _ in 0..times {
        once();
    }
    start.elapsed().as_nanos() as f64 / f64::from(times)
}

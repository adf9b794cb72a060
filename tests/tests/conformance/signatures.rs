//! What both SDKs make of generated requests, signed once more by our signer.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fastrand::Rng;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tc3_signer::{Payload, Request, Signer};

use crate::clients::Client;

const REQUESTS: usize = 2_000;
/// Two requests in so many have a body of 1 MB, in JSON and as octets.
const BIG: usize = 200;

/// A request to make and to sign, without sending it.
#[derive(Serialize)]
struct Order {
    method: &'static str,
    host: String,
    service: String,
    version: &'static str,
    action: String,
    timestamp: u64,
    secret_id: String,
    secret_key: String,
    token: Option<String>,
    unsigned: bool,
    /// Parameters, where there are no octets.
    body: Value,
    /// A body as it is, in Base64.
    octets: Option<String>,
}

/// What the SDK would have sent.
#[derive(Debug, Deserialize)]
struct Signed {
    method: String,
    path: String,
    query: String,
    headers: BTreeMap<String, String>,
    payload: String,
}

/// Text with what upsets encoders: spaces, escapes, CJK, astral characters.
fn text(rng: &mut Rng, length: usize) -> String {
    const CHARS: [char; 32] = [
        'a', 'Z', '0', '9', ' ', '_', '-', '.', '~', '/', '+', '%', '&', '=', '"', '\\', '\n',
        '\t', '\u{7f}', '\'', '(', '*', '!', '#', '?', ':', '合', '同', '签', '署', 'é', '😀',
    ];
    (0..length).map(|_| CHARS[rng.usize(..CHARS.len())]).collect()
}

fn parameters(rng: &mut Rng, depth: usize) -> Value {
    let mut made = Map::new();
    for _ in 0..rng.usize(..5) {
        let value = match rng.usize(..if depth < 2 { 8 } else { 6 }) {
            0 => "".into(),
            1 => rng.i64(-(1 << 40)..1 << 40).into(),
            2 => rng.bool().into(),
            3 => Value::Null,
            4 => (0..rng.usize(..4)).map(|_| text(rng, 5)).collect(),
            5 => {
                let length = rng.usize(..40);
                text(rng, length).into()
            }
            6 => parameters(rng, depth + 1),
            _ => (0..rng.usize(..3)).map(|_| parameters(rng, depth + 1)).collect(),
        };
        let odd = if rng.usize(..10) == 0 { text(rng, 2) } else { String::new() };
        made.insert(format!("K{}{odd}", rng.u16(..1000)), value);
    }
    Value::Object(made)
}

fn order(rng: &mut Rng, index: usize) -> Order {
    // Of 20 requests 12 have JSON for a body, two of it none to speak of, 4 are queries, 4 octets.
    let kind = index % 20;
    let method = if (12..16).contains(&kind) { "GET" } else { "POST" };
    let service = ["essbasic", "cvm", "sts", "127"][rng.usize(..4)].to_owned();
    let host = match (service.as_str(), rng.usize(..3)) {
        ("127", _) => format!("127.0.0.1:{}", rng.u16(1024..)),
        (_, 0) => format!("{service}.tencentcloudapi.com"),
        (_, 1) => format!("{service}.tencentcloudapi.com:{}", rng.u16(1024..)),
        _ => format!("{service}.ap-guangzhou.tencentcloudapi.com"),
    };
    let mut body = if kind < 2 { json!({}) } else { parameters(rng, 0) };
    let big = [5, 18].contains(&(index % BIG));
    if big {
        body["Big"] = text(rng, 1 << 20).into();
    }
    let octets = (kind >= 16).then(|| match kind {
        16 => Vec::new(),
        17 => (0..rng.usize(..300)).map(|_| rng.u8(..)).collect(),
        18 if big => (0..1 << 20).map(|_| rng.u8(..)).collect(),
        _ => parameters(rng, 0).to_string().into_bytes(),
    });
    let key = rng.usize(1..100);
    Order {
        method,
        host,
        service,
        version: "2021-05-26",
        action: format!("Do{}", rng.u8(..)),
        timestamp: rng.u64(..4_000_000_000),
        secret_id: format!("AKID{}", rng.u8(..)),
        secret_key: (0..key).map(|_| rng.alphanumeric()).collect(),
        token: rng.bool().then(|| (0..key).map(|_| rng.alphanumeric()).collect()),
        unsigned: method == "POST" && !big && rng.usize(..5) == 0,
        body,
        octets: octets.map(|octets| STANDARD.encode(octets)),
    }
}

/// Has the SDK sign generated requests and signs each as it would have been sent; `signed_host` is
/// what of the host the SDK signs.
fn agree(client: Client, signed_host: fn(&str) -> &str) {
    let seed = match std::env::var("CONFORMANCE_SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => fastrand::u64(..),
    };
    eprintln!("the requests are those of CONFORMANCE_SEED={seed}");
    let mut rng = Rng::with_seed(seed);
    let orders: Vec<Order> = (0..REQUESTS).map(|index| order(&mut rng, index)).collect();
    let Some(signed) = client.run::<Signed>("sign", &json!({ "requests": orders })) else { return };
    assert_eq!(signed.len(), REQUESTS);
    let mut big = 0;
    for (index, (order, signed)) in orders.iter().zip(&signed).enumerate() {
        let header = |name: &str| signed.headers.get(name).map(String::as_str);
        assert_eq!(signed.method, order.method, "{index}");
        assert_eq!(header("host"), Some(order.host.as_str()), "{index}");
        assert_eq!(header("x-tc-token"), order.token.as_deref(), "{index}");
        assert_eq!(header("x-tc-timestamp"), Some(&*order.timestamp.to_string()), "{index}");
        let payload = STANDARD.decode(&signed.payload).unwrap();
        big += usize::from(payload.len() >= 1 << 20);
        let request = Request {
            method: &signed.method,
            path: &signed.path,
            query: &signed.query,
            content_type: header("content-type").unwrap(),
            host: signed_host(&order.host),
            action: None,
            extra: &[],
            payload: if order.unsigned { Payload::Unsigned } else { Payload::Signed(&payload) },
        };
        let ours = Signer::new(&order.secret_id, &order.secret_key)
            .sign(&request, &order.service, order.timestamp)
            .unwrap();
        assert_eq!(Some(ours.as_str()), header("authorization"), "{index} of {client:?}");
    }
    assert_eq!(big, 2 * REQUESTS / BIG, "bodies of 1 MB");
}

#[test]
fn signatures_agree_with_the_python_sdk() {
    agree(Client::PythonSdk, |host| host);
}

#[test]
fn signatures_agree_with_the_node_sdk() {
    // It leaves out the port.
    agree(Client::NodeSdk, |host| host.split(':').next().unwrap());
}

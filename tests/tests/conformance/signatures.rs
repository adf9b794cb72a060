//! Comparison of signatures: generated requests are signed by both SDKs and by our signer.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fastrand::Rng;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tc3_signer::{Payload, Request, Signer};

use super::clients::Client;

const REQUESTS: usize = 2_000;
/// Two requests in this number have a body of 1 MB, one in JSON and one as octets.
const BIG: usize = 200;

/// A request that is built and signed, but not sent.
#[derive(Serialize)]
struct Input {
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
    /// Parameters, if there are no octets.
    body: Value,
    /// Raw body, in Base64.
    octets: Option<String>,
}

/// The signed request of the SDK.
#[derive(Debug, Deserialize)]
struct Signed {
    method: String,
    path: String,
    query: String,
    headers: BTreeMap<String, String>,
    payload: String,
}

/// Returns text with characters that are difficult for encoders: spaces, escapes, CJK, astral characters.
fn text(rng: &mut Rng, length: usize) -> String {
    const CHARS: [char; 32] = [
        'a', 'Z', '0', '9', ' ', '_', '-', '.', '~', '/', '+', '%', '&', '=', '"', '\\', '\n',
        '\t', '\u{7f}', '\'', '(', '*', '!', '#', '?', ':', '合', '同', '签', '署', 'é', '😀',
    ];
    (0..length).map(|_| CHARS[rng.usize(..CHARS.len())]).collect()
}

fn parameters(rng: &mut Rng, depth: usize) -> Value {
    let mut parameters = Map::new();
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
            6 => self::parameters(rng, depth + 1),
            _ => (0..rng.usize(..3)).map(|_| self::parameters(rng, depth + 1)).collect(),
        };
        let suffix = if rng.usize(..10) == 0 { text(rng, 2) } else { String::new() };
        parameters.insert(format!("K{}{suffix}", rng.u16(..1000)), value);
    }
    Value::Object(parameters)
}

fn input(rng: &mut Rng, index: usize) -> Input {
    // Of 20 requests, 12 have a JSON body, two of them empty; 4 are queries, and 4 have octets.
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
    Input {
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

/// Signs generated requests with the SDK and with our signer, and compares. `signed_host` returns the part of the host that
/// the SDK signs.
fn compare(client: Client, signed_host: fn(&str) -> &str) {
    let seed = match std::env::var("CONFORMANCE_SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => fastrand::u64(..),
    };
    eprintln!("requests generated with CONFORMANCE_SEED={seed}");
    let mut rng = Rng::with_seed(seed);
    let inputs: Vec<Input> = (0..REQUESTS).map(|index| input(&mut rng, index)).collect();
    let Some(signed) = client.run::<Signed>("sign", &json!({ "requests": inputs })) else { return };
    assert_eq!(signed.len(), REQUESTS);
    let mut big = 0;
    for (index, (input, signed)) in inputs.iter().zip(&signed).enumerate() {
        let header = |name: &str| signed.headers.get(name).map(String::as_str);
        assert_eq!(signed.method, input.method, "{index}");
        assert_eq!(header("host"), Some(input.host.as_str()), "{index}");
        assert_eq!(header("x-tc-token"), input.token.as_deref(), "{index}");
        assert_eq!(header("x-tc-timestamp"), Some(&*input.timestamp.to_string()), "{index}");
        let payload = STANDARD.decode(&signed.payload).unwrap();
        big += usize::from(payload.len() >= 1 << 20);
        let request = Request {
            method: &signed.method,
            path: &signed.path,
            query: &signed.query,
            content_type: header("content-type").unwrap(),
            host: signed_host(&input.host),
            action: None,
            extra: &[],
            payload: if input.unsigned { Payload::Unsigned } else { Payload::Signed(&payload) },
        };
        let ours = Signer::new(&input.secret_id, &input.secret_key)
            .sign(&request, &input.service, input.timestamp)
            .unwrap();
        assert_eq!(Some(ours.as_str()), header("authorization"), "{index} of {client:?}");
    }
    assert_eq!(big, 2 * REQUESTS / BIG, "bodies of 1 MB");
}

#[test]
fn signatures_agree_with_the_python_sdk() {
    compare(Client::PythonSdk, |host| host);
}

#[test]
fn signatures_agree_with_the_node_sdk() {
    // It does not sign the port.
    compare(Client::NodeSdk, |host| host.split(':').next().unwrap());
}

//! Request and response bodies are lossless, async and blocking: digits and order are kept, and a body that
//! would lose a value is refused before it is sent.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed assumption is a failed test"
)]

use std::collections::BTreeMap;
use std::future::ready;
use std::sync::{Arc, Mutex};

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tc3_client::api::{Action, ActionInfo, Envelope, json as tc3_json};
use tc3_client::credentials::Credential;
use tc3_client::transport::{
    AsyncBody, BlockingBody, Bytes, HeaderMap, Request, Response, StatusCode,
};
use tc3_client::{Client, Config, Error, ErrorKind, blocking};

const DO: ActionInfo<'static> = ActionInfo::new("svc", "2020-01-01", "Do");

/// Clients of a server that answers with `response` and keeps the bodies it gets.
struct Clients {
    blocking: blocking::Client,
    asynchronous: Client,
    bodies: Arc<Mutex<Vec<Bytes>>>,
}

impl Clients {
    fn new(response: &'static str) -> Self {
        let bodies = Arc::new(Mutex::new(Vec::new()));
        let serve = |bodies: Arc<Mutex<Vec<Bytes>>>| {
            move |request: Request| {
                bodies.lock().unwrap().push(request.body);
                let body = Bytes::from_static(response.as_bytes());
                Response { status: StatusCode::OK, headers: HeaderMap::new(), body }
            }
        };
        let config = || Config::new(Credential::new("id", "key"));
        let (first, second) = (serve(bodies.clone()), serve(bodies.clone()));
        Self {
            blocking: blocking::Client::with_transport(config(), move |request| {
                Ok(first(request).map(BlockingBody::from))
            })
            .unwrap(),
            asynchronous: Client::with_transport(config(), move |request| {
                ready(Ok(second(request).map(AsyncBody::from)))
            })
            .unwrap(),
            bodies,
        }
    }

    /// Calls with both clients, which must agree; returns the bodies sent and the result.
    fn call<B: Serialize + Sync + ?Sized>(
        &self,
        body: &B,
    ) -> (Vec<Bytes>, Result<Box<RawValue>, Error>) {
        let blocking: Result<Box<RawValue>, Error> = self.blocking.call_json_as(DO, body);
        let call = self.asynchronous.call_json_as(DO, body);
        let asynchronous: Result<Box<RawValue>, Error> = block_on(call);
        assert_eq!(format!("{blocking:?}"), format!("{asynchronous:?}"));
        (std::mem::take(&mut *self.bodies.lock().unwrap()), asynchronous)
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

const DIGITS: &str =
    r#"{"Z":18446744073709551616,"A":[123456789.123456789,1E5,1e400,-0.0],"M":{"b":"","a":1.50}}"#;

#[test]
fn digits_and_order_of_text_are_kept() {
    let clients = Clients::new(
        r#"{"Response":{"Z":18446744073709551616,"A":[123456789.123456789,1E5,1e400],"RequestId":"r"}}"#,
    );
    let body: &RawValue = serde_json::from_str(DIGITS).unwrap();
    let (bodies, response) = clients.call(body);
    assert_eq!(bodies, [DIGITS, DIGITS]);
    assert_eq!(
        response.unwrap().get(),
        r#"{"Z":18446744073709551616,"A":[123456789.123456789,1E5,1e400],"RequestId":"r"}"#
    );
    let preview = clients.blocking.preview(DO, body).unwrap();
    assert_eq!(preview.body, DIGITS);
    assert_eq!(block_on(clients.asynchronous.preview(DO, body)).unwrap().body, DIGITS);
}

fn refused<B: Serialize + Sync + ?Sized>(body: &B, told: &str) {
    let (bodies, result) = Clients::new(r#"{"Response":{"RequestId":"r"}}"#).call(body);
    let error = result.unwrap_err();
    assert_eq!((error.kind(), bodies.len(), error.was_sent()), (ErrorKind::Request, 0, false));
    assert!(error.to_string().contains(told), "{told} is not in {error}");
}

#[test]
fn a_body_that_would_lose_a_value_is_not_sent() {
    for (text, told) in [
        (r#"{"A":1,"A":1}"#, "duplicate field `A` at byte 7"),
        (r#"{"A":{"B":[{"C":1,"\u0043":2}]}}"#, "duplicate field `A.B.0.C`"),
    ] {
        refused(serde_json::from_str::<&RawValue>(text).unwrap(), told);
    }
    let nan = BTreeMap::from([("Width", vec![1.0, f64::NAN])]);
    refused(&nan, "field `Width.1`: expected a finite number");
}

#[derive(Debug)]
struct Do {
    seals: Vec<(f64, f64)>,
}

tc3_json::object! {
    Do { "Seals" => seals: default }
}

impl Action for Do {
    const INFO: ActionInfo<'static> = DO;
    type Response = Do;

    fn encode(&self) -> Result<Vec<u8>, tc3_json::Error> {
        tc3_json::encode(self)
    }

    fn decode(answer: &[u8]) -> Result<Envelope<Do>, tc3_json::Error> {
        Envelope::decode(answer)
    }
}

#[test]
fn a_typed_request_with_nan_is_not_sent_and_names_the_field() {
    let clients = Clients::new(r#"{"Response":{"Seals":[],"RequestId":"r"}}"#);
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let request = Do { seals: vec![(0.0, 1.0), (0.0, value)] };
        let blocking = clients.blocking.call(&request).unwrap_err();
        let asynchronous = block_on(clients.asynchronous.call(&request)).unwrap_err();
        assert_eq!(blocking.to_string(), asynchronous.to_string());
        let told = "field `Seals.1.1`: expected a finite number";
        assert!(blocking.to_string().contains(told), "{blocking}");
        assert_eq!((blocking.kind(), blocking.was_sent()), (ErrorKind::Request, false));
    }
    assert!(clients.bodies.lock().unwrap().is_empty());
    assert!(clients.blocking.call(&Do { seals: vec![(0.0, 1.0)] }).is_ok());
}

#[test]
fn a_typed_response_with_a_number_out_of_range_names_the_field() {
    let clients = Clients::new(r#"{"Response":{"Seals":[[1,1e400]],"RequestId":"r"}}"#);
    let error = clients.blocking.call(&Do { seals: vec![] }).unwrap_err();
    assert!(error.to_string().contains("field `Seals.0.1`: expected a number"), "{error}");
}

#[test]
fn values_and_types_of_serde_are_bodies_too() {
    let clients = Clients::new(r#"{"Response":{"Done":true,"RequestId":"r"}}"#);
    let response: Value = clients.blocking.call_json(DO, &json!({"B": 1, "A": [1.5]})).unwrap();
    assert_eq!(response, json!({"Done": true, "RequestId": "r"}));
    assert_eq!(clients.bodies.lock().unwrap()[0], r#"{"A":[1.5],"B":1}"#);
    let response = block_on(clients.asynchronous.call_json(DO, &[("a", 1)]));
    assert_eq!(response.unwrap()["Done"], true);
}

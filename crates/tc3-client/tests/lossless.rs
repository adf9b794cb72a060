//! Lossless bodies, with both clients: digits and key order are preserved, and a body that would lose a value is
//! rejected before it is sent.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic fails the test")]

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

/// Clients of a server that returns a fixed response and records the request bodies.
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

    /// Calls with both clients and asserts that they agree. Returns the request bodies and the result.
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
fn preserves_digits_and_key_order() {
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

fn assert_rejected<B: Serialize + Sync + ?Sized>(body: &B, message: &str) {
    let (bodies, result) = Clients::new(r#"{"Response":{"RequestId":"r"}}"#).call(body);
    let error = result.unwrap_err();
    assert_eq!((error.kind(), bodies.len(), error.was_sent()), (ErrorKind::Request, 0, false));
    assert!(error.to_string().contains(message), "{message} is not in {error}");
}

#[test]
fn does_not_send_a_body_that_would_lose_a_value() {
    for (text, message) in [
        (r#"{"A":1,"A":1}"#, "duplicate field `A` at byte 7"),
        (r#"{"A":{"B":[{"C":1,"\u0043":2}]}}"#, "duplicate field `A.B.0.C`"),
    ] {
        assert_rejected(serde_json::from_str::<&RawValue>(text).unwrap(), message);
    }
    let nan = BTreeMap::from([("Width", vec![1.0, f64::NAN])]);
    assert_rejected(&nan, "field `Width.1`: expected a finite number");
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

    fn decode(response: &[u8]) -> Result<Envelope<Do>, tc3_json::Error> {
        Envelope::decode(response)
    }
}

#[test]
fn does_not_send_nan_and_reports_the_field() {
    let clients = Clients::new(r#"{"Response":{"Seals":[],"RequestId":"r"}}"#);
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let request = Do { seals: vec![(0.0, 1.0), (0.0, value)] };
        let blocking = clients.blocking.call(&request).unwrap_err();
        let asynchronous = block_on(clients.asynchronous.call(&request)).unwrap_err();
        assert_eq!(blocking.to_string(), asynchronous.to_string());
        let message = "field `Seals.1.1`: expected a finite number";
        assert!(blocking.to_string().contains(message), "{blocking}");
        assert_eq!((blocking.kind(), blocking.was_sent()), (ErrorKind::Request, false));
    }
    assert!(clients.bodies.lock().unwrap().is_empty());
    assert!(clients.blocking.call(&Do { seals: vec![(0.0, 1.0)] }).is_ok());
}

#[test]
fn reports_the_field_of_a_number_out_of_range() {
    let clients = Clients::new(r#"{"Response":{"Seals":[[1,1e400]],"RequestId":"r"}}"#);
    let error = clients.blocking.call(&Do { seals: vec![] }).unwrap_err();
    assert!(error.to_string().contains("field `Seals.0.1`: expected a number"), "{error}");
}

#[test]
fn accepts_values_and_serde_types_as_bodies() {
    let clients = Clients::new(r#"{"Response":{"Done":true,"RequestId":"r"}}"#);
    let response: Value = clients.blocking.call_json(DO, &json!({"B": 1, "A": [1.5]})).unwrap();
    assert_eq!(response, json!({"Done": true, "RequestId": "r"}));
    assert_eq!(clients.bodies.lock().unwrap()[0], r#"{"A":[1.5],"B":1}"#);
    let response = block_on(clients.asynchronous.call_json(DO, &[("a", 1)]));
    assert_eq!(response.unwrap()["Done"], true);
}

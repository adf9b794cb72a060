//! The processes of `cargo xtask bench calls`.
//!
//! Each competitor encodes the request, signs it, sends it over HTTP on loopback and decodes the response to
//! typed structs. Hand-written baselines have the settings of a production program: a timeout, and no proxy.

mod hyper;
mod load;
mod micro;
mod ours;
pub(crate) mod reqwest;
mod serve;
pub(crate) mod ureq;

use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::measure::{Counter, Load};
use crate::{ACTION, FLOWS, Failure, VERSION, minimal, plain, response};

/// Runs `serve`, `serve-short`, `emulate`, `micro`, `callbacks`, `growth`, or `NAME ENDPOINT CALLS CONCURRENCY`.
pub fn main(counter: Option<Counter>) -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_default();
    match (name.as_str(), Load::parse(arguments, counter)) {
        ("serve", None) => serve::run(response::links(FLOWS).into()),
        ("serve-short", None) => serve::run(load::response()),
        ("emulate", None) => load::emulate(),
        ("load", Some(load)) => load::run(&load),
        ("micro", None) => micro::run(counter),
        ("callbacks", None) => micro::callbacks(counter),
        ("growth", None) => micro::growth(),
        ("ours-async", Some(load)) => ours::asynchronous(&load),
        ("ours-hyper", Some(load)) => ours::hyper(&load),
        ("ours-blocking", Some(load)) => ours::blocking(&load),
        ("reqwest", Some(load)) => reqwest::run(&load),
        ("ureq", Some(load)) => ureq::run(&load),
        ("hyper", Some(load)) => hyper::run(&load),
        _ => return ExitCode::FAILURE,
    }
    ExitCode::SUCCESS
}

/// Request of a hand-written call, for any HTTP client.
struct Manual {
    request: plain::Request,
    host: String,
    action: String,
    signer: minimal::Signer,
}

impl Manual {
    fn new(load: &Load) -> Self {
        let signer = minimal::Signer::new(seconds());
        let (host, action) = (load.host().to_owned(), ACTION.to_lowercase());
        Self { request: plain::request(), host, action, signer }
    }

    /// Encodes and signs the request.
    fn request<B: From<Vec<u8>>>(&mut self) -> Result<http::Request<B>, Failure> {
        let body = serde_json::to_vec(&self.request)?;
        let timestamp = seconds();
        let authorization = self.signer.sign(&self.host, &self.action, &body, timestamp);
        let request = http::Request::post(format!("http://{}/", self.host))
            .header("host", &self.host)
            .header("content-type", "application/json")
            .header("x-tc-action", ACTION)
            .header("x-tc-version", VERSION)
            .header("x-tc-timestamp", timestamp)
            .header("authorization", authorization);
        Ok(request.body(body.into())?)
    }
}

fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

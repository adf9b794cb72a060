//! The emulator's HTTP server: any input gets an HTTP response or a closed connection. A panic in any task aborts the
//! process by the fuzzer's panic hook.

#![no_main]

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use arbitrary::{Result, Unstructured};
use essbasic_emulator::{
    APP_ID, Emulator, OPERATOR, ORGANIZATION, SECRET_ID, SECRET_KEY, modeled_actions,
};
use essbasic_models::CATALOGUE;
use fuzz::{mutate, text};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use tc3_api::{Base64, Envelope};
use tc3_catalogue::skeleton::{full_skeleton, skeleton};
use tc3_signer::{Request, Signer};

const PDF: &str = "%PDF-1.7\n%%EOF";

const NOW: u64 = 1_700_000_000;

const COMMANDS: [&str; 12] = [
    "actions",
    "flows",
    "stats",
    "clock",
    "sign",
    "reject",
    "cancel",
    "expire",
    "invalidate",
    "relieve",
    "faults",
    "x",
];

fuzz_target!(|data: &[u8]| {
    let emulator =
        Emulator::builder().with_manual_clock(NOW).with_rate_limit(None).start().unwrap();
    let mut caller = Caller::new(&emulator);
    caller.collect_ids();
    // The steps end with the input.
    let _ = caller.run(&mut Unstructured::new(data));
    let after = caller.call("DescribeTemplates", &json!({ "Agent": agent() }).to_string(), true);
    assert!(!after.contains("Error"), "{after}");
});

struct Caller<'a> {
    emulator: &'a Emulator,
    host: String,
    /// IDs and links from responses of the emulator, with the names of their fields.
    seen: Vec<(String, String)>,
}

impl<'a> Caller<'a> {
    fn new(emulator: &'a Emulator) -> Self {
        let host = emulator.endpoint().replace("http://", "");
        Self { emulator, host, seen: Vec::new() }
    }

    /// Collects the IDs of the initial contracts and templates, and of an uploaded file.
    fn collect_ids(&mut self) {
        let get = format!(
            "GET /_emulator/flows HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.host
        );
        let (_, flows) = self.send(get.as_bytes());
        let flows = String::from_utf8(flows).unwrap();
        assert!(flows.starts_with("yD"), "{flows}");
        self.seen.extend(flows.lines().map(|id| ("FlowId".to_owned(), id.to_owned())));
        let file = json!({ "FileName": "a.pdf", "FileBody": Base64::encode(PDF).as_str() });
        let upload = json!({ "Agent": agent(), "BusinessType": "DOCUMENT", "FileInfos": [file] });
        for (action, body) in
            [("DescribeTemplates", json!({ "Agent": agent() })), ("UploadFiles", upload)]
        {
            let response = self.call(action, &body.to_string(), true);
            assert!(!response.contains("Error"), "{response}");
            self.collect(&response);
        }
    }

    /// Performs up to six steps.
    fn run(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        // The other actions are validated and get a response without state.
        let modeled: Vec<_> = modeled_actions().collect();
        for _ in 0..u.int_in_range(1..=6)? {
            match u.int_in_range(0..=7)? {
                0 => {
                    let mut bytes =
                        format!("{} ", u.choose(&["GET /", "POST / HTTP/1.1\r\n", ""])?)
                            .into_bytes();
                    bytes.extend(u.arbitrary::<Vec<u8>>()?);
                    self.send_and_close(&bytes);
                }
                1 => {
                    let command = *u.choose(&COMMANDS)?;
                    let id = self.seen_id("FlowId", u)?;
                    let request = match command {
                        "clock" => json!({ "advance_seconds": 4 }),
                        _ => json!({ "flow": id, "party": 0, "reason": "r" }),
                    };
                    let request = mutate(request, u)?.to_string();
                    self.post(&format!("/_emulator/{command}"), &request);
                    self.get(&format!("/_emulator/flows/{}", text(u)?));
                    if command == "faults" {
                        // Faults are removed again, since injected errors would hide real ones.
                        let faults = json!({ "seed": 1, "faults": [{ "kind": "reset", "rate": 1, "action": "x", "times": 1 }] });
                        self.post("/_emulator/faults", &mutate(faults, u)?.to_string());
                        self.post("/_emulator/faults", "{\"faults\": []}");
                    }
                }
                2 => {
                    let link = u.choose(&self.seen)?.1.clone();
                    let link = link.split_once(&self.host).map_or(link.as_str(), |(_, path)| path);
                    let link = format!("{link}{}", text(u)?);
                    self.get(&link);
                }
                3 => {
                    let query: String = u.arbitrary()?;
                    let action = *u.choose(&modeled)?;
                    self.query(action, &format!("Agent.AppId={APP_ID}&FlowIds.0=f&{query}"));
                }
                _ => {
                    let action = match u.ratio(3, 4)? {
                        true => *u.choose(&modeled)?,
                        false => u.choose(CATALOGUE.actions)?.info.name,
                    };
                    let body = self.body(action, u)?;
                    let response = self.call(action, &body, u.ratio(15, 16)?);
                    self.collect(&response);
                }
            }
        }
        Ok(())
    }

    /// Returns a mutated request body.
    fn body(&self, action: &str, u: &mut Unstructured<'_>) -> Result<String> {
        let request = CATALOGUE.action(action).map(|meta| meta.request);
        let mut body = match (request, u.ratio(1, 2)?) {
            (_, true) if action == "ChannelCreateFlowByFiles" => contract(),
            (Some(request), true) => full_skeleton(request),
            (Some(request), false) => skeleton(request),
            (None, _) => json!({}),
        };
        if let Value::Object(fields) = &mut body {
            fields.insert("Agent".to_owned(), agent());
        }
        self.fill(&mut body, "", u)?;
        Ok(mutate(body, u)?.to_string())
    }

    /// Replaces placeholders with IDs that the emulator has returned.
    fn fill(&self, value: &mut Value, name: &str, u: &mut Unstructured<'_>) -> Result<()> {
        match value {
            Value::Array(elements) => {
                elements.iter_mut().try_for_each(|element| self.fill(element, name, u))
            }
            Value::Object(fields) => {
                fields.iter_mut().try_for_each(|(name, value)| self.fill(value, name, u))
            }
            Value::String(text) => {
                match name {
                    "FileName" => *text = "a.pdf".to_owned(),
                    "FileBody" => *text = Base64::encode(PDF).as_str().to_owned(),
                    name if text.starts_with('<') && name.contains("Id") => {
                        *text = self.seen_id(name, u)?;
                    }
                    _ => {}
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Returns an ID from a field whose name has the same first four letters, as `FlowIds` and `FlowId`.
    fn seen_id(&self, name: &str, u: &mut Unstructured<'_>) -> Result<String> {
        let is_similar = |other: &str| other.get(..4) == name.get(..4);
        let ids: Vec<_> = self.seen.iter().filter(|(other, _)| is_similar(other)).collect();
        match ids.is_empty() {
            true => text(u),
            false => Ok(u.choose(&ids)?.1.clone()),
        }
    }

    /// Collects IDs and links of a response.
    fn collect(&mut self, response: &str) {
        fn walk(name: &str, value: &Value, seen: &mut Vec<(String, String)>) {
            match value {
                Value::Array(elements) => {
                    elements.iter().for_each(|element| walk(name, element, seen))
                }
                Value::Object(fields) => {
                    fields.iter().for_each(|(name, value)| walk(name, value, seen));
                }
                Value::String(text) if name.contains("Id") || name.contains("Url") => {
                    seen.push((name.to_owned(), text.clone()));
                }
                _ => {}
            }
        }
        if let Ok(value) = serde_json::from_str(response) {
            walk("", &value, &mut self.seen);
        }
    }

    /// Sends an API call, and returns the body of its response, which must be a valid envelope.
    fn call(&self, action: &str, body: &str, signed: bool) -> String {
        let request = Request::post(&self.host, action, body.as_bytes());
        self.envelope(
            &request,
            &format!("POST / HTTP/1.1\r\nContent-Length: {}\r\n", body.len()),
            body,
            signed,
        )
    }

    fn query(&self, action: &str, query: &str) -> String {
        // All other characters must be escaped in a URL.
        let plain = |c: &char| c.is_ascii_alphanumeric() || "-._~%&=+".contains(*c);
        let query: String = query.chars().filter(plain).collect();
        let request = Request {
            method: "GET",
            query: &query,
            content_type: "application/x-www-form-urlencoded",
            ..Request::post(&self.host, action, b"")
        };
        self.envelope(&request, &format!("GET /?{query} HTTP/1.1\r\n"), "", true)
    }

    fn envelope(&self, request: &Request<'_>, head: &str, body: &str, signed: bool) -> String {
        let key = if signed { SECRET_KEY } else { "another" };
        let now = self.emulator.now().as_secs();
        let authorization = Signer::new(SECRET_ID, key).sign(request, "essbasic", now).unwrap();
        let bytes = format!(
            "{head}Host: {}\r\nConnection: close\r\nContent-Type: {}\r\nX-TC-Action: {}\r\n\
             X-TC-Version: 2021-05-26\r\nX-TC-Timestamp: {now}\r\nAuthorization: {authorization}\r\n\r\n{body}",
            self.host,
            request.content_type,
            request.action.unwrap_or_default(),
        );
        let (status, response) = self.send(bytes.as_bytes());
        assert_eq!(status, 200);
        let text = String::from_utf8(response).unwrap();
        let envelope = Envelope::<Value>::deserialize(text.as_bytes()).unwrap();
        assert_eq!(envelope.request_id.len(), 36, "{text}");
        if let Err(error) = envelope.result {
            assert!(!error.code.is_empty() && error.code != "InternalError", "{text}");
            assert!(signed || error.code.starts_with("AuthFailure"), "{text}");
        }
        text
    }

    fn post(&self, path: &str, body: &str) {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: {}",
            body.len()
        );
        self.send(format!("{head}\r\n\r\n{body}").as_bytes());
    }

    fn get(&self, path: &str) {
        self.send_and_close(
            format!("GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").as_bytes(),
        );
    }

    /// Sends bytes that may be an incomplete request, and shuts down the write side.
    fn send_and_close(&self, bytes: &[u8]) {
        self.exchange(bytes, true);
    }

    /// Sends a complete request, and returns the status and body of the response.
    fn send(&self, bytes: &[u8]) -> (u16, Vec<u8>) {
        match self.exchange(bytes, false) {
            Some(response) => response,
            None => panic!("no response to {:?}", String::from_utf8_lossy(bytes)),
        }
    }

    /// Returns the status and body of the response; `None` if the emulator closed the connection.
    fn exchange(&self, bytes: &[u8], close: bool) -> Option<(u16, Vec<u8>)> {
        let mut stream = TcpStream::connect(&self.host).unwrap();
        // Longer than any response takes, and shorter than the emulator's timeout for the rest of a request.
        stream.set_read_timeout(Some(Duration::from_secs(8))).unwrap();
        // The emulator may close the connection before it has read everything.
        let sent = stream.write_all(bytes);
        if close {
            let _ = sent.and_then(|()| stream.shutdown(Shutdown::Write));
        }
        let mut bytes = Vec::new();
        if let Err(error) = stream.read_to_end(&mut bytes) {
            assert!(error.kind() == std::io::ErrorKind::ConnectionReset, "{error}");
        }
        if bytes.is_empty() {
            return None;
        }
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut response = httparse::Response::new(&mut headers);
        let length = response.parse(&bytes).unwrap().unwrap();
        Some((response.code.unwrap(), bytes.split_off(length)))
    }
}

fn agent() -> Value {
    json!({
        "AppId": APP_ID,
        "ProxyOrganizationOpenId": ORGANIZATION,
        "ProxyOperator": { "OpenId": OPERATOR },
        "ProxyAppId": "",
    })
}

/// Returns a request that creates a contract; the file ID is a placeholder.
fn contract() -> Value {
    let party = |name: &str, mobile: &str| {
        json!({
            "ApproverType": "PERSON",
            "Name": name,
            "Mobile": mobile,
            "SignComponents": [{ "ComponentType": "SIGN_SIGNATURE" }],
        })
    };
    let parties = [party("A", "13800000001"), party("B", "13800000002")];
    json!({ "FlowName": "a", "FileIds": ["<FileId>"], "FlowApprovers": parties })
}

//! Responses: any input is decoded or an error, with and without the client. A decoded value is unchanged after
//! encoding and decoding.

#![no_main]

use std::cell::RefCell;
use std::sync::LazyLock;

use arbitrary::Unstructured;
use essbasic_models::{
    Agent, ChannelCreateFlowByFilesRequest, DescribeFlowDetailInfoRequest,
    DescribeResourceUrlsByFlowsRequest, DescribeTemplatesRequest,
};
use fuzz::{blocking_client, mutate, response};
use libfuzzer_sys::fuzz_target;
use serde::Serialize;
use serde_json::json;
use tc3_api::{Action, Envelope};
use tc3_client::blocking::Client;

thread_local! {
    static RESPONSE: RefCell<(u16, Vec<u8>)> = const { RefCell::new((200, Vec::new())) };
}

static CLIENT: LazyLock<Client> = LazyLock::new(|| {
    blocking_client(|_| {
        let (status, body) = RESPONSE.with_borrow(Clone::clone);
        response(status, if status == 200 { "application/json" } else { "text/html" }, body)
    })
});

/// A valid response of each action below.
const RESPONSES: [&str; 4] = [
    include_str!("../seeds/answer/links.json"),
    include_str!("../seeds/answer/details.json"),
    include_str!("../seeds/answer/templates.json"),
    include_str!("../seeds/answer/created.json"),
];

fuzz_target!(|data: &[u8]| {
    if data.starts_with(b"{") || data.starts_with(b"<") {
        return check_all(data);
    }
    let mut u = Unstructured::new(data);
    let response = u.choose(&RESPONSES).map(|json| serde_json::from_str(json).unwrap());
    if let Ok(response) = response.and_then(|response| mutate(response, &mut u)) {
        check_all(response.to_string().as_bytes());
    }
});

fn check_all(body: &[u8]) {
    let agent = Agent::new("a");
    check(body, &DescribeResourceUrlsByFlowsRequest::new(agent.clone(), ["f"]));
    check(body, &DescribeFlowDetailInfoRequest::new(agent.clone()));
    check(body, &DescribeTemplatesRequest::new(agent.clone()));
    check(body, &ChannelCreateFlowByFilesRequest::new(agent));
}

fn check<A>(body: &[u8], request: &A)
where
    A: Action,
    A::Response: Serialize + PartialEq + core::fmt::Debug,
{
    let decoded = A::decode(body);
    if let Ok(Envelope { request_id, result: Ok(success) }) = &decoded {
        let encoded = json!({ "Response": success.body }).to_string();
        let decoded_again = A::decode(encoded.as_bytes()).unwrap();
        assert_eq!(decoded_again.request_id, *request_id);
        assert_eq!(decoded_again.result.unwrap().body, success.body);
    }
    for status in [200, 502] {
        RESPONSE.set((status, body.to_vec()));
        match CLIENT.call(request) {
            Ok(response) => {
                let success = decoded.as_ref().unwrap().result.as_ref().unwrap();
                assert_eq!(response, success.body);
            }
            Err(error) => {
                assert!(status != 200 || !matches!(&decoded, Ok(Envelope { result: Ok(_), .. })));
                let shown = format!("{error} {error:?}");
                // The service's message is truncated, and control characters are escaped.
                assert!(shown.len() < 16 << 10, "{} bytes", shown.len());
                assert!(!shown.contains(char::is_control), "{shown:?}");
            }
        }
    }
}

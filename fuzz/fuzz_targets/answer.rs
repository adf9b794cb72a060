//! Answers: whatever comes is decoded or an error, through the client as without it, and what was decoded
//! says the same after it was written and read again.

#![no_main]

use std::cell::RefCell;
use std::sync::LazyLock;

use arbitrary::Unstructured;
use essbasic_models::{
    Agent, ChannelCreateFlowByFilesRequest, DescribeFlowDetailInfoRequest,
    DescribeResourceUrlsByFlowsRequest, DescribeTemplatesRequest,
};
use fuzz::{blocking_client, edited, response};
use libfuzzer_sys::fuzz_target;
use serde::Serialize;
use serde_json::json;
use tc3_api::{Action, Envelope};
use tc3_client::blocking::Client;

thread_local! {
    static ANSWER: RefCell<(u16, Vec<u8>)> = const { RefCell::new((200, Vec::new())) };
}

static CLIENT: LazyLock<Client> = LazyLock::new(|| {
    blocking_client(|_| {
        let (status, body) = ANSWER.with_borrow(Clone::clone);
        response(status, if status == 200 { "application/json" } else { "text/html" }, body)
    })
});

/// One of each of the answers below.
const ANSWERS: [&str; 4] = [
    include_str!("../seeds/answer/links.json"),
    include_str!("../seeds/answer/details.json"),
    include_str!("../seeds/answer/templates.json"),
    include_str!("../seeds/answer/created.json"),
];

fuzz_target!(|data: &[u8]| {
    if data.starts_with(b"{") || data.starts_with(b"<") {
        return each(data);
    }
    let mut u = Unstructured::new(data);
    let answer = u.choose(&ANSWERS).map(|answer| serde_json::from_str(answer).unwrap());
    if let Ok(answer) = answer.and_then(|answer| edited(answer, &mut u)) {
        each(answer.to_string().as_bytes());
    }
});

fn each(body: &[u8]) {
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
        let text = json!({ "Response": success.body }).to_string();
        let again = A::decode(text.as_bytes()).unwrap();
        assert_eq!(again.request_id, *request_id);
        assert_eq!(again.result.unwrap().body, success.body);
    }
    for status in [200, 502] {
        ANSWER.set((status, body.to_vec()));
        match CLIENT.call(request) {
            Ok(answer) => {
                let success = decoded.as_ref().unwrap().result.as_ref().unwrap();
                assert_eq!(answer, success.body);
            }
            Err(error) => {
                assert!(status != 200 || !matches!(&decoded, Ok(Envelope { result: Ok(_), .. })));
                let shown = format!("{error} {error:?}");
                // The service's text has its bound, and `Debug` escapes it.
                assert!(shown.len() < 16 << 10, "{} bytes", shown.len());
                assert!(!shown.contains(char::is_control), "{shown:?}");
            }
        }
    }
}

//! The example of the guide page on other services, against a server.

use golden_lkeap as lkeap_models;
use tc3_client::blocking;

use super::clients::config;
use super::events;
use super::server::{Server, chunked, json};

#[rustfmt::skip]
mod example {
    use super::lkeap_models;

    // The text of the guide, with its indentation.
// begin
use lkeap_models::{ChatCompletionsRequest, Message};
use tc3_client::Error;
use tc3_client::blocking::Client;

fn answer(client: &Client, question: &str) -> Result<String, Error> {
    let message = Message::new().role("user").content(question);
    let request = ChatCompletionsRequest::new("deepseek-v3", [message]).stream(true);
    let mut answer = String::new();
    for item in client.call_stream(&request)? {
        for choice in item?.choices {
            // A response that is not a stream has `message`.
            let delta = choice.delta.and_then(|delta| delta.content);
            let message = choice.message.and_then(|message| message.content);
            answer += &delta.or(message).unwrap_or_default();
        }
    }
    Ok(answer)
}
// end

    pub(super) fn run(client: &Client) -> String {
        answer(client, "1+1").unwrap()
    }
}

#[test]
fn the_example_of_the_guide_joins_the_words() {
    let mut stream = events(&["1+1", " = ", "2"]);
    stream.push("data: [DONE]\n\n".to_owned());
    let plain = r#"{"Response":{"Choices":[{"Message":{"Role":"assistant","Content":"1+1 = 2"}}],"RequestId":"r"}}"#;
    for response in [chunked("text/event-stream", &stream), json(plain)] {
        let server = Server::responding(response);
        let client = blocking::Client::new(config(&server.url)).unwrap();
        assert_eq!(example::run(&client), "1+1 = 2");
    }

    let page = include_str!("../../../docs/guide/services.md");
    let (_, code) = include_str!("guide.rs").split_once("// begin\n").unwrap();
    let (code, _) = code.split_once("// end\n").unwrap();
    assert!(page.contains(code), "the guide has another example");
}

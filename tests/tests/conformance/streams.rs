//! Streams: the official SDK and both clients receive the same events from the same server.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tc3_client::api::{
    Action, ActionInfo, Envelope, Event, StreamInfo, StreamingAction, json as api,
};
use tc3_client::credentials::Credential;
use tc3_client::transport::{Proxy, TransportConfig};
use tc3_client::{Client, Config, Error, blocking};

use super::clients::Client as Official;
use crate::streams::server::{Server, chunked, head, json as plain};

/// A call whose items are the events themselves.
struct Chat;

impl Action for Chat {
    const INFO: ActionInfo<'static> = ActionInfo::new("lkeap", "2024-05-22", "ChatCompletions");
    type Response = Value;

    fn encode(&self) -> Result<Vec<u8>, api::Error> {
        Ok(br#"{"Stream":true}"#.to_vec())
    }

    fn decode(response: &[u8]) -> Result<Envelope<Value>, api::Error> {
        Envelope::deserialize(response)
    }
}

impl StreamingAction for Chat {
    const STREAM: StreamInfo = StreamInfo::new();
    type Item = Event;

    fn decode_event(event: Event) -> Result<Event, api::Error> {
        Ok(event)
    }
}

#[derive(Serialize)]
struct Order {
    service: &'static str,
    version: &'static str,
    action: &'static str,
    body: Value,
    host: String,
    method: &'static str,
    unsigned: bool,
    secret_id: &'static str,
    secret_key: &'static str,
}

/// Events as types and data, and the error of the API.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Outcome {
    events: Vec<(String, String)>,
    code: Option<String>,
    request_id: Option<String>,
}

impl Outcome {
    fn add(&mut self, item: Result<Event, Error>) {
        match item {
            Ok(event) => self.events.push((event.name, event.data)),
            Err(error) => self.fail(&error),
        }
    }

    fn fail(&mut self, error: &Error) {
        self.code = Some(error.code().to_owned());
        self.request_id = error.request_id().map(str::to_owned);
    }
}

fn config(url: &str) -> Config {
    let transport = TransportConfig::default().with_proxy(Proxy::None);
    Config::new(Credential::new("id", "key"))
        .with_endpoint_url(url)
        .unwrap()
        .with_transport_config(transport)
        .with_timeout(Some(Duration::from_secs(60)))
}

fn run_blocking(url: &str) -> Outcome {
    let mut outcome = Outcome::default();
    match blocking::Client::new(config(url)).unwrap().call_stream(&Chat) {
        Ok(stream) => stream.for_each(|item| outcome.add(item)),
        Err(error) => outcome.fail(&error),
    }
    outcome
}

async fn run_async(client: Client) -> Outcome {
    let mut outcome = Outcome::default();
    match client.call_stream(&Chat).await {
        Ok(mut stream) => {
            while let Some(item) = stream.next().await {
                outcome.add(item);
            }
        }
        Err(error) => outcome.fail(&error),
    }
    outcome
}

/// Returns the responses of the server: streams as the services send them, and plain ones.
fn responses() -> Vec<Vec<u8>> {
    let hunyuan: Vec<String> = ["1", "+", "1"]
        .iter()
        .map(|word| format!("data: {{\"Choices\":[{{\"Delta\":{{\"Content\":\"{word}\"}}}}]}}\n\n"))
        .collect();
    let lkeap = ["data:{\"Choices\":[]}\n\n", "data:[DONE]\n\n"].map(str::to_owned);
    let cls = ["id: 1\ndata: {\"Id\":\"x\"}\n\n", "id: 2\ndata: {\"Id\":\"合同\"}\n\n"]
        .map(str::to_owned);
    let other = [
        ": comment\n\nevent: x\ndata: {\"A\":\ndata: 1}\n\n",
        "retry: 10\nunknown: x\ndata:  two\n\n",
        "data: crlf\r\n\r\n",
    ]
    .map(str::to_owned);
    let text = hunyuan.concat();
    let sized = [
        &head("text/event-stream", &format!("Content-Length: {}\r\n", text.len()))[..],
        text.as_bytes(),
    ];
    vec![
        chunked("text/event-stream", &hunyuan),
        chunked("text/event-stream", &lkeap),
        chunked("text/event-stream", &cls),
        chunked("text/event-stream", &other),
        sized.concat(),
        plain(
            r#"{"Response":{"Error":{"Code":"InvalidParameter","Message":"m"},"RequestId":"r"}}"#,
        ),
    ]
}

#[test]
fn the_clients_receive_the_events_of_the_official_sdk() {
    let servers: Vec<Server> = responses().into_iter().map(Server::responding).collect();
    let order = |server: &Server| Order {
        service: "lkeap",
        version: "2024-05-22",
        action: "ChatCompletions",
        body: json!({"Stream": true}),
        host: server.url.trim_start_matches("http://").to_owned(),
        method: "POST",
        unsigned: false,
        secret_id: "id",
        secret_key: "key",
    };
    let orders: Vec<Order> = servers.iter().map(order).collect();
    let input = json!({ "calls": orders });
    let Some(official) = Official::PythonSdk.run::<Outcome>("streams", &input) else { return };
    assert_eq!(official.len(), servers.len());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for (mut official, server) in official.into_iter().zip(&servers) {
        // The SDK passes the end marker on.
        official.events.retain(|(_, data)| data != Event::END_MARKER);
        assert!(!official.events.is_empty() || official.code.is_some());
        assert_eq!(run_blocking(&server.url), official);
        let clients = [Client::new(config(&server.url)), Client::on_hyper(config(&server.url))];
        for client in clients {
            assert_eq!(runtime.block_on(run_async(client.unwrap())), official);
        }
    }
}

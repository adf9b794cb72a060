//! Streamed responses: generated actions of two services against a server, with every transport.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic fails the test"
)]
#![allow(deprecated, reason = "the reference marks an action as deprecated")]

mod clients;
mod cuts;
mod failures;
mod guide;
mod observed;
pub(crate) mod server;

use clients::{ALL, LONG, config, open};
use server::{Server, chunked, head, json, send};

/// Returns the request of a stream of hunyuan.
fn hunyuan() -> golden_hunyuan::ChatCompletionsRequest {
    let message = golden_hunyuan::Message::new("user").content("1+1");
    golden_hunyuan::ChatCompletionsRequest::new("hunyuan-turbo", [message]).stream(true)
}

/// Returns the request of a stream of lkeap.
fn lkeap() -> golden_lkeap::ChatCompletionsRequest {
    let message = golden_lkeap::Message::default().role("user").content("1+1");
    golden_lkeap::ChatCompletionsRequest::new("deepseek-r1", [message]).stream(true)
}

/// Returns the events of the words as both services send them.
fn events(words: &[&str]) -> Vec<String> {
    let event = |word| {
        format!(
            r#"data: {{"Choices":[{{"Delta":{{"Role":"assistant","Content":"{word}"}}}}],"Id":"i"}}"#
        ) + "\n\n"
    };
    words.iter().map(event).collect()
}

fn hunyuan_words(items: &[golden_hunyuan::ChatCompletionsResponse]) -> Vec<String> {
    let delta = |item: &golden_hunyuan::ChatCompletionsResponse| {
        item.choices[0].delta.clone().unwrap().content.unwrap()
    };
    items.iter().map(delta).collect()
}

fn lkeap_words(items: &[golden_lkeap::ChatCompletionsResponse]) -> Vec<String> {
    let delta = |item: &golden_lkeap::ChatCompletionsResponse| {
        item.choices[0].delta.clone().unwrap().content.unwrap()
    };
    items.iter().map(delta).collect()
}

#[test]
fn a_stream_is_its_typed_items() {
    let words = ["一", "+", "1 = 2"];
    let mut with_marker = events(&words);
    with_marker.push("data:[DONE]\n\n".to_owned());
    for transport in ALL {
        for content_type in [
            "text/event-stream",
            "text/event-stream;charset=utf-8",
            "Text/Event-Stream ; charset=\"UTF-8\"",
        ] {
            let server = Server::responding(chunked(content_type, &events(&words)));
            let stream = open(transport, config(&server.url), &hunyuan()).unwrap();
            assert_eq!(stream.request_id(), Some("of-head"));
            let (items, error) = stream.collect();
            assert_eq!(hunyuan_words(&items), words, "{transport:?}, {content_type}");
            assert!(error.is_none(), "{transport:?}, {content_type}: {error:?}");

            let server = Server::responding(chunked(content_type, &with_marker));
            let (items, error) = open(transport, config(&server.url), &lkeap()).unwrap().collect();
            assert_eq!(lkeap_words(&items), words, "{transport:?}, {content_type}");
            assert!(error.is_none(), "{transport:?}, {content_type}: {error:?}");
        }
    }
}

#[test]
fn every_framing_and_an_end_marker_end_a_stream() {
    let text = events(&["a"]).concat();
    let sized = format!("Content-Length: {}\r\n", text.len());
    for transport in ALL {
        for framing in [sized.as_str(), "Connection: close\r\n"] {
            let response = [&head("text/event-stream", framing)[..], text.as_bytes()].concat();
            let server = Server::responding(response);
            let (items, error) =
                open(transport, config(&server.url), &hunyuan()).unwrap().collect();
            assert_eq!((hunyuan_words(&items), error.is_none()), (vec!["a".to_owned()], true));
        }
        // The server keeps the connection open after the marker, or omits the empty line.
        for marker in ["data: [DONE]\n\n", "data: [DONE]"] {
            let text = format!("{text}{marker}");
            let server = Server::start(move |_, stream| {
                let framing = "Connection: close\r\n";
                send(stream, &[&head("text/event-stream", framing)[..], text.as_bytes()].concat());
                if text.ends_with("\n\n") {
                    server::wait_for_close(stream);
                }
            });
            let (items, error) = open(transport, config(&server.url), &lkeap()).unwrap().collect();
            assert_eq!(lkeap_words(&items), ["a"], "{transport:?}, {marker}");
            assert!(error.is_none(), "{transport:?}, {marker}: {error:?}");
        }
    }
}

#[test]
fn a_response_that_is_not_a_stream_is_one_item() {
    let body = r#"{"Response":{"Choices":[{"Message":{"Role":"assistant","Content":"2"}}],"RequestId":"r"}}"#;
    for transport in ALL {
        let server = Server::responding(json(body));
        let stream = open(transport, config(&server.url), &hunyuan()).unwrap();
        assert_eq!(stream.request_id(), Some("r"));
        let (items, error) = stream.collect();
        assert!(error.is_none());
        assert_eq!(items.len(), 1);
        assert_eq!(items[0].choices[0].message.clone().unwrap().content.as_deref(), Some("2"));
        assert_eq!(items[0].request_id, "r");
    }
}

#[test]
fn items_arrive_while_the_stream_is_open() {
    let (received, is_received) = std::sync::mpsc::channel();
    let is_received = std::sync::Mutex::new(is_received);
    let server = Server::start(move |_, stream| {
        let events = events(&["a", "b"]);
        send(stream, &head("text/event-stream", "Connection: close\r\n"));
        send(stream, events[0].as_bytes());
        if is_received.lock().unwrap().recv_timeout(LONG).is_ok() {
            send(stream, events[1].as_bytes());
        }
    });
    for transport in ALL {
        let mut stream = open(transport, config(&server.url), &hunyuan()).unwrap();
        let first = stream.next().unwrap().unwrap();
        received.send(()).unwrap();
        let (rest, error) = stream.collect();
        assert_eq!(hunyuan_words(&[first]), ["a"]);
        assert_eq!((hunyuan_words(&rest), error.is_none()), (vec!["b".to_owned()], true));
    }
}

#[test]
fn dropping_a_stream_closes_the_connection() {
    let (closed, is_closed) = std::sync::mpsc::channel();
    let server = Server::start(move |_, stream| {
        send(stream, &head("text/event-stream", "Transfer-Encoding: chunked\r\n"));
        let event = events(&["a"]).concat();
        send(stream, format!("{:x}\r\n{event}\r\n", event.len()).as_bytes());
        server::wait_for_close(stream);
        closed.send(()).unwrap();
    });
    for transport in ALL {
        let mut stream = open(transport, config(&server.url), &hunyuan()).unwrap();
        assert_eq!(hunyuan_words(&[stream.next().unwrap().unwrap()]), ["a"]);
        // The runtime is dropped with the stream, which would close the connection too.
        match stream {
            clients::Stream::Async(runtime, stream) => {
                drop(stream);
                runtime.block_on(async {
                    while is_closed.try_recv().is_err() {
                        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                    }
                });
            }
            clients::Stream::Blocking(stream) => {
                drop(stream);
                is_closed.recv_timeout(LONG).unwrap();
            }
        }
    }
}

/// Polls a stream once with a `Stream` bound, as combinators do.
#[test]
fn the_async_stream_is_a_stream_and_loses_no_item_to_a_dropped_future() {
    use std::pin::Pin;

    fn is_stream<S: futures_core::Stream + Send + Unpin>(stream: S) -> S {
        stream
    }
    let (received, is_received) = std::sync::mpsc::channel();
    let is_received = std::sync::Mutex::new(is_received);
    let server = Server::start(move |_, stream| {
        send(stream, &head("text/event-stream", "Connection: close\r\n"));
        if is_received.lock().unwrap().recv_timeout(LONG).is_ok() {
            send(stream, events(&["a", "b"]).concat().as_bytes());
        }
    });
    let stream = open(clients::Transport::Hyper, config(&server.url), &hunyuan()).unwrap();
    let clients::Stream::Async(runtime, stream) = stream else { panic!() };
    let mut stream = is_stream(stream);
    let words = runtime.block_on(async {
        // The future is dropped while it waits.
        let wait = std::time::Duration::from_millis(1);
        assert!(tokio::time::timeout(wait, stream.next()).await.is_err());
        received.send(()).unwrap();
        let mut items = Vec::new();
        while let Some(item) =
            std::future::poll_fn(|cx| futures_core::Stream::poll_next(Pin::new(&mut stream), cx))
                .await
        {
            items.push(item.unwrap());
        }
        items
    });
    assert_eq!(hunyuan_words(&words), ["a", "b"]);
}

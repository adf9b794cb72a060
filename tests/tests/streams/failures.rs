//! Failures of streams and of calls that expect one.

use std::time::Duration;

use tc3_client::ErrorKind;

use super::clients::{ALL, call, config, config_with_read_timeout, open};
use super::server::{Server, chunked, head, json, send, wait_for_close};
use super::{events, hunyuan, hunyuan_words, lkeap};

const CONTENT_TYPE: &str = "text/event-stream";

#[test]
fn an_error_in_a_stream_is_its_last_item() {
    for (event, code, message, id) in [
        (r#"{"ErrorMsg":{"Code":4000,"Msg":"busy"}}"#, "4000", "busy", "of-head"),
        (
            r#"{"Error":{"Code":"InternalError","Message":"m"},"RequestId":"own"}"#,
            "InternalError",
            "m",
            "own",
        ),
        (
            r#"{"Response":{"Error":{"Code":"FailedOperation","Message":"m"},"RequestId":"own"}}"#,
            "FailedOperation",
            "m",
            "own",
        ),
    ] {
        let mut all = events(&["a"]);
        all.push(format!("data: {event}\n\n"));
        all.extend(events(&["after the error"]));
        for transport in ALL {
            let server = Server::responding(chunked(CONTENT_TYPE, &all));
            let (items, error) =
                open(transport, config(&server.url), &hunyuan()).unwrap().collect();
            let error = error.unwrap();
            assert_eq!(hunyuan_words(&items), ["a"]);
            assert_eq!(
                (error.kind(), error.code(), error.message()),
                (ErrorKind::Api, code, message)
            );
            assert_eq!((error.request_id(), error.status()), (Some(id), Some(200)));
            assert_eq!((error.action(), error.attempts()), ("ChatCompletions", 1));
            assert_eq!(server.requests(), 1);
        }
    }
}

#[test]
fn an_event_of_another_type_is_an_error_that_hides_values() {
    for data in ["13800138000", r#"{"Choices":"13800138000"}"#, "not JSON 13800138000", ""] {
        let all = [&events(&["a"])[..], &[format!("data: {data}\n\n")]].concat();
        for transport in ALL {
            let server = Server::responding(chunked(CONTENT_TYPE, &all));
            let (items, error) =
                open(transport, config(&server.url), &hunyuan()).unwrap().collect();
            let error = error.unwrap();
            assert_eq!((items.len(), error.kind()), (1, ErrorKind::Decode));
            assert!(!format!("{error} {error:?}").contains("138"), "{error}");
            assert!(!error.is_retryable());
        }
    }
}

#[test]
fn a_long_event_is_an_error() {
    let all = events(&["a", &"x".repeat(2_000)]);
    for transport in ALL {
        let server = Server::responding(chunked(CONTENT_TYPE, &all));
        let config = config(&server.url).with_max_response_bytes(1_000);
        let (items, error) = open(transport, config, &hunyuan()).unwrap().collect();
        let error = error.unwrap();
        assert_eq!((items.len(), error.kind()), (1, ErrorKind::Decode));
        assert!(error.to_string().contains("exceeds the limit of 1000 bytes"), "{error}");
        assert!(error.hint().unwrap().contains("with_max_response_bytes"));
    }
}

#[test]
fn silence_within_a_stream_is_a_timeout() {
    for transport in ALL {
        let server = Server::start(|_, stream| {
            send(stream, &head(CONTENT_TYPE, "Connection: close\r\n"));
            send(stream, events(&["a"]).concat().as_bytes());
            wait_for_close(stream);
        });
        let config = config_with_read_timeout(&server.url, Duration::from_secs(2));
        let (items, error) = open(transport, config, &hunyuan()).unwrap().collect();
        let error = error.unwrap();
        assert_eq!(hunyuan_words(&items), ["a"]);
        assert!(error.is_timeout() && !error.is_retryable(), "{transport:?}: {error}");
        assert_eq!(error.request_id(), Some("of-head"));
    }
}

#[test]
fn failures_before_the_stream_are_those_of_a_call() {
    let throttled = json(
        r#"{"Response":{"Error":{"Code":"RequestLimitExceeded","Message":"m"},"RequestId":"r"}}"#,
    );
    let refused =
        json(r#"{"Response":{"Error":{"Code":"InvalidParameter","Message":"m"},"RequestId":"r"}}"#);
    for transport in ALL {
        let response = throttled.clone();
        let server = Server::start(move |number, stream| match number {
            0 => send(stream, &response),
            _ => {
                // The stream breaks, and is not retried.
                let whole = chunked(CONTENT_TYPE, &events(&["a"]));
                send(stream, &whole[..whole.len() - 5]);
            }
        });
        let (items, error) = open(transport, config(&server.url), &hunyuan()).unwrap().collect();
        assert_eq!(hunyuan_words(&items), ["a"]);
        let error = error.unwrap();
        assert_eq!((error.attempts(), server.requests()), (2, 2), "{error}");

        let server = Server::responding(refused.clone());
        let error = open(transport, config(&server.url), &lkeap()).err().unwrap();
        assert!(error.is_invalid_parameter() && error.request_id() == Some("r"), "{error}");
        assert_eq!((error.attempts(), server.requests()), (1, 1));
    }
}

#[test]
fn a_call_fails_at_once_if_the_response_is_a_stream() {
    for transport in ALL {
        let server = Server::start(|_, stream| {
            send(stream, &head("text/event-stream; charset=utf-8", "Connection: close\r\n"));
            send(stream, events(&["a"]).concat().as_bytes());
            // The body never ends.
            wait_for_close(stream);
        });
        for idempotent in [false, true] {
            let before = server.requests();
            let options = tc3_client::CallOptions::default().with_idempotent(idempotent);
            let error = match transport {
                super::clients::Transport::Ureq => {
                    let client = tc3_client::blocking::Client::new(config(&server.url)).unwrap();
                    client.with_options(options).call(&hunyuan()).unwrap_err()
                }
                _ => call(transport, config(&server.url), &hunyuan()).unwrap_err(),
            };
            assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
            assert!(error.to_string().contains("the response is a stream of events"), "{error}");
            assert!(error.hint().unwrap().contains("call_stream"), "{error}");
            assert_eq!(error.request_id(), Some("of-head"));
            assert_eq!((error.attempts(), server.requests() - before), (1, 1), "{error}");
            assert!(error.was_sent() && !error.is_retryable());
        }
    }
}

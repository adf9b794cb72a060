//! Streams that are cut at every byte.

use tc3_client::ErrorKind;
use tc3_client::transport::TransportErrorKind;

use super::clients::{ALL, config, open};
use super::server::{Server, chunked, head, send};
use super::{events, hunyuan, hunyuan_words, lkeap, lkeap_words};

const WORDS: [&str; 3] = ["a", "合", "c"];

/// Returns how many of the events are complete in a part of a response.
fn complete(part: &[u8], events: &[String]) -> usize {
    let text = |event: &&String| part.windows(event.len()).any(|window| window == event.as_bytes());
    events.iter().take_while(text).count()
}

/// A server that cuts its response after a number of bytes: the number of the request.
fn cutting(response: Vec<u8>, first: usize) -> Server {
    Server::start(move |number, stream| send(stream, &response[..first + number]))
}

fn assert_incomplete(error: Option<tc3_client::Error>, at: &str) {
    let error = error.unwrap_or_else(|| panic!("{at}: a clean end"));
    assert_eq!(
        error.kind(),
        ErrorKind::Transport(TransportErrorKind::Interrupted),
        "{at}: {error}"
    );
    assert_eq!(error.request_id(), Some("of-head"), "{at}");
    assert!(error.was_sent() && !error.is_retryable() && !error.is_outcome_unknown(), "{at}");
    assert!(error.hint().unwrap().contains("items before"), "{at}");
}

#[test]
fn a_chunked_stream_that_is_cut_gives_the_events_before_it_and_an_error() {
    let events = events(&WORDS);
    let response = chunked("text/event-stream", &events);
    let begin = head("text/event-stream", "Transfer-Encoding: chunked\r\n").len();
    // Libraries may accept a body without the last line end.
    let last = response.len() - 4;
    for transport in ALL {
        let server = cutting(response.clone(), begin);
        for cut in begin..last {
            let at = format!("{transport:?}, {cut} of {} bytes", response.len());
            let (items, error) =
                open(transport, config(&server.url), &hunyuan()).unwrap().collect();
            assert_eq!(items.len(), complete(&response[..cut], &events), "{at}");
            assert_eq!(hunyuan_words(&items), WORDS[..items.len()], "{at}");
            assert_incomplete(error, &at);
        }
    }
}

#[test]
fn a_stream_with_an_end_marker_ends_with_it_in_every_framing() {
    let events = events(&WORDS);
    let text = events.concat() + "data: [DONE]\n\n";
    let begin = head("text/event-stream", "Connection: close\r\n");
    let response = [&begin[..], text.as_bytes()].concat();
    for transport in ALL {
        let server = cutting(response.clone(), begin.len());
        for cut in begin.len()..=response.len() {
            let at = format!("{transport:?}, {cut} of {} bytes", response.len());
            let (items, error) = open(transport, config(&server.url), &lkeap()).unwrap().collect();
            assert_eq!(items.len(), complete(&response[..cut], &events), "{at}");
            assert_eq!(lkeap_words(&items), WORDS[..items.len()], "{at}");
            if response[..cut].ends_with(b"[DONE]") || cut + 2 >= response.len() {
                assert!(error.is_none(), "{at}: {error:?}");
            } else {
                assert_incomplete(error, &at);
            }
        }
    }
}

#[test]
fn a_stream_within_an_event_is_incomplete_in_every_framing() {
    let text = events(&["a", "b"]).concat();
    for transport in ALL {
        for missing in [1, 2, 10] {
            let part = &text[..text.len() - missing];
            for framing in
                [format!("Content-Length: {}\r\n", part.len()), "Connection: close\r\n".to_owned()]
            {
                let response = [&head("text/event-stream", &framing)[..], part.as_bytes()].concat();
                let server = Server::responding(response);
                let (items, error) =
                    open(transport, config(&server.url), &hunyuan()).unwrap().collect();
                assert_eq!(hunyuan_words(&items), ["a"]);
                assert_incomplete(error, &format!("{transport:?}, {framing}"));
            }
        }
    }
}

use proptest::prelude::*;

use super::*;

const LIMIT: usize = 1 << 16;

/// Returns the events of a stream and its end.
type Decoded = (Vec<Event>, Result<Option<Event>, EventError>);

fn decode(chunks: &[&[u8]], limit: usize) -> Decoded {
    let mut decoder = EventDecoder::new(limit);
    let mut events = Vec::new();
    for chunk in chunks {
        let mut input = *chunk;
        loop {
            match decoder.decode(&mut input) {
                Ok(Some(event)) => events.push(event),
                Ok(None) => break,
                Err(error) => {
                    assert_eq!(decoder.decode(&mut &b"\n\n"[..]), Err(error));
                    assert_eq!(decoder.finish(), Err(error));
                    return (events, Err(error));
                }
            }
        }
        assert!(input.is_empty());
    }
    (events, decoder.finish())
}

/// Returns the events as `name|data|id`, after the whole text and each split of it were decoded.
fn events(text: &str) -> (Vec<String>, Result<Option<Event>, EventError>) {
    let whole = decode(&[text.as_bytes()], LIMIT);
    for at in 0..=text.len() {
        let (first, second) = text.as_bytes().split_at(at);
        assert_eq!(decode(&[first, second], LIMIT), whole, "{text:?} split at {at}");
    }
    let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
    assert_eq!(decode(&bytes, LIMIT), whole, "{text:?} by bytes");
    let (events, end) = whole;
    (
        events.iter().map(|event| format!("{}|{}|{}", event.name, event.data, event.id)).collect(),
        end,
    )
}

#[test]
fn events_are_those_of_the_standard() {
    for (text, expected) in [
        ("", &[][..]),
        ("\n\n\r\r\n", &[]),
        ("data: a\n\n", &["|a|"]),
        ("data:a\r\rdata:b\r\n\r\ndata:c\n\r\n", &["|a|", "|b|", "|c|"]),
        ("data: a\ndata:  b\ndata\ndata:\n\n", &["|a\n b\n\n|"]),
        ("data\n\n", &["||"]),
        ("data:\n\n", &["||"]),
        ("\u{feff}data: a\n\n", &["|a|"]),
        ("\u{feff}\u{feff}data: a\n\ndata: b\n\n", &["|b|"]),
        ("\n\u{feff}data: a\n\n", &[]),
        (": comment\n\n:\ndata: a\n:c\n\n", &["|a|"]),
        ("\u{feff}: comment\ndata: a\n\n", &["|a|"]),
        ("event: x\n\ndata: a\n\n", &["|a|"]),
        ("event: x\ndata: a\nid: 7\n\ndata: b\n\n", &["x|a|7", "|b|7"]),
        ("id: 7\n\nid\ndata: a\n\n", &["|a|"]),
        ("id: 7\n\nid: 8\0\ndata: a\n\n", &["|a|7"]),
        ("retry: 10\nretry: x\nretry\nretry: -1\ndata: a\n\n", &["|a|"]),
        ("unknown: x\nDATA: b\n data: c\nnone\ndata: a\n\n", &["|a|"]),
        ("data: a: b\n\n", &["|a: b|"]),
        ("data:\u{9}a \n\n", &["|\u{9}a |"]),
        (":\u{1f600}\ndata: \u{1f600}合\n\n", &["|\u{1f600}合|"]),
    ] {
        let (found, end) = events(text);
        assert_eq!(found, expected, "{text:?}");
        assert_eq!(end, Ok(None), "{text:?}");
    }
}

#[test]
fn an_event_that_is_not_complete_is_returned_at_the_end() {
    for (text, data) in [
        ("data: a\n\ndata: b", Some("b")),
        ("data: a\n\ndata: b\r", Some("b")),
        ("data: a\n\nid: 1\n", Some("")),
        ("data: a\n\nda", Some("")),
        ("data: a\n\n: comment", None),
        ("data: a\n\n", None),
    ] {
        let (found, end) = events(text);
        assert_eq!(found.len(), 1, "{text:?}");
        assert_eq!(end.unwrap().map(|event| event.data).as_deref(), data, "{text:?}");
    }
}

#[test]
fn long_events_and_invalid_text_are_errors_after_the_events_before_them() {
    let long = "x".repeat(20);
    for (text, count, error) in [
        (format!("data: a\n\ndata: {long}"), 1, EventError::TooLong(20)),
        ("data: a\n\ndata: 12345678\ndata: 12345678".into(), 1, EventError::TooLong(20)),
        (format!("data: a\n\n{long}:"), 1, EventError::TooLong(20)),
        ("id: 1234567890\n\ndata: 123456".into(), 0, EventError::TooLong(20)),
    ] {
        for at in 0..=text.len() {
            let (first, second) = text.as_bytes().split_at(at);
            let (events, end) = decode(&[first, second], 20);
            assert_eq!((events.len(), end), (count, Err(error)), "{text:?} split at {at}");
        }
    }
    // A comment has no limit, and an ID is part of each event.
    let comment = format!(":{long}\n\ndata: 1\n\n");
    assert_eq!(decode(&[comment.as_bytes()], 20).0.len(), 1);
    for field in ["data", "event", "id"] {
        let text = [b"data: a\n\n", field.as_bytes(), b": \xff\n\n"].concat();
        assert_eq!(decode(&[&text], LIMIT), (vec![Event::new("a")], Err(EventError::NotUtf8)));
        // The end of the stream may be within a character.
        let unfinished = text.trim_ascii_end();
        assert_eq!(decode(&[unfinished], LIMIT).1, Ok(Some(Event::default())));
    }
    assert_eq!(decode(&[b"x: \xff\n:\xff\ndata: a\n\n"], LIMIT).0.len(), 1);
}

/// Bytes of streams, with many line ends, fields and byte order marks.
fn streams() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        Just(b"\n".to_vec()),
        Just(b"\r".to_vec()),
        Just(b"\r\n".to_vec()),
        Just(b"data:".to_vec()),
        Just(b"data: \xe5\x90\x88".to_vec()),
        Just(b"event: e".to_vec()),
        Just(b"id: 1".to_vec()),
        Just(b"retry: 1".to_vec()),
        Just(b":".to_vec()),
        Just(BYTE_ORDER_MARK.to_vec()),
        any::<[u8; 2]>().prop_map(|bytes| bytes.to_vec()),
    ];
    proptest::collection::vec(part, 0..24).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn any_split_gives_the_same_events(
        stream in streams(),
        limit in 0_usize..40,
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
        cuts.extend([0, stream.len()]);
        cuts.sort_unstable();
        let chunks: Vec<&[u8]> = cuts.windows(2).map(|cut| &stream[cut[0]..cut[1]]).collect();
        let whole = decode(&[&stream], limit);
        prop_assert_eq!(&decode(&chunks, limit), &whole);
        let bytes: Vec<&[u8]> = stream.chunks(1).collect();
        prop_assert_eq!(&decode(&bytes, limit), &whole);
        for event in whole.0 {
            prop_assert!(event.name.len() + event.data.len() + event.id.len() <= limit);
        }
    }
}

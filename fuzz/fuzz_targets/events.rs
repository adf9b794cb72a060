//! Streams of events: any split of the bytes gives the same events and the same end, which are those of the standard.

#![no_main]

use arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;
use tc3_api::{ErrorFields, Event, EventDecoder, EventError, StreamInfo};

type Decoded = (Vec<Event>, Result<Option<Event>, EventError>);

fuzz_target!(|data: &[u8]| {
    // The first bytes select the limit and the splits.
    let (plan, stream) = data.split_at(data.len().min(8));
    let mut plan = Unstructured::new(plan);
    let limit = plan.int_in_range(0..=4_096).unwrap_or(4_096);
    let whole = decode(&[stream], limit);
    let mut chunks = Vec::new();
    let mut rest = stream;
    while !rest.is_empty() {
        let length = plan.int_in_range(1..=64).unwrap_or(1).min(rest.len());
        let (chunk, others) = rest.split_at(length);
        chunks.push(chunk);
        rest = others;
    }
    assert_eq!(decode(&chunks, limit), whole);
    for event in &whole.0 {
        assert!(event.name.len() + event.data.len() + event.id.len() <= limit);
        check_failure(event);
    }
    if let Ok(text) = core::str::from_utf8(stream)
        && limit > stream.len()
    {
        assert_eq!(whole.0, standard(text));
    }
});

fn decode(chunks: &[&[u8]], limit: usize) -> Decoded {
    let mut decoder = EventDecoder::new(limit);
    let mut events = Vec::new();
    for chunk in chunks {
        let mut input = *chunk;
        loop {
            match decoder.decode(&mut input) {
                Ok(Some(event)) => events.push(event),
                Ok(None) => break,
                Err(error) => return (events, Err(error)),
            }
        }
        assert!(input.is_empty());
    }
    (events, decoder.finish())
}

/// Decodes a complete text by the steps of the standard.
fn standard(text: &str) -> Vec<Event> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let (mut events, mut event, mut data) = (Vec::new(), Event::default(), String::new());
    // The part after the last line end is not a line.
    let Some((lines, _)) = text.rsplit_once('\n') else { return events };
    for line in lines.split('\n') {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "" if line.is_empty() => {
                if let Some(data) = data.strip_suffix('\n') {
                    event.data = data.to_owned();
                    events.push(event.clone());
                }
                data.clear();
                event.name.clear();
            }
            "event" => event.name = value.to_owned(),
            "data" => data += &format!("{value}\n"),
            "id" if !value.contains('\0') => event.id = value.to_owned(),
            _ => {}
        }
    }
    events
}

/// Checks that an error is found in JSON only.
fn check_failure(event: &Event) {
    for info in [
        StreamInfo::new(),
        StreamInfo::new().with_error(ErrorFields::within("ErrorMsg", "Code", "Msg")),
        StreamInfo::new().with_error(ErrorFields::flat("Code", "Message")),
    ] {
        if event.failure(&info).is_some() {
            let value: serde_json::Value = event.deserialize().unwrap_or_default();
            assert!(value.is_object() || event.deserialize::<serde_json::Value>().is_err());
        }
    }
}

//! JSON: the grammar is that of `serde_json`, numbers are exact, and formatting changes nothing but white space.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use tc3_api::json::{
    self, Decode, Reader, check_duplicates, decode, encode, encode_by_serde, minify, pretty,
};

#[derive(Debug, Clone, PartialEq)]
struct Document {
    id: String,
    pages: Option<u64>,
    size: Option<i64>,
    ratio: Option<f64>,
    open: bool,
    list: Vec<i64>,
    pair: Option<(String, f64)>,
    inner: Option<Box<Document>>,
}

json::object! {
    Document {
        "id" => id: required,
        "pages" => pages: optional,
        "size" => size: optional,
        "ratio" => ratio: optional,
        "open" => open: default,
        "list" => list: nonempty,
        "pair" => pair: optional,
        "inner" => inner: optional,
    }
}

fuzz_target!(|data: &[u8]| {
    let Ok(text) = core::str::from_utf8(data) else {
        assert!(minify(data).is_err() && check_duplicates(data).is_err());
        return;
    };
    let is_json = grammar(data);
    if is_json {
        formats(data);
        number(text);
    }
    document(data, is_json);
});

/// Checks that this crate and `serde_json` accept the same texts, except for deeper nesting.
fn grammar(data: &[u8]) -> bool {
    let read = |mut reader: Reader<'_>| reader.skip().and_then(|()| reader.end());
    let ours = Reader::new(data).and_then(read).is_ok();
    if ours {
        serde_json::from_slice::<IgnoredAny>(data).unwrap();
    } else {
        assert!(serde_json::from_slice::<Value>(data).is_err());
        assert!(minify(data).is_err() && pretty(data).is_err() && check_duplicates(data).is_err());
    }
    ours
}

fn formats(data: &[u8]) {
    let (short, long) = (minify(data).unwrap(), pretty(data).unwrap());
    assert_eq!(minify(long.as_bytes()).unwrap(), short);
    assert_eq!(minify(short.as_bytes()).unwrap(), short);
    assert_eq!(pretty(short.as_bytes()).unwrap(), long);
    let value = |text: &[u8]| serde_json::from_slice::<Value>(text).ok();
    assert_eq!(value(data), value(short.as_bytes()));
    assert_eq!(check_duplicates(data).is_ok(), check_duplicates(short.as_bytes()).is_ok());
    if let (Some(value), Ok(Names(names))) = (value(data), serde_json::from_slice(data)) {
        assert_eq!(check_duplicates(data).is_ok(), names == distinct_names(&value));
        let written = encode_by_serde(&value).unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&written).unwrap(), value);
    }
}

/// Number of fields of all objects of a text, including duplicates.
struct Names(usize);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Count;

        impl<'de> Visitor<'de> for Count {
            type Value = Names;

            fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str("any JSON")
            }

            fn visit_bool<E>(self, _: bool) -> Result<Names, E> {
                Ok(Names(0))
            }

            fn visit_i64<E>(self, _: i64) -> Result<Names, E> {
                Ok(Names(0))
            }

            fn visit_u64<E>(self, _: u64) -> Result<Names, E> {
                Ok(Names(0))
            }

            fn visit_f64<E>(self, _: f64) -> Result<Names, E> {
                Ok(Names(0))
            }

            fn visit_str<E>(self, _: &str) -> Result<Names, E> {
                Ok(Names(0))
            }

            fn visit_unit<E>(self) -> Result<Names, E> {
                Ok(Names(0))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Names, A::Error> {
                let mut count = 0;
                while let Some(Names(inner)) = seq.next_element()? {
                    count += inner;
                }
                Ok(Names(count))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Names, A::Error> {
                let mut count = 0;
                while let Some((_, Names(inner))) = map.next_entry::<String, Names>()? {
                    count += 1 + inner;
                }
                Ok(Names(count))
            }
        }

        deserializer.deserialize_any(Count)
    }
}

fn distinct_names(value: &Value) -> usize {
    match value {
        Value::Array(elements) => elements.iter().map(distinct_names).sum(),
        Value::Object(fields) => fields.values().map(|inner| 1 + distinct_names(inner)).sum(),
        _ => 0,
    }
}

/// Checks that a number is read exactly as an integer, as the nearest float, and as its own digits.
fn number(text: &str) {
    let digits = text.trim_matches([' ', '\t', '\n', '\r']);
    if !digits.starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
        return;
    }
    assert_eq!(decode::<String>(text.as_bytes()).as_deref(), Ok(digits));
    let float = decode::<f64>(text.as_bytes()).ok();
    assert_eq!(float, serde_json::from_str::<f64>(digits).ok());
    let (signed, unsigned) = (decode::<i64>(text.as_bytes()), decode::<u64>(text.as_bytes()));
    if !digits.contains(['.', 'e', 'E']) {
        assert_eq!(signed.as_ref().ok(), digits.parse().ok().as_ref());
        assert_eq!(
            unsigned.as_ref().ok(),
            digits.parse().ok().or((digits == "-0").then_some(0)).as_ref()
        );
    }
    if let Ok(value) = signed {
        assert_eq!(Some(value as f64), float);
    }
    if let Ok(value) = unsigned {
        assert_eq!(Some(value as f64), float);
    }
}

/// Checks that a decoded object is unchanged after encoding and decoding, by this crate and by serde.
fn document(data: &[u8], is_json: bool) {
    let ours = decode::<Document>(data);
    if let Err(error) = &ours {
        assert!(
            error.to_string().len() < 16 << 10 && !error.to_string().contains(char::is_control)
        );
    }
    assert!(is_json || ours.is_err());
    // A type of this crate reads the same from text through serde, with the same digits.
    let theirs = serde_json::from_slice::<Document>(data);
    assert_eq!(theirs.ok().as_ref(), ours.as_ref().ok());
    if let Ok(document) = ours {
        let written = encode(&document).unwrap();
        assert_eq!(decode::<Document>(&written).unwrap(), document);
        check_duplicates(&written).unwrap();
        assert_eq!(serde_json::from_slice::<Document>(&written).unwrap(), document);
        let written = serde_json::to_vec(&document).unwrap();
        assert_eq!(decode::<Document>(&written).unwrap(), document);
        let value = serde_json::to_value(&document).unwrap();
        assert_eq!(serde_json::from_value::<Document>(value).unwrap(), document);
        assert!(Document::blank() != document || document.id.is_empty());
    }
}

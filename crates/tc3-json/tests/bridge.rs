//! Bridge to serde: types of this crate in other formats, types of serde as JSON.
#![cfg(feature = "serde")]
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tc3_json::{Error, encode_by_serde};

#[derive(Debug, Clone, Default, PartialEq)]
struct Flow {
    id: String,
    pages: Option<u64>,
    sizes: Vec<f64>,
    error: Option<Box<Flow>>,
}

tc3_json::object! {
    Flow {
        "FlowId" => id: required,
        "Pages" => pages: optional,
        "Sizes" => sizes: nonempty,
        "Error" => error: optional,
    }
}

fn flow() -> Flow {
    Flow {
        id: "f\u{1}".to_owned(),
        pages: Some(u64::MAX),
        sizes: vec![0.1, -0.0, 1e300, 124.0],
        error: Some(Box::new(Flow { id: String::new(), ..Flow::default() })),
    }
}

#[test]
fn an_object_survives_text_and_value() {
    let flow = flow();
    let text = serde_json::to_string(&flow).unwrap();
    assert_eq!(text, serde_json::to_string(&serde_json::from_str::<Flow>(&text).unwrap()).unwrap());
    assert_eq!(tc3_json::decode::<Flow>(text.as_bytes()), Ok(flow.clone()));
    assert_eq!(serde_json::from_str::<Flow>(&text).unwrap(), flow);
    let value = serde_json::to_value(&flow).unwrap();
    assert_eq!(value["Error"], json!({"FlowId": ""}));
    assert_eq!(serde_json::from_value::<Flow>(value).unwrap(), flow);
}

#[test]
fn an_object_survives_inside_types_of_serde() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "kind")]
    enum Tagged {
        One(Flow),
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Untagged {
        One(Flow),
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Flat {
        #[serde(flatten)]
        flow: Flow,
        more: u8,
    }
    fn survives<T: Serialize + for<'de> Deserialize<'de> + PartialEq + std::fmt::Debug>(value: T) {
        let text = serde_json::to_string(&value).unwrap();
        assert_eq!(serde_json::from_str::<T>(&text).unwrap(), value, "{text}");
        let tree = serde_json::to_value(&value).unwrap();
        assert_eq!(serde_json::from_value::<T>(tree).unwrap(), value, "{text}");
    }
    survives(Tagged::One(flow()));
    survives(Untagged::One(flow()));
    survives(Flat { flow: flow(), more: 1 });
}

#[test]
fn a_rounded_float_is_refused_as_an_integer() {
    // The parser of serde_json has turned the number into 9007199254740992.
    let value: Value =
        serde_json::from_str(r#"{"FlowId":"f","Pages":9007199254740993.0}"#).unwrap();
    assert!(serde_json::from_value::<Flow>(value).is_err());
    let value: Value = serde_json::from_str(r#"{"FlowId":"f","Pages":1E3}"#).unwrap();
    assert_eq!(serde_json::from_value::<Flow>(value).unwrap().pages, Some(1000));
}

/// Checks that serde_json and this crate read the same value from a text, or both fail.
fn agrees(text: &str) {
    let ours = tc3_json::decode::<Flow>(text.as_bytes()).ok();
    assert_eq!(serde_json::from_str::<Flow>(text).ok(), ours, "{text}");
    assert_eq!(serde_json::from_slice::<Flow>(text.as_bytes()).ok(), ours, "{text}");
    assert_eq!(serde_json::from_reader::<_, Flow>(text.as_bytes()).ok(), ours, "{text}");
    // Within types of serde.
    #[derive(Deserialize)]
    struct Outer {
        flows: Vec<Option<Flow>>,
    }
    let outer = format!(r#"{{"other":1,"flows":[{text} , {text}]}}"#);
    let outer = serde_json::from_str::<Outer>(&outer).ok();
    let inner = outer.map(|outer| outer.flows);
    match text.trim() {
        // `Option` reads it first.
        "null" => {}
        _ => assert_eq!(
            inner,
            ours.clone().map(|flow| vec![Some(flow.clone()), Some(flow)]),
            "{text}"
        ),
    }
    if let Some(flow) = ours {
        let written = serde_json::to_string(&flow).unwrap();
        assert_eq!(tc3_json::decode::<Flow>(written.as_bytes()), Ok(flow.clone()), "{written}");
        assert_eq!(serde_json::from_str::<Flow>(&written).unwrap(), flow, "{written}");
    }
}

#[test]
fn serde_json_reads_the_same_value_from_text() {
    for number in [
        "0",
        "-0",
        "-0.0",
        "1E3",
        "100e-2",
        "9007199254740993",
        "9007199254740993.0",
        "18446744073709551615",
        "18446744073709551615.0",
        "18446744073709551616",
        "-1",
        "1.5",
        "1e400",
        "-1e400",
        "1e-400",
        // serde_json rounds these by one unit in the last place, without its feature `float_roundtrip`.
        "1.7976931348623157e308",
        "31.245270191439438",
        "121.48791951161945",
        "0.0000000000000000123456789012345678",
        "123456789012345678901234567890.5",
        "2.2250738585072011e-308",
        "5e-324",
        "\"7\"",
        "\" 8 \"",
        "\"1e400\"",
        "true",
        "null",
        "[]",
        "{}",
        "01",
        "+1",
        "NaN",
        "",
    ] {
        for text in [
            format!(r#"{{"FlowId":"f","Pages":{number}}}"#),
            format!(r#"{{"FlowId":"f","Sizes":[{number},{number}]}}"#),
            format!(r#"{{"FlowId":{number}}}"#),
            format!(r#"{{"FlowId":"f","Unknown":{number}}}"#),
            format!(r#" {{ "Unknown" : [ {{"x":{number}}} ] , "FlowId" : "f" }} "#),
            format!(r#"{{"FlowId":"f","Error":{{"FlowId":"g","Pages":{number}}}}}"#),
            number.to_owned(),
        ] {
            agrees(&text);
        }
    }
    for text in [
        r#"{"FlowId":"f","FlowId":"g","Pages":1,"Pages":2}"#,
        r#"{"FlowId":"\u5408\ud83d\ude00\n"}"#,
        r#"{"FlowId":"\ud800"}"#,
        r#"{"FlowId":"f"} x"#,
        r#"{"FlowId":"f",}"#,
        "\u{feff}{\"FlowId\":\"f\"}",
    ] {
        agrees(text);
    }
    let deep = |depth: usize| {
        format!(r#"{{"FlowId":"f","Unknown":{}{}}}"#, "[".repeat(depth), "]".repeat(depth))
    };
    for depth in [1, 100, 126, 127, 128, 200] {
        let text = deep(depth);
        let ours = tc3_json::decode::<Flow>(text.as_bytes()).ok();
        assert_eq!(serde_json::from_str::<Flow>(&text).ok(), ours, "{depth}");
    }
}

proptest! {
    #[test]
    fn serde_json_reads_the_same_floats(sizes in proptest::collection::vec(any::<f64>(), 0..4)) {
        let flow = Flow { id: "f".to_owned(), sizes, ..Flow::default() };
        let text = tc3_json::encode(&flow);
        prop_assume!(text.is_ok());
        agrees(&String::from_utf8(text.unwrap()).unwrap());
    }

    #[test]
    fn serde_json_reads_the_same_numbers(
        number in "-?(0|[1-9][0-9]{0,40})(\\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?"
    ) {
        agrees(&format!(r#"{{"FlowId":"f","Pages":{number}}}"#));
        agrees(&format!(r#"{{"FlowId":{number},"Sizes":[{number}]}}"#));
        agrees(&format!(r#"{{"FlowId":"f","Unknown":{{"a":[{number}]}}}}"#));
    }
}

#[test]
fn nan_and_infinity_are_refused_with_their_path() {
    let flow = Flow { sizes: vec![0.0, f64::NAN], ..flow() };
    let error = serde_json::to_string(&flow).unwrap_err();
    assert!(error.to_string().contains("`Sizes.1`"), "{error}");

    #[derive(Serialize)]
    struct Outer {
        list: Vec<Inner>,
    }
    #[derive(Serialize)]
    enum Inner {
        New(f32),
        Pair(f64, f64),
        Named { x: f64 },
    }
    let (one, nan) = (Inner::New(1.5), f64::NAN);
    for (inner, path) in [
        (Inner::New(f32::INFINITY), "list.1.New"),
        (Inner::Pair(1.0, nan), "list.1.1"),
        (Inner::Named { x: nan }, "list.1.x"),
    ] {
        let error = encode_by_serde(&Outer { list: vec![one_more(&one), inner] }).unwrap_err();
        assert_eq!(error.path(), path);
    }
    fn one_more(_: &Inner) -> Inner {
        Inner::New(1.5)
    }
    let map = BTreeMap::from([("x", f64::NAN)]);
    assert_eq!(encode_by_serde(&map).unwrap_err().path(), "x");
}

#[test]
fn raw_text_is_written_unchanged() {
    #[derive(Serialize)]
    struct Body<'a> {
        a: &'a RawValue,
        list: Vec<&'a RawValue>,
    }
    let raw = |text| serde_json::from_str::<&RawValue>(text).unwrap();
    let body = Body {
        a: raw("18446744073709551616"),
        list: vec![raw("123456789.123456789"), raw(r#"{"z":1E5,"a":1e400}"#)],
    };
    assert_eq!(
        String::from_utf8(encode_by_serde(&body).unwrap()).unwrap(),
        r#"{"a":18446744073709551616,"list":[123456789.123456789,{"z":1E5,"a":1e400}]}"#
    );
    let twice = raw(r#"{"a":1,"b":{"c":1,"c":2}}"#);
    let error = encode_by_serde(twice).unwrap_err();
    assert_eq!(error.path(), "b.c");
}

/// Numbers as serde_json passes them if a program enables `arbitrary_precision`.
#[test]
fn a_number_that_is_passed_as_text_is_read_and_written() {
    #[derive(Serialize, Deserialize)]
    #[serde(rename = "$serde_json::private::Number")]
    struct Number {
        #[serde(rename = "$serde_json::private::Number")]
        text: String,
    }
    let number = |text: &str| Number { text: text.to_owned() };
    assert_eq!(encode_by_serde(&[number("1e400")]).unwrap(), b"[1e400]");
    assert!(encode_by_serde(&number("1e")).is_err());
    let value = json!({"FlowId": {"$serde_json::private::Number": "1.50"}});
    assert_eq!(serde_json::from_value::<Flow>(value).unwrap().id, "1.50");
    for text in ["1e", "1,\"Pages\":2", ""] {
        let value = json!({"FlowId": {"$serde_json::private::Number": text}});
        assert!(serde_json::from_value::<Flow>(value).is_err(), "{text}");
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Any {
    Unit,
    New(Option<char>),
    Tuple(i8, bool),
    Named { a: (), b: (u16, String) },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Unit;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct All {
    any: Vec<Any>,
    unit: Unit,
    by_name: BTreeMap<String, u64>,
    by_number: BTreeMap<i32, f32>,
    by_bool: BTreeMap<bool, i128>,
    float: f64,
}

#[test]
fn values_are_written_as_by_serde_json() {
    let all = All {
        any: vec![
            Any::Unit,
            Any::New(None),
            Any::New(Some('"')),
            Any::Tuple(-1, true),
            Any::Named { a: (), b: (7, "é".to_owned()) },
        ],
        unit: Unit,
        by_name: BTreeMap::from([("a\"b".to_owned(), u64::MAX)]),
        by_number: BTreeMap::from([(-3, 0.1)]),
        by_bool: BTreeMap::from([(true, i128::MIN)]),
        float: 124.0,
    };
    assert_eq!(
        String::from_utf8(encode_by_serde(&all).unwrap()).unwrap(),
        serde_json::to_string(&all).unwrap()
    );
    assert!(encode_by_serde(&BTreeMap::from([((1, 2), 3)])).is_err());
    assert!(encode_by_serde(&BTreeMap::from([(None::<u8>, 3)])).is_err());
}

#[test]
fn lenient_helpers_follow_the_rules() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Message {
        #[serde(deserialize_with = "tc3_json::lenient::scalar")]
        id: String,
        #[serde(default, deserialize_with = "tc3_json::lenient::optional")]
        count: Option<u64>,
        #[serde(default, deserialize_with = "tc3_json::lenient::null_default")]
        list: Vec<u8>,
    }
    let read = |text| serde_json::from_str::<Message>(text);
    assert_eq!(
        read(r#"{"id": 7, "count": "", "list": null}"#).unwrap(),
        Message { id: "7".to_owned(), count: None, list: vec![] }
    );
    assert_eq!(read(r#"{"id": null, "count": "3"}"#).unwrap().count, Some(3));
    assert!(read(r#"{"id": {}}"#).is_err());
}

#[test]
fn nesting_is_limited_in_every_format() {
    let mut value = Value::Null;
    for _ in 0..100_000 {
        value = Value::Array(vec![value]);
    }
    let mut map = serde_json::Map::new();
    map.insert("FlowId".to_owned(), value);
    let value = Value::Object(map);
    let read = Flow::deserialize(&value);
    // Dropping it recursively would overflow the stack.
    std::mem::forget(value);
    assert!(read.is_err());
}

/// The messages of other `Serialize` implementations may contain values.
#[test]
fn an_error_does_not_contain_the_value() {
    struct Secret;
    impl Serialize for Secret {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("13888888888"))
        }
    }
    let error: Error = encode_by_serde(&[Secret]).unwrap_err();
    assert_eq!(error.to_string(), "field `0`: expected a value that JSON can represent");
}

proptest! {
    #[test]
    fn every_float_survives_other_types_of_serde(value in proptest::num::f64::NORMAL | proptest::num::f64::ZERO) {
        let json = encode_by_serde(&value).unwrap();
        let text = String::from_utf8(json).unwrap();
        prop_assert_eq!(text.parse::<f64>().unwrap().to_bits(), value.to_bits(), "{}", text);
        let flow = Flow { sizes: vec![value], ..Flow::default() };
        let tree = serde_json::to_value(&flow).unwrap();
        let back: Flow = serde_json::from_value(tree).unwrap();
        prop_assert_eq!(back.sizes[0].to_bits(), value.to_bits());
    }
}

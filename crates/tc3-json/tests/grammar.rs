//! The grammar is that of RFC 8259 and of `serde_json`; the lenient rules are a layer above it.

use proptest::prelude::*;
use serde_json::Value;
use tc3_json::{Reader, check_duplicates, decode, minify, pretty};

fn is_json(text: &[u8]) -> bool {
    let read = |mut reader: Reader<'_>| reader.skip().and_then(|()| reader.end());
    let skipped = Reader::new(text).and_then(read).is_ok();
    assert_eq!(skipped, minify(text).is_ok());
    assert_eq!(skipped, pretty(text).is_ok());
    skipped
}

#[test]
fn invalid_json_is_refused() {
    for json in [
        "",
        " ",
        "nul",
        "nulll",
        "+1",
        "01",
        "-",
        "-01",
        "1.",
        ".5",
        "1e",
        "1e+",
        "0x1",
        "NaN",
        "Infinity",
        "'a'",
        "\"",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\ud800\\u0041\"",
        "\"\t\"",
        "\"\u{0}\"",
        "{",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":1]",
        "{,}",
        "[1}",
        "[1,]",
        "[,1]",
        "[1 2]",
        "1 2",
        "\u{feff}1",
        "//\n1",
    ] {
        assert!(!is_json(json.as_bytes()), "{json}");
        assert!(serde_json::from_str::<Value>(json).is_err(), "{json}");
    }
    assert!(!is_json(b"\"\xff\""));
    for json in
        [" [ ] ", "{\"\":{}}", "-0", "1E-5", "\"\\ud83d\\ude00\\u00e9\\/\"", "\"\u{7f}\u{2028}\""]
    {
        assert!(is_json(json.as_bytes()), "{json}");
    }
    assert_eq!(decode::<String>(br#""\ud83d\ude00\u00E9\/""#).as_deref(), Ok("😀é/"));
}

#[test]
fn nesting_is_limited() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let nested = |deep: usize| open.repeat(deep) + "1" + &close.repeat(deep);
        assert!(is_json(nested(127).as_bytes()));
        assert!(!is_json(nested(128).as_bytes()));
        assert!(!is_json(open.repeat(1_000_000).as_bytes()));
        assert!(check_duplicates(open.repeat(1_000_000).as_bytes()).is_err());
    }
}

#[test]
fn lenient_rules_of_booleans_strings_and_arrays() {
    for json in ["true", "\"true\"", "\"True\"", "1", "\"1\""] {
        assert_eq!(decode::<bool>(json.as_bytes()), Ok(true), "{json}");
    }
    for json in ["false", "\"FALSE\"", "0", "null", "\"\""] {
        assert_eq!(decode::<bool>(json.as_bytes()), Ok(false), "{json}");
    }
    for json in ["2", "-1", "1.0", "\"yes\"", "[]"] {
        assert!(decode::<bool>(json.as_bytes()).is_err(), "{json}");
    }
    for (json, text) in [("\"a\\n\"", "a\n"), ("\"\"", ""), ("true", "true"), ("null", "")] {
        assert_eq!(decode::<String>(json.as_bytes()).as_deref(), Ok(text), "{json}");
    }
    for json in ["{}", "[]"] {
        assert!(decode::<String>(json.as_bytes()).is_err(), "{json}");
    }
    assert_eq!(decode(b"[1, \"2\", null, 3.0]"), Ok(vec![1_i64, 2, 0, 3]));
    assert_eq!(decode::<Vec<i64>>(b"null"), Ok(vec![]));
    assert_eq!(decode(b"[ [ ] , [1,0]]"), Ok(vec![vec![], vec![true, false]]));
    for json in ["[[]]", "1", "{}", "[1", "[1,]", "[,1]", "[1 2]"] {
        assert!(decode::<Vec<i64>>(json.as_bytes()).is_err(), "{json}");
    }
    assert_eq!(decode(b"[1, \"a\"]"), Ok((1_i64, "a".to_owned())));
    for json in ["[1]", "[1,2,3]", "[]", "{}"] {
        assert!(decode::<(i64, i64)>(json.as_bytes()).is_err(), "{json}");
    }
    for json in ["-1", "1e300", "\"x\""] {
        assert!(decode::<std::time::Duration>(json.as_bytes()).is_err(), "{json}");
    }
}

#[test]
fn errors_have_the_offset_and_never_the_value() {
    for (json, message) in [
        (
            r#" "13888888888x""#,
            "expected an integer between -2^63 and 2^63-1, or a string that contains one, at byte 1",
        ),
        (
            "[13888888888",
            "expected an integer between -2^63 and 2^63-1, or a string that contains one, at byte 0",
        ),
        ("13888888888 x", "invalid JSON: expected the end at byte 12"),
        ("1388888888.", "invalid JSON: expected a digit at byte 11"),
    ] {
        assert_eq!(decode::<i64>(json.as_bytes()).unwrap_err().to_string(), message, "{json}");
    }
}

#[test]
fn duplicate_names_are_found_at_any_depth() {
    for (json, path) in [
        (r#"{"a":1,"a":1}"#, "a"),
        (r#"{"a":1,"\u0061":2}"#, "a"),
        (r#"[1,{"b":[{"c":{"d":1, "d" :2}}]}]"#, "1.b.0.c.d"),
    ] {
        let error = check_duplicates(json.as_bytes()).unwrap_err();
        assert_eq!(error.path(), path, "{json}");
        let offset = error.offset().unwrap();
        assert_eq!(json.as_bytes()[offset], b'"', "{error}");
    }
    for json in [r#"{"a":1,"b":{"a":1},"A":2}"#, "[1,1]", "1"] {
        assert_eq!(check_duplicates(json.as_bytes()), Ok(()), "{json}");
    }
    for json in ["", "{", "1 2", r#"{"a":1,"a"}"#] {
        assert!(check_duplicates(json.as_bytes()).is_err(), "{json}");
    }
}

#[test]
fn formatting_keeps_digits_and_order() {
    let json = br#" {"b" : 18446744073709551616, "a":[123456789.123456789 , 1E5,1e400, -0.0],"e":{ },"f":[ ],"s":"\u00e9\n"} "#;
    assert_eq!(
        minify(json).unwrap(),
        "{\"b\":18446744073709551616,\"a\":[123456789.123456789,1E5,1e400,-0.0],\"e\":{},\"f\":[],\"s\":\"\\u00e9\\n\"}"
    );
    assert_eq!(
        pretty(json).unwrap(),
        "{\n  \"b\": 18446744073709551616,\n  \"a\": [\n    123456789.123456789,\n    1E5,\n    1e400,\n    -0.0\n  ],\n  \"e\": {},\n  \"f\": [],\n  \"s\": \"\\u00e9\\n\"\n}"
    );
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        "(?s).{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map("(?s).{0,6}", inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn strings_are_written_as_by_serde_json(value in "(?s).{0,40}") {
        let json = tc3_json::encode(&value).unwrap();
        prop_assert_eq!(&json, &serde_json::to_vec(&value).unwrap());
        prop_assert_eq!(decode::<String>(&json), Ok(value));
    }

    /// Almost valid texts are accepted exactly if `serde_json` accepts them.
    #[test]
    fn the_grammar_agrees_with_serde_json(json in r#"[\[\]{}:, "\\a1.e+-]{0,12}|[\[{]("[a\\u"0-9]{0,6}"|[0-9.eE+-]{1,6}|[a-z]{4}|[,: ]){0,6}[\]}]"#) {
        let theirs = serde_json::from_str::<serde::de::IgnoredAny>(&json).is_ok();
        prop_assert_eq!(is_json(json.as_bytes()), theirs, "{}", json);
    }

    #[test]
    fn formatting_agrees_with_serde_json(value in value()) {
        let (short, long) =
            (serde_json::to_string(&value).unwrap(), serde_json::to_string_pretty(&value).unwrap());
        prop_assert_eq!(minify(long.as_bytes()).unwrap(), short.clone());
        prop_assert_eq!(pretty(short.as_bytes()).unwrap(), long);
    }
}

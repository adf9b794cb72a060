use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::Base64;

/// What a member that may be absent would be.
fn read<T: Decode>(json: &str) -> Option<Option<T>> {
    let mut reader = Reader::new(json.as_bytes()).unwrap();
    let value = T::optional(&mut reader).and_then(|value| reader.end().map(|()| value));
    value.ok()
}

fn text(value: &impl Encode) -> String {
    String::from_utf8(encode(value)).unwrap()
}

/// Whether it is JSON at all.
fn is_json(text: &[u8]) -> bool {
    let read = |mut reader: Reader<'_>| reader.skip().and_then(|()| reader.end());
    Reader::new(text).and_then(read).is_ok()
}

#[test]
fn forms_of_a_number() {
    for (json, value) in
        [("3", 3), ("\"3\"", 3), ("\" 3\"", 3), ("3.0", 3), ("-1", -1), ("3e1", 30)]
    {
        assert_eq!(read::<i64>(json), Some(Some(value)), "{json}");
    }
    for json in ["null", "\"\"", "\" \""] {
        assert_eq!(read::<i64>(json), Some(None), "{json}");
    }
    for json in ["{}", "[]", "true", "3.5", "\"x\"", "18446744073709551615", "1e300"] {
        assert_eq!(read::<i64>(json), None, "{json}");
    }
    assert_eq!(read::<u64>("18446744073709551615"), Some(Some(u64::MAX)));
    assert_eq!((read::<u64>("-1"), read::<u64>("-1.0")), (None, None));
    assert_eq!(read::<f64>("\"0.5\""), Some(Some(0.5)));
    for json in ["\"NaN\"", "\"inf\"", "\"-Infinity\"", "\"1e400\"", "1e400"] {
        assert_eq!(read::<f64>(json), None, "{json}");
    }
}

#[test]
fn forms_of_a_truth_value_and_of_a_text() {
    for json in ["true", "\"true\"", "\"True\"", "1", "\"1\""] {
        assert_eq!(read::<bool>(json), Some(Some(true)), "{json}");
    }
    for json in ["false", "\"FALSE\"", "0"] {
        assert_eq!(read::<bool>(json), Some(Some(false)), "{json}");
    }
    for json in ["2", "-1", "1.0", "\"yes\"", "[]"] {
        assert_eq!(read::<bool>(json), None, "{json}");
    }
    for (json, text) in [
        ("\"a\\n\"", "a\n"),
        ("\"\"", ""),
        ("13412341234", "13412341234"),
        ("-1", "-1"),
        ("1.50", "1.50"),
        ("true", "true"),
    ] {
        assert_eq!(read::<String>(json), Some(Some(text.to_owned())), "{json}");
    }
    assert_eq!(read::<String>("null"), Some(None));
    assert_eq!((read::<String>("{}"), read::<String>("[]")), (None, None));
    assert_eq!(read::<Base64>("\"JVBE\""), Some(Some(Base64::from_encoded("JVBE"))));
    assert_eq!(read::<Base64>("3"), None);
}

#[test]
fn lists_are_as_lenient_as_what_they_hold() {
    assert_eq!(read::<Vec<i64>>("[1, \"2\", null, 3.0]"), Some(Some(vec![1, 2, 0, 3])));
    assert_eq!(read::<Vec<i64>>("null"), Some(None));
    assert_eq!(
        read::<Vec<Vec<bool>>>("[ [ ] , [1,0]]"),
        Some(Some(vec![vec![], vec![true, false]]))
    );
    for json in ["[[]]", "1", "{}", "[1", "[1,]", "[,1]", "[1 2]"] {
        assert_eq!(read::<Vec<i64>>(json), None, "{json}");
    }
}

#[test]
fn errors_do_not_repeat_the_value() {
    let error = decode::<i64>(b"\"13888888888x\"").unwrap_err();
    assert_eq!(
        error.to_string(),
        "expected a number, or a text that holds one, in its range at byte 0"
    );
}

#[test]
fn what_is_no_json_is_refused() {
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
        "[1}",
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
    assert_eq!(read::<String>("\"\\ud83d\\ude00\\u00E9\\/\""), Some(Some("😀é/".into())));
}

#[test]
fn what_is_nested_too_deep_is_refused() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let nested = |deep: usize| open.repeat(deep) + "1" + &close.repeat(deep);
        assert!(is_json(nested(127).as_bytes()));
        assert!(!is_json(nested(128).as_bytes()));
        assert!(!is_json(open.repeat(1_000_000).as_bytes()));
    }
}

#[test]
fn floats_are_written_short() {
    let floats = Some(vec![124.0, 0.5, -3.0, 0.0, -0.0, 1e300, 1e-7]);
    assert_eq!(text(&floats), "[124,0.5,-3,0,-0.0,1e300,1e-7]");
    assert_eq!(text(&f64::NAN), "null");
}

proptest! {
    #[test]
    fn every_integer_survives_each_form(value: i64, unsigned: u64) {
        prop_assert_eq!(read::<i64>(&text(&value)), Some(Some(value)));
        prop_assert_eq!(read::<u64>(&text(&unsigned)), Some(Some(unsigned)));
        prop_assert_eq!(read::<i64>(&format!("\"{value}\"")), Some(Some(value)));
        prop_assert_eq!(read::<String>(&value.to_string()), Some(Some(value.to_string())));
    }

    #[test]
    fn every_float_survives(value in proptest::num::f64::NORMAL | proptest::num::f64::ZERO) {
        let json = text(&value);
        prop_assert_eq!(read::<f64>(&json), Some(Some(value)));
        prop_assert!(is_json(json.as_bytes()));
    }

    #[test]
    fn every_text_survives_and_is_written_as_by_serde_json(value in "(?s).{0,40}") {
        let json = text(&value);
        prop_assert_eq!(&json, &serde_json::to_string(&value).unwrap());
        prop_assert_eq!(read::<String>(&json), Some(Some(value)));
    }

    /// Texts that are nearly JSON: what serde_json refuses is refused, and what it takes is taken.
    #[test]
    fn json_is_what_serde_json_takes(json in r#"[\[\]{}:, "\\a1.e+-]{0,12}|[\[{]("[a\\u"0-9]{0,6}"|[0-9.eE+-]{1,6}|[a-z]{4}|[,: ]){0,6}[\]}]"#) {
        let theirs = serde_json::from_str::<serde::de::IgnoredAny>(&json).is_ok();
        prop_assert_eq!(is_json(json.as_bytes()), theirs, "{}", json);
    }
}

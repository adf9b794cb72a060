//! Numbers are lossless or refused, in reading and writing.

#![allow(clippy::unwrap_used, reason = "a value that cannot be written fails the test")]

use proptest::prelude::*;
use tc3_json::{Decode, Error, decode, encode};

/// An optional field's value.
fn read<T: Decode>(json: &str) -> Result<Option<T>, Error> {
    struct One<T>(Option<T>);
    impl<T: Decode> Decode for One<T> {
        const NULL_IS_BLANK: bool = false;
        fn optional(reader: &mut tc3_json::Reader<'_>) -> Result<Option<Self>, Error> {
            T::optional(reader).map(|value| Some(Self(value)))
        }
        fn blank() -> Self {
            Self(None)
        }
    }
    decode::<One<T>>(json.as_bytes()).map(|one| one.0)
}

fn text(value: &impl tc3_json::Encode) -> String {
    String::from_utf8(encode(value).unwrap()).unwrap()
}

#[test]
fn integers() {
    for (json, value) in [
        ("3", 3),
        ("\"3\"", 3),
        ("\" 3\"", 3),
        ("3.0", 3),
        ("\"3.0\"", 3),
        ("-0", 0),
        ("-0.0", 0),
        ("-1", -1),
        ("3e1", 30),
        ("1E3", 1000),
        ("1e2", 100),
        ("1200e-2", 12),
        ("9007199254740993", 9_007_199_254_740_993),
        ("9007199254740993.0", 9_007_199_254_740_993),
        ("-9007199254740993.0", -9_007_199_254_740_993),
        ("9.007199254740993e15", 9_007_199_254_740_993),
        ("9223372036854775807.0", i64::MAX),
        ("-9223372036854775808", i64::MIN),
        ("-9223372036854775808.00", i64::MIN),
    ] {
        assert_eq!(read::<i64>(json), Ok(Some(value)), "{json}");
    }
    for json in ["null", "\"\"", "\" \""] {
        assert_eq!(read::<i64>(json), Ok(None), "{json}");
    }
    for json in [
        "{}",
        "[]",
        "true",
        "3.5",
        "\"x\"",
        "1e-1",
        "9223372036854775808",
        "9223372036854775808.0",
        "-9223372036854775809.0",
        "18446744073709551615",
        "1e19",
        "1e300",
        "1e400",
        "1e99999999999999999999",
        "0.9999999999999999999999",
        "9007199254740992.5",
    ] {
        assert!(read::<i64>(json).is_err(), "{json}");
    }
    for (json, value) in [
        ("18446744073709551615", u64::MAX),
        ("18446744073709551615.0", u64::MAX),
        ("1844674407370955161.5e1", u64::MAX),
        ("-0", 0),
        ("1e19", 10_000_000_000_000_000_000),
    ] {
        assert_eq!(read::<u64>(json), Ok(Some(value)), "{json}");
    }
    for json in ["-1", "-1.0", "18446744073709551616", "18446744073709551616.0", "1e20"] {
        assert!(read::<u64>(json).is_err(), "{json}");
    }
}

#[test]
fn floats() {
    for (json, value) in [("\"0.5\"", 0.5), ("1", 1.0), ("1e-400", 0.0), ("-0.0", -0.0)] {
        assert_eq!(read::<f64>(json), Ok(Some(value)), "{json}");
    }
    for json in ["\"NaN\"", "\"inf\"", "\"-Infinity\"", "\"1e400\"", "1e400", "-1e400"] {
        assert!(read::<f64>(json).is_err(), "{json}");
    }
    let floats = Some(vec![124.0, 0.5, -3.0, 0.0, -0.0, 1e300, 1e-7, 9_007_199_254_740_994.0]);
    assert_eq!(text(&floats), "[124,0.5,-3,0,-0.0,1e300,1e-7,9007199254740994.0]");
}

#[test]
fn strings_keep_the_digits_of_numbers() {
    for json in [
        "18446744073709551616",
        "123456789.123456789",
        "1E5",
        "1e400",
        "-0",
        "1.50",
        "0.10000000000000000000000000000000001",
    ] {
        assert_eq!(read::<String>(json), Ok(Some(json.to_owned())), "{json}");
    }
}

#[derive(Debug, PartialEq)]
struct Seal {
    width: f64,
    scale: Option<f64>,
}

tc3_json::object! {
    Seal { "Width" => width: required, "Scale" => scale: optional }
}

#[derive(Debug, PartialEq)]
struct Flow {
    seals: Vec<Seal>,
    sizes: (f64, f64),
    pages: u64,
}

tc3_json::object! {
    Flow { "Seals" => seals: default, "Sizes" => sizes: default, "Pages" => pages: default }
}

#[test]
fn nan_and_infinity_are_refused_with_their_path() {
    let flow = |width, scale, size| Flow {
        seals: vec![Seal { width: 1.0, scale: None }, Seal { width, scale }],
        sizes: (1.0, size),
        pages: 1,
    };
    let refused = "expected a finite number, as JSON has no NaN or infinity";
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for (flow, path) in [
            (flow(value, None, 1.0), "Seals.1.Width"),
            (flow(1.0, Some(value), 1.0), "Seals.1.Scale"),
            (flow(1.0, None, value), "Sizes.1"),
            // The first is reported.
            (flow(value, Some(value), value), "Seals.1.Width"),
        ] {
            let error = encode(&flow).unwrap_err();
            assert_eq!(error.to_string(), format!("field `{path}`: {refused}"));
            assert_eq!((error.path().as_str(), error.offset()), (path, None));
        }
        assert_eq!(encode(&value).unwrap_err().to_string(), refused);
    }
}

#[test]
fn a_number_out_of_range_is_refused_with_its_path() {
    for (json, path) in [
        (r#"{"Pages": 18446744073709551616}"#, "Pages"),
        (r#"{"Pages": -1.0}"#, "Pages"),
        (r#"{"Pages": 1.5}"#, "Pages"),
        (r#"{"Sizes": [1, 1e400]}"#, "Sizes.1"),
        (r#"{"Seals": [{"Width": 1}, {"Width": 1, "Scale": "1e400"}]}"#, "Seals.1.Scale"),
        (r#"{"Seals": [{"Width": []}]}"#, "Seals.0.Width"),
        (r#"{"Seals": [{}]}"#, "Seals.0.Width"),
        (r#"{"Seals": {}}"#, "Seals"),
        (r#"{"Seals": [7]}"#, "Seals.0"),
    ] {
        let error = decode::<Flow>(json.as_bytes()).unwrap_err();
        assert_eq!(error.path(), path, "{json}: {error}");
        assert!(error.to_string().contains(&format!("field `{path}`")), "{json}: {error}");
    }
}

proptest! {
    #[test]
    fn every_integer_survives_each_form(value: i64, unsigned: u64, zeros in 0_usize..4) {
        let fraction = ".0".to_owned() + &"0".repeat(zeros);
        prop_assert_eq!(read(&text(&value)), Ok(Some(value)));
        prop_assert_eq!(read(&text(&unsigned)), Ok(Some(unsigned)));
        prop_assert_eq!(read(&format!("{value}{fraction}")), Ok(Some(value)));
        prop_assert_eq!(read(&format!("{unsigned}{fraction}")), Ok(Some(unsigned)));
        prop_assert_eq!(read(&format!("\"{value}\"")), Ok(Some(value)));
        prop_assert_eq!(read(&value.to_string()), Ok(Some(value.to_string())));
    }

    /// Moving the decimal point and adjusting the exponent does not change the integer.
    #[test]
    fn an_integer_survives_any_exponent(value: u64, places in 1_usize..30) {
        let digits = value.to_string();
        let padded = format!("{digits:0>width$}", width = places + 1);
        let (integer, fraction) = padded.split_at(padded.len() - places);
        prop_assert_eq!(read(&format!("{integer}.{fraction}e{places}")), Ok(Some(value)));
        prop_assert_eq!(read(&format!("{digits}{}E-{places}", "0".repeat(places))), Ok(Some(value)));
    }

    /// The value is compared with decimal arithmetic on strings.
    #[test]
    fn a_number_is_read_exactly_or_refused(
        integer in "0|[1-9][0-9]{0,20}",
        fraction in "[0-9]{1,22}",
        exponent in -25_i32..25,
    ) {
        let json = format!("{integer}.{fraction}e{exponent}");
        let mut digits = integer.clone() + &fraction;
        let point = integer.len() as i32 + exponent;
        while (digits.len() as i32) < point { digits.push('0'); }
        let (integer, rest) = match point {
            ..=0 => ("", digits.as_str()),
            _ => digits.split_at(point as usize),
        };
        let integer = integer.trim_start_matches('0');
        let expected = match rest.bytes().all(|digit| digit == b'0') {
            true if integer.is_empty() => Some(0),
            true => integer.parse::<u64>().ok(),
            false => None,
        };
        prop_assert_eq!(read::<u64>(&json).ok().flatten(), expected, "{}", json);
    }

    #[test]
    fn every_float_survives(value in proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL | proptest::num::f64::ZERO) {
        let json = text(&value);
        let read = read::<f64>(&json).unwrap().unwrap();
        prop_assert_eq!(read.to_bits(), value.to_bits(), "{}", json);
        prop_assert!(tc3_json::minify(json.as_bytes()).is_ok());
    }
}

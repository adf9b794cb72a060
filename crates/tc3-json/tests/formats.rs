//! Round trips of types of this crate through other self-describing formats of serde.
#![cfg(feature = "serde")]
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq)]
struct Flow {
    id: String,
    pages: Option<u64>,
    at: i64,
    sizes: Vec<f64>,
    open: bool,
    error: Option<Box<Flow>>,
    all: Vec<Flow>,
}

tc3_json::object! {
    Flow {
        "FlowId" => id: required,
        "Pages" => pages: optional,
        "At" => at: default,
        "Sizes" => sizes: nonempty,
        "Open" => open: default,
        "Error" => error: optional,
        "All" => all: nonempty,
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Outer {
    name: String,
    flow: Flow,
    flows: Vec<Flow>,
}

fn flow() -> Flow {
    let inner = Flow {
        id: "é\n\"".to_owned(),
        pages: Some(9_007_199_254_740_993),
        at: i64::MIN,
        sizes: vec![0.1, 124.0, -0.0, 1e300],
        ..Flow::default()
    };
    Flow {
        error: Some(Box::new(inner.clone())),
        all: vec![inner.clone(), Flow::default()],
        open: true,
        ..inner
    }
}

fn each<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let text = toml::to_string(value).unwrap();
    assert_eq!(&toml::from_str::<T>(&text).unwrap(), value, "{text}");
    let text = ron::to_string(value).unwrap();
    assert_eq!(&ron::from_str::<T>(&text).unwrap(), value, "{text}");
    let text = serde_norway::to_string(value).unwrap();
    assert_eq!(&serde_norway::from_str::<T>(&text).unwrap(), value, "{text}");
    for bytes in [rmp_serde::to_vec(value).unwrap(), rmp_serde::to_vec_named(value).unwrap()] {
        assert_eq!(&rmp_serde::from_slice::<T>(&bytes).unwrap(), value);
    }
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).unwrap();
    assert_eq!(&ciborium::from_reader::<T, _>(&bytes[..]).unwrap(), value);
}

#[test]
fn an_object_survives_every_format() {
    each(&flow());
    each(&Flow::default());
    each(&Outer { name: "n".to_owned(), flow: flow(), flows: vec![Flow::default(), flow()] });
}

#[test]
fn a_value_that_a_format_lacks_is_an_error() {
    let infinite = Flow { sizes: vec![f64::INFINITY], ..Flow::default() };
    assert!(toml::to_string(&infinite).unwrap_err().to_string().contains("`Sizes.0`"));
    assert!(toml::from_str::<Flow>("FlowId = 'f'\nSizes = [inf]").is_err());
    assert!(toml::from_str::<Flow>("FlowId = 'f'\nAt = 1979-05-27").is_err());
}

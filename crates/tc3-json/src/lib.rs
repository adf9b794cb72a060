//! JSON reader and writer for generated types.
//!
//! One [`Reader`] and one [`Writer`], neither of them generic, serve all types. A type only lists its fields,
//! by [`object!`] or in generated code, so hundreds of types compile in a fraction of the time that serde's
//! derives take.
//!
//! ```
//! struct Flow {
//!     id: String,
//!     pages: Option<u64>,
//! }
//!
//! tc3_json::object! {
//!     Flow {
//!         "FlowId" => id: required,
//!         "Pages" => pages: optional,
//!     }
//! }
//!
//! # fn main() -> Result<(), tc3_json::Error> {
//! let flow: Flow = tc3_json::decode(br#"{"FlowId": 7, "Pages": "12", "New": [null]}"#)?;
//! assert_eq!((flow.id.as_str(), flow.pages), ("7", Some(12)));
//! assert_eq!(tc3_json::encode(&flow)?, br#"{"FlowId":"7","Pages":12}"#);
//! # Ok(())
//! # }
//! ```
//!
//! # Grammar
//!
//! The scanner accepts the grammar of [RFC 8259](https://www.rfc-editor.org/rfc/rfc8259) in UTF-8 without a
//! byte order mark, from the first byte to the last. It has no extensions: no comments, trailing commas, single
//! quotes, `NaN`, leading zeros or `+`. Choices that the RFC leaves to the implementation:
//!
//! | subject | rule |
//! |---|---|
//! | nesting | At most 127 arrays and objects inside each other; deeper text is refused. |
//! | surrogates | `\ud800` without its other half is refused, because it is not a Unicode character. |
//! | range of numbers | Not limited by the scanner; the type that is read decides. |
//! | duplicate names | The last value is used when a type is read. [`check_duplicates`] refuses them. |
//! | order of fields | Any order is read. Fields are written in the order of the type. |
//!
//! # Lenient rules
//!
//! Servers send other types than their reference states. These rules are a layer above the scanner: they
//! decide how a JSON value is converted, never what counts as JSON.
//!
//! | type | also read from |
//! |---|---|
//! | `i64`, `u64` | A string that contains a number; a number with a fraction or exponent if its value is an integer. |
//! | `f64` | A string that contains a number. Infinity is refused, also by overflow (`1e400`). |
//! | `bool` | `1` and `0`; the strings `true`, `false`, `1` and `0` in any case. |
//! | `String` | A number, with the digits as written; `true` and `false`. |
//! | `Option` | `null`; an empty string if the type is a number or a boolean. |
//! | any scalar, `Vec` | `null` is the empty value. |
//! | object | Unknown fields are skipped. |
//!
//! An object in place of a number, or a number that does not fit, is an [`Error`] with the path of the field.
//!
//! # Numbers
//!
//! Integers never pass through a float. `9007199254740993.0`, `1E3` and `100e-2` are read exactly; `1.5` and
//! `18446744073709551616` are refused by `u64`. A float is written in the shortest form that reads back as the
//! same value, and without a fraction if it is an integer of up to 2^53. JSON cannot represent NaN and infinity, so
//! [`encode`] refuses them.
//!
//! # serde
//!
//! With the feature `serde`, types of this crate implement `Serialize` and `Deserialize` by way of their JSON.
//! The format must be self-describing, such as JSON, YAML, CBOR, MessagePack, RON and TOML.
//!
//! JSON text that serde_json reads, as `serde_json::from_str` does, gives the same value as [`decode`], or both fail. No
//! feature of serde_json changes this. Elsewhere, a format carries less than JSON:
//!
//! | read from | is lost |
//! |---|---|
//! | `serde_json::Value`, and fields within `flatten` or in a tagged or untagged enum | Digits: a number is a 64-bit integer or a float, which serde_json rounds by up to one unit in the last place. An integer of 2^53 or more in a float is refused. `1e400` is refused, in an unknown field too. The last of duplicate names is used. |
//! | YAML, CBOR, MessagePack, RON, TOML | The same digits, as the parser of the format rounds. |
//! | TOML | Integers above 2^63-1 and `null` cannot be written. |
//! | any format | NaN and infinity are refused, as JSON has neither. |
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "serde")]
mod bridge;
mod decode;
mod encode;
mod error;
mod format;
#[cfg(feature = "serde")]
pub mod lenient;
mod number;
mod object;
mod reader;
mod scalar;
mod scanner;
mod string;
mod writer;

#[cfg(feature = "serde")]
pub use bridge::{deserialize, encode_by_serde, serialize};
pub use decode::decode;
pub use encode::encode;
pub use error::Error;
pub use format::{check_duplicates, minify, pretty};
pub use reader::{Decode, Kind, Members, Reader};
pub use writer::{Encode, Writer};

/// Used by the crate's macros.
#[doc(hidden)]
pub mod __private {
    #[cfg(feature = "serde")]
    pub use serde;

    /// Returns the number of required fields.
    pub const fn count_required(fields: &[(&str, bool)]) -> usize {
        let (mut rest, mut count) = (fields, 0);
        while let [(_, required), others @ ..] = rest {
            count += *required as usize;
            rest = others;
        }
        count
    }

    /// Returns the names of the required fields, of which there are `N`.
    pub const fn required<const N: usize>(fields: &[(&'static str, bool)]) -> [&'static str; N] {
        let mut names = [""; N];
        fill(&mut names, fields);
        names
    }

    const fn fill(names: &mut [&'static str], fields: &[(&'static str, bool)]) {
        match (names, fields) {
            ([place, names @ ..], [(name, true), fields @ ..]) => {
                *place = name;
                fill(names, fields);
            }
            (names, [(_, false), fields @ ..]) => fill(names, fields),
            _ => {}
        }
    }
}

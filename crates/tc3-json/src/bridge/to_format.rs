//! Conversion of JSON to a value of any self-describing format.

use serde::ser::{Error as _, SerializeMap as _, SerializeSeq as _};
use serde::{Serialize, Serializer};

use crate::error::Error;
use crate::number::Number;
use crate::scanner::{Scanner, Token};

/// The next value in JSON of this crate's writer. It can be serialized more than once, as TOML requires.
pub(super) struct Node<'a>(pub(super) Scanner<'a>);

impl Serialize for Node<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut scanner = self.0.clone();
        match scanner.peek() {
            Some(b'{') => {
                let mut another = scanner.open_object().map_err(S::Error::custom)?;
                let mut map = serializer.serialize_map(None)?;
                while another {
                    let name = scanner.name().map_err(S::Error::custom)?;
                    map.serialize_entry(&*name, &Self(scanner.clone()))?;
                    scanner.skip().map_err(S::Error::custom)?;
                    another = scanner.member().map_err(S::Error::custom)?;
                }
                map.end()
            }
            Some(b'[') => {
                let mut first = true;
                scanner.open_array().map_err(S::Error::custom)?;
                let mut seq = serializer.serialize_seq(None)?;
                while scanner.element(&mut first).map_err(S::Error::custom)? {
                    seq.serialize_element(&Self(scanner.clone()))?;
                    scanner.skip().map_err(S::Error::custom)?;
                }
                seq.end()
            }
            _ => scalar(scanner.token("a value").map_err(S::Error::custom)?, serializer),
        }
    }
}

fn scalar<S: Serializer>(token: Token<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    match token {
        Token::Null => serializer.serialize_unit(),
        Token::Bool(value) => serializer.serialize_bool(value),
        Token::String(text) => serializer.serialize_str(&text),
        Token::Number(text) => {
            // `-0.0` is a float.
            if let (Ok(value), false) = (text.parse(), text == "-0") {
                return serializer.serialize_u64(value);
            }
            if let Ok(value) = text.parse() {
                return serializer.serialize_i64(value);
            }
            let value = Number { text, rounded: false }.to_f64();
            serializer.serialize_f64(value.ok_or_else(|| S::Error::custom(Error::not_finite()))?)
        }
    }
}

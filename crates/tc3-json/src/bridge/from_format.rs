//! Conversion of a value of any self-describing format to JSON.

use core::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};

use super::RAW_TEXT;
use crate::reader::Reader;
use crate::scanner::MAX_DEPTH;
use crate::writer::Writer;

/// Writes the value of a deserializer as JSON.
pub(super) fn copy<'de, D: Deserializer<'de>>(
    deserializer: D,
    writer: &mut Writer,
) -> Result<(), D::Error> {
    Copy { writer, depth: 0 }.deserialize(deserializer)
}

struct Copy<'w> {
    writer: &'w mut Writer,
    /// Arrays and objects around the value.
    depth: usize,
}

impl Copy<'_> {
    fn inner(&mut self) -> Copy<'_> {
        Copy { writer: &mut *self.writer, depth: self.depth + 1 }
    }

    fn check_depth<E: serde::de::Error>(&self) -> Result<(), E> {
        match self.depth < MAX_DEPTH {
            true => Ok(()),
            false => Err(E::custom(format_args!("more than {MAX_DEPTH} levels of nesting"))),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Copy<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Copy<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that JSON can represent")
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.writer.word(if value { "true" } else { "false" });
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.writer.number(value);
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.writer.number(value);
        Ok(())
    }

    fn visit_i128<E>(self, value: i128) -> Result<(), E> {
        self.writer.number(value);
        Ok(())
    }

    fn visit_u128<E>(self, value: u128) -> Result<(), E> {
        self.writer.number(value);
        Ok(())
    }

    /// Keeps the fraction of an integral float, by which the reader detects that it may be rounded.
    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<(), E> {
        match value.is_finite() {
            true => self.writer.number(format_args!("{value:?}")),
            false => return Err(E::custom("expected a finite number")),
        }
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.writer.text(text);
        Ok(())
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        self.writer.word("null");
        Ok(())
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<(), E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut elements: A) -> Result<(), A::Error> {
        self.check_depth()?;
        self.writer.word("[");
        while elements.next_element_seed(Element(self.inner()))?.is_some() {}
        self.writer.word("]");
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<(), A::Error> {
        self.check_depth()?;
        let mut first = true;
        while let Some(name) = members.next_key_seed(Name)? {
            if core::mem::take(&mut first) {
                if RAW_TEXT.contains(&&*name) {
                    let text: String = members.next_value()?;
                    return raw(self.writer, &text);
                }
                self.writer.word("{");
            }
            self.writer.separate();
            self.writer.text(&name);
            self.writer.word(":");
            members.next_value_seed(self.inner())?;
        }
        self.writer.word(if first { "{}" } else { "}" });
        Ok(())
    }
}

/// Writes text that serde_json has passed through serde, if it is JSON.
fn raw<E: serde::de::Error>(writer: &mut Writer, text: &str) -> Result<(), E> {
    let checked = Reader::new(text.as_bytes()).and_then(|mut reader| {
        reader.skip()?;
        reader.end()
    });
    checked.map_err(E::custom)?;
    writer.word(text);
    Ok(())
}

/// An element of an array, after a comma if it is not the first.
struct Element<'w>(Copy<'w>);

impl<'de> DeserializeSeed<'de> for Element<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.0.writer.separate();
        self.0.deserialize(deserializer)
    }
}

/// The key of a map: a string, or the text of a number or boolean.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for Name {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string as the key of a map")
    }

    fn visit_bool<E>(self, value: bool) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_i64<E>(self, value: i64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_u64<E>(self, value: u64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_str<E>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }
}

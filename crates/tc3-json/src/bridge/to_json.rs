//! Serialization of types of serde as JSON, in the representation that serde_json uses.

use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::RAW_TEXT;
use crate::error::Error;
use crate::scanner::Scanner;
use crate::writer::Writer;

/// Writes one value.
pub(super) struct ToJson<'w>(pub(super) &'w mut Writer);

/// Writes the values of an array or object, and its closing bracket.
pub(super) struct Composite<'w> {
    writer: &'w mut Writer,
    close: &'static str,
    /// Elements written so far, for the path of an error.
    count: usize,
    /// Name of the map's entry that is being written.
    name: String,
}

impl<'w> ToJson<'w> {
    fn open(self, open: &str, close: &'static str) -> Result<Composite<'w>, Error> {
        self.0.word(open);
        Ok(Composite { writer: self.0, close, count: 0, name: String::new() })
    }

    /// Opens the object of an enum's variant, and the value in it.
    fn open_variant(
        self,
        variant: &str,
        open: &str,
        close: &'static str,
    ) -> Result<Composite<'w>, Error> {
        self.0.word("{");
        self.0.text(variant);
        self.0.word(":");
        self.open(open, close)
    }

    fn integer(self, value: impl core::fmt::Display) -> Result<(), Error> {
        self.0.number(value);
        Ok(())
    }

    /// Writes a float in full: `124.0`, as serde_json does.
    fn float(self, value: impl core::fmt::Debug, is_finite: bool) -> Result<(), Error> {
        match is_finite {
            true => self.0.number(format_args!("{value:?}")),
            false => return Err(Error::not_finite()),
        }
        Ok(())
    }
}

impl Composite<'_> {
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.writer.separate();
        let index = self.count;
        self.count += 1;
        value.serialize(ToJson(self.writer)).map_err(|error| error.at_index(index))
    }

    fn member<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), Error> {
        // The only field of a raw value of serde_json is the text itself.
        if self.close.is_empty() {
            return raw(self.writer, value);
        }
        self.writer.separate();
        self.writer.text(name);
        self.writer.word(":");
        value.serialize(ToJson(self.writer)).map_err(|error| error.within(name))
    }

    fn close(self) -> Result<(), Error> {
        self.writer.word(self.close);
        Ok(())
    }
}

/// Writes the content of a string unchanged, if it is JSON.
fn raw<T: Serialize + ?Sized>(writer: &mut Writer, text: &T) -> Result<(), Error> {
    let json = written(text)?;
    let text: String = crate::decode::decode(json.as_bytes())?;
    let mut scanner = Scanner::new(text.as_bytes())?;
    scanner.skip()?;
    scanner.end()?;
    writer.word(&text);
    Ok(())
}

fn written<T: Serialize + ?Sized>(value: &T) -> Result<String, Error> {
    let mut writer = Writer::default();
    value.serialize(ToJson(&mut writer))?;
    String::from_utf8(writer.finish()?).map_err(|_| Error::no_form())
}

/// Returns the key of a map, with quotation marks.
fn key<T: Serialize + ?Sized>(key: &T) -> Result<String, Error> {
    let text = written(key)?;
    match text.as_bytes().first() {
        Some(b'"') => Ok(text),
        Some(b'-' | b'0'..=b'9' | b't' | b'f') => Ok(format!("\"{text}\"")),
        _ => Err(Error::no_form()),
    }
}

impl<'w> Serializer for ToJson<'w> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Composite<'w>;
    type SerializeTuple = Composite<'w>;
    type SerializeTupleStruct = Composite<'w>;
    type SerializeTupleVariant = Composite<'w>;
    type SerializeMap = Composite<'w>;
    type SerializeStruct = Composite<'w>;
    type SerializeStructVariant = Composite<'w>;

    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        self.integer(value)
    }
    fn serialize_i8(self, value: i8) -> Result<(), Error> {
        self.integer(value)
    }
    fn serialize_i16(self, value: i16) -> Result<(), Error> {
        self.integer(value)
    }
    fn serialize_i32(self, value: i32) -> Result<(), Error> {
        self.integer(value)
    }
    fn serialize_i64(self, value: i64) -> Result<(), Error> {
        self.integer(value)
    }
    fn serialize_i128(self, value: i128) -> Result<(), Error> {
        self.integer(value)
    }
    fn serialize_u8(self, value: u8) -> Result<(), Error> {
        self.integer(value)
    }
    fn serialize_u16(self, value: u16) -> Result<(), Error> {
        self.integer(value)
    }
    fn serialize_u32(self, value: u32) -> Result<(), Error> {
        self.integer(value)
    }
    fn serialize_u64(self, value: u64) -> Result<(), Error> {
        self.integer(value)
    }
    fn serialize_u128(self, value: u128) -> Result<(), Error> {
        self.integer(value)
    }
    fn serialize_f32(self, value: f32) -> Result<(), Error> {
        self.float(value, value.is_finite())
    }
    fn serialize_f64(self, value: f64) -> Result<(), Error> {
        self.float(value, value.is_finite())
    }
    fn serialize_char(self, value: char) -> Result<(), Error> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }
    fn serialize_str(self, text: &str) -> Result<(), Error> {
        self.0.text(text);
        Ok(())
    }
    fn serialize_bytes(self, bytes: &[u8]) -> Result<(), Error> {
        self.collect_seq(bytes)
    }
    fn serialize_none(self) -> Result<(), Error> {
        self.serialize_unit()
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<(), Error> {
        self.0.word("null");
        Ok(())
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.serialize_unit()
    }
    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), Error> {
        self.serialize_str(variant)
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        let mut object = self.open("{", "}")?;
        object.member(variant, value)?;
        object.close()
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Composite<'w>, Error> {
        self.open("[", "]")
    }
    fn serialize_tuple(self, _: usize) -> Result<Composite<'w>, Error> {
        self.open("[", "]")
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Composite<'w>, Error> {
        self.open("[", "]")
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Composite<'w>, Error> {
        self.open_variant(variant, "[", "]}")
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Composite<'w>, Error> {
        self.open("{", "}")
    }
    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Composite<'w>, Error> {
        match RAW_TEXT.contains(&name) {
            true => self.open("", ""),
            false => self.open("{", "}"),
        }
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Composite<'w>, Error> {
        self.open_variant(variant, "{", "}}")
    }
}

macro_rules! elements {
    ($($trait:ident $function:ident)*) => {$(
        impl $trait for Composite<'_> {
            type Ok = ();
            type Error = Error;

            fn $function<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.element(value)
            }

            fn end(self) -> Result<(), Error> {
                self.close()
            }
        }
    )*};
}

elements! {
    SerializeSeq serialize_element
    SerializeTuple serialize_element
    SerializeTupleStruct serialize_field
    SerializeTupleVariant serialize_field
}

macro_rules! members {
    ($($trait:ident)*) => {$(
        impl $trait for Composite<'_> {
            type Ok = ();
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), Error> {
                self.member(name, value)
            }

            fn end(self) -> Result<(), Error> {
                self.close()
            }
        }
    )*};
}

members!(SerializeStruct SerializeStructVariant);

impl SerializeMap for Composite<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, name: &T) -> Result<(), Error> {
        self.name = key(name)?;
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.writer.separate();
        self.writer.word(&self.name);
        self.writer.word(":");
        let name = self.name.trim_matches('"');
        value.serialize(ToJson(self.writer)).map_err(|error| error.within(name))
    }

    fn end(self) -> Result<(), Error> {
        self.close()
    }
}

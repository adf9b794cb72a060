//! Decoding of types of the standard library.

use std::path::PathBuf;
use std::time::Duration;

use crate::error::Error;
use crate::reader::{Decode, Reader};

/// Reads a value from a complete JSON text.
///
/// # Errors
/// Returns an error if the text is not JSON, or not of this type.
pub fn decode<T: Decode>(json: &[u8]) -> Result<T, Error> {
    let mut reader = Reader::new(json)?;
    let value = reader.value()?;
    reader.end()?;
    Ok(value)
}

macro_rules! scalars {
    ($($type:ty)*) => {$(
        impl Decode for $type {
            const NULL_IS_BLANK: bool = true;

            fn optional(reader: &mut Reader<'_>) -> Result<Option<Self>, Error> {
                reader.scalar()
            }

            fn blank() -> Self {
                Self::default()
            }
        }
    )*};
}

scalars!(i64 u64 f64 bool);

impl Decode for String {
    const NULL_IS_BLANK: bool = true;

    fn optional(reader: &mut Reader<'_>) -> Result<Option<Self>, Error> {
        match reader.plain_string() {
            Some(text) => Ok(Some(text.to_owned())),
            None => reader.scalar(),
        }
    }

    fn blank() -> Self {
        Self::new()
    }
}

impl Decode for PathBuf {
    const NULL_IS_BLANK: bool = false;

    fn optional(reader: &mut Reader<'_>) -> Result<Option<Self>, Error> {
        Ok(String::optional(reader)?.map(Self::from))
    }

    fn blank() -> Self {
        Self::new()
    }
}

/// A number of seconds, with a fraction.
impl Decode for Duration {
    const NULL_IS_BLANK: bool = true;

    fn optional(reader: &mut Reader<'_>) -> Result<Option<Self>, Error> {
        let invalid = reader.expected("a number of seconds, not negative,");
        let Some(seconds) = f64::optional(reader)? else { return Ok(None) };
        Self::try_from_secs_f64(seconds).map(Some).map_err(|_| invalid)
    }

    fn blank() -> Self {
        Self::ZERO
    }
}

impl<T: Decode> Decode for Vec<T> {
    const NULL_IS_BLANK: bool = true;

    fn optional(reader: &mut Reader<'_>) -> Result<Option<Self>, Error> {
        if reader.null()? {
            return Ok(None);
        }
        let (mut list, mut first) = (Self::new(), true);
        reader.open_array()?;
        while reader.element(&mut first)? {
            match reader.value() {
                Ok(value) => list.push(value),
                Err(error) => return Err(error.at_index(list.len())),
            }
        }
        Ok(Some(list))
    }

    fn blank() -> Self {
        Self::new()
    }
}

/// An array of two elements.
impl<A: Decode, B: Decode> Decode for (A, B) {
    const NULL_IS_BLANK: bool = false;

    fn optional(reader: &mut Reader<'_>) -> Result<Option<Self>, Error> {
        if reader.null()? {
            return Ok(None);
        }
        let mut first = true;
        reader.open_array()?;
        let mut next = |reader: &mut Reader<'_>, expected| match reader.element(&mut first)? {
            another if another == expected => Ok(()),
            _ => Err(reader.expected("two elements")),
        };
        next(reader, true)?;
        let a = reader.value().map_err(|error| error.at_index(0))?;
        next(reader, true)?;
        let b = reader.value().map_err(|error| error.at_index(1))?;
        next(reader, false)?;
        Ok(Some((a, b)))
    }

    fn blank() -> Self {
        (A::blank(), B::blank())
    }
}

impl<T: Decode> Decode for Box<T> {
    const NULL_IS_BLANK: bool = T::NULL_IS_BLANK;

    fn optional(reader: &mut Reader<'_>) -> Result<Option<Self>, Error> {
        Ok(T::optional(reader)?.map(Self::new))
    }

    fn blank() -> Self {
        Self::new(T::blank())
    }
}

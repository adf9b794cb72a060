//! What can be read.

use super::{Error, Reader};
use crate::Base64;

/// A type that JSON is read as.
pub trait Decode: Sized {
    /// Whether `null` is read as a blank value where there must be one.
    const NULL_IS_BLANK: bool;

    /// Reads a value; `None` is `null`, or what says no more.
    ///
    /// # Errors
    /// The next value is none of the type.
    fn optional(reader: &mut Reader<'_>) -> Result<Option<Self>, Error>;

    /// What stands where nothing was read.
    fn blank() -> Self;
}

/// An object whose members are being read. Of a member that comes twice, the last counts.
pub trait Members {
    /// Reads the value that comes next, as that of this member; [`Reader::skip`] is for names unknown.
    ///
    /// # Errors
    /// The value is none of the member's type.
    fn member(&mut self, name: &str, reader: &mut Reader<'_>) -> Result<(), Error>;
}

/// An object of which nothing is wanted.
pub(crate) struct NoMembers;

impl Members for NoMembers {
    fn member(&mut self, _: &str, reader: &mut Reader<'_>) -> Result<(), Error> {
        reader.skip()
    }
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

scalars!(Base64 i64 u64 f64 bool);

impl Decode for String {
    const NULL_IS_BLANK: bool = true;

    fn optional(reader: &mut Reader<'_>) -> Result<Option<Self>, Error> {
        match reader.plain_text() {
            Some(text) => Ok(Some(text.to_owned())),
            None => reader.scalar(),
        }
    }

    fn blank() -> Self {
        Self::new()
    }
}

impl<T: Decode> Decode for Vec<T> {
    const NULL_IS_BLANK: bool = true;

    fn optional(reader: &mut Reader<'_>) -> Result<Option<Self>, Error> {
        if reader.null()? {
            return Ok(None);
        }
        let (mut list, mut first) = (Self::new(), true);
        reader.list()?;
        while reader.element(&mut first)? {
            list.push(reader.value()?);
        }
        Ok(Some(list))
    }

    fn blank() -> Self {
        Self::new()
    }
}

/// A list of two.
impl<A: Decode, B: Decode> Decode for (A, B) {
    const NULL_IS_BLANK: bool = false;

    fn optional(reader: &mut Reader<'_>) -> Result<Option<Self>, Error> {
        if reader.null()? {
            return Ok(None);
        }
        let mut first = true;
        reader.list()?;
        let mut next = |reader: &mut Reader<'_>, wanted| match reader.element(&mut first)? {
            is if is == wanted => Ok(()),
            _ => Err(reader.expected("two elements")),
        };
        next(reader, true)?;
        let a = reader.value()?;
        next(reader, true)?;
        let b = reader.value()?;
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

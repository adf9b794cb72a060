//! Files in JSON fields.

use core::fmt;

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};

use crate::json::{Decode, Encode, Error, Reader, Writer};

/// Accepts Base64 without padding, which some senders omit.
const DECODER: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A file or picture in a field of a request or response, encoded as Base64 on the wire.
///
/// ```
/// # use tc3_api::Base64;
/// let body = Base64::encode(b"%PDF-1.7");
/// assert_eq!(body.as_str(), "JVBERi0xLjc=");
/// assert_eq!(body.decode().unwrap(), b"%PDF-1.7");
/// ```
#[derive(Clone, PartialEq, Eq, Default, Hash)]
pub struct Base64(String);

impl Decode for Base64 {
    const NULL_IS_BLANK: bool = true;

    fn optional(reader: &mut Reader<'_>) -> Result<Option<Self>, Error> {
        if reader.null()? {
            return Ok(None);
        }
        reader.string().map(|text| Some(Self::from_encoded(text)))
    }

    fn blank() -> Self {
        Self::default()
    }
}

impl Encode for Base64 {
    fn encode(&self, writer: &mut Writer) {
        writer.text(self.as_str());
    }
}

crate::__deserialize!(Base64);
crate::__serialize!(Base64);

impl Base64 {
    /// Encodes the content of a file.
    pub fn encode(bytes: impl AsRef<[u8]>) -> Self {
        Self(STANDARD.encode(bytes))
    }

    /// Reads and encodes the file at `path`.
    ///
    /// # Errors
    /// Returns the error of the operating system if the file cannot be read.
    pub fn read(path: impl AsRef<std::path::Path>) -> std::io::Result<Self> {
        std::fs::read(path).map(Self::encode)
    }

    /// Wraps a string that is already Base64. It is sent unchanged and is not validated.
    pub fn from_encoded(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the Base64 string.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Decodes the content of the file; `None` if the string is not valid Base64.
    pub fn decode(&self) -> Option<Vec<u8>> {
        DECODER.decode(&self.0).ok()
    }
}

impl From<&[u8]> for Base64 {
    fn from(bytes: &[u8]) -> Self {
        Self::encode(bytes)
    }
}

impl<const N: usize> From<&[u8; N]> for Base64 {
    fn from(bytes: &[u8; N]) -> Self {
        Self::encode(bytes)
    }
}

impl From<Vec<u8>> for Base64 {
    fn from(bytes: Vec<u8>) -> Self {
        Self::encode(bytes)
    }
}

impl fmt::Debug for Base64 {
    /// Shows the length, not the content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Base64({} characters)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_string_is_read() {
        let read = |json: &str| crate::json::decode::<Base64>(json.as_bytes());
        assert_eq!(read("\"JVBE\""), Ok(Base64::from_encoded("JVBE")));
        assert_eq!(read("null"), Ok(Base64::default()));
        for json in ["3", "true", "[]", "{}"] {
            assert!(read(json).is_err(), "{json}");
        }
    }

    #[test]
    fn base64_survives_a_round_trip_without_padding() {
        for bytes in [&b""[..], b"a", b"ab", b"abc", &[0, 255, 128]] {
            let body = Base64::from(bytes);
            assert_eq!(body.decode().as_deref(), Some(bytes));
            let bare = Base64::from_encoded(body.as_str().trim_end_matches('='));
            assert_eq!(bare.decode().as_deref(), Some(bytes));
        }
        assert_eq!(Base64::from_encoded("!").decode(), None);
        assert_eq!(format!("{:?}", Base64::encode("secret")), "Base64(8 characters)");
    }
}

//! The token of a page.

use std::fmt;
use std::io;

use subtle::ConstantTimeEq;

/// Minimum length of a token, in bytes.
const MIN_BYTES: usize = 16;

/// Maximum length of a token, in bytes.
const MAX_BYTES: usize = 256;

/// The secret that requests of a page send.
#[derive(Clone)]
pub struct Token(String);

/// Returned if a text cannot be a [`Token`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidToken;

impl Token {
    /// Creates a token of 128 random bits.
    ///
    /// # Errors
    /// Returns an error if the operating system has no random numbers.
    pub fn random() -> io::Result<Self> {
        let mut token = [0; 16];
        getrandom::fill(&mut token).map_err(io::Error::other)?;
        Ok(Self(token.iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    /// Creates a token from a text, which is passed in the fragment of a URL.
    ///
    /// # Errors
    /// Returns an error if it does not have 16 to 256 ASCII letters, digits, `-` or `_`.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidToken> {
        let text = text.into();
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        match (MIN_BYTES..=MAX_BYTES).contains(&text.len()) && text.bytes().all(is_allowed) {
            true => Ok(Self(text)),
            false => Err(InvalidToken),
        }
    }

    /// Returns the text, which is secret.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Compares in a time that depends only on the lengths.
    pub(crate) fn is(&self, text: &[u8]) -> bool {
        text.ct_eq(self.0.as_bytes()).into()
    }
}

impl fmt::Debug for Token {
    /// Omits the text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").finish_non_exhaustive()
    }
}

impl fmt::Display for InvalidToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("invalid token; give 16 to 256 letters, digits, `-` or `_`")
    }
}

impl std::error::Error for InvalidToken {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_fit_into_a_fragment() {
        let random = Token::random().unwrap();
        assert_eq!(random.expose().len(), 32);
        assert!(Token::new(random.expose()).unwrap().is(random.expose().as_bytes()));
        assert!(!random.is(b"") && !random.is(Token::random().unwrap().expose().as_bytes()));
        for text in
            ["", "0123456789abcde", "0123456789abcde&", "0123456789abcd \n", &"a".repeat(257)]
        {
            assert_eq!(Token::new(text).err(), Some(InvalidToken), "{text:?}");
        }
        for text in ["0123456789abcdef", "0123456789-ABC_def", &"a".repeat(256)] {
            assert_eq!(Token::new(text).unwrap().expose(), text);
        }
    }
}

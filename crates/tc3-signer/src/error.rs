use core::fmt;

/// Error of a request or key that cannot be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignError {
    /// The timestamp is after the year 9999.
    Timestamp,
    /// The SecretId is empty, or contains a space, a comma, a slash or a character that is not printable ASCII.
    SecretId,
    /// The service name is empty, or contains a space, a comma, a slash or a character that is not printable ASCII.
    Service,
    /// The method, path or query contains a space or control character.
    RequestLine,
    /// The name of a header to sign is not an HTTP token.
    HeaderName,
    /// The value of this header contains a control character.
    HeaderValue(String),
    /// This header occurs twice among the headers to sign.
    DuplicateHeader(String),
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timestamp => f.write_str("timestamp after the year 9999"),
            Self::SecretId => f.write_str(
                "invalid SecretId: it is empty, or contains a space, comma, slash or unprintable character; \
                 copy it again from the console",
            ),
            Self::Service => f.write_str(
                "invalid service name: it is empty, or contains a space, comma, slash or unprintable character",
            ),
            Self::RequestLine => {
                f.write_str("the method, path or query contains a space or control character")
            }
            Self::HeaderName => f.write_str("the name of a header to sign is not an HTTP token"),
            Self::HeaderValue(name) => {
                write!(f, "the value of the header {name} contains a control character")
            }
            Self::DuplicateHeader(name) => write!(f, "duplicate header to sign: {name}"),
        }
    }
}

impl std::error::Error for SignError {}

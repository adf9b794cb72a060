use core::fmt;

/// Error of a request or key that cannot be signed. [`Display`](fmt::Display) prints the failure, [`hint`](Self::hint)
/// returns the fix.
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

impl SignError {
    /// Returns the fix, if one is known.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Timestamp => {
                "pass the timestamp in seconds since the Unix epoch, not in milliseconds"
            }
            Self::SecretId => "copy it again from the console",
            Self::Service => "pass the name of the service in lower case, as in its host name",
            Self::RequestLine => "percent-encode the path and the query",
            Self::HeaderName => return None,
            Self::HeaderValue(_) => "remove line ends and other control characters from the value",
            Self::DuplicateHeader(_) => {
                "pass each header once; content type, host and action are signed in any case"
            }
        })
    }
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timestamp => f.write_str("timestamp after the year 9999"),
            Self::SecretId => f.write_str(
                "invalid SecretId: it is empty, or contains a space, comma, slash or unprintable character",
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

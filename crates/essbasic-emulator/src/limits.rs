//! Limits of the settings, and their checks.

use std::fmt;
use std::io;
use std::time::Duration;

/// Maximum number of generated contracts, over all organizations of a seed.
pub(crate) const MAX_FLOWS: usize = 1_000_000;

/// Maximum of [`Builder::with_min_pdf_bytes`](crate::Builder::with_min_pdf_bytes), in bytes. Files are composed in memory.
pub(crate) const MAX_PDF_BYTES: usize = 256 << 20;

/// Default of [`Builder::with_max_stored_bytes`](crate::Builder::with_max_stored_bytes), in bytes.
pub(crate) const MAX_STORED_BYTES: usize = 256 << 20;

/// Maximum of [`Builder::with_speed`](crate::Builder::with_speed).
pub(crate) const MAX_SPEED: f64 = 1_000_000.0;

/// Maximum time of the clock: 9999-12-31T23:59:59Z. HTTP dates and signature dates cannot represent later times.
pub(crate) const MAX_TIME: Duration = Duration::from_secs(253_402_300_799);

/// Maximum delay of a callback.
pub(crate) const MAX_CALLBACK_DELAY: Duration = Duration::from_secs(86_400);

/// Returns an error of kind [`io::ErrorKind::InvalidInput`].
pub(crate) fn invalid(message: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message.into())
}

/// Cause of the error of [`Builder::start`](crate::Builder::start) for an address that is not loopback, without
/// [`Builder::allow_remote`](crate::Builder::allow_remote).
#[derive(Clone, PartialEq, Eq)]
pub struct NotLoopback(String);

impl NotLoopback {
    /// Returns an error of kind [`io::ErrorKind::InvalidInput`] with this cause.
    pub(crate) fn error(message: impl Into<String>) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidInput, Self(message.into()))
    }

    /// Returns `true` if this is the cause of the error.
    pub fn is_cause_of(error: &io::Error) -> bool {
        error.get_ref().is_some_and(|cause| cause.is::<Self>())
    }
}

impl fmt::Debug for NotLoopback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NotLoopback")
    }
}

impl fmt::Display for NotLoopback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotLoopback {}

/// Checks the number of generated contracts.
pub(crate) fn flows(flows: usize) -> Result<(), String> {
    match flows {
        0..=MAX_FLOWS => Ok(()),
        _ => Err(format!("{flows} generated contracts exceed the limit of {MAX_FLOWS}")),
    }
}

/// Checks the minimum size of PDFs.
pub(crate) fn pdf_size(bytes: usize) -> io::Result<()> {
    match bytes {
        0..=MAX_PDF_BYTES => Ok(()),
        _ => Err(invalid(format!(
            "PDF size of {bytes} bytes exceeds the limit of {MAX_PDF_BYTES} bytes"
        ))),
    }
}

/// Checks the speed of the clock.
pub(crate) fn speed(speed: f64) -> Result<(), String> {
    match speed {
        0.0..=MAX_SPEED => Ok(()),
        _ => Err(format!("clock speed {speed} is not between 0 and {MAX_SPEED}")),
    }
}

/// Checks the start of the clock.
pub(crate) fn start(start: Option<Duration>) -> io::Result<()> {
    match start {
        Some(start) if start > MAX_TIME => Err(invalid(format!(
            "start of the clock {} exceeds the limit of {}, the end of the year 9999",
            start.as_secs(),
            MAX_TIME.as_secs()
        ))),
        _ => Ok(()),
    }
}

/// Checks a fraction, such as a rate.
pub(crate) fn fraction(name: &str, value: f64) -> Result<(), String> {
    match value {
        0.0..=1.0 => Ok(()),
        _ => Err(format!("{name} {value} is not between 0 and 1")),
    }
}

/// Checks the parts of a credential. Clients send only these characters, so that a client could not use others.
pub(crate) fn credential(secret_id: &str, secret_key: &str, token: Option<&str>) -> io::Result<()> {
    const ID: (&[u8], &str) = (b"_-", "_ and -");
    const KEY: (&[u8], &str) = (b"+/=_.-", "+, /, =, _, . and -");
    let parts = [
        ("SecretId", secret_id, ID),
        ("SecretKey", secret_key, KEY),
        ("token", token.unwrap_or("-"), KEY),
    ];
    for (name, value, (others, shown)) in parts {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || others.contains(&byte);
        if value.is_empty() {
            return Err(invalid(format!("the {name} of a credential is empty")));
        }
        if !value.bytes().all(is_allowed) {
            return Err(invalid(format!(
                "the {name} of a credential contains a character other than A-Z, a-z, 0-9, {shown}"
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_have_only_characters_that_clients_send() {
        for byte in 0..=u8::MAX {
            let text = format!("a{}b", char::from(byte));
            let alphanumeric = byte.is_ascii_alphanumeric();
            let is_key = alphanumeric || b"+/=_.-".contains(&byte);
            for (result, name, expected) in [
                (credential(&text, "k", None), "SecretId", alphanumeric || b"_-".contains(&byte)),
                (credential("i", &text, None), "SecretKey", is_key),
                (credential("i", "k", Some(&text)), "token", is_key),
            ] {
                assert_eq!(result.is_ok(), expected, "{name} {text:?}");
                if let Err(error) = result {
                    let error = error.to_string();
                    assert!(error.contains(name) && !error.contains(&text), "{error}");
                }
            }
        }
    }
}

//! Secrets, each in a file of its own.

use std::fmt;
use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::path::Path;

use essbasic_callback::{CallbackKey, Token};
use zeroize::Zeroizing;

use super::error::ConfigError;
use crate::private;

/// Maximum size of a file with a secret, in bytes.
const MAX_BYTES: u64 = 16 << 10;

/// Reads the token of callbacks in the file that `key` of the configuration names.
///
/// # Errors
/// Returns an error that names `key` if the file or the token is invalid.
pub(crate) fn token(key: &str, path: &Path) -> Result<Token, ConfigError> {
    Token::new(Secret::read(key, path)?.expose())
        .map_err(|error| ConfigError::new(format!("{key}: {error}")))
}

/// Reads the key of callbacks in the file that `key` of the configuration names.
///
/// # Errors
/// Returns an error that names `key` if the file or the key is invalid.
pub(crate) fn callback_key(key: &str, path: &Path) -> Result<CallbackKey, ConfigError> {
    CallbackKey::new(Secret::read(key, path)?.expose())
        .map_err(|error| ConfigError::new(format!("{key}: {error}")))
}

/// Text of a secret. `Debug` omits it, and its memory is overwritten when it is dropped.
pub(crate) struct Secret(Zeroizing<String>);

impl Secret {
    /// Reads the file that `key` of the configuration names, without the line end.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read, or is empty, larger than 16 KiB or not UTF-8.
    pub(crate) fn read(key: &str, path: &Path) -> Result<Self, ConfigError> {
        let refuse = |why: &dyn fmt::Display| {
            ConfigError::new(format!("{key}: cannot use {}: {why}", path.display()))
        };
        let file = File::open(path)
            .map_err(|error| refuse(&format!("{error}; {}", advice(key, path, &error))))?;
        if private::is_public(&file) {
            let file = path.display();
            tracing::warn!(key, %file, "every user of the system can read this secret; remove the permission: chmod o-rwx FILE");
        }
        let mut bytes = Zeroizing::new(Vec::new());
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| refuse(&error))?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(refuse(&"larger than 16 KiB; expected one line with the secret"));
        }
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| refuse(&"not UTF-8; expected one line with the secret"))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim();
        if text.is_empty() {
            return Err(refuse(&"empty; expected one line with the secret"));
        }
        if text.contains(['\n', '\r']) {
            return Err(refuse(&"several lines; expected one line with the secret"));
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    /// Returns the secret.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

/// Returns the fix for a file that cannot be opened.
fn advice(key: &str, path: &Path, error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound if matches!(key, "admin.token_file" | "messages.body_key_file") => {
            format!("create one with: openssl rand -hex 32 > {}", path.display())
        }
        ErrorKind::NotFound => "write the secret to this file, on one line".to_owned(),
        _ => "make it readable for the user of this process".to_owned(),
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

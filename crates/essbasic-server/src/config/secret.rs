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
    /// Returns an error if the file cannot be read, or is not a regular file, empty, larger than 16 KiB or not UTF-8.
    pub(crate) fn read(key: &str, path: &Path) -> Result<Self, ConfigError> {
        let metadata = std::fs::metadata(path).map_err(|error| absent(key, path, &error))?;
        let refuse = |why: &dyn fmt::Display| {
            ConfigError::new(format!("{key}: cannot use {}: {why}", path.display()))
        };
        // To open a pipe would block. Links are followed: Kubernetes mounts secrets as links.
        if !metadata.is_file() {
            return Err(refuse(&"not a regular file; write the secret to a file"));
        }
        let file = File::open(path).map_err(|error| {
            refuse(&format!("{error}; make it readable for the user of this process"))
        })?;
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

/// Maximum length of the name of an absent file that is shown. The keys of the service have 32 characters and more.
const MAX_NAME: usize = 24;

/// Returns the error of a path that does not lead to a file. Its name is not shown if it may be the secret itself.
fn absent(key: &str, path: &Path, error: &io::Error) -> ConfigError {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
    let is_name = |name: &str| name.len() <= MAX_NAME && name.chars().all(fits);
    let folder = path.parent().filter(|folder| folder.is_dir());
    let at = match (folder, path.file_name().and_then(|name| name.to_str())) {
        (Some(_), Some(name)) if is_name(name) => path.display().to_string(),
        (Some(folder), _) => folder.join("***").display().to_string(),
        (None, _) => "***".to_owned(),
    };
    let advice = match error.kind() {
        ErrorKind::NotFound if matches!(key, "admin.token_file" | "messages.body_key_file") => {
            &format!("create one with: openssl rand -hex 32 > {at}")
        }
        ErrorKind::NotFound => "write the secret to this file, on one line",
        _ => "give the path of a file that the user of this process can read",
    };
    ConfigError::new(format!("{key}: cannot use {at}: {error}; {advice}"))
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_files_are_refused_and_absent_names_are_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("good"), "\u{feff}secret\r\n").unwrap();
        std::fs::write(at("empty"), " \n").unwrap();
        std::fs::write(at("lines"), "a\nb").unwrap();
        std::fs::write(at("binary"), [0xff]).unwrap();
        std::fs::write(at("long"), vec![b'a'; 20_000]).unwrap();
        std::fs::create_dir(at("folder")).unwrap();
        assert_eq!(Secret::read("key", &at("good")).unwrap().expose(), "secret");
        #[cfg(unix)]
        {
            let status = std::process::Command::new("mkfifo").arg(at("pipe")).status();
            assert!(status.unwrap().success());
            std::os::unix::fs::symlink(at("good"), at("link")).unwrap();
            std::os::unix::fs::symlink(at("pipe"), at("link-to-pipe")).unwrap();
            assert_eq!(Secret::read("key", &at("link")).unwrap().expose(), "secret");
            for name in ["pipe", "link-to-pipe"] {
                let error = Secret::read("key", &at(name)).unwrap_err().to_string();
                assert!(error.contains("not a regular file"), "{name}: {error}");
            }
        }
        for (name, cause) in [
            ("empty", "empty"),
            ("lines", "several lines"),
            ("binary", "not UTF-8"),
            ("long", "larger than 16 KiB"),
            ("folder", "not a regular file"),
        ] {
            let error = Secret::read("key", &at(name)).unwrap_err().to_string();
            let start = format!("key: cannot use {}: ", at(name).display());
            assert!(error.starts_with(&start) && error.contains(cause), "{error}");
        }
        let absent = Secret::read("key", &at("absent")).unwrap_err().to_string();
        assert!(absent.contains(&at("absent").display().to_string()), "{absent}");
        for name in ["AKIDhidden", "hidden/hidden", "good/hidden", &"hidden".repeat(1_000)] {
            let error = Secret::read("key", &at(name)).unwrap_err().to_string();
            assert!(error.starts_with("key: cannot use ") && error.contains("***"), "{error}");
            assert!(!error.contains("hidden"), "{error}");
        }
    }
}

//! Where callbacks go, how they are protected, and what goes wrong on the way.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use http::Uri;

use crate::limits;

/// Where callbacks go and how they are protected.
///
/// A message that is not answered with 200 is sent again, with the same id, after a pause that doubles up
/// to ten seconds.
#[derive(Clone)]
#[must_use]
pub struct Callback {
    pub(super) url: String,
    pub(super) key: Option<String>,
    pub(super) token: Option<String>,
    pub(super) chaos: CallbackChaos,
    pub(super) attempts: u32,
    pub(super) first_pause: Duration,
}

/// What goes wrong with callbacks. By default nothing does: they come once and in order.
///
/// The same seed draws the same repeats and delays, in the order of the changes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CallbackChaos {
    /// The part of acknowledged messages, from 0 to 1, that come a second time all the same.
    pub repeat: f64,
    /// Maximum delay of a message, up to [`MAX_DELAY`](Self::MAX_DELAY).
    pub delay: Duration,
    /// Messages overtake each other: those within `delay`, or 100 ms where that is less, come in an order
    /// of chance.
    pub reorder: bool,
    /// Decides all of that.
    pub seed: u64,
}

impl CallbackChaos {
    /// Maximum of [`delay`](Self::delay).
    pub const MAX_DELAY: Duration = limits::MAX_CALLBACK_DELAY;

    pub(super) fn check(&self) -> io::Result<()> {
        limits::fraction("repeat of callbacks", self.repeat).map_err(limits::invalid)?;
        let (delay, most) = (self.delay, limits::MAX_CALLBACK_DELAY);
        match delay <= most {
            true => Ok(()),
            false => Err(limits::invalid(format!(
                "callback delay of {} s exceeds the limit of {} s",
                delay.as_secs(),
                most.as_secs()
            ))),
        }
    }
}

impl Callback {
    /// To this address, neither encrypted nor signed: `http` only, and on this machine unless
    /// [`allow_remote`](crate::Builder::allow_remote) is set.
    pub fn to(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            key: None,
            token: None,
            chaos: CallbackChaos::default(),
            attempts: 20,
            first_pause: Duration::from_millis(100),
        }
    }

    /// Encrypts messages with this CallbackKey, of 32 bytes.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Signs what is sent with this token.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Lets this go wrong.
    pub fn chaos(mut self, chaos: CallbackChaos) -> Self {
        self.chaos = chaos;
        self
    }

    /// Sets how often a message is sent at most: 20 by default, at least once.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// Sets the pause before a message is sent a second time: 100 ms by default, at most 10 s.
    pub fn first_pause(mut self, pause: Duration) -> Self {
        self.first_pause = pause;
        self
    }
}

impl core::fmt::Debug for Callback {
    /// Shows neither key nor token, nor the address, which may hold another.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Callback")
            .field("chaos", &self.chaos)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

/// An address to call, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) host: String,
    pub(super) port: u16,
    /// As it stands in the request: path and query.
    pub(super) path: String,
}

impl Address {
    pub(super) fn parse(url: &str, allow_remote: bool) -> io::Result<Self> {
        let refused = |why: &str| limits::invalid(format!("the callback URL {why}"));
        let uri: Uri = url.parse().map_err(|_| refused("is invalid"))?;
        if uri.scheme_str() != Some("http") {
            return Err(refused("does not begin with http://"));
        }
        let authority = uri.authority().ok_or_else(|| refused("has no host"))?;
        if authority.as_str().contains('@') {
            return Err(refused("holds a user"));
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        let local = match host.parse::<IpAddr>() {
            Ok(address) => address.is_loopback(),
            Err(_) => host.eq_ignore_ascii_case("localhost"),
        };
        if !local && !allow_remote {
            return Err(refused("does not lead to a loopback address"));
        }
        Ok(Self {
            host: host.to_owned(),
            port: authority.port_u16().unwrap_or(80),
            path: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
        })
    }

    /// The header `Host`.
    pub(super) fn authority(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_this_machine_are_taken_unless_told_otherwise() {
        for (url, authority, path) in [
            ("http://127.0.0.1:8080/hook?a=b", "127.0.0.1:8080", "/hook?a=b"),
            ("http://localhost", "localhost:80", "/"),
            ("http://[::1]:1/", "[::1]:1", "/"),
            ("http://127.9.9.9/x", "127.9.9.9:80", "/x"),
        ] {
            let address = Address::parse(url, false).unwrap();
            assert_eq!((address.authority().as_str(), address.path.as_str()), (authority, path));
        }
        for url in ["http://example.com/", "http://10.0.0.1/", "http://localhost.example.com/"] {
            let error = Address::parse(url, false).unwrap_err().to_string();
            assert!(error.contains("loopback"), "{error}");
            assert!(Address::parse(url, true).is_ok());
        }
        for url in ["", "127.0.0.1", "https://127.0.0.1/", "http://u:p@127.0.0.1/", "http://"] {
            assert!(Address::parse(url, true).is_err(), "{url}");
        }
    }
}

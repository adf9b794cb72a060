//! How an emulator is set up.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::api::auth::Secret;
use crate::api::encryption::{Agreement, Cipher};
use crate::api::service::{Service, Shared};
use crate::callback::{Callback, Outbox, Post, Tally};
use crate::emulator::Emulator;
use crate::faults::{Fault, Faults};
use crate::http::server::Server;
use crate::http::tls::Tls;
use crate::limits;
use crate::state::State;
use crate::state::clock::Clock;
use crate::state::links::Links;
use crate::state::seed::Seed;
use crate::{SECRET_ID, SECRET_KEY};

/// What an emulator is started with.
#[must_use]
pub struct Builder {
    listen: SocketAddr,
    allow_remote: bool,
    secrets: BTreeMap<String, Secret>,
    encryption: Option<Agreement>,
    callback: Option<Callback>,
    seed: Seed,
    start: Option<Duration>,
    speed: f64,
    rate_limit: Option<usize>,
    pdf_size: usize,
    faults: Vec<Fault>,
    faults_seed: u64,
    tls: bool,
}

impl Builder {
    /// Maximum number of generated contracts, over all organizations of a seed.
    pub const MAX_FLOWS: usize = limits::MAX_FLOWS;

    /// Maximum of [`pdf_size`](Self::pdf_size), in bytes: files are composed in memory.
    pub const MAX_PDF_BYTES: usize = limits::MAX_PDF_BYTES;

    /// Maximum of [`speed`](Self::speed).
    pub const MAX_SPEED: f64 = limits::MAX_SPEED;

    pub(crate) fn new() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            allow_remote: false,
            secrets: BTreeMap::new(),
            encryption: None,
            callback: None,
            seed: Seed::default(),
            start: None,
            speed: 1.0,
            rate_limit: Some(20),
            pdf_size: 0,
            faults: Vec::new(),
            faults_seed: 0,
            tls: false,
        }
    }

    /// Listens here; by default at a free port of 127.0.0.1.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Also takes an address that other machines reach, to listen at or to send callbacks to. The
    /// emulator has no secrets worth keeping, and was not made to stand against strangers.
    pub fn allow_remote(mut self) -> Self {
        self.allow_remote = true;
        self
    }

    /// Knows this pair of keys; the first replaces [`SECRET_ID`] and [`SECRET_KEY`].
    pub fn credential(
        mut self,
        secret_id: impl Into<String>,
        secret_key: impl Into<String>,
    ) -> Self {
        let secret = Secret { key: secret_key.into(), token: None };
        self.secrets.insert(secret_id.into(), secret);
        self
    }

    /// Knows this temporary credential, whose calls must carry the token.
    pub fn temporary_credential(
        mut self,
        secret_id: impl Into<String>,
        secret_key: impl Into<String>,
        token: impl Into<String>,
    ) -> Self {
        let secret = Secret { key: secret_key.into(), token: Some(token.into()) };
        self.secrets.insert(secret_id.into(), secret);
        self
    }

    /// Also takes calls inside `CreateRequestWithEncryption`, encrypted and signed by these keys.
    /// Without, that action is one that is not modelled.
    pub fn encryption(
        mut self,
        cipher: Cipher,
        key: impl Into<Vec<u8>>,
        hmac_key: impl Into<Vec<u8>>,
    ) -> Self {
        self.encryption = Some(Agreement { cipher, key: key.into(), hmac_key: hmac_key.into() });
        self
    }

    /// Tells an address of each change of a contract from now on.
    pub fn callback(mut self, callback: Callback) -> Self {
        self.callback = Some(callback);
        self
    }

    /// Starts with these contents.
    pub fn seed(mut self, seed: Seed) -> Self {
        self.seed = seed;
        self
    }

    /// Sets how many seconds of the emulator's clock pass per real second, from 0 to
    /// [`MAX_SPEED`](Self::MAX_SPEED): 1 by default. At 0 only [`advance`](Emulator::advance) moves the clock.
    pub fn speed(mut self, speed: f64) -> Self {
        self.speed = speed;
        self
    }

    /// Starts the clock at this Unix time, in seconds, up to the end of the year 9999, and moves it only by
    /// [`advance`](Emulator::advance).
    pub fn manual_clock(mut self, start: u64) -> Self {
        self.start = Some(Duration::from_secs(start));
        self.speed = 0.0;
        self
    }

    /// Calls a second to each action, by the real clock, before `RequestLimitExceeded`: 20, as the
    /// real service. `None` is no limit.
    pub fn rate_limit(mut self, per_second: Option<usize>) -> Self {
        self.rate_limit = per_second;
        self
    }

    /// Pads each PDF to at least this many bytes, up to [`MAX_PDF_BYTES`](Self::MAX_PDF_BYTES).
    pub fn pdf_size(mut self, bytes: usize) -> Self {
        self.pdf_size = bytes;
        self
    }

    /// Lets things go wrong, by this seed, from the start; each request is hit by the first that means it
    /// and whose rate falls to it. [`Emulator::set_faults`] changes them later.
    pub fn faults(mut self, faults: impl IntoIterator<Item = Fault>, seed: u64) -> Self {
        self.faults = faults.into_iter().collect();
        self.faults_seed = seed;
        self
    }

    /// Speaks TLS, with a certificate for `localhost` and the address listened at. Clients must trust
    /// [its authority](Emulator::authority_pem), a new one each time.
    pub fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// Starts the emulator on a thread of its own.
    ///
    /// # Errors
    /// Returns an error of kind [`io::ErrorKind::InvalidInput`] that names the setting and its limit if a
    /// setting is invalid: an address that is not loopback without
    /// [`allow_remote`](Self::allow_remote), a callback URL, key or [`CallbackChaos`] out of range, keys of
    /// [`encryption`](Self::encryption) of a wrong length, an empty credential, a contradictory seed or one of
    /// more than 1,000,000 generated contracts, a fault's rate outside 0 to 1, a fault of handshakes without
    /// [`tls`](Self::tls), or a number outside the range of its setter. Returns any other error if the address
    /// cannot be listened at.
    ///
    /// [`CallbackChaos`]: crate::CallbackChaos
    pub fn start(mut self) -> io::Result<Emulator> {
        self.check()?;
        if self.secrets.is_empty() {
            self = self.credential(SECRET_ID, SECRET_KEY);
        }
        let clock = Clock::new(self.start, self.speed);
        let mut state = State::default();
        self.seed
            .plant(&mut state, clock.now())
            .map_err(|error| limits::invalid(error.to_string()))?;
        // The contents of the seed were there before anybody could be told.
        let callbacks = Arc::<Tally>::default();
        let post = match &self.callback {
            Some(callback) => {
                let (outbox, messages) = Outbox::new(Arc::clone(&callbacks));
                state.outbox = Some(outbox);
                let tally = Arc::clone(&callbacks);
                Some(Post::new(callback, self.allow_remote, tally, messages)?)
            }
            None => None,
        };
        let faults = Faults::default();
        faults.set(self.faults, self.faults_seed);
        let service = Arc::new(Service {
            clock,
            secrets: self.secrets,
            encryption: self.encryption,
            rate_limit: self.rate_limit,
            pdf_size: self.pdf_size,
            links: Links::default(),
            callbacks,
            faults,
            shared: Mutex::new(Shared::new(state)),
        });
        let listener = TcpListener::bind(self.listen)?;
        let tls = self.tls.then(|| Tls::new(self.listen.ip())).transpose()?;
        let server = Server::start(listener, Arc::clone(&service), post, tls)?;
        Ok(Emulator::new(service, server))
    }

    fn check(&self) -> io::Result<()> {
        if !self.listen.ip().is_loopback() && !self.allow_remote {
            let address = self.listen.ip();
            return Err(limits::invalid(format!("{address} is not a loopback address")));
        }
        limits::speed(self.speed).map_err(limits::invalid)?;
        limits::start(self.start)?;
        limits::pdf_size(self.pdf_size)?;
        limits::faults(&self.faults, self.tls)?;
        for (id, secret) in &self.secrets {
            limits::credential(id, &secret.key, secret.token.as_deref())?;
        }
        self.encryption.as_ref().map_or(Ok(()), Agreement::check)
    }
}

impl fmt::Debug for Builder {
    /// Shows neither keys nor contents.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("listen", &self.listen).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;

//! Settings of an emulator.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::api::auth::Secret;
use crate::api::encryption::{Cipher, Encryption};
use crate::api::rate_limit::RateLimiter;
use crate::api::service::{Service, Shared};
use crate::callback::config::Callback;
use crate::callback::log::CallbackLog;
use crate::callback::message::flow_status_change;
use crate::callback::sender::CallbackSender;
use crate::callback::stats::StatsCounter;
use crate::emulator::Emulator;
use crate::faults::Faults;
use crate::faults::fault::Fault;
use crate::http::handler::READ_TIMEOUT;
use crate::http::server::Server;
use crate::http::tls::Tls;
use crate::limits::{self, NotLoopback};
use crate::state::State;
use crate::state::clock::Clock;
use crate::state::links::Links;
use crate::state::seed::Seed;
use crate::{SECRET_ID, SECRET_KEY};

/// Builder of an [`Emulator`].
#[must_use]
pub struct Builder {
    listen: SocketAddr,
    allow_remote: bool,
    secrets: BTreeMap<String, Secret>,
    encryption: Option<Encryption>,
    callback: Option<Callback>,
    seed: Seed,
    start: Option<Duration>,
    speed: f64,
    rate_limit: Option<usize>,
    pdf_size: usize,
    max_stored_bytes: usize,
    faults: Vec<Fault>,
    faults_seed: u64,
    tls: bool,
    read_timeout: Duration,
}

impl Emulator {
    /// Returns a builder with the default settings.
    pub fn builder() -> Builder {
        Builder::new()
    }
}

impl Builder {
    /// Maximum number of generated contracts, over all organizations of a seed.
    pub const MAX_FLOWS: usize = limits::MAX_FLOWS;

    /// Maximum of [`with_min_pdf_bytes`](Self::with_min_pdf_bytes), in bytes. Files are composed in memory.
    pub const MAX_PDF_BYTES: usize = limits::MAX_PDF_BYTES;

    /// Maximum of [`with_speed`](Self::with_speed).
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
            max_stored_bytes: limits::MAX_STORED_BYTES,
            faults: Vec::new(),
            faults_seed: 0,
            tls: false,
            read_timeout: READ_TIMEOUT,
        }
    }

    /// Sets the address of the server. The default is a free port of 127.0.0.1.
    pub fn with_address(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Allows addresses other than loopback for the server and for callbacks.
    ///
    /// The emulator is not secured: do not expose it to untrusted networks.
    pub fn allow_remote(mut self) -> Self {
        self.allow_remote = true;
        self
    }

    /// Adds a credential. The first one replaces [`SECRET_ID`] and [`SECRET_KEY`].
    pub fn with_credential(
        mut self,
        secret_id: impl Into<String>,
        secret_key: impl Into<String>,
    ) -> Self {
        let secret = Secret { key: secret_key.into(), token: None };
        self.secrets.insert(secret_id.into(), secret);
        self
    }

    /// Adds a temporary credential, whose requests must contain the token.
    pub fn with_temporary_credential(
        mut self,
        secret_id: impl Into<String>,
        secret_key: impl Into<String>,
        token: impl Into<String>,
    ) -> Self {
        let secret = Secret { key: secret_key.into(), token: Some(token.into()) };
        self.secrets.insert(secret_id.into(), secret);
        self
    }

    /// Accepts calls inside `CreateRequestWithEncryption`, encrypted and signed with these keys.
    ///
    /// By default, that action is not modeled.
    pub fn with_encryption(
        mut self,
        cipher: Cipher,
        key: impl Into<Vec<u8>>,
        hmac_key: impl Into<Vec<u8>>,
    ) -> Self {
        self.encryption = Some(Encryption { cipher, key: key.into(), hmac_key: hmac_key.into() });
        self
    }

    /// Sends each change of a contract to a callback address.
    pub fn with_callback(mut self, callback: Callback) -> Self {
        self.callback = Some(callback);
        self
    }

    /// Sets the initial data.
    pub fn with_seed(mut self, seed: Seed) -> Self {
        self.seed = seed;
        self
    }

    /// Sets how many seconds of the emulator's clock pass per real second, from 0 to
    /// [`MAX_SPEED`](Self::MAX_SPEED): 1 by default. At 0 only [`advance`](Emulator::advance) moves the clock.
    pub fn with_speed(mut self, speed: f64) -> Self {
        self.speed = speed;
        self
    }

    /// Starts the clock at this Unix time, in seconds, up to the end of the year 9999, and moves it only by
    /// [`advance`](Emulator::advance).
    pub fn with_manual_clock(mut self, start: u64) -> Self {
        self.start = Some(Duration::from_secs(start));
        self.speed = 0.0;
        self
    }

    /// Sets the rate limit, in calls per second and action by the real clock: 20 by default, as in the real
    /// service. Further calls get `RequestLimitExceeded`. `None` removes the limit.
    pub fn with_rate_limit(mut self, per_second: Option<usize>) -> Self {
        self.rate_limit = per_second;
        self
    }

    /// Sets the minimum size of generated PDFs, in bytes, up to [`MAX_PDF_BYTES`](Self::MAX_PDF_BYTES).
    pub fn with_min_pdf_bytes(mut self, bytes: usize) -> Self {
        self.pdf_size = bytes;
        self
    }

    /// Sets the maximum size of all uploaded files, in bytes: 256 MiB by default. Further uploads get
    /// `FailedOperation`.
    ///
    /// A file counts until its id has expired and no contract of it remains.
    pub fn with_max_stored_bytes(mut self, bytes: usize) -> Self {
        self.max_stored_bytes = bytes;
        self
    }

    /// Sets faults and the seed by which the hit requests are drawn.
    ///
    /// At most one fault hits a request: the first that applies to it and is drawn. [`Emulator::set_faults`]
    /// replaces the faults later.
    pub fn with_faults(mut self, faults: impl IntoIterator<Item = Fault>, seed: u64) -> Self {
        self.faults = faults.into_iter().collect();
        self.faults_seed = seed;
        self
    }

    /// Enables TLS, with a certificate for `localhost` and the address of the server.
    ///
    /// Clients must trust [the authority](Emulator::authority_pem), which is generated for each emulator.
    #[cfg(feature = "tls")]
    pub fn with_tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// Starts the emulator on a new thread.
    ///
    /// # Errors
    /// Returns an error of kind [`io::ErrorKind::InvalidInput`] with the setting and its limit if a setting is
    /// invalid:
    /// - an address is not loopback without [`allow_remote`](Self::allow_remote), with [`NotLoopback`] as cause,
    /// - the URL, the key, the token or the [`CallbackChaos`](crate::CallbackChaos) of callbacks is invalid,
    /// - a key of [`with_encryption`](Self::with_encryption) has a wrong length,
    /// - a part of a credential is empty or has a character that clients refuse,
    /// - the seed is contradictory or has more than 1,000,000 generated contracts,
    /// - the rate of a fault is not between 0 and 1, or a fault of handshakes is set without `with_tls`,
    /// - a number is outside the range of its setter.
    ///
    /// Returns an error of another kind if the server cannot listen at the address.
    pub fn start(mut self) -> io::Result<Emulator> {
        self.check()?;
        if self.secrets.is_empty() {
            self = self.with_credential(SECRET_ID, SECRET_KEY);
        }
        let clock = Clock::new(self.start, self.speed);
        let mut state = State::default();
        state.uploads.max_stored_bytes = self.max_stored_bytes;
        self.seed
            .apply(&mut state, clock.now())
            .map_err(|error| limits::invalid(error.to_string()))?;
        // The listener is set after the seed, whose contracts cause no callbacks.
        let stats = Arc::<StatsCounter>::default();
        let callback_log = Arc::<CallbackLog>::default();
        let sender = match &self.callback {
            Some(callback) => {
                let (outbox, sender) = CallbackSender::new(
                    callback,
                    self.allow_remote,
                    Arc::clone(&stats),
                    Arc::clone(&callback_log),
                    clock.now(),
                )?;
                state.on_change = Some(Box::new(move |flow, event, at| {
                    outbox.push(&flow.id, flow_status_change(flow, event, at), at);
                }));
                Some(sender)
            }
            None => None,
        };
        let faults = Faults::default();
        faults.set(self.faults, self.faults_seed);
        let service = Arc::new(Service {
            clock,
            secrets: self.secrets,
            encryption: self.encryption,
            pdf_size: self.pdf_size,
            links: Links::default(),
            callbacks: stats,
            callback_log,
            faults,
            shared: Mutex::new(Shared::new(state, RateLimiter::new(self.rate_limit))),
        });
        let listener = TcpListener::bind(self.listen)?;
        #[cfg(feature = "tls")]
        let tls = self.tls.then(|| Tls::new(self.listen.ip())).transpose()?;
        #[cfg(not(feature = "tls"))]
        let tls = None::<Tls>;
        let (timeout, allow_remote) = (self.read_timeout, self.allow_remote);
        let server =
            Server::start(listener, Arc::clone(&service), sender, tls, timeout, allow_remote)?;
        Ok(Emulator::new(service, server))
    }

    fn check(&self) -> io::Result<()> {
        if !self.listen.ip().is_loopback() && !self.allow_remote {
            let address = self.listen.ip();
            return Err(NotLoopback::error(format!("{address} is not a loopback address")));
        }
        limits::speed(self.speed).map_err(limits::invalid)?;
        limits::start(self.start)?;
        limits::pdf_size(self.pdf_size)?;
        for fault in &self.faults {
            self.check_fault(fault)?;
        }
        for (id, secret) in &self.secrets {
            limits::credential(id, &secret.key, secret.token.as_deref())?;
        }
        self.encryption.as_ref().map_or(Ok(()), Encryption::check)
    }

    fn check_fault(&self, fault: &Fault) -> io::Result<()> {
        fault.check().map_err(limits::invalid)?;
        match fault.kind.hits_handshakes() && !self.tls {
            true => Err(limits::invalid(format!(
                "fault {} hits TLS handshakes, but TLS is not enabled",
                fault.kind
            ))),
            false => Ok(()),
        }
    }
}

impl fmt::Debug for Builder {
    /// Omits keys and data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("listen", &self.listen).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;

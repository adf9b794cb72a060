//! The explorer and its builder.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use essbasic_emulator::Emulator;
use serde_json::Value;

use crate::caller::Caller;
use crate::data;
use crate::http;
use crate::http::guard::Guard;
use crate::mode::Mode;
use crate::session::Session;
use crate::session::saved::Saved;

/// Settings of an [`Explorer`].
#[must_use]
pub struct Builder(Session);

/// The server of the page, for one port of loopback.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use essbasic_explorer::{Explorer, Mode};
///
/// let explorer = Explorer::builder(Mode::Offline).build(8080)?;
/// assert!(explorer.url().starts_with("http://127.0.0.1:8080/#token="));
/// # Ok(())
/// # }
/// ```
pub struct Explorer {
    session: Arc<Session>,
    guard: Arc<Guard>,
    port: u16,
}

impl Builder {
    /// Makes calls with this caller. Without one, calls are refused.
    pub fn with_caller(mut self, caller: impl Caller + 'static) -> Self {
        self.0.caller = Some(Arc::new(caller));
        self
    }

    /// Sets the URL of the endpoint, which is shown.
    pub fn with_endpoint(mut self, url: impl Into<String>) -> Self {
        self.0.endpoint = url.into();
        self
    }

    /// Sets the emulator that the page controls.
    pub fn with_emulator(mut self, emulator: Emulator) -> Self {
        self.0.emulator = Some(Arc::new(emulator));
        self
    }

    /// Sets the `Agent` of requests that have none, as JSON.
    pub fn with_agent(mut self, agent: Value) -> Self {
        self.0.agent = Some(agent);
        self
    }

    /// Allows calls of actions that change data. They are always allowed in an emulator.
    pub fn allow_writes(mut self) -> Self {
        self.0.allow_writes = true;
        self
    }

    /// Lets the page save requests as files of this folder, which is created if it does not exist.
    ///
    /// # Errors
    /// Returns an error if it is not a folder, or cannot be created.
    pub fn with_saved(mut self, folder: &Path) -> io::Result<Self> {
        self.0.saved = Some(Saved::open(folder)?);
        Ok(self)
    }

    /// Creates the explorer for a port of loopback, with a new token.
    ///
    /// # Errors
    /// Returns an error if the operating system has no random numbers.
    pub fn build(self, port: u16) -> io::Result<Explorer> {
        let mut token = [0; 16];
        getrandom::fill(&mut token).map_err(io::Error::other)?;
        let token: String = token.iter().map(|byte| format!("{byte:02x}")).collect();
        let guard = Arc::new(Guard::new(port, token));
        // The first search does not wait for it.
        std::thread::spawn(data::search::prepare);
        Ok(Explorer { session: Arc::new(self.0), guard, port })
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("mode", &self.0.mode).finish_non_exhaustive()
    }
}

impl Explorer {
    /// Returns a builder.
    pub fn builder(mode: Mode) -> Builder {
        Builder(Session::new(mode))
    }

    /// Returns the URL of the page, with the token in its fragment.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/#token={}", self.port, self.guard.token())
    }

    /// Returns the mode.
    pub fn mode(&self) -> Mode {
        self.session.mode
    }

    /// Returns the router. It checks every request before it is routed, and limits bodies and the time for them. The server
    /// around it limits connections and heads.
    pub fn router(&self) -> Router {
        http::router(Arc::clone(&self.session), Arc::clone(&self.guard))
    }

    /// Serves the page until `stop` is complete, and until calls that change data have an outcome. The listener must not
    /// block.
    ///
    /// # Errors
    /// Returns an error if the listener cannot be used.
    pub async fn serve(
        &self,
        listener: TcpListener,
        stop: impl Future<Output = ()>,
    ) -> io::Result<()> {
        let is_writing = || self.session.is_writing();
        http::server::serve(listener, self.router(), stop, is_writing).await
    }
}

impl fmt::Debug for Explorer {
    /// Omits the token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Explorer")
            .field("port", &self.port)
            .field("mode", &self.session.mode)
            .finish_non_exhaustive()
    }
}

//! The explorer and its builder.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use essbasic_emulator::Emulator;
use essbasic_page::{Guard, Hints, Limits, Token, serve_router};
use serde_json::Value;

use crate::caller::Caller;
use crate::data;
use crate::http;
use crate::mode::Mode;
use crate::session::Session;
use crate::session::saved::Saved;

/// Limits of the server. A browser opens six connections.
const LIMITS: Limits = Limits {
    max_connections: 64,
    head_timeout: Duration::from_secs(30),
    closing_time: Duration::from_secs(1),
};

const HINTS: Hints = Hints {
    open: "open the URL that `essbasic explore` has printed, with its #token",
    host: "open the URL that `essbasic explore` has printed; other names of this machine are refused",
};

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
    mount: Mount,
    token: Token,
    port: u16,
}

/// The page without a guard, to be served below a path of another page.
///
/// ```
/// # use essbasic_page::{Guard, Hints, Token};
/// use essbasic_explorer::{Explorer, Mode, Mount};
///
/// # fn main() -> std::io::Result<()> {
/// let explorer = Explorer::builder(Mode::Offline).mount();
/// # let outer = axum::Router::new();
/// let routes = essbasic_page::mount(outer, "/explorer", explorer.routes());
/// let hints = Hints { open: "open the admin page", host: "add it to the allowed hosts" };
/// let router = Guard::new(8080, Token::random()?, hints)
///     .with_api("/explorer/api", Mount::max_body_bytes)
///     .wrap(routes);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Mount(Arc<Session>);

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
    pub fn with_emulator(mut self, emulator: impl Into<Arc<Emulator>>) -> Self {
        self.0.emulator = Some(emulator.into());
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

    /// Shows a link to the page one level above the mounted one. `hint` says how to allow actions that change data.
    pub fn below_page(mut self, hint: impl Into<String>) -> Self {
        self.0.is_mounted = true;
        self.0.write_hint = hint.into();
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
        Ok(Explorer { mount: self.mount(), token: Token::random()?, port })
    }

    /// Creates the page without a guard.
    pub fn mount(self) -> Mount {
        // The first search does not wait for it.
        std::thread::spawn(data::search::prepare);
        Mount(Arc::new(self.0))
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
        format!("http://127.0.0.1:{}/#token={}", self.port, self.token.expose())
    }

    /// Returns the mode.
    pub fn mode(&self) -> Mode {
        self.mount.0.mode
    }

    /// Returns the router. It checks every request before it is routed, and limits bodies and the time for them. The server
    /// around it limits connections and heads.
    pub fn router(&self) -> Router {
        Guard::new(self.port, self.token.clone(), HINTS)
            .with_api("/api", Mount::max_body_bytes)
            .wrap(self.mount.routes())
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
        let listener = tokio::net::TcpListener::from_std(listener)?;
        serve_router(listener, LIMITS, self.router(), stop, self.mount.idle()).await;
        Ok(())
    }
}

impl Mount {
    /// Returns the routes of the page. They check no request: put them below the `Guard` of a page.
    pub fn routes(&self) -> Router {
        http::router(Arc::clone(&self.0))
    }

    /// Returns the maximum size of the body of a request to a path of the API, in bytes.
    pub fn max_body_bytes(path: &str) -> usize {
        http::max_body_bytes(path)
    }

    /// Waits until no call is in flight that may change data: its outcome must reach the page.
    pub async fn idle(&self) {
        self.0.idle().await;
    }
}

impl fmt::Debug for Mount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mount").field("mode", &self.0.mode).finish_non_exhaustive()
    }
}

impl fmt::Debug for Explorer {
    /// Omits the token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Explorer")
            .field("port", &self.port)
            .field("mount", &self.mount)
            .finish_non_exhaustive()
    }
}

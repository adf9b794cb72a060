//! Listeners of a server, and the line that reports them.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Serialize;
use tokio::net::TcpListener;

use crate::failure::Failure;
use crate::{log, output};

/// Listeners, bound before anything else so that an occupied port is reported first.
pub(crate) struct Listeners {
    pub(crate) receive: TcpListener,
    pub(crate) ops: TcpListener,
    pub(crate) admin: TcpListener,
}

#[derive(Serialize)]
pub(super) struct Ready {
    ready: bool,
    callbacks: String,
    ops: String,
    /// Without the token.
    admin: String,
    admin_token_file: PathBuf,
}

impl Ready {
    /// Returns the URL of the listener of callbacks.
    pub(super) fn callbacks(&self) -> &str {
        &self.callbacks
    }

    /// Logs the URLs.
    pub(super) fn log(&self) {
        tracing::info!(callbacks = self.callbacks, ops = self.ops, "listening");
        tracing::info!("admin page: {}", self.admin);
    }

    /// Writes the line to stdout.
    ///
    /// # Errors
    /// Returns an error if stdout cannot be written.
    pub(super) fn write(&self) -> Result<(), Failure> {
        log::line_on_stdout(&output::json(self)?)
    }
}

impl Listeners {
    /// Binds the addresses.
    ///
    /// # Errors
    /// Returns an error that names the address, if it cannot be bound.
    pub(crate) async fn bind(
        receive: SocketAddr,
        ops: SocketAddr,
        admin: SocketAddr,
    ) -> Result<Self, Failure> {
        Ok(Self {
            receive: bind("receive.listen", receive).await?,
            ops: bind("ops.listen", ops).await?,
            admin: bind("admin.listen", admin).await?,
        })
    }

    /// Returns the URL of the listener of callbacks.
    ///
    /// # Errors
    /// Returns an error if the system does not report the address.
    pub(crate) fn callbacks(&self) -> Result<String, Failure> {
        url(&self.receive)
    }

    /// Returns the line that reports the URLs.
    ///
    /// # Errors
    /// Returns an error if the system does not report an address.
    pub(super) fn ready(&self, token_file: &Path) -> Result<Ready, Failure> {
        Ok(Ready {
            ready: true,
            callbacks: self.callbacks()?,
            ops: url(&self.ops)?,
            admin: url(&self.admin)?,
            admin_token_file: token_file.to_owned(),
        })
    }
}

async fn bind(key: &str, address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        let fix = match error.kind() {
            std::io::ErrorKind::AddrInUse => {
                "another essbasic-server may be running; stop it, or set another address"
            }
            _ => "set another address",
        };
        Failure::new(format!("{key}: cannot listen on {address}: {error}; {fix}"))
    })
}

fn url(listener: &TcpListener) -> Result<String, Failure> {
    let address = listener
        .local_addr()
        .map_err(|error| Failure::new(format!("cannot read the address of a listener: {error}")))?;
    Ok(format!("http://{address}/"))
}

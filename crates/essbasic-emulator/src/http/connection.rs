//! Byte streams of client connections.

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// Stream of a client connection, plain or encrypted.
pub(crate) trait Connection: AsyncRead + AsyncWrite + Unpin {
    /// Returns the underlying TCP stream.
    fn tcp(&self) -> &TcpStream;
}

impl Connection for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

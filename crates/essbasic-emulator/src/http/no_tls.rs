//! The emulator without the feature `tls`: no connection is encrypted.

use std::io;

use tokio::net::TcpStream;

use crate::faults::kind::FaultKind;

/// Acceptors of TLS connections, of which there are none.
pub(crate) enum Tls {}

impl Tls {
    pub(crate) fn authority(&self) -> &str {
        match *self {}
    }

    pub(crate) async fn accept(&self, _: TcpStream, _: Option<FaultKind>) -> io::Result<TcpStream> {
        match *self {}
    }
}

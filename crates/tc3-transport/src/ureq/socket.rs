//! A connection of ureq on which a response can be read although the request was not sent completely.

use std::io::ErrorKind;
use std::time::Instant;

use ureq::unversioned::transport::time::Duration;
use ureq::unversioned::transport::{Buffers, NextTimeout, Transport};
use ureq::{Error, Timeout};

use super::failure::failure;
use crate::TransportErrorKind as Kind;

/// Limit on the wait for a response after the server has read nothing of the request for its whole timeout.
const LAST_READ: Duration = Duration::from_millis(10);

/// A TCP connection. After a write has failed, nothing more is sent, and a read returns what the server has sent before,
/// and then the error of the write. ureq would return the error without reading the response.
#[derive(Debug)]
pub(super) struct Socket {
    tcp: Box<dyn Transport>,
    /// The failure of a write.
    failed: Option<Failed>,
}

#[derive(Debug, Clone, Copy)]
enum Failed {
    /// The server has closed the connection.
    Closed(ErrorKind),
    /// The server has read nothing.
    TimedOut(Timeout),
    /// The server has read nothing, and has sent a response.
    Answered,
}

impl Socket {
    pub(super) fn new(tcp: Box<dyn Transport>) -> Self {
        Self { tcp, failed: None }
    }
}

fn is_closed(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::BrokenPipe | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset
    )
}

impl Transport for Socket {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.tcp.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        if self.failed.is_some() {
            return Ok(());
        }
        match self.tcp.transmit_output(amount, timeout) {
            Err(Error::Io(error)) if is_closed(error.kind()) => {
                self.failed = Some(Failed::Closed(error.kind()));
                Ok(())
            }
            Err(Error::Timeout(reason)) => {
                self.failed = Some(Failed::TimedOut(reason));
                Ok(())
            }
            result => result,
        }
    }

    fn await_input(&mut self, mut timeout: NextTimeout) -> Result<bool, Error> {
        match self.failed {
            None | Some(Failed::Answered) => self.tcp.await_input(timeout),
            Some(Failed::Closed(kind)) => match self.tcp.await_input(timeout) {
                Ok(true) => Ok(true),
                _ => Err(Error::Io(kind.into())),
            },
            Some(Failed::TimedOut(reason)) => {
                timeout.after = LAST_READ;
                match self.tcp.await_input(timeout) {
                    Ok(true) => {
                        self.failed = Some(Failed::Answered);
                        Ok(true)
                    }
                    _ => Err(Error::Timeout(reason)),
                }
            }
        }
    }

    fn is_open(&mut self) -> bool {
        self.failed.is_none() && self.tcp.is_open()
    }

    fn is_tls(&self) -> bool {
        self.tcp.is_tls()
    }
}

/// The connection as ureq uses it.
///
/// - Interim responses are skipped, except 100 without headers and 101. ureq would not send the body after others.
/// - Input that ureq has not consumed is returned once more before the connection is read. ureq parses a response that
///   arrives in place of the response 100 a second time, and would wait for more bytes before that.
/// - A reset is an error, which ureq would treat as the end of a body without a length.
#[derive(Debug)]
pub(super) struct Guard {
    transport: Box<dyn Transport>,
    /// Length of the input that was returned once more.
    returned: usize,
    /// True until the final response begins.
    is_interim: bool,
}

impl Guard {
    pub(super) fn new(transport: Box<dyn Transport>) -> Self {
        Self { transport, returned: 0, is_interim: false }
    }

    /// Skips interim responses, and returns whether other input is left.
    fn skip_interim(&mut self) -> bool {
        while self.is_interim {
            let buffers = self.transport.buffers();
            match interim(buffers.input()) {
                Interim::Skipped(0) => break,
                Interim::Skipped(length) => buffers.input_consume(length),
                Interim::Final => self.is_interim = false,
            }
        }
        !self.transport.buffers().input().is_empty()
    }
}

impl Transport for Guard {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.transport.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.returned = 0;
        self.is_interim = true;
        self.transport.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, mut timeout: NextTimeout) -> Result<bool, Error> {
        let unread = self.transport.buffers().input().len();
        if unread != self.returned {
            self.returned = unread;
            if unread > 0 {
                return Ok(true);
            }
        }
        let (start, after) = (Instant::now(), timeout.after);
        loop {
            let is_read = self.transport.await_input(timeout).map_err(|error| match error {
                Error::Io(error) if error.kind() != ErrorKind::TimedOut => {
                    failure(Kind::Interrupted, error)
                }
                error => error,
            })?;
            if !is_read || self.skip_interim() {
                return Ok(is_read);
            }
            // The limit on the wait for the final response.
            if let Duration::Exact(limit) = after {
                timeout.after = limit.saturating_sub(start.elapsed()).into();
                if timeout.after.is_zero() {
                    return Err(Error::Timeout(timeout.reason));
                }
            }
        }
    }

    fn is_open(&mut self) -> bool {
        self.transport.is_open()
    }

    fn is_tls(&self) -> bool {
        self.transport.is_tls()
    }
}

enum Interim {
    /// Length of a response to skip; 0 if it is incomplete, or read by ureq.
    Skipped(usize),
    /// The final response.
    Final,
}

/// Recognizes an interim response at the begin of the input.
fn interim(input: &[u8]) -> Interim {
    const BEGIN: &[u8] = b"HTTP/1.1 1";
    let length = input.len().min(BEGIN.len());
    if input.get(..length) != BEGIN.get(..length) {
        return Interim::Final;
    }
    let Some(end) = input.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
        return Interim::Skipped(0);
    };
    let head = input.get(BEGIN.len()..end).unwrap_or_default();
    match (head.get(..2), head.contains(&b'\n')) {
        (Some(b"01"), _) => Interim::Final,
        (Some(b"00"), false) => Interim::Skipped(0),
        _ => Interim::Skipped(end + 4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interim_responses_are_recognized() {
        let early = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
        for (input, skipped) in [
            ("", Some(0)),
            ("HTTP/1.1", Some(0)),
            ("HTTP/1.1 103 Early Hints\r\nLink", Some(0)),
            (early, Some(early.len())),
            ("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK", Some(28)),
            ("HTTP/1.1 100 Continue\r\n\r\n", Some(0)),
            ("HTTP/1.1 100 Continue\r\nX: y\r\n\r\nHTTP", Some(31)),
            ("HTTP/1.1 101 Switching Protocols\r\n\r\n", None),
            ("HTTP/1.1 200 OK\r\n\r\n", None),
            ("HTTP/1.0 100 Continue\r\n\r\n", None),
            ("not HTTP", None),
        ] {
            let got = match interim(input.as_bytes()) {
                Interim::Skipped(length) => Some(length),
                Interim::Final => None,
            };
            assert_eq!(got, skipped, "{input:?}");
        }
    }
}

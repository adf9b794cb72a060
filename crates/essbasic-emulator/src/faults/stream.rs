//! A connection on which something else may go out than the server writes.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// One thing that happens on a connection.
pub(crate) enum Step {
    Send(Bytes),
    Pause(Duration),
    /// Ends it as a machine does that has crashed.
    Reset,
}

/// What is to go out instead of the next thing that is written; the connection ends with it.
#[derive(Clone, Default)]
pub(crate) struct Script(Arc<Mutex<Option<VecDeque<Step>>>>);

impl Script {
    pub(crate) fn set(&self, steps: Vec<Step>) {
        *self.steps() = Some(steps.into());
    }

    fn steps(&self) -> MutexGuard<'_, Option<VecDeque<Step>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an answer goes out on.
pub(crate) trait Connection: AsyncRead + AsyncWrite + Unpin {
    /// What is under it.
    fn tcp(&self) -> &TcpStream;
}

impl Connection for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

pub(crate) struct Tampered<S> {
    stream: S,
    script: Script,
    pause: Option<Pin<Box<Sleep>>>,
}

impl<S> Tampered<S> {
    pub(crate) fn new(stream: S, script: Script) -> Self {
        Self { stream, script, pause: None }
    }
}

impl<S: Connection> AsyncRead for Tampered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: Connection> AsyncWrite for Tampered<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Self { stream, script, pause } = &mut *self;
        let mut script = script.steps();
        let Some(steps) = &mut *script else {
            return Pin::new(stream).poll_write(context, bytes);
        };
        while let Some(step) = steps.front_mut() {
            match step {
                Step::Send(bytes) if bytes.is_empty() => {}
                Step::Send(bytes) => {
                    let sent = ready!(Pin::new(&mut *stream).poll_write(context, bytes))?;
                    bytes.advance(sent);
                    continue;
                }
                Step::Pause(time) => {
                    let sleep = pause.get_or_insert_with(|| Box::pin(tokio::time::sleep(*time)));
                    ready!(sleep.as_mut().poll(context));
                    *pause = None;
                }
                Step::Reset => stream.tcp().set_zero_linger()?,
            }
            steps.pop_front();
        }
        Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

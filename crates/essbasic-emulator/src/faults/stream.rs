//! Streams that send scripted bytes instead of the server's response.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use crate::http::connection::Connection;

/// Step of a script.
pub(crate) enum Step {
    /// Sends these bytes.
    Send(Bytes),
    /// Waits for this time.
    Pause(Duration),
    /// Makes the connection end with a reset, as after a crash of the peer.
    Reset,
}

/// Steps that replace the next write. The connection is closed after them.
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

/// Stream that runs a script, if one is set.
pub(crate) struct ScriptedStream<S> {
    stream: S,
    script: Script,
    pause: Option<Pin<Box<Sleep>>>,
}

impl<S> ScriptedStream<S> {
    pub(crate) fn new(stream: S, script: Script) -> Self {
        Self { stream, script, pause: None }
    }
}

impl<S: Connection> AsyncRead for ScriptedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: Connection> AsyncWrite for ScriptedStream<S> {
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

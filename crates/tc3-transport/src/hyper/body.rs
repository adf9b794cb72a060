use std::ops::ControlFlow;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use hyper::body::Incoming;

use super::Shared;
use super::connection::Connection;
use super::pool::Key;
use super::timeouts::Timeouts;
use crate::gzip::Decoder;
use crate::hyper_error::{exchange_kind, last_cause};
use crate::route::Route;
use crate::{AsyncChunks, TransportError, TransportErrorKind as Kind};

/// A response body with its connection.
pub(super) struct Chunks {
    pub(super) state: State,
    pub(super) shared: Arc<Shared>,
    pub(super) key: Key,
    pub(super) route: Route,
}

pub(super) enum State {
    Open(Box<Open>),
    Ended,
    Broken,
}

pub(super) struct Open {
    pub(super) connection: Connection,
    pub(super) body: Incoming,
    pub(super) timeouts: Timeouts,
    pub(super) decoder: Decoder,
}

#[async_trait]
impl AsyncChunks for Chunks {
    async fn next(&mut self) -> Result<Option<Bytes>, TransportError> {
        let open = match &mut self.state {
            State::Open(open) => open,
            State::Ended => return Ok(None),
            State::Broken => {
                return Err(self.route.error(Kind::Interrupted, "the body was interrupted before"));
            }
        };
        match open.chunk(&self.route).await {
            Ok(Some(chunk)) => Ok(Some(chunk)),
            Ok(None) => {
                if let State::Open(mut open) = std::mem::replace(&mut self.state, State::Ended)
                    && open.connection.is_open().await
                {
                    self.shared.pool.put(&self.key, open.connection);
                }
                Ok(None)
            }
            Err(error) => {
                self.state = State::Broken;
                Err(error)
            }
        }
    }
}

impl Open {
    /// Returns the next chunk that is not empty.
    async fn chunk(&mut self, route: &Route) -> Result<Option<Bytes>, TransportError> {
        loop {
            if let Some(chunk) = self.decoder.next(route)? {
                return Ok(Some(chunk));
            }
            let frame = self.connection.frame(&mut self.body, &mut self.timeouts).await;
            let frame = frame.map_err(|error| match error {
                Some(error) => route.error(exchange_kind(&error), last_cause(&error)),
                None => super::timed_out(route),
            })?;
            // A frame without data is a trailer.
            let data = frame.map(|frame| frame.into_data().unwrap_or_default());
            if let ControlFlow::Break(chunk) = self.decoder.push(data, route)? {
                return Ok(chunk);
            }
        }
    }
}

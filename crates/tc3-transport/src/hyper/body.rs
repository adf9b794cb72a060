use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use hyper::body::Incoming;

use super::Shared;
use super::connection::Connection;
use super::pool::Key;
use super::timeouts::Timeouts;
use crate::gzip::{Gunzip, gzip_error};
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
    pub(super) gunzip: Option<Gunzip>,
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
            if let Some(gunzip) = &mut self.gunzip
                && let Some(chunk) = gunzip.next().map_err(|error| gzip_error(&error, route))?
            {
                return Ok(Some(chunk));
            }
            let frame = self.connection.frame(&mut self.body, &mut self.timeouts).await;
            let frame = frame.map_err(|error| match error {
                Some(error) => route.error(exchange_kind(&error), last_cause(&error)),
                None => super::timed_out(route),
            })?;
            // A frame without data is a trailer.
            match (frame.map(|frame| frame.into_data().unwrap_or_default()), &mut self.gunzip) {
                (Some(data), Some(gunzip)) => gunzip.push(data),
                (Some(data), None) if data.is_empty() => {}
                (Some(data), None) => return Ok(Some(data)),
                (None, None) => return Ok(None),
                (None, Some(gunzip)) => {
                    return gunzip.finish().map_err(|error| gzip_error(&error, route));
                }
            }
        }
    }
}

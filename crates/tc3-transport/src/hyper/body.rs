use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use hyper::body::Incoming;

use super::Shared;
use super::gunzip::Gunzip;
use super::limits::Limits;
use super::link::Link;
use super::pool::Key;
use crate::fault::{answer_kind, last_cause};
use crate::route::Route;
use crate::{AsyncChunks, TransportError, TransportErrorKind as Kind};

/// A body on the wire, with the connection it comes on.
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
    pub(super) link: Link,
    pub(super) body: Incoming,
    pub(super) limits: Limits,
    pub(super) gunzip: Option<Gunzip>,
}

#[async_trait]
impl AsyncChunks for Chunks {
    async fn next(&mut self) -> Result<Option<Bytes>, TransportError> {
        let open = match &mut self.state {
            State::Open(open) => open,
            State::Ended => return Ok(None),
            State::Broken => {
                return Err(self.route.error(Kind::Interrupted, "the body broke off before"));
            }
        };
        match open.piece(&self.route).await {
            Ok(Some(piece)) => Ok(Some(piece)),
            Ok(None) => {
                if let State::Open(mut open) = std::mem::replace(&mut self.state, State::Ended)
                    && open.link.is_open().await
                {
                    self.shared.pool.put(&self.key, open.link);
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
    /// The next piece that is not empty.
    async fn piece(&mut self, route: &Route) -> Result<Option<Bytes>, TransportError> {
        loop {
            if let Some(gunzip) = &mut self.gunzip
                && let Some(piece) = gunzip.next().map_err(|error| no_gzip(&error, route))?
            {
                return Ok(Some(piece));
            }
            let frame = self.link.frame(&mut self.body, &mut self.limits).await;
            let frame = frame.map_err(|error| match error {
                Some(error) => route.error(answer_kind(&error), last_cause(&error)),
                None => super::late(route),
            })?;
            // What is no data is a trailer.
            match (frame.map(|frame| frame.into_data().unwrap_or_default()), &mut self.gunzip) {
                (Some(data), Some(gunzip)) => gunzip.push(data),
                (Some(data), None) if data.is_empty() => {}
                (Some(data), None) => return Ok(Some(data)),
                (None, None) => return Ok(None),
                (None, Some(gunzip)) => {
                    return gunzip.finish().map_err(|error| no_gzip(&error, route));
                }
            }
        }
    }
}

fn no_gzip(error: &io::Error, route: &Route) -> TransportError {
    match answer_kind(error) {
        Kind::Malformed => route.error(Kind::Malformed, "the body is no gzip"),
        kind => route.error(kind, error),
    }
}

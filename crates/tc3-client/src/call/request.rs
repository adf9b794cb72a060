//! The request of an attempt.

use std::time::Duration;

use tc3_api::RequestForm;
use tc3_transport::Request;

use super::{Call, Step};
use crate::budget::Tokens;
use crate::error::{Error, ErrorKind};
use crate::interceptor::UnsignedRequest;
use crate::time::Now;
use crate::{form, request_headers};

impl<'a> Call<'a> {
    pub(super) fn send(&mut self, now: Now) -> Step<'a> {
        match self.request(now) {
            Ok(request) => {
                self.report_pending(Some(Duration::ZERO));
                self.attempts += 1;
                self.signed_at = now.monotonic;
                self.spent = self.tokens.take().map(Tokens::spend).or(self.spent);
                self.attempt_sent(now);
                tracing::debug!(attempt = self.attempts, "sending");
                Step::Send(request)
            }
            Err(error) => self.fail_unsent(error),
        }
    }

    /// Returns the time until the deadline, if there is one.
    pub(super) fn time_left(&self, now: Now) -> Result<Option<Duration>, Error> {
        let Some(deadline) = self.deadline else { return Ok(None) };
        match deadline.checked_sub(now.monotonic) {
            Some(left) if !left.is_zero() => Ok(Some(left)),
            _ => Err(Error::unsent("the timeout of the call has expired")),
        }
    }

    /// Returns the request, signed with the current time.
    pub(super) fn request(&self, now: Now) -> Result<Request, Error> {
        let timeout = self.time_left(now)?;
        let skew = self.skew();
        let timestamp = now.unix.as_secs().saturating_add_signed(skew);
        let mut unsigned = UnsignedRequest {
            info: self.info,
            attempt: self.attempts.saturating_add(1),
            headers: self.options.headers.clone(),
            body: self.body.clone(),
        };
        self.engine
            .config
            .interceptors
            .before_signing(&mut unsigned)
            .map_err(Error::interceptor)?;
        let UnsignedRequest { headers, body, .. } = unsigned;
        let body = match self.engine.encapsulation(&self.info) {
            None => body,
            Some(_) if self.info.form != RequestForm::Json => {
                let message =
                    "an encapsulated call has a JSON body; call the action without encapsulation";
                return Err(Error::new(ErrorKind::Request, message));
            }
            Some(encapsulation) => encapsulation
                .seal(self.info.name, &body)
                .map_err(|error| Error::new(ErrorKind::Request, error.to_string()))?
                .into(),
        };
        let formed = form::of(&self.outer_action, body, self.options.octets.as_ref())?;
        Ok(Request {
            headers: request_headers::build(
                &self.engine.config,
                &self.options,
                &self.target,
                &self.outer_action,
                self.credential.as_ref(),
                timestamp,
                &formed,
            )
            .and_then(|own| request_headers::with_others(own, headers))?,
            timeout,
            new_connection: self.is_connection_broken,
            streamed_body: self.is_streamed,
            connect_to: self.target.address.clone(),
            method: formed.method.clone(),
            body: formed.body.clone(),
            ..Request::get(self.target.uri_of(&formed)?)
        })
    }

    /// Returns the request of the first attempt without sending it.
    #[cfg(feature = "serde")]
    pub(crate) fn preview(
        mut self,
        now: Now,
        credential: Option<crate::credentials::ValidCredential>,
    ) -> Result<Request, Error> {
        self.credential = credential;
        self.request(now).map_err(|error| error.of_call(self.info.name, 0, false))
    }
}

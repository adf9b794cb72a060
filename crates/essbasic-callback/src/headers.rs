//! Callbacks by the headers of an HTTP request.

use std::time::SystemTime;

use http::{HeaderMap, HeaderValue};

use crate::error::{RefusalReason, Refused};
use crate::receiver::{Received, Receiver, Verified};
use crate::token::SIGNATURE_HEADER;

impl Receiver {
    /// As [`receive`](Self::receive), with the signature in the headers of the request.
    ///
    /// ```
    /// use std::time::SystemTime;
    /// use essbasic_callback::{Received, Receiver, Refused};
    ///
    /// fn status(receiver: &Receiver, request: &http::Request<Vec<u8>>) -> u16 {
    ///     match receiver.receive_from(request.headers(), request.body(), SystemTime::now()) {
    ///         Ok(Received::New(delivery)) => {
    ///             println!("{:?}", delivery.accept());
    ///             200
    ///         }
    ///         Ok(Received::Ping | Received::Duplicate { .. }) => 200,
    ///         Ok(Received::InFlight { .. }) => 503,
    ///         Err(_refused) => Refused::STATUS,
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`receive`](Self::receive), and if there are several signatures: a proxy may have verified another one.
    pub fn receive_from(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: SystemTime,
    ) -> Result<Received, Refused> {
        self.receive(signature(headers)?, body, now)
    }

    /// As [`verify`](Self::verify), with the signature in the headers of the request.
    ///
    /// # Errors
    /// As [`receive_from`](Self::receive_from).
    pub fn verify_from(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: SystemTime,
    ) -> Result<Verified, Refused> {
        self.verify(signature(headers)?, body, now)
    }
}

/// Returns the only signature, if there is one.
fn signature(headers: &HeaderMap) -> Result<Option<&str>, Refused> {
    let malformed = Refused(RefusalReason::MalformedSignature);
    let mut values = headers.get_all(SIGNATURE_HEADER).iter();
    match (values.next(), values.next()) {
        (value, None) => value.map(HeaderValue::to_str).transpose().map_err(|_| malformed),
        (_, Some(_)) => Err(malformed),
    }
}

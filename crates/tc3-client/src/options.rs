//! Options of single calls.

use core::fmt;
use std::time::Duration;

use tc3_transport::header::HeaderName;
use tc3_transport::{Bytes, HeaderMap, HeaderValue};

use crate::config::Language;
use crate::error::Error;
use crate::headers;
use crate::retry::RetryPolicy;

/// Maximum number of additional headers.
const MAX_HEADERS: usize = 64;

/// Options of calls that differ from the [`Config`](crate::Config) of their client. `Client::with_options` returns a client
/// with them, in place of its previous ones. To change only some, start with a clone of those that `Client::options` returns.
///
/// ```
/// # #[cfg(feature = "ureq")] {
/// use std::time::Duration;
/// use tc3_client::api::Action;
/// use tc3_client::{CallOptions, Error, RetryPolicy, blocking::Client};
///
/// fn read_once<R: Action>(client: &Client, request: &R) -> Result<R::Response, Error> {
///     let options = CallOptions::default()
///         .with_timeout(Some(Duration::from_secs(3)))
///         .with_retry(RetryPolicy::none())
///         .with_header("x-trace-id", "4bf92f35")?;
///     client.with_options(options).call(request)
/// }
/// # }
/// ```
#[derive(Clone, Default)]
pub struct CallOptions {
    pub(crate) timeout: Option<Option<Duration>>,
    pub(crate) region: Option<String>,
    pub(crate) language: Option<Language>,
    pub(crate) headers: HeaderMap,
    pub(crate) unsigned_payload: bool,
    pub(crate) octets: Option<Bytes>,
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) idempotent: Option<bool>,
}

impl CallOptions {
    /// Sets the timeout of the call. With `None` there is no timeout: see
    /// [`Config::with_timeout`](crate::Config::with_timeout).
    #[must_use]
    pub fn with_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets `X-TC-Region`. The call fails with an error of kind `Request` if the region cannot be a header.
    #[must_use]
    pub fn with_region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// Sets the language of messages.
    #[must_use]
    pub fn with_language(mut self, language: Language) -> Self {
        self.language = Some(language);
        self
    }

    /// Adds a header to each attempt, such as one for a gateway. It is not signed. A header of the same name is replaced.
    ///
    /// # Errors
    /// Returns an [`Error`] of kind `Config` if name or value cannot be a header, if there are more than 64, or if the client or
    /// the transport sets this header: `X-TC-*`, `Authorization`, `Host`, `User-Agent`, and those of the body, the
    /// connection and the proxy.
    pub fn with_header(mut self, name: &str, value: &str) -> Result<Self, Error> {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| {
            Error::config("invalid name of a header; expected letters, digits and `-`")
        })?;
        let mut value = HeaderValue::from_str(value).map_err(|_| {
            let problem = "it contains a character that a header cannot have";
            Error::config(format!("invalid value of header `{name}`: {problem}"))
        })?;
        if headers::is_reserved(&name) {
            let message = format!("header `{name}` is set by the client; remove it");
            return Err(Error::config(message));
        }
        if self.headers.len() >= MAX_HEADERS && !self.headers.contains_key(&name) {
            let message = format!("more than {MAX_HEADERS} additional headers; remove some");
            return Err(Error::config(message));
        }
        value.set_sensitive(true);
        self.headers.insert(name, value);
        Ok(self)
    }

    /// Excludes the body from the signature: see
    /// [`Config::with_unsigned_payload`](crate::Config::with_unsigned_payload).
    #[must_use]
    pub fn with_unsigned_payload(mut self) -> Self {
        self.unsigned_payload = true;
        self
    }

    /// Sets the raw body of an action of the form
    /// [`OctetStream`](tc3_api::RequestForm::OctetStream), whose fields are headers. A call of another action fails with an
    /// error of kind `Request`.
    ///
    /// ```
    /// # #[cfg(all(feature = "ureq", feature = "serde"))] {
    /// use serde_json::json;
    /// use tc3_client::api::ActionInfo;
    /// use tc3_client::{CallOptions, Error, blocking::Client};
    ///
    /// const UPLOAD_LOG: ActionInfo<'_> =
    ///     ActionInfo::new("cls", "2020-10-16", "UploadLog").octet_stream();
    ///
    /// fn upload(client: &Client, topic: &str, logs: Vec<u8>) -> Result<(), Error> {
    ///     let options = CallOptions::default().with_octets(logs).with_unsigned_payload();
    ///     let fields = json!({ "TopicId": topic });
    ///     client.with_options(options).call_json(UPLOAD_LOG, &fields).map(drop)
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn with_octets(mut self, body: impl Into<Bytes>) -> Self {
        self.octets = Some(body.into());
        self
    }

    /// Sets the number of attempts and the backoff. [`RetryPolicy::none`] disables retries.
    #[must_use]
    pub fn with_retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = Some(retry);
        self
    }

    /// Declares whether the action is idempotent, instead of its own metadata. The client retries an idempotent action if the
    /// outcome of an attempt is unknown.
    ///
    /// The declaration concerns retries only. If an action that is not idempotent by its metadata fails after an attempt
    /// that may have been executed, [`is_outcome_unknown`](Error::is_outcome_unknown) is true. Such a request in flight is
    /// not dropped after a [`Stop`](crate::Stop).
    ///
    /// Declare it only if a request that is executed twice has the same effect, for example because it contains an ID by
    /// which the service recognizes it.
    #[must_use]
    pub fn with_idempotent(mut self, idempotent: bool) -> Self {
        self.idempotent = Some(idempotent);
        self
    }
}

/// Omits the values of headers and the raw body, which may be secrets.
impl fmt::Debug for CallOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallOptions")
            .field("timeout", &self.timeout)
            .field("region", &self.region)
            .field("language", &self.language)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("unsigned_payload", &self.unsigned_payload)
            .field("octets_bytes", &self.octets.as_ref().map(Bytes::len))
            .field("retry", &self.retry)
            .field("idempotent", &self.idempotent)
            .finish()
    }
}

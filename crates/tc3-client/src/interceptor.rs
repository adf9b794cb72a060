//! Interceptors: changes of requests and responses by the program.

use core::fmt;
use std::error::Error as StdError;
use std::sync::Arc;

use tc3_api::ActionInfo;
use tc3_transport::{Bytes, HeaderMap, Response, StatusCode};

/// A hook into the attempts of a client, such as for headers of a gateway. Added by
/// [`Config::with_interceptor`](crate::Config::with_interceptor).
///
/// Both methods run once per attempt, so each retry is intercepted and signed again. They must not block. An error fails the
/// call without a retry: its kind is [`Interceptor`](crate::ErrorKind::Interceptor), and its
/// [`cause`](crate::Error::cause) is the error of the interceptor.
///
/// Credentials are not visible: the signature and the token are added later.
///
/// ```
/// use std::error::Error;
/// use tc3_client::transport::HeaderValue;
/// use tc3_client::{Config, Interceptor, UnsignedRequest, credentials};
///
/// struct Gateway {
///     tenant: HeaderValue,
/// }
///
/// impl Interceptor for Gateway {
///     fn before_signing(
///         &self,
///         request: &mut UnsignedRequest<'_>,
///     ) -> Result<(), Box<dyn Error + Send + Sync>> {
///         request.headers.insert("x-gateway-tenant", self.tenant.clone());
///         Ok(())
///     }
/// }
///
/// let gateway = Gateway { tenant: HeaderValue::from_static("tenant-7") };
/// let config = Config::new(credentials::default_chain()).with_interceptor(gateway);
/// ```
pub trait Interceptor: Send + Sync {
    /// Changes the request of an attempt before it is signed.
    ///
    /// # Errors
    /// Returns an error if the call must fail. Nothing is sent for this attempt.
    fn before_signing(
        &self,
        request: &mut UnsignedRequest<'_>,
    ) -> Result<(), Box<dyn StdError + Send + Sync>> {
        let _ = request;
        Ok(())
    }

    /// Changes a response before it is decoded. Responses of every HTTP status are passed. Of a stream of events only the
    /// head is passed, with an empty body.
    ///
    /// # Errors
    /// Returns an error if the call must fail. The service may have executed the action.
    fn before_decoding(
        &self,
        response: &mut RawResponse<'_>,
    ) -> Result<(), Box<dyn StdError + Send + Sync>> {
        let _ = response;
        Ok(())
    }
}

/// The request of one attempt, before it is signed.
#[non_exhaustive]
pub struct UnsignedRequest<'a> {
    /// The action; the inner one of an [encapsulated](crate::Encapsulation) call.
    pub info: ActionInfo<'a>,
    /// Number of the attempt in its call, from one.
    pub attempt: u32,
    /// Further headers, at first those of [`CallOptions`](crate::CallOptions::with_header). They are not part of the signature. The call fails with one that the client or its
    /// transport sets: `Host`, `Content-Type`, `User-Agent`, `Authorization`, `X-TC-*` and those of HTTP itself.
    pub headers: HeaderMap,
    /// The fields as JSON, which is the body unless the [form](tc3_api::RequestForm) of the action differs. With an
    /// encapsulation it is sealed after this. A changed body is not validated again.
    pub body: Bytes,
}

/// The response of one attempt, before it is decoded.
#[non_exhaustive]
pub struct RawResponse<'a> {
    /// The action; the inner one of an [encapsulated](crate::Encapsulation) call.
    pub info: ActionInfo<'a>,
    /// HTTP status. Retries depend on it.
    pub status: StatusCode,
    /// Headers of the response.
    pub headers: HeaderMap,
    /// The body; of an encapsulated response, the opened one.
    pub body: Bytes,
}

impl fmt::Debug for UnsignedRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnsignedRequest")
            .field("info", &self.info)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for RawResponse<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawResponse")
            .field("info", &self.info)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// The interceptors of a client, in the order in which they were added.
#[derive(Clone, Default)]
pub(crate) struct Interceptors(Vec<Arc<dyn Interceptor>>);

impl Interceptors {
    pub(crate) fn add(&mut self, interceptor: Arc<dyn Interceptor>) {
        self.0.push(interceptor);
    }

    /// Applies the interceptors to a request, in their order.
    pub(crate) fn before_signing(
        &self,
        request: &mut UnsignedRequest<'_>,
    ) -> Result<(), Box<dyn StdError + Send + Sync>> {
        self.0.iter().try_for_each(|interceptor| interceptor.before_signing(request))
    }

    /// Applies the interceptors to a response, in reverse order: the first one is the outermost.
    pub(crate) fn before_decoding(
        &self,
        info: ActionInfo<'_>,
        response: &mut Response<Bytes>,
    ) -> Result<(), Box<dyn StdError + Send + Sync>> {
        let mut raw = RawResponse {
            info,
            status: response.status,
            headers: std::mem::take(&mut response.headers),
            body: std::mem::take(&mut response.body),
        };
        let result =
            self.0.iter().rev().try_for_each(|interceptor| interceptor.before_decoding(&mut raw));
        let RawResponse { status, headers, body, .. } = raw;
        *response = Response { status, headers, body };
        result
    }
}

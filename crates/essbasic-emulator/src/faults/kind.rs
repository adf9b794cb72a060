//! The kinds of faults.

use std::fmt;
use std::time::Duration;

use http::{HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tc3_catalogue::ActionMeta;

use super::nulls;
use crate::api::service::Reply;
use crate::error::ApiError;

/// What can go wrong with an answer. Some hit answers to requests that were carried out, and whoever made
/// the call does not learn of it; others come [instead](Self::is_carried_out).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FaultKind {
    /// From this request on, which is answered, connections are refused: for a second, or until the
    /// faults are set anew.
    Refused,
    /// The connection is reset before the answer.
    Reset,
    /// It is reset within the head.
    ResetHead,
    /// It is reset within the body.
    ResetBody,
    /// The answer's head never comes.
    StallHead,
    /// Its body stands still half-way.
    StallBody,
    /// It comes in two hundred pieces, over a second.
    Drip,
    /// The connection ends half-way through the body.
    Truncated,
    /// More comes than `Content-Length` says.
    OverLong,
    /// `Content-Length` says more than comes.
    OverStated,
    /// 206 with the first half of the body, although no range was asked for.
    Partial,
    /// The body has no length, and its connection closes too early: after the first `%%EOF` of several, as at an
    /// older revision of a PDF, or else half-way.
    CloseDelimited,
    /// The body is gzip, which was not asked for.
    Gzip,
    /// The body's JSON breaks off.
    MalformedJson,
    /// 200 with a page of HTML, as at some links that have expired.
    HtmlPage,
    /// A gateway answers 502, with a page of HTML.
    BadGateway,
    /// 429, `Retry-After: 1`.
    TooManyRequests,
    /// 503, `Retry-After: 1`.
    Unavailable,
    /// `RequestLimitExceeded`.
    Throttled,
    /// `RequestLimitExceeded.UinLimitExceeded`.
    ThrottledAccount,
    /// `RequestLimitExceeded.GlobalRegionUinLimitExceeded`.
    ThrottledRegion,
    /// `RequestLimitExceeded.IPLimitExceeded`.
    ThrottledAddress,
    /// `InternalError`.
    InternalError,
    /// `AuthFailure.TokenFailure`, as of a token that has expired.
    ExpiredToken,
    /// The service's clock is an hour ahead: by it a signature or a link has expired, and `Date` says so.
    ClockAhead,
    /// JSON without `Response`.
    NoResponse,
    /// `Response` with null for each member.
    Nulls,
    /// Each list in the answer holds null in place of its elements.
    NullElements,
    /// Each text, number and flag in the answer is null.
    NullLeaves,
    /// The connection is reset within the handshake.
    TlsCut,
    /// The handshake stands still, for half a minute.
    TlsStall,
    /// The handshake is refused, by an alert.
    TlsAlert,
    /// The certificate is of an authority that nobody trusts.
    TlsUntrusted,
    /// The certificate has expired.
    TlsExpired,
    /// The certificate is for another name.
    TlsOtherName,
}

impl FaultKind {
    /// All of them.
    pub const ALL: [Self; 35] = [
        Self::Refused,
        Self::Reset,
        Self::ResetHead,
        Self::ResetBody,
        Self::StallHead,
        Self::StallBody,
        Self::Drip,
        Self::Truncated,
        Self::OverLong,
        Self::OverStated,
        Self::Partial,
        Self::CloseDelimited,
        Self::Gzip,
        Self::MalformedJson,
        Self::HtmlPage,
        Self::BadGateway,
        Self::TooManyRequests,
        Self::Unavailable,
        Self::Throttled,
        Self::ThrottledAccount,
        Self::ThrottledRegion,
        Self::ThrottledAddress,
        Self::InternalError,
        Self::ExpiredToken,
        Self::ClockAhead,
        Self::NoResponse,
        Self::Nulls,
        Self::NullElements,
        Self::NullLeaves,
        Self::TlsCut,
        Self::TlsStall,
        Self::TlsAlert,
        Self::TlsUntrusted,
        Self::TlsExpired,
        Self::TlsOtherName,
    ];

    /// Whether it hits TLS handshakes: no request is made then. All others hit requests.
    pub fn hits_handshakes(self) -> bool {
        use FaultKind::{TlsAlert, TlsCut, TlsExpired, TlsOtherName, TlsStall, TlsUntrusted};
        matches!(self, TlsCut | TlsStall | TlsAlert | TlsUntrusted | TlsExpired | TlsOtherName)
    }

    /// Whether the request that it hits is carried out all the same.
    pub fn is_carried_out(self) -> bool {
        !self.hits_handshakes() && self.instead(None).is_none()
    }

    /// How far ahead the service's clock is.
    pub(crate) fn ahead(self) -> Duration {
        Duration::from_secs(if self == Self::ClockAhead { 3600 } else { 0 })
    }

    /// What is answered instead of carrying out the request for this action; `None` where it is carried
    /// out.
    pub(crate) fn instead(
        self,
        action: Option<&'static ActionMeta>,
    ) -> Option<Result<Reply, ApiError>> {
        let error = |code, message: &str| Some(Err(ApiError::new(code, message)));
        let page = |status: StatusCode| {
            let title = status.canonical_reason().unwrap_or_default();
            let page =
                format!("<html><head><title>{title}</title></head><body>nginx</body></html>");
            Reply::new(status, "text/html", page)
        };
        let later = |status| {
            let retry = (header::RETRY_AFTER, HeaderValue::from_static("1"));
            Reply { headers: vec![retry], ..page(status) }
        };
        match self {
            Self::HtmlPage => Some(Ok(page(StatusCode::OK))),
            Self::BadGateway => Some(Ok(page(StatusCode::BAD_GATEWAY))),
            Self::TooManyRequests => Some(Ok(later(StatusCode::TOO_MANY_REQUESTS))),
            Self::Unavailable => Some(Ok(later(StatusCode::SERVICE_UNAVAILABLE))),
            Self::Throttled => error("RequestLimitExceeded", "The rate limit was exceeded."),
            Self::ThrottledAccount => {
                error("RequestLimitExceeded.UinLimitExceeded", "The account calls too often.")
            }
            Self::ThrottledRegion => error(
                "RequestLimitExceeded.GlobalRegionUinLimitExceeded",
                "The account calls too often in all regions.",
            ),
            Self::ThrottledAddress => {
                error("RequestLimitExceeded.IPLimitExceeded", "The address calls too often.")
            }
            Self::InternalError => error("InternalError", "An internal error occurred."),
            Self::ExpiredToken => error("AuthFailure.TokenFailure", "The token has expired."),
            Self::NoResponse => Some(Ok(Reply::json(&json!({ "RequestId": "none" })))),
            Self::Nulls => Some(Ok(Reply::json(&nulls::members(action)))),
            _ => None,
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

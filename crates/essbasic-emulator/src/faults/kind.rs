//! Table of the kinds of faults.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Stage at which a fault applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The request is executed. The fault changes its response or its connection.
    Response,
    /// The request is not executed. The fault supplies the response.
    Request,
    /// The TLS handshake fails, so that there is no request.
    Handshake,
}

/// Declares [`FaultKind`] from a table: documentation, variant, name on the wire and stage of each kind.
///
/// The behavior of a new kind belongs in the file of its stage: `replacement.rs` for `Request`, `steps.rs` or
/// `body.rs` for `Response`, and `http/tls.rs` for `Handshake`.
macro_rules! fault_kinds {
    ($($(#[doc = $doc:literal])+ $kind:ident = $name:literal, $stage:ident;)+) => {
        /// Kind of a fault.
        ///
        /// Some kinds hit the response to a request that was executed, so that its outcome is unknown to the
        /// client. Others [replace](Self::executes_request) the execution.
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[non_exhaustive]
        pub enum FaultKind {
            $($(#[doc = $doc])+ #[serde(rename = $name)] $kind,)+
        }

        impl FaultKind {
            /// All kinds.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$kind),+];

            /// Returns the name of the kind, such as `reset-body`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)+
                }
            }

            /// Returns the documentation of the kind as one paragraph.
            pub fn description(self) -> &'static str {
                match self {
                    $(Self::$kind => concat!($($doc),+).trim_start(),)+
                }
            }

            fn stage(self) -> Stage {
                match self {
                    $(Self::$kind => Stage::$stage,)+
                }
            }
        }
    };
}

fault_kinds! {
    /// The request gets its response. Afterwards connections are refused, for one second or until the faults are
    /// set again.
    Refused = "refused", Response;
    /// The connection is reset before the response.
    Reset = "reset", Response;
    /// The connection is reset within the head of the response.
    ResetHead = "reset-head", Response;
    /// The connection is reset within the body of the response.
    ResetBody = "reset-body", Response;
    /// The connection stalls before the head of the response.
    StallHead = "stall-head", Response;
    /// The connection stalls in the middle of the body.
    StallBody = "stall-body", Response;
    /// The response is sent in 200 chunks over one second.
    Drip = "drip", Response;
    /// The connection is closed in the middle of the body.
    Truncated = "truncated", Response;
    /// The body is longer than `Content-Length`.
    OverLong = "over-long", Response;
    /// The body is shorter than `Content-Length`.
    OverStated = "over-stated", Response;
    /// Status 206 with the first half of the body, although the request has no `Range`.
    Partial = "partial", Response;
    /// The response has no length, and the connection is closed too early. A PDF with several revisions is cut after
    /// its first `%%EOF`, any other body in the middle.
    CloseDelimited = "close-delimited", Response;
    /// The body is compressed with gzip, which the request does not accept.
    Gzip = "gzip", Response;
    /// The JSON of the body is cut off.
    MalformedJson = "malformed-json", Response;
    /// Status 200 with an HTML page, as of some expired links.
    HtmlPage = "html-page", Request;
    /// Status 502 with an HTML page, as of a gateway.
    BadGateway = "bad-gateway", Request;
    /// Status 429 with `Retry-After: 1`.
    TooManyRequests = "too-many-requests", Request;
    /// Status 503 with `Retry-After: 1`.
    Unavailable = "unavailable", Request;
    /// Error `RequestLimitExceeded`.
    Throttled = "throttled", Request;
    /// Error `RequestLimitExceeded.UinLimitExceeded`.
    ThrottledAccount = "throttled-account", Request;
    /// Error `RequestLimitExceeded.GlobalRegionUinLimitExceeded`.
    ThrottledRegion = "throttled-region", Request;
    /// Error `RequestLimitExceeded.IPLimitExceeded`.
    ThrottledAddress = "throttled-address", Request;
    /// Error `InternalError`.
    InternalError = "internal-error", Request;
    /// Error `AuthFailure.TokenFailure`, as of an expired token.
    ExpiredToken = "expired-token", Request;
    /// The clock of the service is one hour ahead: signatures and links have expired, and `Date` is an hour ahead.
    ClockAhead = "clock-ahead", Response;
    /// JSON without `Response`.
    NoResponse = "no-response", Request;
    /// `Response` with null in each field.
    Nulls = "nulls", Request;
    /// Each array of the response has null elements.
    NullElements = "null-elements", Response;
    /// Each string, number and boolean of the response is null.
    NullLeaves = "null-leaves", Response;
    /// The connection is reset within the handshake.
    TlsCut = "tls-cut", Handshake;
    /// The handshake stalls for 30 seconds.
    TlsStall = "tls-stall", Handshake;
    /// The handshake fails with an alert.
    TlsAlert = "tls-alert", Handshake;
    /// The certificate is of an authority that clients do not trust.
    TlsUntrusted = "tls-untrusted", Handshake;
    /// The certificate has expired.
    TlsExpired = "tls-expired", Handshake;
    /// The certificate is for another name.
    TlsOtherName = "tls-other-name", Handshake;
}

impl FaultKind {
    /// Returns `true` if the fault hits TLS handshakes, `false` if it hits requests.
    pub fn hits_handshakes(self) -> bool {
        self.stage() == Stage::Handshake
    }

    /// Returns `true` if a request that the fault hits is executed.
    pub fn executes_request(self) -> bool {
        self.stage() == Stage::Response
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_variants() {
        for kind in FaultKind::ALL {
            let variant = format!("{kind:?}");
            let name = variant.chars().flat_map(|c| {
                let dash = c.is_ascii_uppercase().then_some('-');
                dash.into_iter().chain([c.to_ascii_lowercase()])
            });
            assert_eq!(name.skip(1).collect::<String>(), kind.as_str());
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
            assert_eq!(serde_json::from_value::<FaultKind>(kind.as_str().into()).unwrap(), kind);
        }
    }

    #[test]
    fn each_kind_has_one_paragraph_of_documentation() {
        for kind in FaultKind::ALL {
            let text = kind.description();
            assert!(text.ends_with('.') && !text.contains("  ") && text.trim() == text, "{text}");
        }
    }

    #[test]
    fn a_request_is_replaced_at_its_stage_only() {
        for kind in FaultKind::ALL {
            let replaced = kind.replacement(None).is_some();
            assert_eq!(replaced, kind.stage() == Stage::Request, "{kind}");
        }
    }
}

//! Responses that faults supply instead of the execution of a request.

use http::{HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};
use tc3_catalogue::ActionMeta;

use super::kind::FaultKind;
use crate::error::ApiError;
use crate::http::reply::Reply;

impl FaultKind {
    /// Returns the response to a request for this action; `None` if the request is executed.
    pub(crate) fn replacement(
        self,
        action: Option<&'static ActionMeta>,
    ) -> Option<Result<Reply, ApiError>> {
        let error = |code, message: &str| Some(Err(ApiError::new(code, message)));
        match self {
            Self::HtmlPage => Some(Ok(html_page(StatusCode::OK))),
            Self::BadGateway => Some(Ok(html_page(StatusCode::BAD_GATEWAY))),
            Self::TooManyRequests => Some(Ok(retry_later(StatusCode::TOO_MANY_REQUESTS))),
            Self::Unavailable => Some(Ok(retry_later(StatusCode::SERVICE_UNAVAILABLE))),
            Self::Throttled => error("RequestLimitExceeded", "The rate limit was exceeded."),
            Self::ThrottledAccount => error(
                "RequestLimitExceeded.UinLimitExceeded",
                "The rate limit of the account was exceeded.",
            ),
            Self::ThrottledRegion => error(
                "RequestLimitExceeded.GlobalRegionUinLimitExceeded",
                "The rate limit of the account in all regions was exceeded.",
            ),
            Self::ThrottledAddress => error(
                "RequestLimitExceeded.IPLimitExceeded",
                "The rate limit of the IP address was exceeded.",
            ),
            Self::InternalError => error("InternalError", "An internal error occurred."),
            Self::ExpiredToken => error("AuthFailure.TokenFailure", "The token has expired."),
            Self::NoResponse => Some(Ok(Reply::json(&json!({ "RequestId": "none" })))),
            Self::Nulls => Some(Ok(Reply::json(&null_fields(action)))),
            _ => None,
        }
    }
}

fn html_page(status: StatusCode) -> Reply {
    let title = status.canonical_reason().unwrap_or_default();
    let page = format!("<html><head><title>{title}</title></head><body>nginx</body></html>");
    Reply::new(status, "text/html", page)
}

fn retry_later(status: StatusCode) -> Reply {
    let retry_after = (header::RETRY_AFTER, HeaderValue::from_static("1"));
    Reply { headers: vec![retry_after], ..html_page(status) }
}

/// Returns a response with null in each field of the action's response.
fn null_fields(action: Option<&'static ActionMeta>) -> Value {
    let declared = action.map_or(&[][..], |action| action.response.fields);
    let mut fields: Map<_, _> =
        declared.iter().map(|field| (field.name.to_owned(), Value::Null)).collect();
    fields.insert("RequestId".into(), Value::Null);
    json!({ "Response": fields })
}

#[cfg(test)]
mod tests {
    use essbasic_models::ERRORS;
    use tc3_api::ErrorClass;

    use super::*;

    #[test]
    fn the_code_of_each_fault_has_the_class_that_its_name_states() {
        for kind in FaultKind::ALL {
            let Some(Err(error)) = kind.replacement(None) else { continue };
            let expected = match kind {
                FaultKind::InternalError => ErrorClass::Transient,
                FaultKind::ExpiredToken => ErrorClass::Authentication,
                _ => ErrorClass::Throttled,
            };
            assert_eq!(ERRORS.rule(error.code).class, expected, "{}", kind.as_str());
        }
    }
}

//! Errors of the API.

use std::time::Duration;

use axum::http::StatusCode;
use essbasic_page::ApiError;
use tokio::time::timeout;

use super::Admin;
use crate::queries::QueryError;

/// Time for the store to respond to a request of the page.
const STORE_TIMEOUT: Duration = Duration::from_secs(10);

impl From<QueryError> for ApiError {
    fn from(error: QueryError) -> Self {
        let status = match error.code() {
            "invalid_request" => StatusCode::UNPROCESSABLE_ENTITY,
            "not_found" | "unknown_target" => StatusCode::NOT_FOUND,
            "body_expired" | "body_not_stored" => StatusCode::CONFLICT,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        Self::new(status, error.code(), error.message().to_owned())
            .with_hint(error.hint().to_owned())
    }
}

/// Returns the result of a query, or an error if the store does not respond in time.
pub(super) async fn in_time<T>(
    query: impl Future<Output = Result<T, QueryError>>,
) -> Result<T, ApiError> {
    match timeout(STORE_TIMEOUT, query).await {
        Ok(result) => result.map_err(ApiError::from),
        Err(_) => Err(QueryError::store_unavailable(
            "the store did not respond within 10 s",
            "check the store; the change may have been made, and can be repeated",
        )
        .into()),
    }
}

impl Admin {
    /// Refuses changes unless the page is writable.
    pub(super) fn check_writable(&self) -> Result<(), ApiError> {
        if self.is_writable {
            return Ok(());
        }
        let message = "the admin page is read-only";
        Err(ApiError::new(StatusCode::FORBIDDEN, "read_only", message).with_hint(
            "set `writable = true` in [admin], or use the subcommands of essbasic-server",
        ))
    }
}

//! `/api/file`: the PDF behind a download link.

use axum::body::Bytes;
use axum::extract::State;
use essbasic_page::{ApiError, Reply, parse, with_type};
use serde::Deserialize;

use super::{Shared, call};
use crate::caller::FileError;
use crate::http::error;

/// Maximum size of a file, in bytes.
const MAX_FILE_BYTES: usize = 50 << 20;

/// Number of bytes at the beginning of a file in which the header of a PDF may be.
const HEADER_BYTES: usize = 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    url: String,
}

pub(super) async fn post(State(session): Shared, text: Bytes) -> Reply {
    let Request { url } = parse(&text)?;
    let file = call::caller(&session)?.file(&url, MAX_FILE_BYTES).await;
    let file = file.map_err(|error| match error {
        FileError::Refused { message, hint: Some(hint) } => {
            ApiError::invalid_request(message).with_hint(hint)
        }
        FileError::Refused { message, hint: None } => ApiError::invalid_request(message),
        FileError::Failed(message) => error::call_failed(message)
            .with_hint("links expire after five minutes; create a new one"),
    })?;
    // Content of another type is never shown: a page would run in the origin of this one.
    let head = file.get(..HEADER_BYTES).unwrap_or(&file);
    if !head.windows(5).any(|bytes| bytes == b"%PDF-") {
        return Err(error::call_failed("the file is not a PDF")
            .with_hint("download it with `essbasic download`"));
    }
    Ok(with_type(file, "application/pdf"))
}

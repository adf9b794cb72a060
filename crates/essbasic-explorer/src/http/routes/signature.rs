//! `/api/sign` and `/api/verify`: signatures with every intermediate value, and their differences.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::body::Bytes;
use axum::extract::State;
use essbasic_page::{ApiError, Reply, computed, json, parse};

use super::Shared;
use crate::data::signature::{Keys, SignFailure, sign};
use crate::data::verify::verify;
use crate::http::error;
use crate::session::Session;

pub(super) async fn sign_request(State(session): Shared, text: Bytes) -> Reply {
    let keys = keys(&session).await;
    computed(move || {
        let request = parse(&text)?;
        json(&sign(&request, keys.as_ref(), now()).map_err(failed)?)
    })
    .await
}

pub(super) async fn compare(State(session): Shared, text: Bytes) -> Reply {
    let keys = keys(&session).await;
    computed(move || {
        let request = parse(&text)?;
        json(&verify(&request, keys.as_ref(), now()).map_err(failed)?)
    })
    .await
}

/// Returns the keys of the session.
async fn keys(session: &Session) -> Option<Keys> {
    let credential = session.caller.as_ref()?.credential().await?;
    // Another process may answer as an emulator and get real keys: only those of this process have no value.
    Some(Keys::of_credential(credential, session.emulator.is_some()))
}

fn failed(failure: SignFailure) -> ApiError {
    let error = match failure {
        SignFailure::NoKeys => error::no_credential(failure.to_string()),
        _ => ApiError::invalid_request(failure.to_string()),
    };
    match failure.hint() {
        Some(hint) => error.with_hint(hint),
        None => error,
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

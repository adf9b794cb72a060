//! `/api/saved`: requests as files.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use essbasic_page::{ApiError, Reply, json, parse};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::task::spawn_blocking;

use super::{Shared, action, body};
use crate::http::error;
use crate::session::Session;
use crate::session::saved::{NotSaved, Saved, SavedRequest};

#[derive(Serialize)]
struct List {
    enabled: bool,
    saved: Vec<SavedRequest>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    action: String,
    #[serde(default)]
    name: Option<String>,
    body: Box<RawValue>,
}

#[derive(Serialize)]
struct Created {
    name: String,
    path: String,
    command: String,
}

pub(super) async fn get(State(session): Shared) -> Reply {
    let enabled = session.saved.is_some();
    let saved = in_folder(session, Saved::list).await?.unwrap_or_default();
    json(&List { enabled, saved })
}

pub(super) async fn post(State(session): Shared, text: Bytes) -> Reply {
    let Request { action, name, body } = parse(&text)?;
    let action = action::find(&action)?.info.name;
    let body = body::checked(body.get())?;
    let created = in_folder(session, move |saved| saved.save(action, name.as_deref(), &body));
    let created = created.await?.ok_or_else(|| {
        error::saving_disabled("requests cannot be saved")
            .with_hint("start `essbasic explore --save DIR`")
    })?;
    let (name, path) = created.map_err(|error| match error {
        NotSaved::Name => ApiError::invalid_request("invalid name of a request")
            .with_hint("give 1 to 64 letters, digits, `-` or `_`, of at most 128 bytes in UTF-8"),
        NotSaved::Exists => ApiError::invalid_request("a saved request has this name")
            .with_hint("give another name; files are not replaced"),
        NotSaved::Io(error) => ApiError::internal(format!("cannot write the file: {error}"))
            .with_hint("check the folder of --save"),
    })?;
    let path = path.display().to_string();
    let command = format!("essbasic call {action} --body {}", quoted(&format!("@{path}")));
    json(&Created { name, path, command })
}

/// Runs a function on the folder on a thread that may block. Returns `None` if there is no folder.
async fn in_folder<T: Send + 'static>(
    session: Arc<Session>,
    run: impl FnOnce(&Saved) -> T + Send + 'static,
) -> Result<Option<T>, ApiError> {
    let ran = spawn_blocking(move || session.saved.as_ref().map(run)).await;
    ran.map_err(|_| ApiError::internal("the folder cannot be used; please report this"))
}

/// Returns a word for a POSIX shell.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./-_".contains(c);
    match word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

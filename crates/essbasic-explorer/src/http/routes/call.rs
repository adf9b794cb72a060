//! `/api/call/{action}`: a call of the service.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use essbasic::api::json;
use essbasic::catalogue::{ActionMeta, Effect};
use essbasic::{CallError, ErrorKind};
use essbasic_page::{ApiError, Name, Reply, json};
use serde::Serialize;
use serde_json::value::RawValue;

use super::{Shared, action, body};
use crate::caller::{CallRecord, Caller};
use crate::http::error;
use crate::session::Session;
use crate::session::history::Entry;

/// Header that names the action, for a write.
const CONFIRM: &str = "x-confirm-action";

pub(super) async fn post(
    State(session): Shared,
    Name(name): Name,
    headers: HeaderMap,
    text: Bytes,
) -> Reply {
    let action = action::find(&name)?;
    if action.effect == Effect::Write {
        if !session.allow_writes {
            return Err(error::write_not_allowed(format!(
                "{} changes data, and this explorer only reads",
                action.info.name
            ))
            .with_hint(session.write_hint.clone()));
        }
        if headers.get_all(CONFIRM).iter().any(|value| value != action.info.name)
            || !headers.contains_key(CONFIRM)
        {
            return Err(error::confirmation_required(format!(
                "{} changes data and was not confirmed",
                action.info.name
            ))
            .with_hint(format!("send the header {CONFIRM}: {}", action.info.name)));
        }
    }
    let request = body::with_agent(&text, action, session.agent.as_ref())?;
    // A task of its own: a call whose page was closed is in the history too.
    let made = tokio::spawn(make(session, action, request)).await;
    made.map_err(|_| ApiError::internal("the call failed; please report this"))?
}

/// Makes a call and adds it to the history.
async fn make(session: Arc<Session>, action: &'static ActionMeta, request: Box<RawValue>) -> Reply {
    let _in_flight = (action.effect == Effect::Write).then(|| session.begin_write());
    let record = caller(&session)?.call(action.info, request.clone()).await;
    let failure = record.result.as_ref().err().filter(|_| record.status.is_none());
    let failure = failure.map(|error| (error.to_string(), error.hint().map(str::to_owned)));
    let mut call = Call::new(record, action.info.name);
    call.id = session.history().add(call.entry(action.effect, request));
    match failure {
        None => json(&call),
        Some((message, hint)) => {
            let failed = error::call_failed(message).with_field("call", &call);
            Err(match hint {
                Some(hint) => failed.with_hint(hint),
                None => failed,
            })
        }
    }
}

/// Returns the caller of the session.
pub(super) fn caller(session: &Session) -> Result<&Arc<dyn Caller>, ApiError> {
    session.caller.as_ref().ok_or_else(|| {
        error::offline("there is no credential, so nothing can be called").with_hint(
            "set TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, or start `essbasic explore --emulated`",
        )
    })
}

/// A call, as the page shows it.
#[derive(Serialize)]
struct Call {
    id: u64,
    action: &'static str,
    ok: bool,
    status: Option<u16>,
    request_id: Option<String>,
    attempts: u32,
    duration_ms: f64,
    headers: Vec<[String; 2]>,
    response: Option<Box<RawValue>>,
    error: Option<Failure>,
    raw: Option<String>,
}

/// The error of a call.
#[derive(Serialize, Clone)]
struct Failure {
    code: Option<String>,
    message: String,
    hint: Option<String>,
    kind: &'static str,
    is_outcome_unknown: bool,
}

impl Failure {
    fn new(error: &CallError) -> Self {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Self {
            code: text(error.code()),
            message: error.message().to_owned(),
            hint: error.hint().map(str::to_owned),
            kind: error.kind().name(),
            is_outcome_unknown: error.is_outcome_unknown(),
        }
    }

    /// Returns the failure of a response that JSON parsers read in different ways.
    fn ambiguous(error: &json::Error) -> Self {
        Self {
            code: None,
            message: format!("the response is not shown: {error}"),
            hint: Some("the service has responded; see the raw text".to_owned()),
            kind: ErrorKind::Decode.name(),
            is_outcome_unknown: false,
        }
    }
}

impl Call {
    fn new(record: CallRecord, action: &'static str) -> Self {
        let (response, error) = match record.result {
            Ok(response) => match json::check_duplicates(response.get().as_bytes()) {
                Ok(()) => (Some(response), None),
                Err(error) => (None, Some(Failure::ambiguous(&error))),
            },
            Err(error) => (None, Some(Failure::new(&error))),
        };
        let headers = record.headers.iter().map(|(name, value)| {
            [name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()]
        });
        Self {
            id: 0,
            action,
            ok: error.is_none(),
            status: record.status,
            request_id: record.request_id,
            attempts: record.attempts,
            duration_ms: milliseconds(record.elapsed),
            headers: headers.collect(),
            response,
            error,
            raw: record.body.map(|body| String::from_utf8_lossy(&body).into_owned()),
        }
    }

    fn entry(&self, effect: Effect, request: Box<RawValue>) -> Entry {
        Entry {
            id: 0,
            at: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
            action: self.action,
            effect: effect.name(),
            ok: self.ok,
            status: self.status,
            request_id: self.request_id.clone(),
            error_code: self.error.as_ref().and_then(|error| error.code.clone()),
            duration_ms: self.duration_ms,
            attempts: self.attempts,
            request: Some(request),
            response: self.response.clone(),
            error: self.error.as_ref().and_then(|error| serde_json::to_value(error).ok()),
        }
    }
}

/// Returns a time in milliseconds, with tenths.
fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 10_000.0).round() / 10.0
}

//! The service without sockets: a request in, an answer out.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};
use tc3_catalogue::{ActionMeta, JsonType};

use crate::api::actions::{self, Context};
use crate::api::auth::{Secret, authenticate};
use crate::api::check::{check_all, check_shape};
use crate::api::encryption::Agreement;
use crate::api::stub;
use crate::callback::{CallbackStats, Tally};
use crate::error::ApiError;
use crate::faults::{DOWNLOAD, FaultKind, Faults};
use crate::http::request::{Wire, json_object};
use crate::state::State;
use crate::state::clock::Clock;
use crate::state::ids;
use crate::state::links::{Links, Target};

const SERVICE: &str = "essbasic";
const VERSION: &str = "2021-05-26";
/// The outer action of encrypted calls.
pub(crate) const OUTER: &str = "CreateRequestWithEncryption";

/// How the service is set up.
pub(crate) struct Service {
    pub(crate) clock: Clock,
    pub(crate) secrets: BTreeMap<String, Secret>,
    /// How bodies are encrypted, where that was agreed on.
    pub(crate) encryption: Option<Agreement>,
    /// Calls a second to each action; `None` is no limit.
    pub(crate) rate_limit: Option<usize>,
    /// The least size of a contract's file.
    pub(crate) pdf_size: usize,
    pub(crate) links: Links,
    pub(crate) callbacks: Arc<Tally>,
    /// What goes wrong on purpose.
    pub(crate) faults: Faults,
    pub(crate) shared: Mutex<Shared>,
}

impl Shared {
    pub(crate) fn new(state: State) -> Self {
        Self { state, ..Self::default() }
    }
}

#[derive(Default)]
pub(crate) struct Shared {
    pub(crate) state: State,
    pub(crate) stats: Stats,
    /// The time when it was last looked at: until then everything has happened.
    pub(crate) now: Duration,
    /// When each action was last called, by the real clock: the limit protects a real machine.
    recent: BTreeMap<&'static str, VecDeque<Instant>>,
}

/// What the emulator has done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Stats {
    /// Answered calls of each action, errors included.
    pub calls: BTreeMap<String, u64>,
    /// Complete downloads begun of each contract.
    pub downloads: BTreeMap<String, u64>,
    /// Calls and downloads refused, by error code or HTTP status.
    pub rejected: BTreeMap<String, u64>,
    /// Messages to the callback address.
    pub callbacks: CallbackStats,
    /// Requests with which something went wrong on purpose.
    pub faults: BTreeMap<FaultKind, u64>,
}

/// An answer of the service.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) content_type: &'static str,
    /// What the answer is, as far as the real service would not say it.
    pub(crate) notes: Vec<&'static str>,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Bytes,
}

/// The header of [`Reply::notes`]: the action does nothing here, its answer has the right shape.
pub(crate) const NOT_MODELLED: &str = "x-emulator-not-modelled";
/// The service will take the action away.
pub(crate) const DEPRECATED: &str = "x-emulator-deprecated";

impl Reply {
    pub(crate) fn new(
        status: StatusCode,
        content_type: &'static str,
        body: impl Into<Bytes>,
    ) -> Self {
        Self { status, content_type, notes: Vec::new(), headers: Vec::new(), body: body.into() }
    }

    pub(crate) fn json(value: &Value) -> Self {
        Self::new(StatusCode::OK, "application/json", value.to_string())
    }

    pub(crate) fn text(status: StatusCode, text: impl Into<Bytes>) -> Self {
        Self::new(status, "text/plain; charset=utf-8", text)
    }
}

/// The answer to a call that was not refused.
struct Answered {
    value: Value,
    notes: Vec<&'static str>,
}

impl Service {
    /// What the service knows, as it is by now.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Shared> {
        // A panic elsewhere leaves at worst a step undone.
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        shared.now = self.clock.now();
        let now = shared.now;
        shared.state.settle(now);
        shared
    }

    /// Moves the clock ahead, and lets happen what falls into that time.
    pub(crate) fn advance(&self, by: Duration) {
        self.clock.advance(by);
        // What is due next is due sooner, by the real clock.
        self.lock().state.alarm.notify_one();
    }

    /// Changes the speed of the clock.
    pub(crate) fn set_speed(&self, speed: f64) {
        self.clock.set_speed(speed);
        self.lock().state.alarm.notify_one();
    }

    /// What has been done.
    pub(crate) fn stats(&self) -> Stats {
        let (callbacks, faults) = (self.callbacks.stats(), self.faults.hits());
        Stats { callbacks, faults, ..self.lock().stats.clone() }
    }

    /// Answers any request, and says what is to go wrong with the answer.
    pub(crate) fn answer(&self, wire: &Wire, endpoint: &str) -> (Reply, Option<FaultKind>) {
        let fault = match wire.uri.path() {
            "/" => self.faults.draw(wire.header("x-tc-action").unwrap_or_default()),
            path if path.starts_with("/_emulator/") => None,
            _ => self.faults.draw(DOWNLOAD),
        };
        let action = || essbasic_models::CATALOGUE.action(wire.header("x-tc-action")?);
        let ahead = fault.map(FaultKind::ahead).unwrap_or_default();
        let mut reply = match fault.and_then(|fault| fault.instead(action())) {
            Some(instead) => instead.unwrap_or_else(|error| self.refuse(&error)),
            None => self.answer_in_peace(wire, endpoint, self.clock.now() + ahead),
        };
        if let Some(nulled) = fault.and_then(|fault| fault.nulled(&reply.body)) {
            reply.body = nulled;
        }
        (reply, fault)
    }

    /// Answers at this time.
    fn answer_in_peace(&self, wire: &Wire, endpoint: &str, now: Duration) -> Reply {
        match wire.uri.path() {
            "/" => self.answer_call(wire, endpoint, now),
            path => match (path.strip_prefix("/_emulator/"), Target::at(path)) {
                (Some(command), _) => self.control(wire, command),
                (None, Some(target)) => self.follow(wire, target, now),
                (None, None) => self.refuse_link(StatusCode::NOT_FOUND, "NoSuchKey"),
            },
        }
    }

    fn answer_call(&self, wire: &Wire, endpoint: &str, now: Duration) -> Reply {
        match self.call(wire, endpoint, now) {
            Ok(Answered { value, notes }) => Reply { notes, ..envelope(value) },
            Err(error) => self.refuse(&error),
        }
    }

    /// Answers with an error.
    pub(crate) fn refuse(&self, error: &ApiError) -> Reply {
        tracing::info!(code = error.code, message = error.message, "refused");
        *self.lock().stats.rejected.entry(error.code.to_owned()).or_default() += 1;
        envelope(json!({ "Error": { "Code": error.code, "Message": error.message } }))
    }

    /// The checks of the real service, in its order.
    fn call(&self, wire: &Wire, endpoint: &str, now: Duration) -> Result<Answered, ApiError> {
        if wire.method != Method::GET && wire.method != Method::POST {
            return Err(ApiError::new("UnsupportedProtocol", "Only GET and POST are supported."));
        }
        let action = wire.required("x-tc-action", "Action")?;
        let version = wire.required("x-tc-version", "Version")?;
        authenticate(wire, &self.secrets, SERVICE, now)?;
        if version != VERSION {
            let message = format!("The version {} of {SERVICE} does not exist.", show(version));
            return Err(ApiError::new("NoSuchVersion", message));
        }
        let meta = known(action)?;
        self.admit(meta)?;
        let body = wire.parameters(JsonType::Object(meta.request))?;
        check_shape(&body, meta.request)?;
        match &self.encryption {
            Some(agreement) if action == OUTER => self.carried(agreement, &body, endpoint),
            _ => self.run(meta, &body, endpoint),
        }
    }

    /// A call inside another: its answer, an error too, is the other's success.
    fn carried(
        &self,
        agreement: &Agreement,
        carrier: &Value,
        endpoint: &str,
    ) -> Result<Answered, ApiError> {
        let (action, body) = agreement.open(carrier)?;
        let call = || {
            let meta = known(&action).and_then(|meta| self.admit(meta).map(|()| meta))?;
            let body = json_object(&body)?;
            check_shape(&body, meta.request)?;
            self.run(meta, &body, endpoint)
        };
        let (notes, answer) = match call() {
            Ok(Answered { value, notes }) => (notes, envelope(value)),
            Err(error) => (Vec::new(), self.refuse(&error)),
        };
        Ok(Answered { value: agreement.seal(&answer.body)?, notes })
    }

    /// The action itself, on parameters of the right shape.
    fn run(
        &self,
        meta: &'static ActionMeta,
        body: &Value,
        endpoint: &str,
    ) -> Result<Answered, ApiError> {
        let mut notes = Vec::new();
        if meta.info.deprecated {
            let action = meta.info.name;
            tracing::warn!(action, "the service will take the action away");
            notes.push(DEPRECATED);
        }
        let mut shared = self.lock();
        let Shared { state, now, .. } = &mut *shared;
        let mut context = Context { meta, state, links: &self.links, endpoint, now: *now };
        let value = match actions::run(&mut context, body) {
            Some(answer) => {
                let mut answer = answer?;
                stub::complete(&mut answer, JsonType::Object(meta.response));
                answer
            }
            None => {
                check_all(body, meta.request)?;
                notes.push(NOT_MODELLED);
                stub::answer(&context, body)
            }
        };
        Ok(Answered { value, notes })
    }

    /// Counts a call, and refuses it past the action's rate.
    fn admit(&self, meta: &'static ActionMeta) -> Result<(), ApiError> {
        let mut shared = self.lock();
        let name = meta.info.name;
        tracing::info!(action = name, "called");
        *shared.stats.calls.entry(name.to_owned()).or_default() += 1;
        let Some(limit) = self.rate_limit else { return Ok(()) };
        let now = Instant::now();
        let recent = shared.recent.entry(name).or_default();
        while recent.front().is_some_and(|at| now.duration_since(*at) >= Duration::from_secs(1)) {
            recent.pop_front();
        }
        if recent.len() >= limit {
            return Err(ApiError::new(
                "RequestLimitExceeded",
                format!("{name} was called more than {limit} times in a second."),
            ));
        }
        recent.push_back(now);
        Ok(())
    }
}

fn known(action: &str) -> Result<&'static ActionMeta, ApiError> {
    essbasic_models::CATALOGUE.action(action).ok_or_else(|| {
        let message = format!("The action {} does not exist.", show(action));
        ApiError::new("InvalidAction", message)
    })
}

fn envelope(mut answer: Value) -> Reply {
    if let Value::Object(members) = &mut answer {
        members.insert("RequestId".into(), ids::request().into());
    }
    let body = json!({ "Response": answer }).to_string();
    Reply::new(StatusCode::OK, "application/json", body)
}

/// Text from outside, short and on one line.
fn show(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(64).collect()
}

//! The service without sockets: a request in, an answer out.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Method, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};
use tc3_api::catalogue::{ActionMeta, JsonType};

use crate::actions::{self, Context};
use crate::auth::{Secret, authenticate};
use crate::check::{check_all, check_shape};
use crate::clock::Clock;
use crate::encryption::Agreement;
use crate::error::ApiError;
use crate::links::{Links, Refused};
use crate::pdf;
use crate::shape;
use crate::wire::{Wire, json_object};
use crate::world::World;

const SERVICE: &str = "essbasic";
const VERSION: &str = "2021-05-26";
/// The action that carries others, encrypted.
const CARRIER: &str = "CreateRequestWithEncryption";

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
    pub(crate) state: Mutex<State>,
}

impl State {
    pub(crate) fn new(world: World) -> Self {
        Self { world, ..Self::default() }
    }
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) world: World,
    pub(crate) stats: Stats,
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
}

/// An answer of the service.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) content_type: &'static str,
    /// What the answer is, as far as the real service would not say it.
    pub(crate) notes: Vec<&'static str>,
    pub(crate) body: Bytes,
}

/// The header of [`Reply::notes`]: the action does nothing here, its answer has the right shape.
pub(crate) const NOT_MODELLED: &str = "x-emulator-not-modelled";
/// The service will take the action away.
pub(crate) const DEPRECATED: &str = "x-emulator-deprecated";

impl Reply {
    fn new(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self { status, content_type, notes: Vec::new(), body: body.into() }
    }
}

/// The answer to a call that was not refused.
struct Answered {
    value: Value,
    notes: Vec<&'static str>,
}

impl Service {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves at worst a step undone.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers any request.
    pub(crate) fn answer(&self, wire: &Wire, endpoint: &str) -> Reply {
        match wire.uri.path() {
            "/" => self.answer_call(wire, endpoint),
            path if path.starts_with("/_emulator/") => self.control(wire, path),
            path => match file_of(path) {
                Some(flow) => self.download(wire, flow),
                None => self.refuse_file(StatusCode::NOT_FOUND, "NoSuchKey"),
            },
        }
    }

    fn answer_call(&self, wire: &Wire, endpoint: &str) -> Reply {
        match self.call(wire, endpoint) {
            Ok(Answered { value, notes }) => Reply { notes, ..envelope(value) },
            Err(error) => self.refuse(&error),
        }
    }

    /// Answers with an error.
    pub(crate) fn refuse(&self, error: &ApiError) -> Reply {
        tracing::info!(code = error.code, message = error.message, "refused");
        *self.state().stats.rejected.entry(error.code.to_owned()).or_default() += 1;
        envelope(json!({ "Error": { "Code": error.code, "Message": error.message } }))
    }

    /// The checks of the real service, in its order.
    fn call(&self, wire: &Wire, endpoint: &str) -> Result<Answered, ApiError> {
        if wire.method != Method::GET && wire.method != Method::POST {
            return Err(ApiError::new("UnsupportedProtocol", "Only GET and POST are supported."));
        }
        let action = wire.required("x-tc-action", "Action")?;
        let version = wire.required("x-tc-version", "Version")?;
        let now = self.clock.now();
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
            Some(agreement) if action == CARRIER => self.carried(agreement, &body, endpoint, now),
            _ => self.run(meta, &body, endpoint, now),
        }
    }

    /// A call inside another: its answer, an error too, is the other's success.
    fn carried(
        &self,
        agreement: &Agreement,
        carrier: &Value,
        endpoint: &str,
        now: Duration,
    ) -> Result<Answered, ApiError> {
        let (action, body) = agreement.open(carrier)?;
        let call = || {
            let meta = known(&action).and_then(|meta| self.admit(meta).map(|()| meta))?;
            let body = json_object(&body)?;
            check_shape(&body, meta.request)?;
            self.run(meta, &body, endpoint, now)
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
        now: Duration,
    ) -> Result<Answered, ApiError> {
        let mut notes = Vec::new();
        if meta.info.deprecated {
            let action = meta.info.name;
            tracing::warn!(action, "the service will take the action away");
            notes.push(DEPRECATED);
        }
        let state = self.state();
        let context = Context { meta, world: &state.world, links: &self.links, endpoint, now };
        let value = match actions::run(&context, body) {
            Some(answer) => answer?,
            None => {
                check_all(body, meta.request)?;
                notes.push(NOT_MODELLED);
                shape::answer(&context, body)
            }
        };
        Ok(Answered { value, notes })
    }

    /// Counts a call, and refuses it past the action's rate.
    fn admit(&self, meta: &'static ActionMeta) -> Result<(), ApiError> {
        let mut state = self.state();
        let name = meta.info.name;
        tracing::info!(action = name, "called");
        *state.stats.calls.entry(name.to_owned()).or_default() += 1;
        let Some(limit) = self.rate_limit else { return Ok(()) };
        let now = Instant::now();
        let recent = state.recent.entry(name).or_default();
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

    fn download(&self, wire: &Wire, flow: &str) -> Reply {
        if wire.method != Method::GET && wire.method != Method::HEAD {
            return self.refuse_file(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed");
        }
        let query = wire.uri.query().unwrap_or_default();
        let grant = match self.links.check(flow, query, self.clock.now()) {
            Ok(grant) => grant,
            Err(Refused::Expired) => {
                return self.refuse_file(StatusCode::FORBIDDEN, "RequestHasExpired");
            }
            Err(Refused::WrongKey) => {
                return self.refuse_file(StatusCode::FORBIDDEN, "AccessDenied");
            }
        };
        let found = {
            let mut state = self.state();
            if wire.method == Method::GET {
                *state.stats.downloads.entry(flow.to_owned()).or_default() += 1;
            }
            state.world.flow(flow).cloned()
        };
        match found {
            Some(found) => {
                let file = pdf::contract(&found, grant.signatures, self.pdf_size);
                Reply::new(StatusCode::OK, "application/pdf", file)
            }
            None => self.refuse_file(StatusCode::NOT_FOUND, "NoSuchKey"),
        }
    }

    /// The way object stores refuse: a status and a page of XML.
    fn refuse_file(&self, status: StatusCode, code: &str) -> Reply {
        *self.state().stats.rejected.entry(status.as_str().to_owned()).or_default() += 1;
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<Error><Code>{code}</Code></Error>\n"
        );
        Reply::new(status, "application/xml", body)
    }

    /// What the real service does not have: a look inside, and a hand on the clock.
    fn control(&self, wire: &Wire, path: &str) -> Reply {
        let json = |value: Value| Reply::new(StatusCode::OK, "application/json", value.to_string());
        match (wire.method.as_str(), path) {
            ("GET", "/_emulator/flows") => {
                let state = self.state();
                let ids: String =
                    state.world.flows().flat_map(|flow| [flow.id.as_str(), "\n"]).collect();
                Reply::new(StatusCode::OK, "text/plain; charset=utf-8", ids)
            }
            ("GET", "/_emulator/stats") => json(json!(self.state().stats)),
            ("POST", "/_emulator/clock") => {
                let body: Option<Value> = serde_json::from_slice(&wire.body).ok();
                let seconds = body.and_then(|body| body.get("advance_seconds")?.as_f64());
                match seconds.map(Duration::try_from_secs_f64) {
                    Some(Ok(by)) => {
                        self.clock.advance(by);
                        json(json!({ "now": self.clock.now().as_secs() }))
                    }
                    _ => Reply::new(
                        StatusCode::BAD_REQUEST,
                        "text/plain",
                        "send {\"advance_seconds\": SECONDS}\n",
                    ),
                }
            }
            _ => Reply::new(
                StatusCode::NOT_FOUND,
                "text/plain",
                "there are GET flows, GET stats and POST clock\n",
            ),
        }
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
        members.insert("RequestId".into(), request_id().into());
    }
    let body = json!({ "Response": answer }).to_string();
    Reply::new(StatusCode::OK, "application/json", body)
}

/// The contract whose file stands at this path.
fn file_of(path: &str) -> Option<&str> {
    path.strip_prefix("/file/FLOW/")?.strip_suffix("/0/0.PDF").filter(|id| !id.contains('/'))
}

/// Text from outside, short and on one line.
fn show(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(64).collect()
}

/// A random UUID.
fn request_id() -> String {
    let random = fastrand::u128(..) & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{random:032x}");
    let part = |range: core::ops::Range<usize>| hex.get(range).unwrap_or_default().to_owned();
    [part(0..8), part(8..12), part(12..16), part(16..20), part(20..32)].join("-")
}

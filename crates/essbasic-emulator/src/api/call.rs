//! Processing of API calls.

use std::time::Duration;

use http::Method;
use serde_json::Value;
use tc3_catalogue::{ActionMeta, JsonType};

use super::actions;
use super::auth::{authenticate, refuse_legacy};
use super::check::{check_all, check_shape};
use super::context::Context;
use super::encryption::{ENCRYPTED_CALL, Encryption};
use super::names::check_names;
use super::params;
use super::service::{Service, Shared, envelope};
use super::stub;
use crate::error::ApiError;
use crate::http::reply::{DEPRECATED, NOT_MODELED, Reply};
use crate::http::request::WireRequest;

const SERVICE: &str = "essbasic";
const VERSION: &str = "2021-05-26";

/// Result of an executed call.
struct Output {
    /// Fields of the response.
    fields: Value,
    /// Names of the headers for [`Reply::notes`].
    notes: Vec<&'static str>,
}

impl Service {
    /// Executes the call of a request, and returns the response or the error.
    pub(crate) fn call(&self, request: &WireRequest, endpoint: &str, now: Duration) -> Reply {
        match self.check_and_execute(request, endpoint, now) {
            Ok(Output { fields, notes }) => Reply { notes, ..envelope(fields) },
            Err(error) => self.reject(&error),
        }
    }

    /// Performs the checks of the real service in its order, and executes the call.
    fn check_and_execute(
        &self,
        request: &WireRequest,
        endpoint: &str,
        now: Duration,
    ) -> Result<Output, ApiError> {
        if request.method != Method::GET && request.method != Method::POST {
            return Err(ApiError::new("UnsupportedProtocol", "Only GET and POST are supported."));
        }
        refuse_legacy(request)?;
        let action = request.required_header("x-tc-action", "Action")?;
        let version = request.required_header("x-tc-version", "Version")?;
        authenticate(request, &self.secrets, SERVICE, now)?;
        if version != VERSION {
            let version = printable(version);
            let message = format!("The version {version} of {SERVICE} does not exist.");
            return Err(ApiError::new("NoSuchVersion", message));
        }
        let meta = find_action(action)?;
        self.admit(meta)?;
        let body = params::parameters(request, JsonType::Object(meta.request))?;
        check_shape(&body, meta.request)?;
        match &self.encryption {
            Some(encryption) if action == ENCRYPTED_CALL => {
                self.encrypted(encryption, &body, endpoint)
            }
            _ => self.execute(meta, &body, endpoint),
        }
    }

    /// Executes the inner call of an encrypted one. The outer call succeeds even if the inner one fails.
    fn encrypted(
        &self,
        encryption: &Encryption,
        outer: &Value,
        endpoint: &str,
    ) -> Result<Output, ApiError> {
        let (action, body) = encryption.decrypt_call(outer)?;
        let call = || {
            let meta = find_action(&action)?;
            self.admit(meta)?;
            let body = params::from_body(&body)?;
            check_shape(&body, meta.request)?;
            self.execute(meta, &body, endpoint)
        };
        let (notes, response) = match call() {
            Ok(Output { fields, notes }) => (notes, envelope(fields)),
            Err(error) => (Vec::new(), self.reject(&error)),
        };
        Ok(Output { fields: encryption.encrypt_response(&response.body)?, notes })
    }

    /// Executes an action with checked parameters.
    fn execute(
        &self,
        meta: &'static ActionMeta,
        body: &Value,
        endpoint: &str,
    ) -> Result<Output, ApiError> {
        let mut notes = Vec::new();
        if meta.info.deprecated {
            tracing::warn!(action = meta.info.name, "the action is deprecated");
            notes.push(DEPRECATED);
        }
        let mut shared = self.lock();
        let Shared { state, now, .. } = &mut *shared;
        let mut context = Context { meta, state, links: &self.links, endpoint, now: *now };
        let fields = match actions::run(&mut context, body) {
            Some(result) => {
                let mut fields = result?;
                stub::fill_defaults(&mut fields, JsonType::Object(meta.response));
                fields
            }
            None => {
                check_all(body, meta.request)?;
                check_names(&context, body, meta.request)?;
                notes.push(NOT_MODELED);
                stub::response(&context, body)
            }
        };
        Ok(Output { fields, notes })
    }

    /// Counts a call, and applies the rate limit.
    fn admit(&self, meta: &'static ActionMeta) -> Result<(), ApiError> {
        let mut shared = self.lock();
        let action = meta.info.name;
        tracing::info!(action, "call received");
        match shared.stats.calls.get_mut(action) {
            Some(count) => *count += 1,
            None => _ = shared.stats.calls.insert(action.to_owned(), 1),
        }
        shared.rate_limiter.acquire(action)
    }
}

fn find_action(action: &str) -> Result<&'static ActionMeta, ApiError> {
    essbasic_models::CATALOGUE.action(action).ok_or_else(|| {
        let message = format!("The action {} does not exist.", printable(action));
        ApiError::new("InvalidAction", message)
    })
}

/// Returns at most 64 characters of a string from a request, without control characters.
fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(64).collect()
}

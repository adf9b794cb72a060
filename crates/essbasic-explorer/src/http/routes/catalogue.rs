//! `/api/catalogue`: the session, and the names of the API.

use std::collections::BTreeSet;

use axum::extract::State;
use essbasic_emulator::modeled_actions;
use essbasic_page::{Reply, json};
use serde::Serialize;
use serde_json::Value;

use super::Shared;
use crate::data::overview::{ActionOverview, overview};
use crate::mode::Mode;

#[derive(Serialize)]
struct Catalogue<'a> {
    service: &'a str,
    version: &'a str,
    mode: &'a str,
    endpoint: &'a str,
    allow_writes: bool,
    has_credential: bool,
    can_save: bool,
    is_mounted: bool,
    has_emulator: bool,
    agent: Option<&'a Value>,
    groups: Vec<&'a str>,
    actions: Vec<Action>,
    objects: Vec<&'a str>,
    values: Vec<&'a str>,
    codes: Vec<&'a str>,
}

#[derive(Serialize)]
struct Action {
    #[serde(flatten)]
    overview: ActionOverview,
    /// True if the emulator models it; `null` for the service.
    modeled: Option<bool>,
}

pub(super) async fn get(State(session): Shared) -> Reply {
    let modeled: Option<BTreeSet<&str>> =
        (session.mode == Mode::Emulator).then(|| modeled_actions().collect());
    let overview = overview();
    let actions = overview.actions.into_iter().map(|overview| Action {
        modeled: modeled.as_ref().map(|modeled| modeled.contains(overview.name)),
        overview,
    });
    json(&Catalogue {
        service: overview.service,
        version: overview.version,
        mode: session.mode.name(),
        endpoint: &session.endpoint,
        allow_writes: session.allow_writes,
        has_credential: session.caller.is_some(),
        can_save: session.saved.is_some(),
        is_mounted: session.is_mounted,
        has_emulator: session.emulator.is_some(),
        agent: session.agent.as_ref(),
        groups: overview.groups,
        actions: actions.collect(),
        objects: overview.objects,
        values: overview.values,
        codes: overview.codes,
    })
}

//! `/api/catalogue`: the session, and the names of the API.

use std::collections::BTreeSet;

use axum::extract::State;
use essbasic::catalogue::ActionMeta;
use essbasic::models::CATALOGUE;
use essbasic_emulator::modeled_actions;
use serde_json::{Value, json};

use super::Shared;
use crate::http::reply::{self, Reply};
use crate::mode::Mode;

pub(super) async fn get(State(session): Shared) -> Reply {
    let modeled: Option<BTreeSet<&str>> =
        (session.mode == Mode::Emulator).then(|| modeled_actions().collect());
    let groups: BTreeSet<&str> = CATALOGUE.actions.iter().map(|action| action.group).collect();
    let first = CATALOGUE.actions.first();
    reply::json(&json!({
        "service": first.map(|action| action.info.service),
        "version": first.map(|action| action.info.version),
        "mode": session.mode.name(),
        "endpoint": session.endpoint,
        "allow_writes": session.allow_writes,
        "has_credential": session.caller.is_some(),
        "can_save": false,
        "has_emulator": session.emulator.is_some(),
        "agent": session.agent,
        "groups": groups,
        "actions": CATALOGUE.actions.iter().map(|action| row(action, modeled.as_ref())).collect::<Value>(),
        "objects": CATALOGUE.objects.iter().map(|object| object.name).collect::<Value>(),
        "values": CATALOGUE.values.iter().map(|set| set.name).collect::<Value>(),
        "codes": CATALOGUE.codes.iter().map(|code| code.code).collect::<Value>(),
    }))
}

fn row(action: &ActionMeta, modeled: Option<&BTreeSet<&str>>) -> Value {
    let info = action.info;
    json!({
        "name": info.name,
        "title": action.title,
        "title_en": first_sentence(action.doc),
        "group": action.group,
        "effect": action.effect.name(),
        "deprecated": info.deprecated,
        "idempotent": info.idempotent,
        "modeled": modeled.map(|modeled| modeled.contains(info.name)),
        "required_fields": action.request.fields.iter().filter(|field| field.required).count(),
    })
}

/// Returns the first sentence of a documentation, without its full stop.
fn first_sentence(doc: &str) -> &str {
    let paragraph = doc.split("\n\n").next().unwrap_or_default();
    let end = paragraph.find(". ").unwrap_or(paragraph.len());
    paragraph.get(..end).unwrap_or(paragraph).trim_end_matches('.')
}

//! Tasks: actions that start work, and actions that report its progress.

use std::collections::BTreeSet;

use super::{Model, no_action};
use crate::overlay::{Task, TaskResult, TaskStart, TaskStatus, Wire};
use crate::problem::Problems;
use crate::spec::{Action, FieldSpec};

pub(super) fn check(at: &mut Problems<'_>, model: &Model<'_>) {
    let mut started = BTreeSet::new();
    for (name, task) in &model.overlay.tasks {
        let Some(query) = model.spec.actions.get(name) else {
            at.add(&["tasks", name], no_action(name));
            continue;
        };
        if task.interval == 0 {
            at.add(&["tasks", name, "interval"], "expected at least one second");
        }
        match (&task.status, &task.complete) {
            (Some(status), None) => check_status(at, model, name, query, status),
            (None, Some(result)) => check_result(at, model, name, query, result),
            _ => at.add(&["tasks", name], "exactly one of `status` and `complete` is required"),
        }
        if let Err(reason) = string(model, &query.request, &task.id) {
            at.add(&["tasks", name, "id"], reason);
        }
        if task.starts.is_empty() {
            at.add(&["tasks", name, "starts"], "no action");
        }
        for (start_name, start) in &task.starts {
            let path = ["tasks", name.as_str(), "starts", start_name.as_str()];
            if !started.insert(start_name) {
                at.add(&path, "the action starts another task already");
            }
            match model.spec.actions.get(start_name) {
                None => at.add(&path, no_action(start_name)),
                Some(action) => {
                    for reason in misfits(model, query, task, action, start) {
                        at.add(&path, reason);
                    }
                }
            }
        }
    }
}

fn field<'a>(model: &Model<'a>, object: &str, name: &str) -> Result<&'a FieldSpec, String> {
    super::field(model.spec, object, name).map(|(_, fact)| fact)
}

fn string(model: &Model<'_>, object: &str, name: &str) -> Result<(), String> {
    let fact = field(model, object, name)?;
    match fact.kind.as_str() {
        "string" => Ok(()),
        kind => Err(format!("`{name}` has the type `{kind}`; expected a string")),
    }
}

/// Returns whether a field of this type can have the value.
fn fits(fact: &FieldSpec, value: &Wire) -> bool {
    match value {
        Wire::Int(value) => {
            fact.kind == "int64" || fact.kind == "uint64" && u64::try_from(*value).is_ok()
        }
        Wire::Text(_) => fact.kind == "string",
    }
}

fn check_status(
    at: &mut Problems<'_>,
    model: &Model<'_>,
    name: &str,
    query: &Action,
    status: &TaskStatus,
) {
    let path = ["tasks", name, "status"];
    let fact = match field(model, &query.response, &status.field) {
        Ok(fact) => fact,
        Err(reason) => return at.add(&path, reason),
    };
    if status.succeeded.is_empty() {
        at.add(&path, "no value of `succeeded`");
    }
    let mut seen = BTreeSet::new();
    for value in status.running.iter().chain(&status.succeeded).chain(&status.failed) {
        if !fits(fact, value) {
            at.add(&path, format!("value {value:?} of the wrong type for `{}`", fact.kind));
        }
        if !seen.insert(value) {
            at.add(&path, format!("duplicate value {value:?}"));
        }
    }
    let set = model.value_set(&query.response, &status.field);
    let Some(set) = set.and_then(|set| model.overlay.values.get(set)) else { return };
    let known: BTreeSet<&Wire> = set.values.iter().map(|value| &value.value).collect();
    for value in known.symmetric_difference(&seen) {
        let reason = match known.contains(value) {
            true => format!("value {value:?} of the value set is in no list"),
            false => format!("stale: the value set has no value {value:?}"),
        };
        at.add(&path, reason);
    }
}

fn check_result(
    at: &mut Problems<'_>,
    model: &Model<'_>,
    name: &str,
    query: &Action,
    result: &TaskResult,
) {
    let path = ["tasks", name, "complete"];
    let fact = match field(model, &query.response, &result.list) {
        Ok(fact) => fact,
        Err(reason) => return at.add(&path, reason),
    };
    let element = fact.of.as_deref().filter(|of| model.spec.objects.contains_key(*of));
    let Some(element) = element.filter(|_| fact.kind == "list") else {
        return at.add(&path, format!("`{}` is not an array of objects", result.list));
    };
    if result.any_of.is_empty() {
        at.add(&path, "no field of `any_of`");
    }
    for name in &result.any_of {
        if let Err(reason) = string(model, element, name) {
            at.add(&path, reason);
        }
    }
}

/// Returns the reasons why the request for the progress cannot be created from a request that starts the task.
fn misfits(
    model: &Model<'_>,
    query: &Action,
    task: &Task,
    action: &Action,
    start: &TaskStart,
) -> Vec<String> {
    let mut found = Vec::new();
    let id = start.id.as_ref().unwrap_or(&task.id);
    found.extend(string(model, &action.response, id).err());
    for (name, value) in &start.set {
        match field(model, &query.request, name) {
            Err(reason) => found.push(reason),
            Ok(_) if *name == task.id => found.push(format!("`{name}` is the ID of the task")),
            Ok(fact) if !fits(fact, value) => {
                found.push(format!("value {value:?} of the wrong type for `{}`", fact.kind));
            }
            Ok(_) => {}
        }
    }
    let needed = model.spec.objects.get(&query.request).into_iter().flatten();
    for fact in needed.filter(|fact| fact.name != task.id && !start.set.contains_key(&fact.name)) {
        if !model.required(&query.request, fact) {
            continue;
        }
        let same = field(model, &action.request, &fact.name).ok().filter(|other| {
            // A value set or base64 changes the Rust type.
            let of =
                |request| (model.value_set(request, &fact.name), model.base64(request, &fact.name));
            (&other.kind, &other.of) == (&fact.kind, &fact.of)
                && of(&*action.request) == of(&*query.request)
                && model.required(&action.request, other)
        });
        if same.is_none() {
            let name = &fact.name;
            found.push(format!(
                "the required field `{name}` is neither in `set` nor required, with the same type, by the request that starts the task"
            ));
        }
    }
    found
}

//! Validation of requests before they are sent.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic fails the test")]

use tc3_client::ErrorKind;
use tc3_client::api::ActionInfo;
use tc3_client::catalogue::{
    ActionMeta, Catalogue, FieldMeta, JsonType, Limits, ObjectMeta, Rule, RuleKind,
};

use crate::support::{Reply, config, run};

const DO: ActionInfo<'static> = ActionInfo::new("svc", "2020-01-01", "Do");

const NONE: Limits = Limits::NONE;
static REQUEST: ObjectMeta = ObjectMeta::new(
    "DoRequest",
    "DoRequest",
    "",
    &[
        FieldMeta::new("FlowIds", "flow_ids", "", JsonType::List(&JsonType::String))
            .limits(Limits::new((Some(2), None), NONE.chars, NONE.bytes, NONE.number)),
        FieldMeta::new("A", "a", "", JsonType::String),
        FieldMeta::new("B", "b", "", JsonType::String),
    ],
    &[Rule::new(RuleKind::OneOf(&["A", "B"]), "")],
);
static RESPONSE: ObjectMeta = ObjectMeta::new("DoResponse", "DoResponse", "", &[], &[]);
static CATALOGUE: Catalogue = Catalogue::new(
    &[ActionMeta::new(DO, "", "", "", &[], (&REQUEST, &RESPONSE))],
    &[&REQUEST, &RESPONSE],
    &[],
    &[],
);

#[test]
fn reports_violations_and_does_not_send_the_request() {
    let outcome = run(config().with_validation(&CATALOGUE), DO, &[]);
    let error = outcome.error();
    assert_eq!((error.kind(), outcome.sends(), error.was_sent()), (ErrorKind::Request, 0, false));
    assert_eq!(error.action(), "Do");
    let text = error.to_string();
    for part in [
        "FlowIds: number of elements is 1, expected at least 2",
        "missing field, one of A, B is required",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn does_not_validate_other_actions_or_without_the_option() {
    let others = [
        ActionInfo::new("svc", "2020-01-01", "Other"),
        ActionInfo::new("svc", "2021-01-01", "Do"),
        ActionInfo::new("other", "2020-01-01", "Do"),
    ];
    for info in others {
        assert_eq!(run(config().with_validation(&CATALOGUE), info, &[Reply::ok()]).sends(), 1);
    }
    assert_eq!(run(config(), DO, &[Reply::ok()]).sends(), 1);
}

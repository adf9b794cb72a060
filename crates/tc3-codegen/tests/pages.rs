//! The rules of pagination against a table of actions, judged by hand from the reference of 36 services, and the generated
//! code.
//!
//! Each row of `pages.json` has the fields that matter: those of the request that may be a position or a size, those of the
//! response, and those of its objects. `wording` has the words of the documentation that decide. `expected` is the judgment:
//! the fields of the pages, `no`, or `almost` if the reference does not suffice. A row with an `overlay` needs that entry.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may panic")]

use std::collections::{BTreeMap, BTreeSet};

use golden_paged::{
    DescribeInstancesRequest, DescribeOrdersRequest, DescribeZonesRequest, ListFilesRequest,
    ListRolesRequest, ListUsersRequest, LookUpEventsRequest, SearchLogRequest,
};
use serde::Deserialize;
use serde_json::{Value, json};
use tc3_api::{self as api, Paginated, Position};
use tc3_codegen::overlay::{Docs, PaginationEntry};
use tc3_codegen::pages::{Detection, Pagination, PositionKind, detect, resolve};
use tc3_codegen::spec::Spec;

type Fields = BTreeMap<String, String>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    service: String,
    version: String,
    action: String,
    request: Fields,
    response: Fields,
    #[serde(default)]
    objects: BTreeMap<String, Fields>,
    #[serde(default)]
    wording: Fields,
    overlay: Option<Value>,
    expected: Value,
}

impl Row {
    fn spec(&self) -> Spec {
        let fields = |fields: &Fields| -> Value {
            let field = |(name, kind): (&String, &String)| match kind.as_str() {
                "list" => json!({"name": name, "type": kind, "of": "string"}),
                "object" if self.objects.contains_key(name) => {
                    json!({"name": name, "type": kind, "of": name})
                }
                "object" => json!({"name": name, "type": kind, "of": "Response"}),
                _ => json!({"name": name, "type": kind}),
            };
            fields.iter().map(field).collect()
        };
        let mut objects: BTreeMap<&str, Value> =
            self.objects.iter().map(|(name, object)| (name.as_str(), fields(object))).collect();
        objects.insert("Request", fields(&self.request));
        objects.insert("Response", fields(&self.response));
        let action =
            json!({"title": "", "request": "Request", "response": "Response", "status": "online"});
        let spec = json!({"$schema": "", "service": self.service, "version": self.version, "title": "",
            "actions": {(&self.action): action}, "objects": objects});
        serde_json::from_value(spec).unwrap()
    }

    fn docs(&self) -> Docs {
        serde_json::from_value(json!({"fields": self.wording})).unwrap()
    }
}

fn rows() -> Vec<Row> {
    serde_json::from_str(include_str!("pages.json")).unwrap()
}

/// Returns the pages in the form of the table.
fn shown(pages: &Pagination) -> Value {
    let mut shown = json!({"position": pages.position, "items": pages.items});
    match pages.kind {
        PositionKind::Offset => shown["kind"] = "offset".into(),
        PositionKind::Page { first } => {
            shown["kind"] = "page".into();
            shown["first"] = first.into();
        }
        PositionKind::Token => shown["kind"] = "token".into(),
        _ => unreachable!("a new kind"),
    }
    let more = pages.more.as_ref().map(|flag| match flag.ends {
        true => format!("!{}", flag.field),
        false => flag.field.clone(),
    });
    let parts =
        [("size", &pages.size), ("total", &pages.total), ("next", &pages.next), ("more", &more)];
    for (name, part) in parts {
        if let Some(part) = part {
            shown[name] = part.clone().into();
        }
    }
    shown
}

fn judged(detection: &Detection) -> Value {
    match detection {
        Detection::No => "no".into(),
        Detection::Almost(_) => "almost".into(),
        Detection::Pages(pages) => shown(pages),
        _ => unreachable!("a new result"),
    }
}

#[test]
fn the_rules_agree_with_the_judgment_of_each_action() {
    let rows = rows();
    let services: BTreeSet<&str> = rows.iter().map(|row| row.service.as_str()).collect();
    assert!(rows.len() >= 60 && services.len() >= 20, "{} of {}", rows.len(), services.len());
    let mut wrong = Vec::new();
    for row in &rows {
        let (spec, docs) = (row.spec(), row.docs());
        let action = &spec.actions[&row.action];
        let detection = detect(&spec, Some(&docs), action);
        let found = match &row.overlay {
            None => judged(&detection),
            Some(overlay) => {
                assert_ne!(judged(&detection), row.expected, "{}: stale entry", row.action);
                let mut entry = overlay.clone();
                entry["reason"] = "The reference.".into();
                let entry: PaginationEntry = serde_json::from_value(entry).unwrap();
                match entry.disabled {
                    true => "no".into(),
                    false => shown(&resolve(&spec, Some(&docs), action, &entry).unwrap().unwrap()),
                }
            }
        };
        if found != row.expected {
            let reason = format!("{detection:?}");
            wrong.push(format!(
                "{} {}: {found}, expected {}; {reason}",
                row.service, row.action, row.expected
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_rule_that_does_not_apply_states_the_reason() {
    let reasons: Vec<(&str, &str)> = vec![
        (
            "OperateChannelTemplate",
            "the response has 2 arrays: `FailMessageList`, `ProxyOrganizationOpenIds`",
        ),
        (
            "DescribeExtendedServiceAuthDetail",
            "`AuthInfoDetail` of the response has 2 arrays: `HasAuthOrganizationList`, `HasAuthUserList`",
        ),
        (
            "DescribeProjects",
            "`Offset` is a page number, and the number of the first page is unknown",
        ),
        ("DescribeCfwAssets", "the response has no token for `NextToken`"),
        (
            "DescribeCfsFileSystems",
            "the documentation of `Offset` describes both an offset and a page number",
        ),
        ("DescribeMetricRecords", "both `Offset` and `PageIndex` are positions"),
    ];
    let rows = rows();
    for (action, reason) in reasons {
        let row = rows.iter().find(|row| row.action == action).unwrap();
        let spec = row.spec();
        let detection = detect(&spec, Some(&row.docs()), &spec.actions[action]);
        assert_eq!(detection, Detection::Almost(reason.to_owned()), "{action}");
    }
}

#[test]
fn pages_are_read_and_written_in_the_fields_of_each_action() {
    /// The pagination, items, total, next token and flag of a response.
    type Page = (api::Pagination, usize, Option<u64>, Option<Position>, Option<bool>);

    fn page<R: Paginated>(body: serde_json::Value) -> Page {
        let text = json!({ "Response": body }).to_string();
        let response = R::decode(text.as_bytes()).unwrap().result.unwrap().body;
        let (total, next, more) =
            (R::total(&response), R::next_token(&response), R::has_more(&response));
        let count = R::items(&response).len();
        assert_eq!(R::into_items(response).len(), count);
        (R::PAGINATION, count, total, next, more)
    }

    let (offset, token) = (api::Pagination::Offset, api::Pagination::Token);
    let next = |token: &str| Some(Position::Token(token.to_owned()));
    let found = page::<DescribeInstancesRequest>(json!({"TotalCount": 9, "InstanceSet": [{}, {}]}));
    assert_eq!(found, (offset, 2, Some(9), None, None));
    let found = page::<DescribeZonesRequest>(json!({"TotalCount": "9", "ZoneSet": ["a"]}));
    assert_eq!(found, (offset, 1, Some(9), None, None));
    let first = api::Pagination::Page { first: 1 };
    let found = page::<ListUsersRequest>(json!({"Data": {"Total": 9, "Users": [{}]}}));
    assert_eq!(found, (first, 1, Some(9), None, None));
    assert_eq!(page::<ListUsersRequest>(json!({})), (first, 0, None, None, None));
    let zero = api::Pagination::Page { first: 0 };
    assert_eq!(page::<ListRolesRequest>(json!({"Roles": [{}]})), (zero, 1, None, None, None));
    // The overlay removes the total.
    let found = page::<DescribeOrdersRequest>(json!({"TotalCount": 1, "Orders": [{}]}));
    assert_eq!(found, (zero, 1, None, None, None));
    let found = page::<LookUpEventsRequest>(
        json!({"Events": [{}], "ListOver": false, "NextToken": 7, "TotalCount": 9}),
    );
    assert_eq!(found, (token, 1, Some(9), next("7"), Some(true)));
    let found = page::<LookUpEventsRequest>(json!({"ListOver": true, "NextToken": 0}));
    assert_eq!(found, (token, 0, None, None, Some(false)));
    let found = page::<ListFilesRequest>(
        json!({"Contents": [{}], "CommonPrefixes": ["a", "b"], "IsTruncated": true, "NextMarker": "m"}),
    );
    assert_eq!(found, (token, 1, None, next("m"), Some(true)));
    let found = page::<SearchLogRequest>(
        json!({"Result": {"Context": "c", "Listover": true, "Lines": ["a"]}}),
    );
    assert_eq!(found, (token, 1, None, next("c"), Some(false)));
    assert_eq!(page::<SearchLogRequest>(json!({"Result": null})), (token, 0, None, None, None));

    let mut zones = DescribeZonesRequest::new("5");
    assert_eq!((zones.position(), zones.page_size()), (None, Some(5)));
    zones.set_position(&Position::Number(10));
    assert_eq!(zones, DescribeZonesRequest::new("5").offset("10"));
    assert_eq!(zones.position(), Some(Position::Number(10)));
    let mut users = ListUsersRequest::new(1, 20);
    users.set_position(&Position::Number(2));
    assert_eq!(users, ListUsersRequest::new(2, 20));
    let mut events = LookUpEventsRequest::new();
    events.set_position(&Position::Token("7".to_owned()));
    assert_eq!(events, LookUpEventsRequest::new().next_token(7));
}

//! Behavior of the generated crates in `golden/`. They are members of the workspace, so that compile errors
//! are failures too; `cargo xtask codegen --check` compares their source with the output of the generator.

#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::path::Path;

use golden_adversarial as adversarial;
use golden_described as described;
use golden_grouped as grouped;
use golden_large as large;
use golden_modules as modules;
use serde_json::json;
use tc3_api::{Action, Envelope, RequestForm, StartTask, TaskQuery, TaskState};
use tc3_codegen::missing_renames;

use adversarial::{
    KeywordsRequest, KeywordsResponse, Level, Node, NothingRequest, RecursionResponse, Status,
    TypesRequest, TypesResponse,
};

#[test]
fn absent_empty_and_zero_are_distinct() {
    let request = TypesRequest::new("t", 0, [0.0, 1.5], "m", [Status::InProgress]);
    assert_eq!(
        serde_json::to_value(&request).unwrap(),
        json!({"Text": "t", "Int": 0, "Floats": [0, 1.5], "Mobile": "m", "Statuses": ["IN_PROGRESS"]})
    );
    let request = request.uint(0).bool(false).float(2.0).date("").ints([]).level(Level::Ground);
    assert_eq!(
        serde_json::to_value(&request).unwrap(),
        json!({"Text": "t", "Int": 0, "Floats": [0, 1.5], "Mobile": "m", "Statuses": ["IN_PROGRESS"],
            "Uint": 0, "Bool": false, "Float": 2, "Date": "", "Ints": [], "Level": 0})
    );
    assert_eq!(serde_json::to_string(&NothingRequest::new()).unwrap(), "{}");
}

#[test]
#[expect(deprecated, reason = "the action is deprecated")]
fn keywords_and_reserved_names_have_setters() {
    let request = KeywordsRequest::new("t", "s", 7)
        .crate_("c")
        .super_("u")
        .r#async(true)
        .r#match(["m"])
        .with_new("n")
        .with_clone("l")
        .with_default("d")
        ._3_d_model("3")
        .qr_code("1")
        .qr_code_2("2")
        .with_dash_and_dot("w");
    assert_eq!(
        serde_json::to_value(request.clone()).unwrap(),
        json!({"Type": "t", "Self": "s", "Value": 7, "Crate": "c", "Super": "u", "Async": true,
            "Match": ["m"], "New": "n", "Clone": "l", "Default": "d", "3DModel": "3",
            "QRCode": "1", "QrCode": "2", "with-dash.and dot": "w"})
    );
}

fn response<T: serde::de::DeserializeOwned>(body: &serde_json::Value) -> T {
    let text = json!({ "Response": body }).to_string();
    Envelope::<T>::deserialize(text.as_bytes()).unwrap().result.unwrap().body
}

#[test]
fn responses_tolerate_malformed_values() {
    let broken: TypesResponse = response(&json!({
        "Text": null, "Int": "7", "MaybeInt": "", "Uint": 3.0, "Float": "0.5", "Ints": null,
        "Status": "BRAND_NEW", "Level": 99, "MaybeLevel": "-1", "New": [{"a": null}], "RequestId": "r"
    }));
    assert_eq!((broken.int, broken.maybe_int, broken.uint, broken.float), (7, None, 3, 0.5));
    assert_eq!(broken.text, "");
    assert!(broken.ints.is_empty() && broken.texts.is_empty() && !broken.bool);
    assert_eq!(broken.status, Status::Unknown("BRAND_NEW".to_owned()));
    assert_eq!(broken.level, Level::Unknown(99));
    assert_eq!(broken.maybe_level, Some(Level::Cellar));
    assert_eq!(broken.request_id, "r");
    assert!(serde_json::from_str::<TypesResponse>(r#"{"Int": {}}"#).is_err());

    let keywords: KeywordsResponse = response(&json!({"Type": "t", "Self": null}));
    assert_eq!((keywords.r#type.as_str(), keywords.self_), ("t", None));
}

#[test]
fn recursive_types_are_finite() {
    let response: RecursionResponse = response(&json!({
        "Node": {"Name": "a", "Next": {"Name": "b"}, "Children": [{"Name": "c"}], "Other": {"Node": {}}},
        "Tree": {"Left": {}}
    }));
    assert_eq!(response.node.next.as_ref().map(|next| next.name.as_str()), Some("b"));
    assert!(response.tree.left.is_some_and(|left| left.left.is_none()));
    assert_eq!(Node::new("a").next(Node::new("b")).next.unwrap().name, "b");
    assert_eq!(Node::default().next, None);
}

#[test]
fn open_enums_preserve_unknown_values() {
    for (text, status) in [("IN_PROGRESS", Status::InProgress), ("UNKNOWN", Status::NotKnown)] {
        assert_eq!(Status::from(text), status);
        assert_eq!(Status::from(text.to_owned()), status);
        assert_eq!(serde_json::to_value(&status).unwrap(), text);
        assert_eq!(format!("{status:>12}"), format!("{text:>12}"));
    }
    let new = Status::from("NEW");
    assert_eq!((new.as_str(), new.to_string()), ("NEW", "NEW".to_owned()));
    assert_eq!(serde_json::to_value(&new).unwrap(), "NEW");
    assert_eq!(Level::from(-1).as_i64(), -1);
    assert_eq!(serde_json::to_value(Level::from(5)).unwrap(), 5);
    let code = adversarial::ErrorCode::from("Odd.Code");
    assert_eq!((code.as_str(), code.description()), ("Odd.Code", Some("It is odd")));
    assert_eq!(adversarial::ErrorCode::from("New.Code").description(), None);
}

#[test]
fn debug_redacts_sensitive_values() {
    let request = TypesRequest::new("t", 1, [], "138", [Status::NotKnown]).links(["https://k"]);
    let text = format!("{request:?}");
    assert!(!text.contains("138") && !text.contains("https"), "{text}");
    for part in ["mobile: ***", "links: Some(***)", "other_mobile: None", "text: \"t\""] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let response: TypesResponse = response(&json!({"Mobile": "138", "OtherMobile": "139"}));
    let text = format!("{response:?}");
    assert!(!text.contains("13") && text.contains("other_mobile: Some(***)"), "{text}");
}

#[test]
fn the_catalogue_matches_the_traits() {
    assert!(adversarial::CATALOGUE.actions.is_sorted_by_key(|action| action.info.name));
    let effects = adversarial::CATALOGUE.actions.iter().map(|action| action.effect.name());
    assert_eq!(effects.filter(|effect| *effect == "read").count(), 1);
    assert_eq!(adversarial::CATALOGUE.action("Box").unwrap().effect.name(), "read");
    let meta = adversarial::CATALOGUE.action("Nothing").unwrap();
    assert_eq!(meta.info, NothingRequest::INFO);
    assert_eq!(meta.info.host, Some("nothing.example"));
    assert_eq!(meta.info.rate_limit, Some(5));
    assert_eq!((meta.info.path, meta.info.form), ("/v1/nothing/", RequestForm::Query));
    let recursion = adversarial::CATALOGUE.action("Recursion").unwrap().info;
    assert_eq!((recursion.path, recursion.form), ("/", RequestForm::OctetStream));
    assert!(meta.info.idempotent && !meta.info.signed && !meta.info.deprecated);
    let meta = adversarial::CATALOGUE.action("Keywords").unwrap();
    assert_eq!(meta.info, KeywordsRequest::INFO);
    assert_eq!((meta.info.host, meta.info.test_host), (None, Some("odd.test.example")));
    assert!(meta.info.deprecated && !meta.info.idempotent);
    let types = adversarial::CATALOGUE.action("Types").unwrap().request;
    assert_eq!(types.required_paths(), ["Text", "Int", "Floats", "Mobile", "Statuses"]);
    assert!(types.field("Internal").unwrap().internal);
    assert_eq!(
        adversarial::CATALOGUE.action("Recursion").unwrap().request.required_paths(),
        [""; 0]
    );
    assert!(adversarial::CATALOGUE.action("recursion").is_none());
    assert_eq!(grouped::CATALOGUE.action("B").unwrap().group, "second");
}

#[test]
fn tasks_connect_the_actions_that_start_and_query_them() {
    fn of<T: serde::de::DeserializeOwned>(body: serde_json::Value) -> T {
        serde_json::from_value(body).unwrap()
    }
    let query = |job: &str| grouped::ARequest::new().query(&of(json!({"JobId": job})));
    let sent = serde_json::to_value(query("j").unwrap()).unwrap();
    // The field `OfAll` has another type, so that it is not copied.
    assert_eq!(sent, json!({"JobId": "j", "Kind": 2}));
    assert!(query("").is_none());
    let query = grouped::BRequest::new().kind(7).query(&of(json!({"Job": "j"}))).unwrap();
    assert_eq!(serde_json::to_value(query).unwrap(), json!({"JobId": "j", "Kind": 7}));
    assert!(grouped::BRequest::new().query(&of(json!({}))).is_none());

    let state = |body| grouped::CRequest::state(&of(body));
    for (status, expected) in [
        (json!(1), TaskState::Succeeded),
        (json!(-1), TaskState::Failed),
        (json!(-2), TaskState::Failed),
        (json!(0), TaskState::Running),
        (json!(null), TaskState::Running),
    ] {
        assert_eq!(state(json!({ "State": status })), expected, "{status}");
    }
    assert_eq!(state(json!({})), TaskState::Running);
    assert_eq!(
        (grouped::CRequest::INTERVAL.as_secs(), grouped::CRequest::RUNNING_CODES),
        (1, &[][..])
    );

    let state = |items| grouped::DRequest::state(&of(json!({ "Items": items })));
    for (items, expected) in [
        (json!([]), TaskState::Running),
        (json!([{}]), TaskState::Running),
        (json!([{"Name": "n"}, {"Name": "", "Error": ""}]), TaskState::Running),
        (json!([{"Name": "n"}, {"Error": "e"}]), TaskState::Succeeded),
    ] {
        assert_eq!(state(items.clone()), expected, "{items}");
    }
    assert_eq!(grouped::DRequest::RUNNING_CODES, ["NotReady"]);
}

#[test]
fn colliding_names_get_renames() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/adversarial");
    let read = |file: &str| std::fs::read_to_string(folder.join(file)).unwrap();
    let spec = tc3_codegen::parse("spec.json", &read("spec.json")).unwrap();
    let mut overlay: tc3_codegen::overlay::Overlay =
        tc3_codegen::parse("overlay.json", &read("overlay.json")).unwrap();
    assert_eq!(missing_renames(&spec, &overlay), []);
    overlay.renames.clear();
    let found = missing_renames(&spec, &overlay);
    let found: Vec<_> = found
        .iter()
        .map(|one| (one.object.as_str(), one.field.as_deref(), one.to.as_str()))
        .collect();
    assert_eq!(found, [("KeywordsRequest", Some("QrCode"), "qr_code_2")]);
}

#[test]
fn limits_and_rules_are_data_and_documentation() {
    let request = described::CATALOGUE.action("Send").unwrap().request;
    let doc = |field: &str| request.field(field).unwrap().doc;
    assert_eq!(doc("Files"), "The files. 1 to 20 elements.");
    assert_eq!(doc("Until"), "Time of expiry. Unix timestamp in seconds.");
    assert_eq!(request.field("Old").unwrap().deprecated, Some("Use `Name`."));
    let rules: Vec<_> = request.rules.iter().map(|rule| rule.doc).collect();
    assert_eq!(rules.first().copied(), Some("Exactly one of `A` and `B` is required."));
    let violations = |body| {
        let found = tc3_catalogue::validation::violations(&body, request);
        found.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let good =
        json!({"Files": [{"Body": "YQ", "At": 1}], "Name": "n", "Millis": 0, "A": "a", "Kind": 3});
    assert_eq!(violations(good), [""; 0]);
    let bad = json!({"Files": [{"Body": "YQ", "Pages": ["YQ"]}], "Name": "too long a name", "Millis": 0,
        "A": "a", "B": "b", "Kind": 3, "Limit": 0, "Until": 5, "Codes": ["abc"]});
    assert_eq!(
        violations(bad),
        [
            "Codes.0: number of characters is 3, expected at most 2",
            "Limit: is 0, expected at least 1",
            "Name: number of characters is 15, expected at most 8",
            "the body: only one of A, B is allowed",
            "Files.At: missing field, required by Kind",
            "the body: only one of Until, Limit is allowed",
        ]
    );
}

#[test]
fn timestamps_and_base64_round_trip() {
    let time = std::time::UNIX_EPOCH + std::time::Duration::from_millis(1_700_000_000_123);
    let request = described::SendRequest::new([described::File::new(b"%PDF")], "n", 0)
        .millis_from_time(time)
        .until_from_time(time);
    assert_eq!(
        serde_json::to_value(&request).unwrap(),
        json!({"Files": [{"Body": "JVBERg=="}], "Name": "n", "Millis": 1_700_000_000_123_i64,
            "Until": 1_700_000_000})
    );
    assert_eq!(request.millis_system_time(), Some(time));
    let response: described::SendResponse =
        response(&json!({"File": {"Body": "JVBERg"}, "Created": 0, "Ended": "1700000000123"}));
    assert_eq!((response.created(), response.ended()), (None, Some(time)));
    assert_eq!(response.file.body.decode().as_deref(), Some(&b"%PDF"[..]));
    let code = described::ErrorCode::from("Failed.Bad");
    assert_eq!((code.description(), code.hint()), (Some("It is bad"), Some("correct it")));
}

#[test]
fn wide_and_deeply_nested_objects_work() {
    let mut nested = json!({"Name": "23"});
    for level in (0..23).rev() {
        nested = json!({"Name": level.to_string(), "Next": nested});
    }
    let response: large::Do00Response =
        response(&json!({"Level": nested, "Ring": {"Id": "a", "Next": {"Id": "b"}}}));
    let third = response.level.next.unwrap().next.unwrap().next.unwrap();
    assert_eq!(third.name.as_deref(), Some("3"));
    assert_eq!(response.ring.unwrap().next.unwrap().id, "b");
    let wide = large::CATALOGUE.object("Wide").unwrap();
    assert_eq!(wide.fields.len(), 110);
    let body: serde_json::Map<_, _> =
        tc3_catalogue::skeleton::full_skeleton(wide).as_object().unwrap().clone();
    assert_eq!(body.len(), 110);
    let read: large::Wide = serde_json::from_value(body.into()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap().as_object().unwrap().len(), 110);
    let request = large::Do00Request::new(read).ring(large::Ring0::new("r"));
    assert_eq!(serde_json::to_value(&request).unwrap()["Ring"], json!({"Id": "r"}));
}

/// The modules of the crate have other names: the types, and not the modules, are public.
#[test]
fn types_may_be_named_like_modules() {
    let request = modules::FirstRequest::new()
        .shared(modules::shared::new().x("s"))
        .values(modules::values::new().x("v"))
        .first(modules::first::new())
        .second(modules::second::from("second"))
        .kind(modules::kind::Mod)
        .codec([modules::codec::new()]);
    assert_eq!(
        serde_json::to_value(&request).unwrap(),
        json!({"Shared": {"X": "s"}, "Values": {"X": "v"}, "First": {}, "Second": "second",
            "Kind": "mod", "Codec": [{}]})
    );
    let request = modules::catalogue::new().third(modules::third_::new().x("t"));
    let response: modules::error_code = response(&json!({"Third": {"X": "t"}, "RequestId": "r"}));
    assert_eq!(response.third.unwrap().x, request.third.unwrap().x);
    let meta = modules::CATALOGUE.action("Third").unwrap();
    assert_eq!(
        (meta.request.name, meta.response.name, meta.group),
        ("catalogue", "error_code", "second")
    );
    assert_eq!(meta.info, modules::catalogue::INFO);
    assert_eq!(
        modules::CATALOGUE.code("Failed.First").map(|code| code.doc),
        Some("See https://codes.example/a_b, <T> or [x].")
    );
    assert_eq!(modules::ErrorCode::from("Failed.First"), modules::ErrorCode::FailedFirst);
}

//! Streams of the overlay.

use serde_json::{Value, json};

use super::{bad_overlay, overlay, problems, spec};

#[test]
fn stale_streams_are_reported() {
    let entry = |fields: Value| {
        let mut entry = json!({"reason": "r"});
        entry["error"] = fields;
        json!({ "Do": entry })
    };
    for (streams, expected) in [
        (json!({"Gone": {"reason": "r"}}), "/streams/Gone: stale: no action `Gone`"),
        (
            entry(json!({"object": "Gone", "code": "Code", "message": "Msg"})),
            "/streams/Do/error: stale: `DoResponse` has no field `Gone`",
        ),
        (
            entry(json!({"object": "RequestId", "code": "Code", "message": "Msg"})),
            "/streams/Do/error: stale: `DoResponse.RequestId` is not an object",
        ),
        (
            entry(json!({"code": "RequestId", "message": "Msg"})),
            "/streams/Do/error: stale: `DoResponse` has no field `Msg`",
        ),
    ] {
        bad_overlay("streams", streams, &format!("overlay.json: {expected}"));
    }
    let mut streamed = spec();
    streamed["actions"]["Do"]["streamed"] = true.into();
    let mut overlay = overlay();
    overlay["streams"] = json!({"Do": {"reason": "r"}});
    let found = problems(&streamed.to_string(), &overlay.to_string());
    assert_eq!(found, ["overlay.json: /streams/Do: stale: equals the spec"]);
    overlay["streams"] = json!({"Do": {"end_marker": true, "reason": "r"}});
    assert_eq!(problems(&streamed.to_string(), &overlay.to_string()), [""; 0]);
}

//! Effects of the overlay.

use serde_json::json;

use super::{bad_overlay, overlay, problems, spec};

#[test]
fn stale_effects_are_reported() {
    for (action, effect, expected) in [
        ("Gone", "read", "/effect/Gone: stale: no action `Gone`"),
        ("Do", "write", "/effect/Do: stale: equals the effect by the name"),
    ] {
        let entry = json!({ action: {"effect": effect, "reason": "r"} });
        bad_overlay("effect", entry, &format!("overlay.json: {expected}"));
    }
    let mut named = spec();
    for name in ["DescribeThings", "GetThing", "Describe"] {
        let action = named["actions"]["Do"].clone();
        named["actions"] = json!({ name: action });
        for (effect, expected) in [("read", 1), ("write", 0)] {
            let mut overlay = overlay();
            overlay["effect"] = json!({ name: {"effect": effect, "reason": "r"} });
            let found = problems(&named.to_string(), &overlay.to_string());
            assert_eq!(found.len(), expected, "{name} {effect}: {found:?}");
        }
        named = spec();
    }
}

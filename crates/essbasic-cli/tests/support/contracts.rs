//! Input of `essbasic start`.

use std::fs;

use essbasic_emulator::{OPERATOR, ORGANIZATION};
use serde_json::{Value, json};
use tempfile::TempDir;

pub const TEMPLATE: &str = "yDEmuTemplate0000000000000000001";
pub const RECIPIENT: &str = "yDEmuRecipient100000000000000002";

/// A contract from `a.pdf`.
pub fn from_file(name: &str) -> Value {
    json!({ "name": name, "file": "a.pdf", "parties": [
        { "name": "张三", "mobile": "13800000001", "signs_at": "乙方" }] })
}

/// A contract from a template of the emulator.
pub fn from_template(name: &str) -> Value {
    json!({ "name": name, "template": TEMPLATE, "fields": { "姓名": "李四" }, "parties": [
        { "organization": "典子谦示例企业", "organization_open_id": ORGANIZATION,
          "open_id": OPERATOR },
        { "name": "李四", "mobile": "13900000000", "place": RECIPIENT }] })
}

/// Writes `c.json`.
pub fn write(home: &TempDir, entries: &[Value]) {
    fs::write(home.path().join("c.json"), json!(entries).to_string()).unwrap();
}

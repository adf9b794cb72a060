//! Formatter of JSON files for reading and diffing: objects of scalars on one line, anything else with one
//! entry per line; preserves the order of keys.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// Maximum length of a line.
const WIDTH: usize = 120;

/// Serializes a value and formats it.
///
/// # Errors
/// Returns an error if the value cannot be serialized.
pub(crate) fn format(value: &impl serde::Serialize) -> serde_json::Result<String> {
    let node: Node = serde_json::from_str(&serde_json::to_string(value)?)?;
    let mut out = String::new();
    write(&mut out, &node, 0);
    out.push('\n');
    Ok(out)
}

/// JSON with ordered keys.
enum Node {
    /// A scalar, in its text form.
    Plain(String),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

fn write(out: &mut String, node: &Node, depth: usize) {
    let (open, close, entries): (char, char, Vec<(Option<&str>, &Node)>) = match node {
        Node::Object(entries) if !fits(node, depth) => {
            ('{', '}', entries.iter().map(|(key, node)| (Some(key.as_str()), node)).collect())
        }
        Node::List(items) if !items.is_empty() => {
            ('[', ']', items.iter().map(|node| (None, node)).collect())
        }
        flat => return out.push_str(&flat_text(flat)),
    };
    out.push(open);
    for (index, (key, node)) in entries.iter().enumerate() {
        out.push_str(if index == 0 { "\n" } else { ",\n" });
        indent(out, depth + 1);
        if let Some(key) = key {
            out.push_str(&quoted(key));
            out.push_str(": ");
        }
        write(out, node, depth + 1);
    }
    out.push('\n');
    indent(out, depth);
    out.push(close);
}

/// Returns whether an object fits on one line: it contains only scalars and is short enough.
fn fits(node: &Node, depth: usize) -> bool {
    match node {
        Node::Object(entries) if entries.is_empty() => true,
        Node::Object(entries) => {
            depth > 1
                && entries.iter().all(|(_, node)| matches!(node, Node::Plain(_)))
                && flat_text(node).chars().count() + 2 * depth < WIDTH
        }
        _ => false,
    }
}

fn flat_text(node: &Node) -> String {
    match node {
        Node::Plain(text) => text.clone(),
        Node::List(_) => "[]".to_owned(),
        Node::Object(entries) if entries.is_empty() => "{}".to_owned(),
        Node::Object(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .map(|(key, node)| format!("{}: {}", quoted(key), flat_text(node)))
                .collect();
            format!("{{ {} }}", entries.join(", "))
        }
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn indent(out: &mut String, depth: usize) {
    out.extend(std::iter::repeat_n("  ", depth));
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Plain("null".to_owned()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Plain(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Plain(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Plain(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Plain(serde_json::Value::from(value).to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Plain(quoted(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Node::Object(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout() {
        let value = serde_json::json!({
            "a": [], "b": ["x"], "c": {"d": [{"name": "N", "type": "string"}, {"of": ["x"]}]}
        });
        let expected = r#"{
  "a": [],
  "b": [
    "x"
  ],
  "c": {
    "d": [
      { "name": "N", "type": "string" },
      {
        "of": [
          "x"
        ]
      }
    ]
  }
}
"#;
        assert_eq!(format(&value).unwrap(), expected);
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&format(&value).unwrap()).unwrap(),
            value
        );
    }

    /// An import that adds a rename must not reformat the rest.
    #[test]
    fn the_committed_files_are_formatted() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../api-spec/essbasic/2021-05-26");
        let overlay = crate::files::read(&folder.join("overlay.json")).unwrap();
        let parsed: tc3_codegen::overlay::Overlay =
            tc3_codegen::parse("overlay.json", &overlay).unwrap();
        assert!(format(&parsed).unwrap() == overlay, "overlay.json is not formatted");
        let spec = crate::files::read(&folder.join("spec.json")).unwrap();
        let parsed: tc3_codegen::spec::Spec = tc3_codegen::parse("spec.json", &spec).unwrap();
        assert!(format(&parsed).unwrap() == spec, "spec.json is not formatted");
    }
}

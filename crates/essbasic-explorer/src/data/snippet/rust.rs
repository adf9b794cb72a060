//! Rust programs that make one call.

use std::collections::BTreeSet;

use essbasic::catalogue::{ActionMeta, FieldMeta, JsonType, Literal, ObjectMeta};
use serde_json::{Map, Value};

/// The client that the program uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Driver {
    Async,
    Blocking,
}

/// Returns a program, formatted as by rustfmt, or the reason why its code is invalid.
pub(super) fn program(
    action: &ActionMeta,
    body: &mut Value,
    driver: Driver,
) -> Result<String, String> {
    let mut writer = Writer { types: BTreeSet::new() };
    let agent_meta = action.request.field("Agent").and_then(|field| match field.ty {
        JsonType::Object(object) => Some(object),
        _ => None,
    });
    let agent = match (agent_meta, body.get_mut("Agent").map(Value::take)) {
        (Some(object), Some(Value::Object(agent))) => {
            plain_agent(&agent).unwrap_or_else(|| writer.object(&agent, object))
        }
        _ => {
            writer.types.insert("Agent");
            "Agent::new(\"APP_ID\")".to_owned()
        }
    };
    let empty = Map::new();
    let request = writer.object(body.as_object().unwrap_or(&empty), action.request);
    let types: Vec<&str> = writer.types.into_iter().collect();
    let types = types.join(", ");
    let (features, main, client, call) = match driver {
        Driver::Async => (
            "\"async\", \"full\"] }` and `tokio = { version = \"1\", features = [\"full\"] }`",
            "#[tokio::main]\nasync fn main()",
            "use essbasic::Client;",
            "client.call(&request).await?",
        ),
        Driver::Blocking => (
            "\"blocking\", \"full\"] }`",
            "fn main()",
            "use essbasic::blocking::Client;",
            "client.call(&request)?",
        ),
    };
    let source = format!(
        "//! Calls `{name}`. In Cargo.toml: `essbasic = {{ version = \"{version}\", features = \
         [{features}.\n\
         {client}\nuse essbasic::models::{{{types}}};\nuse essbasic::{{Config, credentials}};\n\
         {main} -> Result<(), Box<dyn std::error::Error>> {{\n\
         let agent = {agent};\n\
         let client = Client::new(Config::new(credentials::default_chain()), agent)?;\n\
         let request = {request};\n\
         let response = {call};\n\
         println!(\"{{response:#?}}\");\n\
         Ok(())\n}}\n",
        name = action.info.name,
        version = env!("CARGO_PKG_VERSION"),
    );
    let file = syn::parse_file(&source).map_err(|error| error.to_string())?;
    Ok(prettyplease::unparse(&file))
}

/// Returns an agent of the three fields that most actions require, in one line.
fn plain_agent(agent: &Map<String, Value>) -> Option<String> {
    let operator = agent.get("ProxyOperator")?.as_object()?;
    let values = [
        agent.get("AppId")?.as_str()?,
        agent.get("ProxyOrganizationOpenId")?.as_str()?,
        operator.get("OpenId")?.as_str()?,
    ];
    let [app_id, organization, operator_id] = values;
    (agent.len() == 3 && operator.len() == 1)
        .then(|| format!("essbasic::agent({app_id:?}, {organization:?}, {operator_id:?})"))
}

struct Writer {
    /// Names to import.
    types: BTreeSet<&'static str>,
}

impl Writer {
    fn object(&mut self, body: &Map<String, Value>, of: &'static ObjectMeta) -> String {
        self.types.insert(of.rust);
        let mut required = Vec::new();
        let mut setters = String::new();
        for field in of.fields {
            let value = body.get(field.name).filter(|value| !value.is_null());
            // The client has the same agent.
            let value = match (field.name, value, body.contains_key("Agent")) {
                ("Agent", None, true) => Some("client.agent().clone()".to_owned()),
                (_, value, _) => value.map(|value| self.value(value, field, field.ty)),
            };
            match (field.optional, value) {
                (true, None) => {}
                (true, Some(value)) => {
                    setters.push_str(&format!(".{}({value})", field.setter));
                }
                (false, Some(value)) => required.push(value),
                (false, None) => required.push(self.missing(field)),
            }
        }
        format!("{}::new({}){setters}", of.rust, required.join(", "))
    }

    /// Returns a value for a field that the type requires and the body lacks.
    fn missing(&mut self, field: &'static FieldMeta) -> String {
        match field.ty {
            JsonType::Object(object) => self.object(&Map::new(), object),
            JsonType::List(element) => match element {
                JsonType::String => "[\"\"; 0]".to_owned(),
                _ => "[]".to_owned(),
            },
            JsonType::Bool => "false".to_owned(),
            JsonType::Float => "0.0".to_owned(),
            JsonType::Int | JsonType::Uint => "0".to_owned(),
            _ => self.text("", field),
        }
    }

    fn value(&mut self, value: &Value, field: &'static FieldMeta, ty: JsonType) -> String {
        match (ty, value) {
            (JsonType::Object(object), Value::Object(body)) => self.object(body, object),
            (JsonType::List(element), Value::Array(values)) => {
                let values: Vec<String> =
                    values.iter().map(|value| self.value(value, field, *element)).collect();
                match (values.as_slice(), element) {
                    ([], JsonType::String) => "[\"\"; 0]".to_owned(),
                    ([], JsonType::Int) if field.values.is_some() => "[0; 0]".to_owned(),
                    (values, _) => format!("[{}]", values.join(", ")),
                }
            }
            (JsonType::Float, Value::Number(number)) => {
                format!("{:?}", number.as_f64().unwrap_or_default())
            }
            (_, Value::Number(number)) => match field.values {
                Some(set) => {
                    let known = set.values.iter().find(|known| {
                        matches!(known.wire, Literal::Int(wire) if Some(wire) == number.as_i64())
                    });
                    self.types.insert(set.name);
                    match known {
                        Some(known) => format!("{}::{}", set.name, known.rust),
                        None => format!("{}::from({number})", set.name),
                    }
                }
                None => number.to_string(),
            },
            (_, Value::String(text)) => self.text(text, field),
            (_, other) => other.to_string(),
        }
    }

    fn text(&mut self, text: &str, field: &'static FieldMeta) -> String {
        if field.base64 {
            return format!("essbasic::api::Base64::from_encoded({text:?})");
        }
        match field.values {
            Some(set) => {
                self.types.insert(set.name);
                let known = |wire: Literal| matches!(wire, Literal::Text(wire) if wire == text);
                match set.values.iter().find(|value| known(value.wire)) {
                    Some(value) => format!("{}::{}", set.name, value.rust),
                    None => format!("{}::from({text:?})", set.name),
                }
            }
            None => format!("{text:?}"),
        }
    }
}

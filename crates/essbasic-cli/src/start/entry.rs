//! The input of `start`: a JSON list of contracts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use essbasic::{Contract, Party};
use serde::Deserialize;
use serde_json::Value;

use super::deadline;
use crate::digest::{self, Digest};
use crate::failure::Failure;
use crate::upload;

/// Maximum length of a contract's name, in characters.
const MAX_NAME_CHARS: usize = 200;

/// One contract to be created.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) source: Source,
    pub(super) contract: Contract,
    /// Digest of the entry's JSON without its formatting, and of its file.
    pub(super) digest: Digest,
}

/// Source of a contract.
pub(super) enum Source {
    Template(String),
    File(PathBuf),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ContractJson {
    name: String,
    file: Option<PathBuf>,
    template: Option<String>,
    #[serde(default)]
    deadline: Option<Value>,
    #[serde(default)]
    unordered: bool,
    #[serde(default)]
    user_data: Option<String>,
    #[serde(default)]
    fields: BTreeMap<String, String>,
    parties: Vec<PartyJson>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PartyJson {
    #[serde(default)]
    name: String,
    #[serde(default)]
    mobile: String,
    organization: Option<String>,
    organization_open_id: Option<String>,
    open_id: Option<String>,
    place: Option<String>,
    signs_at: Option<String>,
    seals_at: Option<String>,
}

/// Reads and checks the whole input. Paths of files are relative to `folder`.
///
/// # Errors
/// Returns the first fault, with the entry and the field.
pub(super) fn parse(text: &str, input: &str, folder: &Path) -> Result<Vec<Entry>, Failure> {
    let values: Vec<Value> = serde_json::from_str(text)
        .map_err(|error| Failure::new(format!("{input}: {error}; see essbasic start --help")))?;
    if values.is_empty() {
        return Err(Failure::new(format!(
            "{input} contains no contracts; see essbasic start --help"
        )));
    }
    let entries = values.into_iter().enumerate().map(|(index, value)| {
        entry(value, folder).map_err(|why| {
            let number = index + 1;
            Failure::new(format!("contract {number} of {input}: {why}; see essbasic start --help"))
        })
    });
    entries.collect()
}

/// Returns an error for an array or another value in place of an object: arrays would be read by position.
fn check_objects(value: &Value) -> Result<(), String> {
    if !value.is_object() {
        return Err("expected a JSON object".to_owned());
    }
    let parties = value.get("parties").and_then(Value::as_array).into_iter().flatten();
    match parties.into_iter().position(|party| !party.is_object()) {
        Some(index) => Err(format!("parties[{index}]: expected a JSON object")),
        None => Ok(()),
    }
}

fn entry(value: Value, folder: &Path) -> Result<Entry, String> {
    check_objects(&value)?;
    let json: ContractJson = serde_path_to_error::deserialize(&value).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        if path == "." { inner.to_string() } else { format!("{path}: {inner}") }
    })?;
    if let Some(path) = placeholder(&value) {
        return Err(format!("{path} is an unfilled placeholder"));
    }
    let contract = contract(&json)?;
    let mut identity = value.to_string();
    let source = match (&json.file, &json.template) {
        (Some(file), None) => {
            let path = folder.join(file);
            identity.push_str(&upload::digest(&path).map_err(|why| format!("file: {why}"))?);
            Source::File(path)
        }
        (None, Some(template)) => Source::Template(template.clone()),
        _ => return Err("give either a file or a template".to_owned()),
    };
    let digest = digest::of(identity.as_bytes());
    Ok(Entry { name: json.name, source, contract, digest })
}

/// Returns the path of a value such as `<TEMPLATE_ID>` or `<RecipientId>`. Values of a template's fields and
/// user data may be any text.
fn placeholder(entry: &Value) -> Option<String> {
    let unfilled = |value: &Value| {
        let name = value.as_str()?.strip_prefix('<')?.strip_suffix('>')?;
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
        (!name.is_empty() && name.chars().all(fits)).then_some(())
    };
    let checked = |name: &str| !matches!(name, "fields" | "user_data" | "parties");
    let fields = entry.as_object()?;
    let own = fields.iter().filter(|(name, _)| checked(name));
    let own = own.map(|(name, value)| (name.clone(), value));
    let parties = entry.get("parties").and_then(Value::as_array).into_iter().flatten();
    let parties =
        parties.enumerate().filter_map(|(index, party)| Some((index, party.as_object()?)));
    let parties = parties.flat_map(|(index, party)| {
        party.iter().map(move |(name, value)| (format!("parties[{index}].{name}"), value))
    });
    own.chain(parties).find(|(_, value)| unfilled(value).is_some()).map(|(path, _)| path)
}

/// Returns `true` for the unified and the compatibility ideographs, and for the number zero of Chinese dates.
fn is_ideograph(c: char) -> bool {
    matches!(c, '〇' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Checks the name by the reference and its samples, which contain `-():`. The service would refuse it only after the upload
/// of the file.
fn check_name(name: &str) -> Result<(), String> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "_-():".contains(c) || is_ideograph(c);
    match !name.is_empty() && name.chars().count() <= MAX_NAME_CHARS && name.chars().all(is_allowed)
    {
        true => Ok(()),
        false => Err(format!(
            "name: expected 1 to {MAX_NAME_CHARS} Chinese characters, letters, digits and _-():"
        )),
    }
}

fn contract(json: &ContractJson) -> Result<Contract, String> {
    check_name(&json.name)?;
    let mut contract = Contract::new(&*json.name);
    if let Some(value) = &json.deadline {
        contract = contract.deadline(deadline::parse(value, SystemTime::now())?);
    }
    if json.unordered {
        contract = contract.unordered();
    }
    if let Some(data) = &json.user_data {
        contract = contract.user_data(data);
    }
    for (name, value) in &json.fields {
        contract = contract.field(&**name, &**value);
    }
    for (index, party) in json.parties.iter().enumerate() {
        let party = self::party(party).map_err(|why| format!("party {}: {why}", index + 1))?;
        contract = contract.party(party);
    }
    Ok(contract)
}

fn party(json: &PartyJson) -> Result<Party, &'static str> {
    let PartyJson { name, mobile, organization, organization_open_id, open_id, .. } = json;
    let mut party = match (organization, organization_open_id, open_id) {
        (Some(organization), Some(organization_id), Some(open_id)) => {
            Party::employee(organization, organization_id, open_id)
        }
        (Some(organization), None, None) => Party::outside_organization(organization, name, mobile),
        (None, None, None) => Party::person(name, mobile),
        _ => {
            return Err(
                "organization_open_id and open_id go together, with the organization's name",
            );
        }
    };
    if open_id.is_none() && (name.is_empty() || mobile.is_empty()) {
        return Err("who signs needs a name and a mobile number");
    }
    if let Some(place) = &json.place {
        party = party.recipient_id(&**place);
    }
    if let Some(keyword) = &json.seals_at {
        party = party.seals_at(&**keyword);
    }
    if let Some(keyword) = &json.signs_at {
        party = party.signs_at(&**keyword);
    }
    Ok(party)
}

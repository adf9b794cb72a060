//! `essbasic upload` and `essbasic start`: files and contracts to the service.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use essbasic::blocking::Client;
use essbasic::{Contract, Document, FlowError, Party};
use serde::Deserialize;

use crate::failure::{Exit, Failure, one_line};
use crate::options::Options;
use crate::{input, options, output};

const UPLOAD_EXAMPLES: &str = "\
Prints a line per file on stdout: the id that contracts are made of, good for an hour, and the file.

Example:
  essbasic upload lease.pdf annex.pdf";

/// Upload PDF files, to make contracts of.
#[derive(clap::Args)]
#[command(after_help = UPLOAD_EXAMPLES)]
pub(crate) struct UploadArgs {
    /// The files.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

pub(crate) fn upload(args: &UploadArgs, options: &Options) -> Result<Exit, Failure> {
    let documents = args.files.iter().map(|path| document(path)).collect::<Result<Vec<_>, _>>()?;
    let client = options.contracts()?;
    let ids = client.upload(documents).map_err(Failure::new)?;
    tell(args.files.iter().map(|path| path.display().to_string()), ids)
}

fn document(path: &Path) -> Result<Document, Failure> {
    Document::read(path).map_err(|error| {
        Failure::new(format!("{} cannot be read: {error}; check the path", path.display()))
    })
}

/// A line for each on stdout that has an id, on stderr for each that has none.
fn tell(
    names: impl Iterator<Item = String>,
    ids: Vec<Result<String, FlowError>>,
) -> Result<Exit, Failure> {
    let complete = ids.iter().all(Result::is_ok);
    for (name, id) in names.zip(ids) {
        match id {
            Ok(id) => output::line(one_line(&format!("{id}  {name}")))?,
            Err(error) => output::note(one_line(&format!("{name}: {}", error.message))),
        }
    }
    Ok(Exit::when_complete(complete))
}

const START_EXAMPLES: &str = "\
The file holds a JSON list of contracts:
  [{\"name\": \"Lease_1\", \"file\": \"lease.pdf\", \"deadline\": \"30d\", \"user_data\": \"order 7\", \"parties\": [
     {\"organization\": \"示例科技有限公司\", \"organization_open_id\": \"org_a\", \"open_id\": \"n9527\", \"seals_at\": \"甲方\"},
     {\"name\": \"张三\", \"mobile\": \"13800000000\", \"signs_at\": \"乙方\"}]},
   {\"name\": \"Offer_2\", \"template\": \"TEMPLATE_ID\", \"fields\": {\"salary\": \"8000\"}, \"parties\": [
     {\"name\": \"李四\", \"mobile\": \"13900000000\", \"place\": \"RECIPIENT_ID\"}]}]
Files are named relative to it, and uploaded first. Prints a line per contract on stdout: its id and name.
Exit status 2 where some were not made; one whose answer was lost may have been, and is told so.

Example:
  essbasic start contracts.json > started.txt";

/// Upload files and make contracts of them, or of templates.
#[derive(clap::Args)]
#[command(after_help = START_EXAMPLES)]
pub(crate) struct StartArgs {
    /// The contracts, as JSON.
    #[arg(value_name = "FILE")]
    contracts: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    name: String,
    file: Option<PathBuf>,
    template: Option<String>,
    #[serde(default)]
    deadline: Option<String>,
    #[serde(default)]
    unordered: bool,
    #[serde(default)]
    user_data: Option<String>,
    #[serde(default)]
    fields: BTreeMap<String, String>,
    parties: Vec<WantedParty>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WantedParty {
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

pub(crate) fn start(args: &StartArgs, options: &Options) -> Result<Exit, Failure> {
    let text = input::text_file(&args.contracts)?;
    let name = args.contracts.display();
    let wanted: Vec<Wanted> = serde_json::from_str(&text)
        .map_err(|error| Failure::new(format!("{name}: {error}; see essbasic start --help")))?;
    let folder = args.contracts.parent().unwrap_or(Path::new("."));
    // All that can be said against them is said before anything is sent.
    let mut files = Vec::new();
    let mut contracts = Vec::new();
    for (index, one) in wanted.iter().enumerate() {
        let refuse = |why: String| Failure::new(format!("contract {} of {name}: {why}", index + 1));
        contracts.push(contract(one).map_err(refuse)?);
        match (&one.file, &one.template) {
            (Some(file), None) => files.push((index, document(&folder.join(file))?)),
            (None, Some(_)) => {}
            _ => return Err(refuse("give either a file or a template".to_owned())),
        }
    }
    let client = options.contracts()?;
    let made = make(&client, &wanted, contracts, files)?;
    tell(wanted.into_iter().map(|one| one.name), made)
}

/// The id of each contract, or why there is none, in their order.
fn make(
    client: &Client,
    wanted: &[Wanted],
    contracts: Vec<Contract>,
    files: Vec<(usize, Document)>,
) -> Result<Vec<Result<String, FlowError>>, Failure> {
    let mut results: BTreeMap<usize, Result<String, FlowError>> = BTreeMap::new();
    let (places, documents): (Vec<usize>, Vec<Document>) = files.into_iter().unzip();
    let uploaded = client.upload(documents).map_err(Failure::new)?;
    let mut from_files = Vec::new();
    for (place, file_id) in places.into_iter().zip(uploaded) {
        match (file_id, contracts.get(place)) {
            (Ok(file_id), Some(contract)) => from_files.push((place, (file_id, contract.clone()))),
            (Err(error), _) => drop(results.insert(place, Err(error))),
            (Ok(_), None) => {}
        }
    }
    let (places, from_files): (Vec<usize>, Vec<_>) = from_files.into_iter().unzip();
    results
        .extend(places.into_iter().zip(client.start_from_files(from_files).map_err(Failure::new)?));
    let templates = wanted.iter().zip(contracts).enumerate();
    let templates = templates
        .filter_map(|(place, (one, contract))| Some((place, (one.template.clone()?, contract))));
    let (places, templates): (Vec<usize>, Vec<_>) = templates.unzip();
    results.extend(
        places.into_iter().zip(client.start_from_templates(templates).map_err(Failure::new)?),
    );
    Ok(results.into_values().collect())
}

fn contract(wanted: &Wanted) -> Result<Contract, String> {
    let mut contract = Contract::new(&*wanted.name);
    if let Some(deadline) = &wanted.deadline {
        let from_now: Duration = options::duration(deadline)?;
        contract = contract.deadline(SystemTime::now() + from_now);
    }
    if wanted.unordered {
        contract = contract.unordered();
    }
    if let Some(data) = &wanted.user_data {
        contract = contract.user_data(data);
    }
    for (name, value) in &wanted.fields {
        contract = contract.field(&**name, &**value);
    }
    for (index, party) in wanted.parties.iter().enumerate() {
        let party = self::party(party).map_err(|why| format!("party {}: {why}", index + 1))?;
        contract = contract.party(party);
    }
    Ok(contract)
}

fn party(wanted: &WantedParty) -> Result<Party, &'static str> {
    let WantedParty { name, mobile, organization, organization_open_id, open_id, .. } = wanted;
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
    if let Some(place) = &wanted.place {
        party = party.in_place(&**place);
    }
    if let Some(keyword) = &wanted.seals_at {
        party = party.seals_at(&**keyword);
    }
    if let Some(keyword) = &wanted.signs_at {
        party = party.signs_at(&**keyword);
    }
    Ok(party)
}

//! `essbasic openapi`: prints the OpenAPI document of the explorer.

use std::path::PathBuf;

use essbasic_explorer::data::openapi::document;
use serde::Serialize;
use serde_json::Value;

use crate::failure::{Exit, Failure};
use crate::output;
use crate::outputs::{Inputs, OutputFile};

const EXAMPLES: &str = "\
The document describes POST /api/call/{Action}, as served by essbasic explore, for all actions.

Examples:
  essbasic openapi --out openapi.json
  essbasic openapi | jq '.paths | keys'";

/// Start of the document, by which an earlier one is recognized.
const START: &[u8] = b"{\n  \"openapi\": \"";

/// Print the OpenAPI document of the calls that `essbasic explore` serves.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct OpenapiArgs {
    /// Write the document to this file instead of stdout.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Members of the document in their usual order. A `Value` sorts them, unless a dependency enables `preserve_order`.
#[derive(Serialize)]
struct Document {
    openapi: Value,
    info: Value,
    servers: Value,
    security: Value,
    tags: Value,
    paths: Value,
    components: Value,
}

impl Document {
    fn new(mut document: Value) -> Self {
        let mut take = |name: &str| document.get_mut(name).map(Value::take).unwrap_or_default();
        Self {
            openapi: take("openapi"),
            info: take("info"),
            servers: take("servers"),
            security: take("security"),
            tags: take("tags"),
            paths: take("paths"),
            components: take("components"),
        }
    }
}

pub(crate) fn run(args: &OpenapiArgs) -> Result<Exit, Failure> {
    let text = serde_json::to_string_pretty(&Document::new(document())).map_err(|error| {
        Failure::new(format!("cannot write the document as JSON: {error}; please report this"))
    })?;
    match &args.out {
        None => output::line(text)?,
        Some(path) => OutputFile::create("--out", path, START, &Inputs::default())?
            .finish(|file| writeln!(file, "{text}"))?,
    }
    Ok(Exit::Done)
}

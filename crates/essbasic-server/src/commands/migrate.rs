//! `essbasic-server migrate`.

use serde::Serialize;

use super::Exit;
use crate::config::Config;
use crate::failure::Failure;
use crate::output::Output;
use crate::store;

const EXAMPLES: &str = "\
The server migrates its store at its start. With several replicas, migrate once before they are replaced by a newer version.
A SQLite database is created if it is absent, and migrated only while no server uses it. Back up the store before.

Exit status: 0 the schema is current, 1 it could not be migrated.

Example:
  essbasic-server migrate --config essbasic.toml";

/// Create or migrate the schema of the store.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct MigrateArgs {}

#[derive(Serialize)]
struct MigratedJson {
    schema: i64,
    migrated: bool,
}

pub(super) async fn run(config: &Config, mut output: Output) -> Result<Exit, Failure> {
    let migration = store::migrate(&config.store).await?;
    let migrated = migration.from != migration.to;
    if output.is_json() {
        output.json(&MigratedJson { schema: migration.to, migrated })?;
    } else {
        output.text(&match migration.from {
            0 => format!("created the schema, version {}", migration.to),
            from if migrated => {
                format!("migrated the schema from version {from} to {}", migration.to)
            }
            _ => format!("the schema has version {} and is current", migration.to),
        })?;
    }
    output.flush()?;
    Ok(Exit::Done)
}

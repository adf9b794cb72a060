//! `--emulated`: an emulator inside the command.

use essbasic::Shard;
use essbasic::blocking::Client;
use essbasic_emulator::Emulator;

use crate::emulator;
use crate::failure::Failure;
use crate::input::{FlowArgs, FlowList};
use crate::options::Options;

#[derive(clap::Args)]
pub(crate) struct Emulated {
    /// Start an emulator and use it; without ids, all its completed contracts.
    #[arg(long)]
    emulated: bool,
}

/// A client, with the emulator that it calls, if any.
pub(crate) struct Session {
    pub(crate) client: Client,
    /// Stopped when dropped.
    pub(crate) emulator: Option<Emulator>,
}

impl Emulated {
    /// Returns a client of the service, or of a new emulator.
    pub(crate) fn begin(&self, options: &Options, shard: Shard) -> Result<Session, Failure> {
        if !self.emulated {
            return Ok(Session { client: options.contracts_of(shard)?, emulator: None });
        }
        options.refuse_endpoint()?;
        let emulator = emulator::start(Emulator::builder())?;
        let client = options.emulated(&emulator.endpoint())?;
        Ok(Session { client, emulator: Some(emulator) })
    }

    /// Returns the ids given, or all completed contracts of the emulator, with a client.
    pub(crate) fn session(
        &self,
        flows: &FlowArgs,
        options: &Options,
    ) -> Result<(Session, FlowList), Failure> {
        // Errors in the list are reported before connection errors.
        let given = if self.takes_all(flows) { None } else { Some(flows.read()?) };
        let session = self.begin(options, Shard::default())?;
        let list = given.unwrap_or_else(|| FlowList { ids: session.completed(), repeated: 0 });
        Ok((session, list))
    }

    /// Returns whether the command applies to all completed contracts of the emulator.
    pub(crate) fn takes_all(&self, flows: &FlowArgs) -> bool {
        self.emulated && flows.is_absent()
    }
}

impl Session {
    /// Returns all completed contracts of the emulator.
    pub(crate) fn completed(&self) -> Vec<String> {
        self.emulator.as_ref().map(Emulator::completed_flows).unwrap_or_default()
    }
}

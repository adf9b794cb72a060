//! `--emulated`: an emulator whose contracts are being signed, in the process of the server.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use essbasic_emulator::{
    APP_ID, Callback, Emulator, NewFlow, OPERATOR, ORGANIZATION, SECRET_ID, SECRET_KEY, Seed,
};
use tokio::time::sleep;

use crate::config::Config;
use crate::failure::Failure;
use crate::ledger::{ContractQuery, Ledger, State};
use crate::private;

/// Token of the emulator's callbacks.
const TOKEN: &str = "emulated-callback-token";

/// Key of the emulator's callbacks, valid for emulators only.
const KEY: &str = "EMULATEDKEYEMULATEDKEYEMULATED32";

/// Contracts that exist at the start.
const COMPLETED: usize = 20;

/// Contracts of one request to the ledger.
const PAGE: usize = 500;

/// First line of the configuration, by which a later run recognizes the folder.
const MARKER: &str = "# Written by essbasic-server --emulated, which replaces it at each start.";

/// Writes a configuration with its secrets to the folder. That of an earlier run is replaced, contracts and the database are kept.
///
/// # Errors
/// Returns an error if the folder has another installation, or cannot be written.
pub(crate) fn config(data: &Path) -> Result<Config, Failure> {
    let refuse = |error: std::io::Error| {
        Failure::new(format!("--data: cannot write to {}: {error}", data.display()))
    };
    check_is_own(data)?;
    let secrets = data.join("secrets");
    std::fs::create_dir_all(data).map_err(refuse)?;
    // First, so that the folder is recognized also if this run ends early.
    let path = data.join("essbasic.toml");
    std::fs::write(&path, text()).map_err(refuse)?;
    std::fs::create_dir_all(&secrets).map_err(refuse)?;
    for (name, value) in
        [("id", SECRET_ID), ("key", SECRET_KEY), ("callback_token", TOKEN), ("callback_key", KEY)]
    {
        private::write(&secrets.join(name), value).map_err(refuse)?;
    }
    Ok(Config::read(&path)?)
}

/// Refuses a folder with an installation that no earlier run has written.
fn check_is_own(data: &Path) -> Result<(), Failure> {
    let exists = |name: &&str| data.join(name).symlink_metadata().is_ok();
    let Some(found) = ["essbasic.toml", "secrets", "essbasic.db"].into_iter().find(exists) else {
        return Ok(());
    };
    // Not a pipe, and only the start of a large file.
    let start = essbasic_files::read_start(&data.join("essbasic.toml"), MARKER.len() + 1);
    let expected = format!("{MARKER}\n");
    if start.is_ok_and(|start| start == expected.as_bytes()) {
        return Ok(());
    }
    Err(Failure::new(format!(
        "--data: {} has {found}, which was not written by --emulated and would be replaced; give another folder",
        data.display()
    )))
}

/// Returns the configuration.
fn text() -> String {
    format!(
        "{MARKER}\n\n[account]\napp_id = {APP_ID:?}\norganization = {ORGANIZATION:?}\noperator = {OPERATOR:?}\n\
         secret_id_file = \"secrets/id\"\nsecret_key_file = \"secrets/key\"\n\n\
         [store]\nurl = \"sqlite:essbasic.db\"\n\n\
         [receive]\nlisten = \"127.0.0.1:0\"\n[[receive.keys]]\n\
         token_file = \"secrets/callback_token\"\nkey_file = \"secrets/callback_key\"\n\n\
         [archive]\nto = \"contracts\"\n\n[ops]\nlisten = \"127.0.0.1:0\"\n\n\
         [admin]\nlisten = \"127.0.0.1:0\"\nwritable = true\n\n[shutdown]\ndrain_delay = \"0s\"\ngrace = \"10s\"\n"
    )
}

/// Starts an emulator that posts callbacks to the URL.
///
/// # Errors
/// Returns an error if it cannot start.
pub(crate) fn start(callbacks: &str) -> Result<Emulator, Failure> {
    Emulator::builder()
        .with_seed(Seed::completed(COMPLETED))
        .with_callback(Callback::to(callbacks).with_token(TOKEN).with_key(KEY))
        .start()
        .map_err(|error| Failure::new(format!("the emulator cannot start: {error}")))
}

/// Creates the contracts that an earlier run left unfinished, and signs them: a new emulator does not have them.
///
/// # Errors
/// Returns an error if the store refuses to list them.
pub(crate) async fn restore(emulator: &Emulator, ledger: &Ledger) -> Result<(), Failure> {
    let known: HashSet<String> = emulator.completed_flows().into_iter().collect();
    for state in [State::Open, State::Claimed] {
        let mut query =
            ContractQuery { state: Some(state), limit: PAGE, ..ContractQuery::default() };
        loop {
            let page = ledger.contracts(query.clone()).await;
            let page = page.map_err(|error| Failure::new(format!("store.url: {error}")))?;
            let Some(last) = page.last() else { break };
            query.after.clone_from(&last.flow_id);
            for contract in page.iter().filter(|contract| !known.contains(&contract.flow_id)) {
                emulator.create_flow(NewFlow::new(APP_ID, ORGANIZATION, &contract.flow_id));
                while emulator.sign(&contract.flow_id, None).is_ok() {}
            }
        }
    }
    Ok(())
}

/// Signs a new contract every few seconds, until it is dropped.
pub(crate) async fn sign_contracts(emulator: &Emulator) {
    // The ledger remembers the contracts of earlier runs.
    let began = emulator.now().as_secs();
    for number in 1_u64.. {
        let id = format!("yDemulated{began:012}{number:010}");
        emulator.create_flow(NewFlow::new(APP_ID, ORGANIZATION, &id));
        sleep(Duration::from_secs(1)).await;
        while emulator.sign(&id, None).is_ok() {}
        sleep(Duration::from_secs(2)).await;
    }
}

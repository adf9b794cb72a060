//! Secrets and configuration of the replicas.

use std::path::{Path, PathBuf};

use essbasic_emulator::{APP_ID, OPERATOR, ORGANIZATION, SECRET_ID, SECRET_KEY};

use crate::error::{Context as _, Result};
use crate::options::Options;

/// Token of the emulator's callbacks.
pub(crate) const TOKEN: &str = "token-of-the-platform";
/// Key of the emulator's callbacks.
pub(crate) const KEY: &str = "KEYOFTHEPLATFORMKEYOFTHEPLATFORM";

/// Time for the work in flight after SIGTERM, in seconds.
pub(crate) const GRACE_SECS: u64 = 30;

/// A target of forwards.
pub(crate) struct Forward {
    pub(crate) name: &'static str,
    pub(crate) token: &'static str,
    pub(crate) key: &'static str,
    /// True if only messages about contracts that every party has signed are forwarded.
    pub(crate) only_signed: bool,
}

/// Targets of the trial.
pub(crate) const FORWARDS: [Forward; 2] = [
    Forward {
        name: "all",
        token: "token-of-the-first-target",
        key: "FIRSTTARGETFIRSTTARGETFIRSTTARGE",
        only_signed: false,
    },
    Forward {
        name: "signed",
        token: "token-of-the-second-target",
        key: "SECONDTARGETSECONDTARGETSECONDTA",
        only_signed: true,
    },
];

/// Addresses that the configuration names.
pub(crate) struct Addresses<'a> {
    pub(crate) endpoint: &'a str,
    pub(crate) store: &'a str,
    pub(crate) archive: &'a str,
    /// URLs of [`FORWARDS`].
    pub(crate) forwards: &'a [String],
}

/// Writes the configuration and its secrets, and returns the path.
pub(crate) fn write(
    folder: &Path,
    addresses: &Addresses<'_>,
    options: &Options,
) -> Result<PathBuf> {
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).context(&path.display().to_string())
    };
    for (name, text) in
        [("secret_id", SECRET_ID), ("secret_key", SECRET_KEY), ("token", TOKEN), ("key", KEY)]
    {
        write(name, text)?;
    }
    write("body_key", &"5a".repeat(32))?;
    let Addresses { endpoint, store, archive, forwards } = addresses;
    let lease = options.lease.as_millis();
    let mut text = format!(
        "[account]\napp_id = {APP_ID:?}\norganization = {ORGANIZATION:?}\noperator = {OPERATOR:?}\n\
         secret_id_file = \"secret_id\"\nsecret_key_file = \"secret_key\"\n\
         [service]\nendpoint = {endpoint:?}\n[store]\nurl = {store:?}\n\
         [receive]\nlisten = \"127.0.0.1:0\"\n[[receive.keys]]\ntoken_file = \"token\"\nkey_file = \"key\"\n\
         [archive]\nto = {archive:?}\nnames = \"{{flow_id}}-{{file_index}}\"\n\
         [worker]\nlease = \"{lease}ms\"\nheartbeat = \"{}ms\"\n\
         [messages]\nbody_key_file = \"body_key\"\n[ops]\nlisten = \"127.0.0.1:0\"\n\
         [admin]\nlisten = \"127.0.0.1:0\"\n[shutdown]\ndrain_delay = \"0s\"\ngrace = \"{GRACE_SECS}s\"\n",
        lease / 3
    );
    for (forward, url) in FORWARDS.iter().zip(*forwards) {
        let Forward { name, token, key, only_signed } = forward;
        write(&format!("{name}_token"), token)?;
        write(&format!("{name}_key"), key)?;
        text += &format!(
            "[[forward]]\nname = {name:?}\nurl = {url:?}\ntoken_file = \"{name}_token\"\nkey_file = \"{name}_key\"\n"
        );
        if *only_signed {
            text += "types = [\"FlowStatusChange\"]\nwhen = { FlowCallbackShowStatus = \"ALL\" }\n";
        }
    }
    let path = folder.join("essbasic.toml");
    std::fs::write(&path, text).context(&path.display().to_string())?;
    Ok(path)
}

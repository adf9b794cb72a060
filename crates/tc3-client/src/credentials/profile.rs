use std::path::{Path, PathBuf};
use std::time::Duration;

use tc3_api::json;

use super::assume_role::AssumeRole;
use super::credential::{Credential, Part};
use super::cvm::CvmRole;
use super::error::CredentialError;
use super::ini;
use super::settling::{Settling, Texts};
use super::source::{CredentialFetch, CredentialSource, FetchResponse, FetchStep, Ready};
use super::temporary::Zeroized;
use super::variables::Variables;
use crate::quoted::quoted;
use crate::time::Now;

const NAME: &str = "profile file";
const FILE: &str = "TENCENTCLOUD_CREDENTIALS_FILE";

/// A profile in a credential file of the official tools.
///
/// The first of these files that contains the profile is used:
/// 1. The file of `TENCENTCLOUD_CREDENTIALS_FILE`. If the variable is set, no other file is searched.
/// 2. `~/.tencentcloud/credentials`, then `/etc/tencentcloud/credentials` (official SDKs): INI with a section per
///    profile, with `secret_id`, `secret_key` and optionally `token`.
/// 3. `~/.tccli/<profile>.credential` (official command line): JSON with `secretId`, `secretKey` and optionally
///    `token` and `expiresAt`. With `role-arn` and `role-session-name` it assumes the role. With the type
///    `cvm-role` it uses [`CvmRole`].
///
/// Files are read at each fetch. A file that was changed within the last 10 seconds is read until two reads agree, because
/// it may be incomplete. A file above 64 KiB, or one that cannot be read, is an error. The default profile may be absent; a
/// named profile must exist. If other users than the owner can read or change a file, a warning is logged.
///
/// A section or a key of a similar name, such as `[Default]`, `session_token` or `role_arn`, is an error.
#[derive(Debug, Clone)]
pub struct Profile {
    name: Option<String>,
    variables: Variables,
    home: Option<PathBuf>,
    system: PathBuf,
}

enum Found {
    Keys(Credential),
    Role(Box<dyn CredentialFetch>),
}

impl Profile {
    /// Creates a source for the profile `default`.
    #[expect(clippy::new_without_default, reason = "reads the environment")]
    pub fn new() -> Self {
        Self {
            name: None,
            variables: Variables::default(),
            home: std::env::home_dir().filter(|home| !home.as_os_str().is_empty()),
            system: PathBuf::from("/etc"),
        }
    }

    /// Creates a source for a named profile.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..Self::new() }
    }

    /// Sets the folders that replace the user's home and `/etc`.
    #[must_use]
    pub fn with_folders(mut self, home: impl Into<PathBuf>, system: impl Into<PathBuf>) -> Self {
        self.home = Some(home.into());
        self.system = system.into();
        self
    }

    /// Sets the function that looks up `TENCENTCLOUD_CREDENTIALS_FILE`, for tests.
    #[must_use]
    pub fn with_variables(
        mut self,
        lookup: impl Fn(&str) -> Option<std::ffi::OsString> + Send + Sync + 'static,
    ) -> Self {
        self.variables = Variables::from(lookup);
        self
    }

    fn find(&self, texts: &mut Texts) -> Result<Option<Found>, CredentialError> {
        let profile = self.name.as_deref().unwrap_or("default");
        // The name becomes part of a file name.
        if profile.is_empty()
            || profile.contains(|c: char| matches!(c, '/' | '\\' | '[' | ']') || c.is_control())
        {
            return Err(CredentialError::new(
                NAME,
                format!("invalid profile name {}", quoted(profile)),
            ));
        }
        let found = match self.variables.raw(FILE) {
            Some(path) => {
                let path = Path::new(&path);
                let text = texts.read(NAME, path)?.ok_or_else(|| {
                    error(path, "file not found").with_hint(format!("correct or unset {FILE}"))
                })?;
                from_ini(path, &text, profile)?
            }
            None => self.in_folders(profile, texts)?,
        };
        match (found, &self.name) {
            (None, Some(name)) => {
                Err(CredentialError::new(NAME, format!("profile {} not found", quoted(name)))
                    .with_hint("correct its name, or run tccli configure --profile NAME"))
            }
            (found, _) => Ok(found),
        }
    }

    fn in_folders(
        &self,
        profile: &str,
        texts: &mut Texts,
    ) -> Result<Option<Found>, CredentialError> {
        let home = self.home.as_deref();
        let candidates = [
            home.map(|home| home.join(".tencentcloud/credentials")),
            Some(self.system.join("tencentcloud/credentials")),
        ];
        for path in candidates.into_iter().flatten() {
            if let Some(text) = texts.read(NAME, &path)?
                && let Some(found) = from_ini(&path, &text, profile)?
            {
                return Ok(Some(found));
            }
        }
        let Some(home) = home else { return Ok(None) };
        let path = home.join(".tccli").join(format!("{profile}.credential"));
        match texts.read(NAME, &path)? {
            Some(text) => from_tccli(&path, &text),
            None => Ok(None),
        }
    }
}

impl CredentialSource for Profile {
    fn name(&self) -> &str {
        NAME
    }

    fn hint(&self) -> &str {
        "write ~/.tencentcloud/credentials or run tccli configure"
    }

    fn fetch(&self) -> Box<dyn CredentialFetch> {
        Box::new(Fetch { profile: self.clone(), settling: Settling::default(), found: None })
    }
}

/// Reads the files until they are complete.
struct Fetch {
    profile: Profile,
    settling: Settling,
    /// The fetch of the keys or the role that was found.
    found: Option<Box<dyn CredentialFetch>>,
}

impl CredentialFetch for Fetch {
    fn next(&mut self, now: Now, response: Option<FetchResponse>) -> FetchStep {
        if let Some(found) = &mut self.found {
            return found.next(now, response);
        }
        let mut texts = Texts::default();
        let found = self.profile.find(&mut texts);
        if let Some(wait) = self.settling.wait(texts) {
            return FetchStep::Sleep(wait);
        }
        let found: Box<dyn CredentialFetch> = match found {
            Ok(Some(Found::Role(fetch))) => fetch,
            Ok(Some(Found::Keys(credential))) => Box::new(Ready::of(Ok(Some(credential)))),
            Ok(None) => Box::new(Ready::of(Ok(None))),
            Err(error) => Box::new(Ready::of(Err(error))),
        };
        self.found.insert(found).next(now, None)
    }
}

fn error(path: &Path, message: impl core::fmt::Display) -> CredentialError {
    CredentialError::new(NAME, format!("{}: {message}", path.display()))
}

fn from_ini(path: &Path, text: &str, profile: &str) -> Result<Option<Found>, CredentialError> {
    let names = ["secret_id", "secret_key", "token"];
    let section = ini::section(text, profile, names).map_err(|cause| error(path, cause))?;
    let Some(section) = section else { return Ok(None) };
    check_others(path, &section)?;
    let parts = [Part::Id, Part::Key, Part::Token];
    for ((name, part), value) in names.iter().zip(parts).zip(&section.values) {
        if let Some((line, value)) = value
            && !(value.is_empty() && part == Part::Token)
            && let Some(problem) = part.problem(value)
        {
            return Err(
                error(path, format_args!("line {line}: {name} {problem}")).with_hint(part.hint())
            );
        }
    }
    let [id, key, token] = section.values.map(|value| value.map(|(_, text)| text));
    let (Some(id), Some(key)) = (id, key) else {
        let missing = if id.is_none() { "secret_id" } else { "secret_key" };
        let line = section.line;
        return Err(error(path, format_args!("line {line}: section [{profile}] has no {missing}")));
    };
    let credential = Credential::new(id, key);
    Ok(Some(Found::Keys(match token.filter(|token| !token.is_empty()) {
        Some(token) => credential.with_token(token),
        None => credential,
    })))
}

/// Returns an error if another key of the section is mistaken for one of these, or is one of a role: it would be ignored.
fn check_others(path: &Path, section: &ini::Section<'_, 3>) -> Result<(), CredentialError> {
    let [id, key, token] = &section.values;
    for (line, name) in &section.others {
        let plain: String = name.to_ascii_lowercase().replace(['_', '-', '.', ' '], "");
        let expected = match plain.as_str() {
            "secretid" | "accesskeyid" | "accesskey" | "tmpsecretid" | "awsaccesskeyid"
                if id.is_none() =>
            {
                "secret_id"
            }
            "secretkey" | "accesskeysecret" | "secretaccesskey" | "tmpsecretkey"
            | "awssecretaccesskey"
                if key.is_none() =>
            {
                "secret_key"
            }
            "sessiontoken" | "securitytoken" | "secrettoken" | "tmptoken" | "awssessiontoken"
                if token.is_none() =>
            {
                "token"
            }
            "rolearn" | "rolesessionname" => {
                let message =
                    format_args!("line {line}: {name} is not read: this file has no roles");
                return Err(error(path, message).with_hint(
                    "assume the role with `AssumeRole`, or with `tccli configure` (role-arn)",
                ));
            }
            _ => continue,
        };
        return Err(error(path, format_args!("line {line}: {name} is not read"))
            .with_hint(format!("rename it to {expected}")));
    }
    Ok(())
}

/// The file that `tccli configure`, `tccli auth login` and `tccli sso login` write.
struct Tccli {
    kind: Option<String>,
    id: Option<String>,
    key: Option<Zeroized>,
    token: Option<Zeroized>,
    /// Expiry in seconds since the Unix epoch; set by logins.
    expires_at: Option<f64>,
    role_arn: Option<String>,
    role_session_name: Option<String>,
}

json::object! {
    decode Tccli {
        "type" => kind: optional,
        "secretId" => id: optional,
        "secretKey" => key: optional,
        "token" => token: optional,
        "expiresAt" => expires_at: optional,
        "role-arn" => role_arn: optional,
        "role-session-name" => role_session_name: optional,
    }
}

fn from_tccli(path: &Path, text: &str) -> Result<Option<Found>, CredentialError> {
    let file: Tccli = json::decode(text.as_bytes()).map_err(|cause| {
        let line = line_at(text, cause.offset().unwrap_or_default());
        error(path, format_args!("line {line}: not a credential file of tccli"))
    })?;
    if file.kind.as_deref() == Some("cvm-role") {
        return Ok(Some(Found::Role(CvmRole::new().fetch())));
    }
    let non_empty = |text: Option<String>| text.filter(|text| !text.is_empty());
    let secret = |text: Option<Zeroized>| text.map(|text| text.0).filter(|text| !text.is_empty());
    let (id, key, token) = (non_empty(file.id), secret(file.key), secret(file.token));
    let (key_text, token_text) =
        (key.as_deref().map(String::as_str), token.as_deref().map(String::as_str));
    for (name, part, value) in [
        ("secretId", Part::Id, id.as_deref()),
        ("secretKey", Part::Key, key_text),
        ("token", Part::Token, token_text),
    ] {
        if let Some(problem) = value.and_then(|value| part.problem(value)) {
            let line = line_of(text, name);
            return Err(
                error(path, format_args!("line {line}: {name} {problem}")).with_hint(part.hint())
            );
        }
    }
    let (Some(id), Some(key)) = (id, key) else {
        return Err(
            error(path, "secretId or secretKey is missing").with_hint("run tccli configure")
        );
    };
    let mut credential = Credential::new(id, key.as_str());
    if let Some(token) = token {
        credential = credential.with_token(token.as_str());
    }
    if let Some(seconds) = file.expires_at {
        let expiry = Duration::try_from_secs_f64(seconds)
            .map_err(|_| error(path, "expiresAt is not a Unix time"))?;
        credential = credential.with_expiry(expiry);
    }
    Ok(Some(match (non_empty(file.role_arn), non_empty(file.role_session_name)) {
        (Some(role), Some(session)) => {
            Found::Role(AssumeRole::new(credential, role).with_session_name(session).fetch())
        }
        _ => Found::Keys(credential),
    }))
}

/// Returns the line number, from 1, of a byte offset.
fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

/// Returns the line number, from 1, of a field of a JSON object.
fn line_of(text: &str, field: &str) -> usize {
    line_at(text, text.rfind(&format!("\"{field}\"")).unwrap_or_default())
}

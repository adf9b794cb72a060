use std::path::{Path, PathBuf};
use std::time::Duration;

use super::environment::Variables;
use super::{
    AssumeRole, Credential, CredentialError, CredentialFetch, CredentialSource, CvmRole, Part,
    Ready, Zeroized, files, ini,
};

const NAME: &str = "profile file";
const FILE: &str = "TENCENTCLOUD_CREDENTIALS_FILE";

/// A profile in a file, as the official tools write it.
///
/// Looked for in this order; the first place that has the profile decides:
/// 1. the file named by `TENCENTCLOUD_CREDENTIALS_FILE`, and where that is set no other one;
/// 2. `~/.tencentcloud/credentials`, then `/etc/tencentcloud/credentials` (official SDKs): INI, a
///    section for each profile with `secret_id`, `secret_key` and perhaps `token`;
/// 3. `~/.tccli/<profile>.credential` (official command line): JSON with `secretId`, `secretKey` and
///    perhaps `token` and `expiresAt`; `role-arn` with `role-session-name` assumes that role, and the
///    type `cvm-role` asks the metadata service.
///
/// Files are read anew at each fetch. One past 64 KiB, or that cannot be read, is broken. The default
/// profile may be absent; one asked for by name must exist. A file that others than its owner may read or
/// change is used with a warning in the log.
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
    /// The profile `default`.
    #[expect(clippy::new_without_default, reason = "it looks at the machine's folders")]
    pub fn new() -> Self {
        Self {
            name: None,
            variables: Variables::default(),
            home: std::env::home_dir().filter(|home| !home.as_os_str().is_empty()),
            system: PathBuf::from("/etc"),
        }
    }

    /// The profile of this name.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..Self::new() }
    }

    /// Looks in these folders instead of the user's home and `/etc`.
    #[must_use]
    pub fn with_folders(mut self, home: impl Into<PathBuf>, system: impl Into<PathBuf>) -> Self {
        self.home = Some(home.into());
        self.system = system.into();
        self
    }

    /// Asks this function for `TENCENTCLOUD_CREDENTIALS_FILE` instead of the process's environment.
    #[must_use]
    pub fn with_variables(
        mut self,
        lookup: impl Fn(&str) -> Option<std::ffi::OsString> + Send + Sync + 'static,
    ) -> Self {
        self.variables = Variables::from(lookup);
        self
    }

    fn find(&self) -> Result<Option<Found>, CredentialError> {
        let profile = self.name.as_deref().unwrap_or("default");
        // It becomes part of a file's name.
        if profile.is_empty()
            || profile.contains(|c: char| matches!(c, '/' | '\\' | '[' | ']') || c.is_control())
        {
            return Err(CredentialError::new(NAME, format!("{profile:?} is no profile name")));
        }
        let found = match self.variables.raw(FILE) {
            Some(path) => {
                let path = Path::new(&path);
                let text = files::read_keys(NAME, path)?.ok_or_else(|| {
                    fail(path, format_args!("no such file, though {FILE} names it"))
                })?;
                from_ini(path, &text, profile)?
            }
            None => self.in_folders(profile)?,
        };
        match (found, &self.name) {
            (None, Some(name)) => {
                Err(CredentialError::new(NAME, format!("there is no profile {name:?}"))
                    .with_remedy(format!("make one: tccli configure --profile {name}")))
            }
            (found, _) => Ok(found),
        }
    }

    fn in_folders(&self, profile: &str) -> Result<Option<Found>, CredentialError> {
        let home = self.home.as_deref();
        let places = [
            home.map(|home| home.join(".tencentcloud/credentials")),
            Some(self.system.join("tencentcloud/credentials")),
        ];
        for path in places.into_iter().flatten() {
            if let Some(text) = files::read_keys(NAME, &path)?
                && let Some(found) = from_ini(&path, &text, profile)?
            {
                return Ok(Some(found));
            }
        }
        let Some(home) = home else { return Ok(None) };
        let path = home.join(".tccli").join(format!("{profile}.credential"));
        match files::read_keys(NAME, &path)? {
            Some(text) => from_tccli(&path, &text),
            None => Ok(None),
        }
    }
}

impl CredentialSource for Profile {
    fn name(&self) -> &str {
        NAME
    }

    fn remedy(&self) -> &str {
        "write ~/.tencentcloud/credentials or run tccli configure"
    }

    fn fetch(&self) -> Box<dyn CredentialFetch> {
        match self.find() {
            Ok(Some(Found::Role(fetch))) => fetch,
            Ok(Some(Found::Keys(credential))) => Box::new(Ready::of(Ok(Some(credential)))),
            Ok(None) => Box::new(Ready::of(Ok(None))),
            Err(error) => Box::new(Ready::of(Err(error))),
        }
    }
}

fn fail(path: &Path, what: impl core::fmt::Display) -> CredentialError {
    CredentialError::new(NAME, format!("{}: {what}", path.display()))
}

fn from_ini(path: &Path, text: &str, profile: &str) -> Result<Option<Found>, CredentialError> {
    let names = ["secret_id", "secret_key", "token"];
    let section = ini::section(text, profile, names).map_err(|flaw| fail(path, flaw))?;
    let Some(section) = section else { return Ok(None) };
    let parts = [Part::Id, Part::Key, Part::Token];
    for ((name, part), value) in names.iter().zip(parts).zip(&section.values) {
        if let Some((line, value)) = value
            && !(value.is_empty() && part == Part::Token)
            && let Some(flaw) = part.flaw(value)
        {
            return Err(
                fail(path, format_args!("line {line}: {name} {flaw}")).with_remedy(part.remedy())
            );
        }
    }
    let [id, key, token] = section.values.map(|value| value.map(|(_, text)| text));
    let (Some(id), Some(key)) = (id, key) else {
        let missing = if id.is_none() { "secret_id" } else { "secret_key" };
        let line = section.line;
        return Err(fail(path, format_args!("line {line}: section [{profile}] has no {missing}")));
    };
    let credential = Credential::new(id, key);
    Ok(Some(Found::Keys(match token.filter(|token| !token.is_empty()) {
        Some(token) => credential.with_token(token),
        None => credential,
    })))
}

/// What `tccli configure`, `tccli auth login` and `tccli sso login` write.
struct Tccli {
    kind: Option<String>,
    id: Option<String>,
    key: Option<Zeroized>,
    token: Option<Zeroized>,
    /// Unix time in seconds, of logins.
    expires_at: Option<f64>,
    role_arn: Option<String>,
    role_session_name: Option<String>,
}

tc3_api::json::object! {
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
    let file: Tccli = tc3_api::json::decode(text.as_bytes()).map_err(|error| {
        let line = line_at(text, error.offset().unwrap_or_default());
        fail(path, format_args!("line {line}: not the JSON that tccli writes"))
    })?;
    if file.kind.as_deref() == Some("cvm-role") {
        return Ok(Some(Found::Role(CvmRole::new().fetch())));
    }
    let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
    let secret = |text: Option<Zeroized>| text.map(|text| text.0).filter(|text| !text.is_empty());
    let (id, key, token) = (filled(file.id), secret(file.key), secret(file.token));
    let (key_text, token_text) =
        (key.as_deref().map(String::as_str), token.as_deref().map(String::as_str));
    for (name, part, value) in [
        ("secretId", Part::Id, id.as_deref()),
        ("secretKey", Part::Key, key_text),
        ("token", Part::Token, token_text),
    ] {
        if let Some(flaw) = value.and_then(|value| part.flaw(value)) {
            let line = line_of(text, name);
            return Err(
                fail(path, format_args!("line {line}: {name} {flaw}")).with_remedy(part.remedy())
            );
        }
    }
    let (Some(id), Some(key)) = (id, key) else {
        return Err(
            fail(path, "secretId or secretKey is missing").with_remedy("run tccli configure")
        );
    };
    let mut credential = Credential::new(id, key.as_str());
    if let Some(token) = token {
        credential = credential.with_token(token.as_str());
    }
    if let Some(seconds) = file.expires_at {
        let end = Duration::try_from_secs_f64(seconds)
            .map_err(|_| fail(path, "expiresAt is no Unix time"))?;
        credential = credential.with_expiry(end);
    }
    Ok(Some(match (filled(file.role_arn), filled(file.role_session_name)) {
        (Some(role), Some(session)) => {
            Found::Role(AssumeRole::new(credential, role).with_session_name(session).fetch())
        }
        _ => Found::Keys(credential),
    }))
}

/// The line, from 1, that contains this byte.
fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

/// The line, from 1, of a member of a JSON object.
fn line_of(text: &str, member: &str) -> usize {
    line_at(text, text.rfind(&format!("\"{member}\"")).unwrap_or_default())
}

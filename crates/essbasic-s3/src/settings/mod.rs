//! Settings of a store: the AWS variables of the environment, and profiles in `~/.aws`.

mod check;
mod names;
mod profile;

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use object_store::aws::AmazonS3ConfigKey as Key;
use tc3_client::__private::quoted;
use zeroize::Zeroizing;

pub(crate) use self::check::check_region;
use self::check::{boolean, check, is_boolean};
use crate::error::Error;
use crate::program::Program;

/// Maximum size of a profile file, in bytes.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// Settings that select the signing keys. An incomplete set is a user error.
const WITH_KEYS: [Key; 6] = [
    Key::AccessKeyId,
    Key::SecretAccessKey,
    Key::WebIdentityTokenFile,
    Key::ContainerCredentialsRelativeUri,
    Key::ContainerCredentialsFullUri,
    Key::MetadataEndpoint,
];

/// Values by setting.
pub(crate) type Settings = HashMap<Key, String>;

/// Returns whether the settings name keys, or state that requests are not signed.
pub(crate) fn have_keys(settings: &Settings) -> bool {
    WITH_KEYS.iter().any(|key| settings.contains_key(key))
        || settings.get(&Key::SkipSignature).is_some_and(|value| value == "true")
}

/// Reads the AWS variables, and missing settings from the profile `AWS_PROFILE`, or `default`, of the
/// files that the AWS tools read. Without `has_default_profile`, only a profile that `AWS_PROFILE` names is read.
///
/// Of several variables of one setting, the first is used: `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, `AWS_ENDPOINT`;
/// `AWS_REGION`, `AWS_DEFAULT_REGION`; `AWS_SESSION_TOKEN`, `AWS_SECURITY_TOKEN`, `AWS_TOKEN`. All precede a profile.
///
/// # Errors
/// Returns an error that names the variable, or file and line, if a value is unusable or the setting is not supported. It
/// never shows the value. Booleans become `true` or `false`.
pub(crate) fn settings(
    environment: impl Iterator<Item = (OsString, OsString)>,
    program: &Program,
    has_default_profile: bool,
) -> Result<Settings, Error> {
    let variables: HashMap<String, OsString> = environment
        .filter(|(_, value)| !value.is_empty())
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .collect();
    let mut names: Vec<&String> =
        variables.keys().filter(|name| name.starts_with("AWS_")).collect();
    // In a fixed order, so that the first error is always the same.
    names.sort();
    let is_set = |name: &str| variables.contains_key(name);
    if let Some((name, read)) = names::similar(is_set) {
        return Err(Error::new(format!("{name} is not read; set {read} in its place")));
    }
    let mut settings = Settings::new();
    for name in names {
        let Some(key) = names::setting(name, is_set) else { continue };
        let Some(value) = variables.get(name).and_then(|value| value.to_str()) else {
            return Err(Error::new(format!("{name} is not UTF-8; set it again, or unset it")));
        };
        check(key, value, program).map_err(|cause| Error::new(format!("{name} {cause}")))?;
        let value = match boolean(value).filter(|_| is_boolean(key)) {
            Some(value) => value.to_string(),
            None => value.to_owned(),
        };
        settings.insert(key, value);
    }
    if has_default_profile || variables.contains_key("AWS_PROFILE") {
        from_profile(&variables, &mut settings, program)?;
    }
    Ok(settings)
}

fn from_profile(
    variables: &HashMap<String, OsString>,
    settings: &mut Settings,
    program: &Program,
) -> Result<(), Error> {
    let named = match variables.get("AWS_PROFILE").map(|name| name.to_str()) {
        Some(None) => return Err(Error::new("AWS_PROFILE is not UTF-8; set it again")),
        named => named.flatten(),
    };
    let has_region = settings.contains_key(&Key::Region);
    let has_keys = have_keys(settings);
    if has_keys && has_region && named.is_none() {
        return Ok(());
    }
    let name = named.unwrap_or("default");
    let home = variables.get("HOME").or_else(|| variables.get("USERPROFILE")).map(PathBuf::from);
    let files = [
        ("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials", false),
        ("AWS_CONFIG_FILE", ".aws/config", true),
    ];
    let mut found = false;
    for (variable, usual, is_config) in files {
        let given = variables.get(variable).map(PathBuf::from);
        let Some(path) = given.or_else(|| Some(home.as_ref()?.join(usual))) else { continue };
        let Some(text) = read(&path)? else { continue };
        let fail = |line: usize, cause: &str| {
            Error::new(format!("{}: line {line}: {cause}", path.display()))
        };
        let entries =
            profile::entries(&text, name, is_config).map_err(|flaw| fail(flaw.line, flaw.cause))?;
        let Some(entries) = entries else { continue };
        found = true;
        // Names are case-insensitive, as for the AWS tools.
        let has_entry =
            |name: &str| entries.iter().any(|entry| entry.name.eq_ignore_ascii_case(name));
        for entry in &entries {
            let lower = entry.name.to_ascii_lowercase();
            let Some((key, is_of_keys)) = setting(&lower) else {
                match names::similar_entry(&lower) {
                    Some(read) if !has_entry(read) => {
                        let cause = format!("{} is not read; name it {read}", entry.name);
                        return Err(fail(entry.line, &cause));
                    }
                    _ => continue,
                }
            };
            // Keys are taken from one source: parts of different sources do not match.
            if settings.contains_key(&key) || is_of_keys && has_keys || entry.value.is_empty() {
                continue;
            }
            check(key, entry.value, program)
                .map_err(|cause| fail(entry.line, &format!("{} {cause}", entry.name)))?;
            settings.insert(key, entry.value.to_owned());
        }
        if !have_keys(settings)
            && let Some(other) = profile::unsupported(&text, name, is_config)
        {
            return Err(fail(
                other.line,
                &format!(
                    "keys by {} are not supported; run `aws configure export-credentials --profile \
                     NAME --format env` and set the variables that it prints",
                    other.name
                ),
            ));
        }
    }
    match named {
        Some(name) if !found => Err(Error::new(format!(
            "AWS_PROFILE names the profile {}, which neither ~/.aws/credentials nor ~/.aws/config has; \
             correct it, or run aws configure --profile NAME",
            quoted(name)
        ))),
        _ => Ok(()),
    }
}

/// Returns the setting of a profile entry, and whether it belongs to the keys.
fn setting(name: &str) -> Option<(Key, bool)> {
    Some(match name {
        "aws_access_key_id" => (Key::AccessKeyId, true),
        "aws_secret_access_key" => (Key::SecretAccessKey, true),
        "aws_session_token" => (Key::Token, true),
        "web_identity_token_file" => (Key::WebIdentityTokenFile, true),
        "role_arn" => (Key::RoleArn, true),
        "role_session_name" => (Key::RoleSessionName, true),
        "region" => (Key::Region, false),
        "endpoint_url" => (Key::Endpoint, false),
        _ => return None,
    })
}

/// Returns the text of a regular file; `None` if it does not exist. A FIFO is an error and does not block.
fn read(path: &Path) -> Result<Option<Zeroizing<String>>, Error> {
    let fail = |cause: &dyn std::fmt::Display| {
        Error::new(format!("{}: {cause}; correct the path or the file", path.display()))
    };
    let file = match open(path) {
        Ok(file) => file,
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(fail(&error)),
    };
    if !file.metadata().map_err(|error| fail(&error))?.is_file() {
        return Err(fail(&"not a regular file"));
    }
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(|error| fail(&error))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(fail(&"larger than the limit of 1 MiB"));
    }
    if is_utf16(&bytes) {
        return Err(fail(&"UTF-16 text"));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| fail(&"not UTF-8"))?;
    Ok(Some(Zeroizing::new(text.trim_start_matches('\u{feff}').to_owned())))
}

/// Returns whether this is the start of UTF-16 text: it has a byte order mark, or one of its first two bytes is zero.
fn is_utf16(bytes: &[u8]) -> bool {
    matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, _, ..] | [_, 0, ..])
}

#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;

    // Without the flag, opening a FIFO blocks until another process opens it for writing.
    File::options().read(true).custom_flags(nix::fcntl::OFlag::O_NONBLOCK.bits()).open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

#[cfg(test)]
mod tests;

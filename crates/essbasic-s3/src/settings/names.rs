//! Names of settings: synonyms in the order of their precedence, and similar names that are not read.

use object_store::aws::AmazonS3ConfigKey as Key;

/// Variables of one setting, in the order of their precedence.
const SYNONYMS: [(Key, &[&str]); 3] = [
    (Key::Endpoint, &["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"]),
    (Key::Region, &["AWS_REGION", "AWS_DEFAULT_REGION"]),
    (Key::Token, &["AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_TOKEN"]),
];

/// Variables that other programs read, each with the name that is read here.
const SIMILAR_VARIABLES: [(&str, &str); 8] = [
    ("AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID"),
    ("AWS_KEY_ID", "AWS_ACCESS_KEY_ID"),
    ("AWS_SECRET_KEY", "AWS_SECRET_ACCESS_KEY"),
    ("AWS_SECRET_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    ("AWS_DEFAULT_PROFILE", "AWS_PROFILE"),
    ("AWS_S3_ENDPOINT", "AWS_ENDPOINT_URL_S3"),
    ("AWS_S3_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"),
    ("AWS_ENDPOINT_S3", "AWS_ENDPOINT_URL_S3"),
];

/// Entries of a profile that other programs read, each with the name that is read here.
const SIMILAR_ENTRIES: [(&str, &str); 10] = [
    ("access_key_id", "aws_access_key_id"),
    ("aws_access_key", "aws_access_key_id"),
    ("secret_access_key", "aws_secret_access_key"),
    ("aws_secret_key", "aws_secret_access_key"),
    ("session_token", "aws_session_token"),
    ("aws_security_token", "aws_session_token"),
    ("aws_token", "aws_session_token"),
    ("aws_region", "region"),
    ("endpoint", "endpoint_url"),
    ("aws_endpoint_url", "endpoint_url"),
];

/// Returns the setting of a variable; `None` if it is unknown, or if a variable that precedes it is set.
pub(super) fn setting(name: &str, is_set: impl Fn(&str) -> bool) -> Option<Key> {
    for (key, names) in SYNONYMS {
        if let Some(rank) = names.iter().position(|other| *other == name) {
            return (!names.iter().take(rank).any(|name| is_set(name))).then_some(key);
        }
    }
    name.to_ascii_lowercase().parse().ok()
}

/// Returns a variable that is not read, and the name that is read, if no variable of that setting is set.
pub(super) fn similar(is_set: impl Fn(&str) -> bool) -> Option<(&'static str, &'static str)> {
    let is_given = |name: &str| {
        let names = SYNONYMS.iter().find(|(_, names)| names.contains(&name));
        names.map_or_else(|| is_set(name), |(_, names)| names.iter().any(|name| is_set(name)))
    };
    SIMILAR_VARIABLES.into_iter().find(|(name, read)| is_set(name) && !is_given(read))
}

/// Returns the name of the entry that is read, if this one is similar.
pub(super) fn similar_entry(name: &str) -> Option<&'static str> {
    SIMILAR_ENTRIES.into_iter().find_map(|(similar, read)| (similar == name).then_some(read))
}

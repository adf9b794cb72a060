//! Shell variables for commands that call the emulator.

use std::fmt::Write as _;

use essbasic_emulator::{SECRET_ID, SECRET_KEY, Seed};

use crate::options::ENDPOINT;

/// Names and values, in the order of their lines.
pub(super) struct Exports(Vec<(&'static str, String)>);

const ID: &str = "TENCENTCLOUD_SECRET_ID";
const KEY: &str = "TENCENTCLOUD_SECRET_KEY";

impl Exports {
    /// The default keys, and the identity of the seed's first operator.
    pub(super) fn of(seed: &Seed) -> Self {
        let mut exports = Self(Vec::new());
        exports.credential(SECRET_ID, Some(SECRET_KEY));
        if let Some((app_id, organization, operator)) = seed.first_operator() {
            exports.set("ESSBASIC_APP_ID", app_id);
            exports.set("ESSBASIC_ORGANIZATION", organization);
            exports.set("ESSBASIC_OPERATOR", operator);
        }
        exports
    }

    /// Replaces the keys. Without a SecretKey, its line is left out: the caller has given it.
    pub(super) fn credential(&mut self, id: &str, key: Option<&str>) {
        self.0.retain(|(name, _)| ![ID, KEY].contains(name));
        self.set(ID, id);
        if let Some(key) = key {
            self.set(KEY, key);
        }
    }

    pub(super) fn endpoint(&mut self, endpoint: &str) {
        self.set(ENDPOINT, endpoint);
    }

    pub(super) fn process(&mut self, id: u32) {
        self.set("ESSBASIC_EMULATOR_PID", &id.to_string());
    }

    fn set(&mut self, name: &'static str, value: &str) {
        self.0.push((name, value.to_owned()));
    }

    /// One `export` line per variable, in the syntax of POSIX shells.
    pub(super) fn lines(&self) -> String {
        self.0.iter().fold(String::new(), |mut lines, (name, value)| {
            // Writing to a string cannot fail.
            let _ = writeln!(lines, "export {name}={}", quoted(value));
            lines
        })
    }
}

/// The value as one word; without a quote if it has no character that a shell interprets.
fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:".contains(c);
    match !value.is_empty() && value.chars().all(plain) {
        true => value.to_owned(),
        false => format!("'{}'", value.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_words_of_a_shell() {
        for (value, expected) in [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://[::1]:8080", "'http://[::1]:8080'"),
            ("", "''"),
            ("a b", "'a b'"),
            ("$(x)`y`", "'$(x)`y`'"),
            ("it's", r"'it'\''s'"),
            ("a\nb", "'a\nb'"),
        ] {
            assert_eq!(quoted(value), expected);
        }
    }

    #[test]
    fn keys_replace_the_default_ones() {
        let mut exports = Exports::of(&Seed::default());
        assert!(exports.lines().contains("export TENCENTCLOUD_SECRET_KEY=EMULATORSECRETKEY\n"));
        exports.credential("AKIDMINE", None);
        let lines = exports.lines();
        assert!(lines.contains("export TENCENTCLOUD_SECRET_ID=AKIDMINE\n"), "{lines}");
        assert!(!lines.contains("SECRET_KEY") && !lines.contains("AKIDEMULATOR"), "{lines}");
    }
}

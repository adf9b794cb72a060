//! The file of the configuration.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use essbasic_s3::{Bucket, Defaults};

use super::syntax::without_values;
use super::{Config, ConfigError};
use crate::archive::PROGRAM;

/// Name of the file of a generated admin token.
pub(crate) const TOKEN_FILE: &str = "admin_token";

/// Maximum size of a configuration, in bytes.
const MAX_BYTES: u64 = 1 << 20;

impl Config {
    /// Reads and checks a file. Relative paths in it are relative to its folder.
    ///
    /// # Errors
    /// Returns an error with the file and the line if the configuration cannot be used.
    pub(crate) fn read(path: &Path) -> Result<Self, ConfigError> {
        let config = Self::parse(path)?;
        config.check().map_err(|error| ConfigError::new(format!("{}: {error}", path.display())))?;
        Ok(config)
    }

    /// Reads a file, of which the values are not checked yet. A pipe is read to its end; a signal ends the process meanwhile, because no
    /// handler is installed yet.
    ///
    /// # Errors
    /// Returns an error with the file and the line if a key or the type of a value is wrong.
    pub(crate) fn parse(path: &Path) -> Result<Self, ConfigError> {
        let at = path.display();
        let refuse = |why: &dyn std::fmt::Display| {
            ConfigError::new(format!("cannot read the configuration {at}: {why}"))
        };
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(|error| refuse(&error))?;
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| refuse(&error))?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(refuse(&"larger than 1 MiB"));
        }
        let text = String::from_utf8(bytes).map_err(|_| refuse(&"not UTF-8"))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let mut config: Self = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| line_of(text, span.start));
            let message = without_values(error.message());
            ConfigError::new(format!("{at}:{line}: {message}"))
        })?;
        config.folder = path.parent().unwrap_or(Path::new("")).to_owned();
        config.resolve();
        Ok(config)
    }

    /// Returns the configuration as TOML, defaults included. Files with secrets are named, and their content is not read.
    ///
    /// # Errors
    /// Returns an error if a path is not UTF-8.
    pub(crate) fn shown(&self) -> Result<String, ConfigError> {
        let mut text = toml::to_string(self)
            .map_err(|error| ConfigError::new(format!("cannot show the configuration: {error}")))?;
        if let Ok(Some(bucket)) = Bucket::parse(&self.archive.to, &PROGRAM) {
            // Only the environment of the process decides, which may be another one.
            let defaults = self.bucket_defaults().with_keys("of the account", "");
            let described = bucket.describe(std::env::vars_os(), &defaults, &PROGRAM);
            let described = described.unwrap_or_else(|error| error.to_string());
            text.push_str(&format!(
                "\n# archive.to, with the AWS_* variables of this process: {described}\n"
            ));
        }
        if self.service.region.is_none() {
            text.push_str("\n# service.region: not set; calls have no region\n");
        }
        let admin = &self.admin;
        if admin.token_file.is_none() {
            text.push_str(&format!(
                "\n# admin.token_file: not set; a token is written to {TOKEN_FILE} next to the configuration\n"
            ));
        }
        if !admin.listen.ip().is_loopback() && admin.allowed_hosts.is_empty() {
            let port = admin.listen.port();
            text.push_str(&format!(
                "\n# admin.allowed_hosts: the page is opened as 127.0.0.1:{port} or localhost:{port} only; \
                 list other hosts, such as \"admin.example.com\"\n"
            ));
        }
        Ok(text)
    }

    /// Returns settings of a bucket that the environment may lack, without the keys of the account.
    pub(crate) fn bucket_defaults(&self) -> Defaults {
        let region = self.service.region.as_deref();
        region.map_or_else(Defaults::default, |region| Defaults::default().with_region(region))
    }

    /// Makes relative paths absolute below the folder of the file.
    fn resolve(&mut self) {
        let folder = &self.folder;
        let keys = self.receive.keys.iter_mut();
        let key_files =
            keys.flat_map(|keys| keys.key_file.iter_mut().chain([&mut keys.token_file]));
        let forwards = self.forward.iter_mut();
        let forward_files =
            forwards.flat_map(|target| target.key_file.iter_mut().chain(&mut target.token_file));
        let account = [&mut self.account.secret_id_file, &mut self.account.secret_key_file];
        let others = [
            &mut self.store.password_file,
            &mut self.messages.body_key_file,
            &mut self.admin.token_file,
        ];
        let paths: Vec<&mut PathBuf> = key_files
            .chain(forward_files)
            .chain(account)
            .chain(others.into_iter().flatten())
            .collect();
        for path in paths {
            *path = folder.join(&*path);
        }
        if let Some(path) = self.store.url.strip_prefix("sqlite:") {
            self.store.url = format!("sqlite:{}", folder.join(path).display());
        }
        // An invalid URL is refused later.
        if matches!(Bucket::parse(&self.archive.to, &PROGRAM), Ok(None)) {
            self.archive.to = folder.join(&self.archive.to).display().to_string();
        }
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

//! The token of the admin page.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use essbasic_files::{TemporaryFile, sync_folder};
use essbasic_page::Token;

use crate::config::{Config, Secret, TOKEN_FILE};
use crate::failure::Failure;
use crate::private;

/// The token and its file.
pub(crate) struct AdminToken {
    pub(super) token: Token,
    pub(crate) file: PathBuf,
}

impl AdminToken {
    /// Reads the token of `admin.token_file`. `None` without this key.
    ///
    /// # Errors
    /// Returns an error that names the key and the file.
    pub(crate) fn configured(config: &Config) -> Result<Option<Self>, Failure> {
        let Some(file) = &config.admin.token_file else { return Ok(None) };
        let secret = Secret::read("admin.token_file", file)?;
        let token = Token::new(secret.expose()).map_err(|error| {
            Failure::new(format!(
                "admin.token_file: {}: {error}; create one with: openssl rand -hex 32",
                file.display()
            ))
        })?;
        Ok(Some(Self { token, file: absolute(file) }))
    }

    /// Reads the token of `admin.token_file`. Without this key, a new one is generated and written next to the configuration, where
    /// only the user of this process can read it.
    ///
    /// # Errors
    /// Returns an error that names the key and the file.
    pub(crate) fn open(config: &Config) -> Result<Self, Failure> {
        if let Some(token) = Self::configured(config)? {
            return Ok(token);
        }
        let random = |error| Failure::new(format!("cannot generate the admin token: {error}"));
        let token = Token::random().map_err(random)?;
        let file = config.folder.join(TOKEN_FILE);
        write(&config.folder, &file, token.expose()).map_err(|error| {
            Failure::new(format!(
                "admin.token_file: cannot write {}: {error}; set admin.token_file to a file with a token",
                file.display()
            ))
        })?;
        Ok(Self { token, file: absolute(&file) })
    }
}

/// Returns the path for programs in other folders, without `..`. A link is not followed: it may lead to another file later.
fn absolute(file: &Path) -> PathBuf {
    let folder = std::fs::canonicalize(essbasic_files::parent(file));
    match (folder, file.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => std::path::absolute(file).unwrap_or_else(|_| file.to_owned()),
    }
}

/// Writes a file of this user only, atomically.
fn write(folder: &Path, file: &Path, text: &str) -> io::Result<()> {
    let mut temporary = TemporaryFile::create_in(folder)?;
    private::restrict(temporary.file())?;
    writeln!(temporary, "{text}")?;
    temporary.sync()?;
    temporary.persist(file)?;
    sync_folder(essbasic_files::parent(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(folder: &Path, more: &str) -> Config {
        let path = folder.join("essbasic.toml");
        let text = format!(
            "[account]\napp_id = \"a\"\norganization = \"o\"\noperator = \"p\"\n\
             secret_id_file = \"id\"\nsecret_key_file = \"key\"\n\
             [[receive.keys]]\ntoken_file = \"token\"\n[admin]\n{more}"
        );
        std::fs::write(&path, text).unwrap();
        Config::read(&path).unwrap()
    }

    #[test]
    fn a_generated_token_is_new_for_each_start_and_of_this_user() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path(), "");
        assert!(AdminToken::configured(&config).unwrap().is_none());
        let first = AdminToken::open(&config).unwrap();
        assert_eq!(first.file, std::fs::canonicalize(folder.path()).unwrap().join("admin_token"));
        let read = || std::fs::read_to_string(&first.file).unwrap();
        assert_eq!(read().trim(), first.token.expose());
        // An open file keeps its content, and a link is replaced.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;

            let mode = std::fs::metadata(&first.file).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
            let other = folder.path().join("other");
            std::fs::write(&other, "kept").unwrap();
            std::fs::remove_file(&first.file).unwrap();
            std::os::unix::fs::symlink(&other, &first.file).unwrap();
        }
        let second = AdminToken::open(&config).unwrap();
        assert_ne!(first.token.expose(), second.token.expose());
        assert_eq!(read().trim(), second.token.expose());
        #[cfg(unix)]
        assert_eq!(std::fs::read_to_string(folder.path().join("other")).unwrap(), "kept");
    }

    #[test]
    fn a_token_of_the_configuration_is_read_and_checked() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path(), "token_file = \"own\"");
        let path = folder.path().join("own");
        std::fs::write(&path, "0123456789abcdef\n").unwrap();
        let token = AdminToken::open(&config).unwrap();
        // The temporary folder may be a link.
        let real = std::fs::canonicalize(&path).unwrap();
        assert_eq!((token.token.expose(), &token.file), ("0123456789abcdef", &real));
        assert!(!folder.path().join("admin_token").exists());
        let (below, other) = (folder.path().join("below"), folder.path().join("other"));
        std::fs::create_dir(&below).unwrap();
        std::fs::create_dir(&other).unwrap();
        let config = super::tests::config(&below, "token_file = \"../other/./../own\"");
        assert_eq!(AdminToken::open(&config).unwrap().file, real);
        for bad in ["short", "with spaces in the token"] {
            std::fs::write(&path, bad).unwrap();
            let error = AdminToken::open(&config).err().unwrap().to_string();
            assert!(error.starts_with("admin.token_file: ") && !error.contains(bad), "{error}");
            assert!(error.contains("16 to 256"), "{error}");
        }
        std::fs::remove_file(&path).unwrap();
        let error = AdminToken::open(&config).err().unwrap().to_string();
        let advice = format!("create one with: openssl rand -hex 32 > {}", path.display());
        assert!(error.ends_with(&advice), "{error}");
    }
}

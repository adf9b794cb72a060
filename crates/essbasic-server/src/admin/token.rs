//! The token of the admin page.

use std::fs::{File, Metadata};
use std::io::{self, Read as _, Write as _};
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

    /// Reads the token of `admin.token_file`. Without this key, that of an earlier start is used, which other processes with the
    /// same configuration may have, or one is generated and written next to the configuration, where only the user of this process can
    /// read it.
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
        let token = kept(&config.folder, &file, token).map_err(|error| {
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

/// Returns the token of the file, if only this user can have written it. Otherwise the file is replaced, atomically, by one of this
/// user with the new token.
fn kept(folder: &Path, file: &Path, new: Token) -> io::Result<Token> {
    let mut temporary = TemporaryFile::create_in(folder)?;
    private::restrict(temporary.file())?;
    writeln!(temporary, "{}", new.expose())?;
    temporary.sync()?;
    // Of several processes that start at once, the first one creates the file.
    if temporary.persist_new(file).is_err() {
        if let Some(token) = existing(file, temporary.file()) {
            return Ok(token);
        }
        temporary.persist(file)?;
    }
    sync_folder(essbasic_files::parent(file))?;
    Ok(new)
}

/// Returns the token of a regular file with the user and the permissions of a file that this process has created.
fn existing(file: &Path, own: &File) -> Option<Token> {
    /// Maximum size of a token and a line end, in bytes.
    const MAX_BYTES: u64 = 300;
    let opened = essbasic_files::open(file).ok()?;
    if !has_same_access(&opened.metadata().ok()?, &own.metadata().ok()?) {
        return None;
    }
    let mut text = String::new();
    opened.take(MAX_BYTES).read_to_string(&mut text).ok()?;
    Token::new(text.trim_end()).ok()
}

#[cfg(unix)]
fn has_same_access(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    (one.uid(), one.mode()) == (other.uid(), other.mode())
}

/// The system does not report the user of a file.
#[cfg(not(unix))]
fn has_same_access(_one: &Metadata, _other: &Metadata) -> bool {
    false
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
    fn a_generated_token_is_of_this_user() {
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

    #[cfg(unix)]
    #[test]
    fn a_generated_token_is_used_again_unless_others_may_have_written_it() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};

        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path(), "");
        let file = folder.path().join("admin_token");
        let set_mode = |path: &Path, mode| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        let first = AdminToken::open(&config).unwrap().token.expose().to_owned();
        for (case, is_kept) in [
            ("unchanged", true),
            ("readable", false),
            ("writable", false),
            ("invalid", false),
            ("long", false),
            ("link", false),
            ("absent", false),
        ] {
            std::fs::write(&file, format!("{first}\n")).unwrap();
            set_mode(&file, 0o600);
            match case {
                "readable" => set_mode(&file, 0o640),
                "writable" => set_mode(&file, 0o622),
                "invalid" => std::fs::write(&file, "short").unwrap(),
                "long" => std::fs::write(&file, format!("{first}\n{first}\n")).unwrap(),
                "link" => {
                    let other = folder.path().join("other");
                    std::fs::rename(&file, &other).unwrap();
                    symlink(&other, &file).unwrap();
                }
                "absent" => std::fs::remove_file(&file).unwrap(),
                _ => {}
            }
            let token = AdminToken::open(&config).unwrap();
            assert_eq!(token.token.expose() == first, is_kept, "{case}");
            let text = std::fs::read_to_string(&file).unwrap();
            assert_eq!(text.trim(), token.token.expose(), "{case}");
            let metadata = file.symlink_metadata().unwrap();
            assert_eq!(metadata.permissions().mode() & 0o777, 0o600, "{case}");
            assert!(metadata.is_file(), "{case}");
            std::fs::remove_file(&file).unwrap();
        }
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
        assert!(error.contains("; create one with: openssl rand -hex 32 > "), "{error}");
    }
}

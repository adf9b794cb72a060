//! URLs of buckets: `s3://BUCKET/PREFIX` and `cos://BUCKET-APPID/PREFIX`.

use object_store::path;

use crate::error::Error;
use crate::program::Program;

/// Kind of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    S3,
    Cos,
}

/// A bucket, and a prefix of keys in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    pub(crate) scheme: Scheme,
    pub(crate) name: String,
    prefix: path::Path,
}

impl Bucket {
    /// Parses a URL; `None` if it is the path of a folder.
    ///
    /// # Errors
    /// Returns an [`Error`] that names the setting, without its value, if it is another URL.
    pub fn parse(to: &str, program: &Program) -> Result<Option<Self>, Error> {
        let setting = program.setting;
        let Some((scheme, rest)) = to.split_once("://") else {
            let schemes: &[&str] = if program.accepts_cos { &["s3:", "cos:"] } else { &["s3:"] };
            let starts_with = |scheme: &str| {
                to.get(..scheme.len()).is_some_and(|to| to.eq_ignore_ascii_case(scheme))
            };
            let forms = program.forms();
            return match schemes.iter().find(|scheme| starts_with(scheme)) {
                Some(scheme) => Err(Error::new(format!(
                    "{setting} begins with `{scheme}` but not with `{scheme}//`; write {forms}, or ./{scheme}... \
                     for a folder of that name"
                ))),
                None => Ok(None),
            };
        };
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "s3" => Scheme::S3,
            "cos" if program.accepts_cos => Scheme::Cos,
            // The value is not shown: such URLs may contain keys.
            _ => {
                return Err(Error::new(format!(
                    "{setting} takes a folder or {} and no other URL; give one of them",
                    program.forms()
                )));
            }
        };
        let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let form = scheme.form();
        if name.is_empty() || !name.chars().all(fits) {
            return Err(Error::new(format!(
                "{setting} names no bucket; write {form}, and keys into the environment"
            )));
        }
        if scheme == Scheme::Cos && !has_app_id(name) {
            return Err(Error::new(format!(
                "{setting} names a bucket of COS without the APPID; write {form}"
            )));
        }
        // `parse` would drop an empty part at the start or end, so that two places would have one journal and keys that
        // do not begin as given.
        let prefix = Some(prefix)
            .filter(|prefix| !prefix.starts_with('/') && !prefix.ends_with("//"))
            .and_then(|prefix| path::Path::parse(prefix).ok())
            .ok_or_else(|| {
                Error::new(format!(
                    "the prefix in {setting} has an empty part (`//`), a part `.` or `..`, or a control character; \
                     write {form} without it"
                ))
            })?;
        Ok(Some(Self { scheme, name: name.to_owned(), prefix }))
    }

    /// Returns the prefix of all keys.
    pub fn prefix(&self) -> path::Path {
        self.prefix.clone()
    }
}

impl Scheme {
    fn form(self) -> &'static str {
        match self {
            Self::S3 => "s3://BUCKET/PREFIX",
            Self::Cos => "cos://BUCKET-APPID/PREFIX",
        }
    }
}

/// Returns whether a name ends with the digits of an account, as the names of all buckets of COS do.
fn has_app_id(name: &str) -> bool {
    name.rsplit_once('-').is_some_and(|(bucket, app_id)| {
        !bucket.is_empty() && !app_id.is_empty() && app_id.bytes().all(|byte| byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::tests::{CLI, SERVER};

    fn parse(to: &str, program: &Program) -> Result<Option<Bucket>, String> {
        Bucket::parse(to, program).map_err(|error| error.to_string())
    }

    #[test]
    fn folders_and_buckets_are_distinguished() {
        for folder in ["contracts", "/a/b", "s3", "./s3:/a", "C:\\a", "合同", ""] {
            assert_eq!(parse(folder, &CLI), Ok(None));
        }
        for (to, bucket, prefix) in [
            ("s3://b-125", "b-125", ""),
            ("s3://b/", "b", ""),
            ("s3://b/a/合同 1/", "b", "a/合同 1"),
        ] {
            let place = parse(to, &CLI).unwrap().unwrap();
            assert_eq!((place.name.as_str(), place.prefix.as_ref()), (bucket, prefix));
        }
        for to in [
            "https://b/a",
            "file:///a",
            "cos://b-125/a",
            "s3://",
            "s3:///a",
            "s3://id:key@b",
            "s3:",
            "s3:/b",
            "s3:b",
            "S3:/id:key@b",
        ] {
            let error = parse(to, &CLI).unwrap_err();
            assert!(error.contains("s3://BUCKET/PREFIX") || error.contains("prefix"), "{error}");
            assert!(error.contains("--out") && !error.contains("key@"), "{error}");
        }
    }

    #[test]
    fn buckets_of_cos_have_the_app_id() {
        let bucket = parse("COS://a-b-1250000000/x/y", &SERVER).unwrap().unwrap();
        assert_eq!((bucket.scheme, bucket.name.as_str()), (Scheme::Cos, "a-b-1250000000"));
        assert_eq!(bucket.prefix.as_ref(), "x/y");
        for to in ["cos://b/x", "cos://b-/x", "cos://-125/x", "cos://b-12a/x", "cos:b-125"] {
            let error = parse(to, &SERVER).unwrap_err();
            assert!(error.starts_with("archive.to "), "{error}");
            assert!(error.contains("cos://BUCKET-APPID/PREFIX"), "{to}: {error}");
        }
        let error = parse("gs://b/x", &SERVER).unwrap_err();
        assert!(error.contains("s3://BUCKET/PREFIX or cos://"), "{error}");
    }

    #[test]
    fn a_prefix_is_used_as_given_or_refused() {
        for (out, prefix) in [
            ("s3://b/x", Some("x")),
            ("s3://b/x/", Some("x")),
            ("s3://b/x/y", Some("x/y")),
            ("s3://b/...", Some("...")),
            ("s3://b/.x/y..", Some(".x/y..")),
            ("s3://b//", None),
            ("s3://b//x", None),
            ("s3://b///x", None),
            ("s3://b/x//", None),
            ("s3://b/x//y", None),
            ("s3://b/.", None),
            ("s3://b/./x", None),
            ("s3://b/x/.", None),
            ("s3://b/../x", None),
            ("s3://b/x/..", None),
            ("s3://b/x/../y", None),
            ("s3://b/x\ny", None),
        ] {
            match (parse(out, &CLI), prefix) {
                (Ok(Some(place)), Some(prefix)) => assert_eq!(place.prefix.as_ref(), prefix),
                (Err(error), None) => {
                    assert!(error.starts_with("the prefix in --out"), "{out}: {error}");
                }
                (parsed, _) => panic!("{out}: {parsed:?}"),
            }
        }
    }
}

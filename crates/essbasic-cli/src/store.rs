//! `--out s3://BUCKET/PREFIX`: a bucket, configured by the environment.

mod http;

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use essbasic::object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey as Key};
use essbasic::object_store::client::ClientConfigKey;
use essbasic::object_store::{ObjectStore, RetryConfig, path};
use essbasic::transport::TransportConfig;

use self::http::Http;
use crate::aws;
use crate::failure::Failure;
use crate::in_flight::Counted;

/// Maximum retries of a request by the client of the store: some seconds. The job retries too, after longer pauses.
const MAX_RETRIES: usize = 6;

/// A bucket and where in it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Place {
    bucket: String,
    prefix: path::Path,
}

impl Place {
    /// The place that `--out` names; `None` where it is a folder.
    pub(crate) fn named(out: &Path) -> Result<Option<Self>, Failure> {
        let Some((scheme, rest)) = out.to_str().and_then(|out| out.split_once("://")) else {
            let scheme = out.to_str().and_then(|out| out.get(..3)).unwrap_or_default();
            if scheme.eq_ignore_ascii_case("s3:") {
                return Err(Failure::new(
                    "--out begins with `s3:` but not with `s3://`; write s3://BUCKET/PREFIX, or ./s3:... \
                     for a folder of that name",
                ));
            }
            return Ok(None);
        };
        // The value is not shown: such URLs may contain keys.
        if !scheme.eq_ignore_ascii_case("s3") {
            return Err(Failure::new(
                "--out takes a folder or s3://BUCKET/PREFIX and no other URL; give one of them",
            ));
        }
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if bucket.is_empty() || !bucket.chars().all(fits) {
            return Err(Failure::new(
                "--out names no bucket; write s3://BUCKET/PREFIX, and keys into the environment",
            ));
        }
        // `parse` would drop an empty part at the start or end, so that two places would have one journal and keys that
        // do not begin as given.
        let prefix = Some(prefix)
            .filter(|prefix| !prefix.starts_with('/') && !prefix.ends_with("//"))
            .and_then(|prefix| path::Path::parse(prefix).ok())
            .ok_or_else(|| {
                Failure::new(
                    "the prefix in --out has an empty part (`//`), a part `.` or `..`, or a control character; \
                     write s3://BUCKET/PREFIX without it",
                )
            })?;
        Ok(Some(Self { bucket: bucket.to_owned(), prefix }))
    }

    pub(crate) fn prefix(&self) -> path::Path {
        self.prefix.clone()
    }

    /// Opens the bucket, and returns its identity too. No request is sent yet.
    pub(crate) fn open(
        &self,
        transport: &TransportConfig,
    ) -> Result<(Arc<dyn ObjectStore>, String), Failure> {
        let http = Http(Arc::new(Counted::new(transport).map_err(Failure::new)?));
        let builder = configured(&self.bucket, std::env::vars_os())?;
        let id = identity(&self.bucket, &builder);
        let retry = RetryConfig { max_retries: MAX_RETRIES, ..RetryConfig::default() };
        let builder = builder.with_http_connector(http).with_retry(retry);
        // Errors name the setting and, for enumerations, the value.
        let store = builder.build().map_err(|error| {
            Failure::new(format!("invalid settings of the store: {error}; see --help"))
        })?;
        Ok((Arc::new(store), id))
    }
}

/// Returns the identity of a bucket, which distinguishes it from buckets of other stores and accounts. It is not
/// shown; the journal contains a digest of it.
fn identity(bucket: &str, builder: &AmazonS3Builder) -> String {
    let given = |key: Key| builder.get_config_value(&key).unwrap_or_default();
    let endpoint = given(Key::S3Endpoint).to_ascii_lowercase();
    // Some stores have the bucket in the host name.
    let (_, host) = endpoint.split_once("://").unwrap_or_default();
    let in_host = format!("{}.", bucket.to_ascii_lowercase());
    let host = host.strip_prefix(&in_host).unwrap_or(host).trim_end_matches('/');
    // Temporary keys change during a job and do not identify the account.
    let account = match given(Key::Token).is_empty() {
        true => given(Key::AccessKeyId),
        false => String::new(),
    };
    [host, &given(Key::Region), bucket, &account].join("\n")
}

/// Applies the settings, named as in `object_store` and the AWS tools.
fn configured(
    bucket: &str,
    environment: impl Iterator<Item = (OsString, OsString)>,
) -> Result<AmazonS3Builder, Failure> {
    let settings = aws::settings(environment)?;
    let has_keys = aws::have_keys(&settings);
    let builder = settings
        .into_iter()
        .fold(AmazonS3Builder::new(), |builder, (key, value)| builder.with_config(key, value));
    let given = |key: Key| builder.get_config_value(&key);
    // Otherwise the machine's role is requested, at an address that times out after minutes on other machines.
    if !has_keys {
        return Err(Failure::new(
            "no keys for the store; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or \
             AWS_PROFILE, or AWS_METADATA_ENDPOINT=http://169.254.169.254 for the machine's role",
        ));
    }
    let Some(endpoint) = given(Key::Endpoint) else {
        return Ok(builder.with_bucket_name(bucket));
    };
    // The value is not shown: it may contain a password.
    let Some((scheme, host)) = endpoint.split_once("://") else {
        let text = "the endpoint of the store is not a URL; write it as https://HOST";
        return Err(Failure::new(text));
    };
    let scheme = scheme.to_ascii_lowercase();
    let plain = given(Key::Client(ClientConfigKey::AllowHttp));
    if scheme != "https" && plain.as_deref() != Some("true") {
        return Err(Failure::new(
            "the endpoint of the store is not encrypted; write it as https://HOST, or set AWS_ALLOW_HTTP=true",
        ));
    }
    let host = host.trim_end_matches('/');
    // Tencent COS refuses the bucket in the path.
    let virtual_hosted = host.ends_with(".myqcloud.com")
        || given(Key::VirtualHostedStyleRequest).as_deref() == Some("true");
    // `object_store` expects the bucket here, unlike the AWS tools.
    let host = match virtual_hosted && !host.starts_with(&format!("{bucket}.")) {
        true => format!("{bucket}.{host}"),
        false => host.to_owned(),
    };
    let endpoint = format!("{scheme}://{host}");
    Ok(builder
        .with_bucket_name(bucket)
        .with_virtual_hosted_style_request(virtual_hosted)
        .with_config(Key::S3Endpoint, endpoint))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(out: &str) -> Result<Option<Place>, String> {
        Place::named(Path::new(out)).map_err(|failure| failure.to_string())
    }

    #[test]
    fn folders_and_buckets_are_distinguished() {
        for folder in ["contracts", "/a/b", "s3", "./s3:/a", "C:\\a", "合同", ""] {
            assert_eq!(named(folder), Ok(None));
        }
        for (out, bucket, prefix) in [
            ("s3://b-125", "b-125", ""),
            ("s3://b/", "b", ""),
            ("s3://b/a/合同 1/", "b", "a/合同 1"),
        ] {
            let place = named(out).unwrap().unwrap();
            assert_eq!((place.bucket.as_str(), place.prefix.as_ref()), (bucket, prefix));
        }
        for out in [
            "https://b/a",
            "file:///a",
            "s3://",
            "s3:///a",
            "s3://id:key@b",
            "s3:",
            "s3:/b",
            "s3:b",
            "S3:/id:key@b",
        ] {
            let error = named(out).unwrap_err();
            assert!(error.contains("s3://BUCKET/PREFIX") || error.contains("prefix"), "{error}");
            assert!(!error.contains("key@"), "{error}");
        }
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
            match (named(out), prefix) {
                (Ok(Some(place)), Some(prefix)) => assert_eq!(place.prefix.as_ref(), prefix),
                (Err(error), None) => {
                    assert!(error.starts_with("the prefix in --out"), "{out}: {error}");
                }
                (named, _) => panic!("{out}: {named:?}"),
            }
        }
    }

    fn configured(bucket: &str, settings: &[(&str, &str)]) -> Result<AmazonS3Builder, String> {
        let settings = settings.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        super::configured(bucket, settings).map_err(|failure| failure.to_string())
    }

    const KEYS: [(&str, &str); 2] =
        [("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "the-key")];

    #[test]
    fn the_bucket_is_where_the_store_expects_it() {
        let cos = "https://cos.ap-guangzhou.myqcloud.com";
        for (endpoint, hosted, expected) in [
            (cos, "", "https://b-125.cos.ap-guangzhou.myqcloud.com"),
            (cos, "true", "https://b-125.cos.ap-guangzhou.myqcloud.com"),
            ("https://b-125.cos.a.myqcloud.com/", "true", "https://b-125.cos.a.myqcloud.com"),
            ("https://s3.example", "", "https://s3.example"),
            ("https://s3.example", "true", "https://b-125.s3.example"),
            ("https://s3.example", "1", "https://b-125.s3.example"),
            ("https://s3.example", "off", "https://s3.example"),
        ] {
            let hosted = ("AWS_VIRTUAL_HOSTED_STYLE_REQUEST", hosted);
            let [id, key] = KEYS;
            let builder = configured("b-125", &[id, key, ("AWS_ENDPOINT", endpoint), hosted]);
            let found = builder.unwrap().get_config_value(&Key::S3Endpoint);
            assert_eq!(found.as_deref(), Some(expected));
        }
    }

    #[test]
    fn buckets_of_other_stores_and_accounts_have_other_identities() {
        let region = ("AWS_REGION", "r1");
        let endpoint = ("AWS_ENDPOINT", "https://s3.example");
        let [id, key] = KEYS;
        let of = |bucket: &str, settings: &[(&str, &str)]| {
            identity(bucket, &configured(bucket, settings).unwrap())
        };
        let token = ("AWS_SESSION_TOKEN", "t");
        let ours = of("b", &[id, key, region, endpoint]);
        for (same, bucket, settings) in [
            (true, "b", &[id, key, region, ("AWS_ENDPOINT", "https://S3.example/")][..]),
            (true, "b", &[id, key, region, ("AWS_ENDPOINT_URL", "https://s3.example")]),
            (true, "b", &[id, key, region, endpoint, ("AWS_VIRTUAL_HOSTED_STYLE_REQUEST", "true")]),
            (true, "b", &[id, ("AWS_SECRET_ACCESS_KEY", "other"), region, endpoint]),
            (false, "b", &[id, key, region]),
            (false, "b", &[id, key, region, ("AWS_ENDPOINT", "https://other.example")]),
            (false, "b", &[id, key, region, ("AWS_ENDPOINT", "https://s3.example:9000")]),
            (false, "b", &[id, key, ("AWS_REGION", "r2"), endpoint]),
            (false, "c", &[id, key, region, endpoint]),
            (false, "b", &[("AWS_ACCESS_KEY_ID", "other"), key, region, endpoint]),
        ] {
            assert_eq!(of(bucket, settings) == ours, same, "{bucket} {settings:?}");
        }
        // Temporary keys are renewed while a job goes on.
        let renewed = ("AWS_ACCESS_KEY_ID", "renewed");
        assert_eq!(
            of("b", &[id, key, token, region, endpoint]),
            of("b", &[renewed, key, token, region, endpoint])
        );
        assert!(!ours.contains("the-key"));
    }

    #[test]
    fn what_is_missing_is_named_and_no_key_is_shown() {
        let [id, key] = KEYS;
        assert!(configured("b", &[]).unwrap_err().contains("AWS_ACCESS_KEY_ID"));
        assert!(configured("b", &[("AWS_ACCESS_KEY_ID", "")]).is_err());
        let plain = [id, key, ("AWS_ENDPOINT", "http://127.0.0.1:1")];
        assert!(configured("b", &plain).unwrap_err().contains("AWS_ALLOW_HTTP"));
        assert!(configured("b", &[id, key, ("AWS_ENDPOINT", "host")]).is_err());
        let http = Http(Arc::new(Counted::new(&TransportConfig::default()).unwrap()));
        for settings in [&[key][..], &[id, key, ("AWS_CHECKSUM_ALGORITHM", "maybe")]] {
            let builder = configured("b", settings).unwrap().with_http_connector(http.clone());
            let error = builder.build().unwrap_err().to_string();
            assert!(!error.contains("the-key"), "{error}");
        }
    }
}

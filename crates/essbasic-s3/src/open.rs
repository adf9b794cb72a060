//! From a URL and the settings of the environment to a store.

use core::fmt;
use std::ffi::OsString;
use std::sync::Arc;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey as Key};
use object_store::client::ClientConfigKey;
use object_store::{ObjectStore, RetryConfig};
use zeroize::Zeroizing;

use crate::bucket::{Bucket, Scheme};
use crate::error::Error;
use crate::http::{Connector, Http};
use crate::program::Program;
use crate::settings::{self, Settings};

/// Maximum retries of a request by the client of the store: some seconds. The job retries too, after longer pauses.
const MAX_RETRIES: usize = 6;

/// Domains of Tencent COS, which refuses the bucket in the path.
const COS_DOMAINS: [&str; 2] = [".myqcloud.com", ".tencentcos.cn"];

/// Settings of COS that apply if the environment lacks them. Those of S3 are in the environment only.
#[derive(Default)]
pub struct Defaults {
    region: Option<String>,
    keys: Option<(Zeroizing<String>, Zeroizing<String>)>,
}

impl Defaults {
    /// Sets the region of the bucket.
    #[must_use]
    pub fn with_region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// Sets the SecretId and the SecretKey.
    #[must_use]
    pub fn with_keys(mut self, id: impl Into<String>, key: impl Into<String>) -> Self {
        self.keys = Some((Zeroizing::new(id.into()), Zeroizing::new(key.into())));
        self
    }
}

impl fmt::Debug for Defaults {
    /// Omits the keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Defaults").field("region", &self.region).finish_non_exhaustive()
    }
}

/// A store, ready for requests.
pub struct OpenBucket {
    /// Client of the bucket.
    pub store: Arc<dyn ObjectStore>,
    /// Identity that distinguishes the bucket from buckets of other stores and accounts. It contains the ID of the key:
    /// it is not shown, and a journal contains a digest of it.
    pub id: String,
}

impl fmt::Debug for OpenBucket {
    /// Omits the store and the identity, which may contain keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenBucket").finish_non_exhaustive()
    }
}

impl Bucket {
    /// Opens the bucket with the settings of the environment. No request is sent yet.
    ///
    /// # Errors
    /// Returns an [`Error`] that names the variable, or the line of a profile, if a setting is missing or unusable.
    pub fn open(
        &self,
        environment: impl Iterator<Item = (OsString, OsString)>,
        defaults: &Defaults,
        program: &Program,
        http: impl Http,
    ) -> Result<OpenBucket, Error> {
        let builder = self.configured(environment, defaults, program)?;
        let id = identity(&self.name, &builder);
        let retry = RetryConfig { max_retries: MAX_RETRIES, ..RetryConfig::default() };
        let builder = builder.with_http_connector(Connector::new(http)).with_retry(retry);
        // Errors name the setting and, for enumerations, the value.
        let store = builder.build().map_err(|error| {
            Error::new(format!("invalid settings of the store: {error}; {}", program.help))
        })?;
        Ok(OpenBucket { store: Arc::new(store), id })
    }

    /// Returns bucket, endpoint and region for people, without keys.
    ///
    /// # Errors
    /// Returns the errors of the settings, as [`open`](Self::open).
    pub fn describe(
        &self,
        environment: impl Iterator<Item = (OsString, OsString)>,
        defaults: &Defaults,
        program: &Program,
    ) -> Result<String, Error> {
        let builder = self.configured(environment, defaults, program)?;
        let endpoint = builder.get_config_value(&Key::S3Endpoint);
        let region = builder.get_config_value(&Key::Region);
        Ok(format!(
            "bucket {}, endpoint {}, region {}",
            self.name,
            endpoint.as_deref().unwrap_or("of AWS"),
            region.as_deref().unwrap_or("by default")
        ))
    }

    /// Applies the settings, named as in `object_store` and the AWS tools.
    fn configured(
        &self,
        environment: impl Iterator<Item = (OsString, OsString)>,
        defaults: &Defaults,
        program: &Program,
    ) -> Result<AmazonS3Builder, Error> {
        // The default profile of a machine is that of AWS.
        let mut settings = settings::settings(environment, program, self.scheme == Scheme::S3)?;
        if self.scheme == Scheme::Cos {
            add_defaults(&mut settings, defaults, program)?;
        }
        let has_keys = settings::have_keys(&settings);
        let builder = settings
            .into_iter()
            .fold(AmazonS3Builder::new(), |builder, (key, value)| builder.with_config(key, value));
        // Otherwise the machine's role is requested, at an address that times out after minutes on other machines.
        if !has_keys {
            return Err(Error::new(
                "no keys for the store; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or \
                 AWS_PROFILE, or AWS_METADATA_ENDPOINT=http://169.254.169.254 for the machine's role",
            ));
        }
        with_endpoint(&self.name, builder)
    }
}

/// Adds region, endpoint and keys that the environment lacks.
fn add_defaults(
    settings: &mut Settings,
    defaults: &Defaults,
    program: &Program,
) -> Result<(), Error> {
    if !settings::have_keys(settings)
        && let Some((id, key)) = &defaults.keys
    {
        // A token belongs to the keys of the environment.
        settings.remove(&Key::Token);
        settings.insert(Key::AccessKeyId, id.to_string());
        settings.insert(Key::SecretAccessKey, key.to_string());
    }
    let region = match (settings.get(&Key::Region), &defaults.region) {
        (Some(region), _) => region.clone(),
        (None, Some(region)) => {
            settings::check_region(region)
                .map_err(|cause| Error::new(format!("the region of the bucket {cause}")))?;
            settings.insert(Key::Region, region.clone());
            region.clone()
        }
        (None, None) => {
            let fix = program.region;
            return Err(Error::new(format!("no region for a bucket of COS; {fix}")));
        }
    };
    settings.entry(Key::Endpoint).or_insert_with(|| format!("https://cos.{region}.myqcloud.com"));
    Ok(())
}

/// Sets the bucket and the endpoint, in which `object_store` expects the bucket if it is part of the host name.
fn with_endpoint(bucket: &str, builder: AmazonS3Builder) -> Result<AmazonS3Builder, Error> {
    let given = |key: Key| builder.get_config_value(&key);
    let Some(endpoint) = given(Key::Endpoint) else {
        return Ok(builder.with_bucket_name(bucket));
    };
    // The value is not shown: it may contain a password.
    let Some((scheme, host)) = endpoint.split_once("://") else {
        let text = "the endpoint of the store is not a URL; write it as https://HOST";
        return Err(Error::new(text));
    };
    let scheme = scheme.to_ascii_lowercase();
    let plain = given(Key::Client(ClientConfigKey::AllowHttp));
    if scheme != "https" && plain.as_deref() != Some("true") {
        return Err(Error::new(
            "the endpoint of the store is not encrypted; write it as https://HOST, or set AWS_ALLOW_HTTP=true",
        ));
    }
    let host = host.trim_end_matches('/');
    let virtual_hosted = COS_DOMAINS.iter().any(|domain| host.ends_with(domain))
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

/// Returns the identity of a bucket.
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

#[cfg(test)]
mod tests;

//! Settings of buckets, usable and not.

use async_trait::async_trait;
use tc3_transport::{Bytes, Request, Response, TransportError, TransportErrorKind};

use super::*;
use crate::program::tests::SERVER;

fn open(
    to: &str,
    variables: &[(&str, &str)],
    defaults: &Defaults,
) -> Result<AmazonS3Builder, String> {
    let bucket = Bucket::parse(to, &SERVER).unwrap().unwrap();
    let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    bucket.configured(variables, defaults, &SERVER).map_err(|error| error.to_string())
}

fn configured(bucket: &str, variables: &[(&str, &str)]) -> Result<AmazonS3Builder, String> {
    open(&format!("s3://{bucket}"), variables, &Defaults::default())
}

/// HTTP without a network.
struct Unused;

#[async_trait]
impl Http for Unused {
    async fn exchange(&self, _: Request, _: usize) -> Result<Response<Bytes>, TransportError> {
        Err(TransportError::new(TransportErrorKind::Connect))
    }
}

const KEYS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "the-key")];

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
    for settings in [&[key][..], &[id, key, ("AWS_CHECKSUM_ALGORITHM", "maybe")]] {
        let builder =
            configured("b", settings).unwrap().with_http_connector(Connector::new(Unused));
        let error = builder.build().unwrap_err().to_string();
        assert!(!error.contains("the-key"), "{error}");
    }
}

#[test]
fn buckets_of_cos_use_region_and_keys_of_the_program_unless_the_environment_has_others() {
    let defaults = || Defaults::default().with_region("ap-beijing").with_keys("AKIDOURS", "ours");
    let found = |variables: &[(&str, &str)], defaults: &Defaults| {
        let builder = open("cos://b-125/p", variables, defaults).unwrap();
        [Key::S3Endpoint, Key::Region, Key::AccessKeyId, Key::SecretAccessKey, Key::Token]
            .map(|key| builder.get_config_value(&key).unwrap_or_default())
            .join(" ")
    };
    let beijing = "https://b-125.cos.ap-beijing.myqcloud.com ap-beijing";
    let [id, key] = KEYS;
    assert_eq!(found(&[], &defaults()), format!("{beijing} AKIDOURS ours "));
    assert_eq!(
        found(&[("AWS_SESSION_TOKEN", "t")], &defaults()),
        format!("{beijing} AKIDOURS ours ")
    );
    assert_eq!(found(&[id, key], &defaults()), format!("{beijing} id the-key "));
    let region = ("AWS_REGION", "ap-guangzhou");
    let guangzhou = "https://b-125.cos.ap-guangzhou.myqcloud.com ap-guangzhou";
    assert_eq!(found(&[region], &defaults()), format!("{guangzhou} AKIDOURS ours "));
    let internal = ("AWS_ENDPOINT", "https://cos-internal.ap-beijing.tencentcos.cn");
    let host = "https://b-125.cos-internal.ap-beijing.tencentcos.cn ap-beijing";
    assert_eq!(found(&[internal], &defaults()), format!("{host} AKIDOURS ours "));

    let error = open("cos://b-125", &[], &Defaults::default().with_keys("i", "k")).unwrap_err();
    assert!(error.contains("no region") && error.contains("AWS_REGION"), "{error}");
    let error = open("cos://b-125", &[], &Defaults::default().with_region("a/b")).unwrap_err();
    assert!(error.contains("is not a region") && !error.contains("a/b"), "{error}");
    let error = open("cos://b-125", &[], &Defaults::default().with_region("a")).unwrap_err();
    assert!(error.contains("no keys"), "{error}");
    // Keys of S3 are in the environment only.
    assert!(open("s3://b-125", &[], &defaults()).unwrap_err().contains("no keys"));
    assert!(!format!("{:?}", defaults()).contains("ours"));
}

#[test]
fn the_default_profile_of_the_machine_is_not_used_for_cos() {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join(".aws")).unwrap();
    let text = "[default]\naws_access_key_id=FILE\naws_secret_access_key=k\nregion=us-east-1\n\
                [cos]\naws_access_key_id=COS\naws_secret_access_key=k\n";
    std::fs::write(home.path().join(".aws/credentials"), text).unwrap();
    let home = ("HOME", home.path().to_str().unwrap());
    let defaults = Defaults::default().with_region("ap-beijing").with_keys("OURS", "ours");
    for (to, variables, expected) in [
        ("cos://b-125", &[home][..], "OURS"),
        ("cos://b-125", &[home, ("AWS_PROFILE", "cos")], "COS"),
        ("s3://b-125", &[home], "FILE"),
    ] {
        let builder = open(to, variables, &defaults).unwrap();
        assert_eq!(builder.get_config_value(&Key::AccessKeyId).as_deref(), Some(expected), "{to}");
    }
}

#[test]
fn descriptions_contain_no_keys() {
    let bucket = Bucket::parse("cos://b-125/p", &SERVER).unwrap().unwrap();
    let defaults = Defaults::default().with_region("ap-beijing").with_keys("AKIDOURS", "ours");
    let text = bucket.describe(std::iter::empty(), &defaults, &SERVER).unwrap();
    let endpoint = "https://b-125.cos.ap-beijing.myqcloud.com";
    assert_eq!(text, format!("bucket b-125, endpoint {endpoint}, region ap-beijing"));
}

//! Variables and profile files, usable and not.

use std::fs;

use essbasic::object_store::client::ClientConfigKey;

use super::*;

fn read_settings(variables: &[(&str, &str)]) -> Result<Settings, String> {
    let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    settings(variables).map_err(|failure| failure.to_string())
}

#[test]
fn unusable_values_name_the_variable_and_are_not_shown() {
    let everywhere = [
        "hidden x",
        " hidden",
        "hidden ",
        "hidden\n",
        "hidden\r\nX: y",
        "hidden\tx",
        "hidden\u{7f}",
        "hidden\u{1}",
        "hidden密",
        "hidden\u{a0}",
        " ",
        "\n",
    ];
    let urls = [
        "hidden",
        "hidden:1",
        "ftp://hidden",
        "http://",
        "http://:1",
        "http://hidden:",
        "http://hidden:0",
        "http://hidden:99999",
        "http://hidden:x",
        "http://u:hidden@h",
        "http://h?hidden",
        "http://h#hidden",
        "http://hidden h",
        "http://[::1",
    ];
    let ids = ["hidden#x", "\"hidden\"", "'hidden", "AKID,hidden", "AKID/hidden", "hidden="];
    let regions = ["hidden/x", "hidden.x", "hidden:1", "hidden@x", "hidden#x"];
    let none: [&str; 0] = [];
    for (name, more) in [
        ("AWS_ACCESS_KEY_ID", &ids[..]),
        ("AWS_SECRET_ACCESS_KEY", &none),
        ("AWS_SESSION_TOKEN", &none),
        ("AWS_REGION", &regions),
        ("AWS_DEFAULT_REGION", &regions),
        ("AWS_ENDPOINT", &urls),
        ("AWS_ENDPOINT_URL", &urls),
        ("AWS_ENDPOINT_URL_S3", &urls),
        ("AWS_ENDPOINT_URL_STS", &urls),
        ("AWS_METADATA_ENDPOINT", &urls),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", &urls),
        ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", &["hidden"]),
        ("AWS_ROLE_ARN", &none),
        ("AWS_SSE_CUSTOMER_KEY_BASE64", &none),
        ("AWS_VIRTUAL_HOSTED_STYLE_REQUEST", &none),
        ("AWS_CONDITIONAL_PUT", &none),
    ] {
        for value in everywhere.iter().chain(more) {
            let keys = ("AWS_ACCESS_KEY_ID", "id");
            let error = read_settings(&[keys, (name, value)]).unwrap_err();
            assert!(error.starts_with(&format!("{name} ")), "{name}={value:?}: {error}");
            assert!(!error.contains("hidden") && error.contains(';'), "{error}");
        }
    }
}

#[test]
fn booleans_have_one_form() {
    for (name, key) in [
        ("AWS_VIRTUAL_HOSTED_STYLE_REQUEST", Key::VirtualHostedStyleRequest),
        ("AWS_ALLOW_HTTP", Key::Client(ClientConfigKey::AllowHttp)),
        ("AWS_S3_EXPRESS", Key::S3Express),
        ("AWS_IMDSV1_FALLBACK", Key::ImdsV1Fallback),
        ("AWS_UNSIGNED_PAYLOAD", Key::UnsignedPayload),
        ("AWS_SKIP_SIGNATURE", Key::SkipSignature),
        ("AWS_DISABLE_TAGGING", Key::DisableTagging),
        ("AWS_DISABLE_BULK_DELETE", Key::DisableBulkDelete),
        ("AWS_SSE_BUCKET_KEY_ENABLED", "aws_sse_bucket_key_enabled".parse().unwrap()),
    ] {
        for (value, expected) in
            [("1", "true"), ("True", "true"), ("on", "true"), ("0", "false"), ("NO", "false")]
        {
            let settings = read_settings(&[(name, value)]).unwrap();
            assert_eq!(settings.get(&key).map(String::as_str), Some(expected), "{name}={value}");
        }
        for value in ["hidden", "2", "tru", "true "] {
            let error = read_settings(&[(name, value)]).unwrap_err();
            assert_eq!(error, format!("{name} is not a boolean; set it to true or false"));
        }
    }
}

#[test]
fn settings_of_another_http_client_are_refused() {
    for (name, values, fix) in [
        (
            "AWS_PROXY_URL",
            &["http://hidden:3128", "hidden"][..],
            "; give the proxy with --proxy URL",
        ),
        ("AWS_PROXY_EXCLUDES", &["hidden"], "NO_PROXY"),
        ("AWS_PROXY_CA_CERTIFICATE", &["hidden"], "--ca-file"),
        ("AWS_ALLOW_INVALID_CERTIFICATES", &["true", "hidden"], "--ca-file"),
        ("AWS_DISABLE_SYSTEM_CERTIFICATES", &["true"], "--ca-file"),
        ("AWS_TIMEOUT", &["30s", "hidden"], "; unset it"),
        ("AWS_CONNECT_TIMEOUT", &["5s", "hidden"], "; unset it"),
        ("AWS_READ_TIMEOUT", &["5s"], "; unset it"),
        ("AWS_POOL_IDLE_TIMEOUT", &["5s"], "; unset it"),
        ("AWS_POOL_MAX_IDLE_PER_HOST", &["hidden"], "; unset it"),
        ("AWS_USER_AGENT", &["hidden"], "; unset it"),
        ("AWS_DEFAULT_CONTENT_TYPE", &["hidden"], "; unset it"),
        ("AWS_HTTP1_ONLY", &["true"], "; unset it"),
        ("AWS_HTTP2_ONLY", &["true"], "; unset it"),
        ("AWS_HTTP2_KEEP_ALIVE_INTERVAL", &["5s"], "; unset it"),
        ("AWS_RANDOMIZE_ADDRESSES", &["true"], "; unset it"),
    ] {
        for value in values {
            let error = read_settings(&[(name, value)]).unwrap_err();
            assert!(error.starts_with(&format!("{name} is not supported")), "{error}");
            assert!(error.contains(fix) && !error.contains("hidden"), "{error}");
        }
    }
}

#[test]
fn token_files_are_regular_files() {
    for name in ["AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] {
        for path in ["/", "/dev/zero", "hidden\n", "hidden\tx"] {
            let error = read_settings(&[(name, path)]).unwrap_err();
            assert!(error.starts_with(name) && !error.contains("hidden"), "{error}");
        }
    }
}

#[cfg(unix)]
#[test]
fn variables_that_are_not_utf_8_are_named() {
    use std::os::unix::ffi::OsStringExt;

    for name in ["AWS_ACCESS_KEY_ID", "AWS_ENDPOINT", "AWS_PROFILE"] {
        let value = OsString::from_vec(b"hidden\xff".to_vec());
        let error = settings([(name.into(), value)].into_iter()).unwrap_err().to_string();
        assert!(error.starts_with(name) && !error.contains("hidden"), "{error}");
    }
}

fn home(files: &[(&str, &str)]) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join(".aws")).unwrap();
    for (file, text) in files {
        fs::write(home.path().join(file), text).unwrap();
    }
    home
}

#[test]
fn profiles_add_settings_that_the_environment_lacks() {
    let home = home(&[
        (
            ".aws/credentials",
            "[default]\naws_access_key_id=ID1\naws_secret_access_key = key/1+ # mine\n\
             [cos]\naws_access_key_id=ID2\naws_secret_access_key=key2\naws_session_token=t2\n",
        ),
        (
            ".aws/config",
            "[default]\nregion = r1\n[profile cos]\nregion=r2\nendpoint_url=https://cos.example\n\
             s3 =\n  addressing_style = virtual\n",
        ),
        ("other", "[default]\naws_access_key_id=ID3\naws_secret_access_key=key3\nregion=r3\n"),
    ]);
    let path = home.path().to_str().unwrap();
    let other = home.path().join("other");
    let found = |variables: &[(&str, &str)]| {
        let settings = read_settings(&[variables, &[("HOME", path)]].concat()).unwrap();
        [Key::AccessKeyId, Key::SecretAccessKey, Key::Token, Key::Region, Key::Endpoint]
            .map(|key| settings.get(&key).cloned().unwrap_or_default())
            .join(" ")
    };
    let keys = [("AWS_ACCESS_KEY_ID", "E"), ("AWS_SECRET_ACCESS_KEY", "e")];
    let cos = ("AWS_PROFILE", "cos");
    assert_eq!(found(&[]), "ID1 key/1+  r1 ");
    assert_eq!(found(&[cos]), "ID2 key2 t2 r2 https://cos.example");
    assert_eq!(found(&[cos, ("AWS_REGION", "r")]), "ID2 key2 t2 r https://cos.example");
    assert_eq!(found(&[cos, ("AWS_ENDPOINT", "https://h")]), "ID2 key2 t2 r2 https://h");
    // Keys of the environment are not mixed with a token of the file.
    assert_eq!(found(&[keys[0], keys[1], cos]), "E e  r2 https://cos.example");
    assert_eq!(found(&keys), "E e  r1 ");
    let file = ("AWS_SHARED_CREDENTIALS_FILE", other.to_str().unwrap());
    assert_eq!(found(&[file]), "ID3 key3  r3 ");
}

#[test]
fn unusable_profiles_name_file_and_line() {
    let sso = "[default]\nregion=r\n[profile sso]\nsso_session = s\n";
    let home = home(&[
        (".aws/credentials", "[default]\n\naws_access_key_id=AKID#hidden\n[x]\nhidden\n"),
        (".aws/config", sso),
    ]);
    let path = home.path().to_str().unwrap();
    for (profile, cause) in [
        ("default", "credentials: line 3: aws_access_key_id "),
        ("x", "credentials: line 5: "),
        ("sso", "config: line 4: keys by sso_session are not supported"),
        ("nobody", "AWS_PROFILE names the profile \"nobody\""),
    ] {
        let error = read_settings(&[("HOME", path), ("AWS_PROFILE", profile)]).unwrap_err();
        assert!(error.contains(cause) && !error.contains("hidden"), "{profile}: {error}");
    }
}

#[cfg(unix)]
#[test]
fn profile_files_are_regular_files() {
    let home = home(&[]);
    let fifo = home.path().join(".aws/credentials");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let error = read_settings(&[("HOME", home.path().to_str().unwrap())]).unwrap_err();
    assert!(error.contains("credentials: not a regular file"), "{error}");
}

//! Variables and profile files, usable and not.

use std::fs;

use object_store::client::ClientConfigKey;

use super::*;
use crate::program::tests::CLI;

fn read_settings(variables: &[(&str, &str)]) -> Result<Settings, String> {
    let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    settings(variables, &CLI, true).map_err(|error| error.to_string())
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
        "http://hidden@h",
        "http://hidden@h/p",
        "http://@h/hidden",
        "http://h?hidden",
        "http://h/?hidden",
        "http://h/p?hidden=1",
        "http://h?",
        "http://h#hidden",
        "http://h/#hidden",
        "http://h#",
        "http://h\\hidden",
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
        ("AWS_SECURITY_TOKEN", &none),
        ("AWS_TOKEN", &none),
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
fn variables_of_one_setting_have_a_fixed_precedence() {
    let groups: [(&[&str], Key, [&str; 3]); 3] = [
        (
            &["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"],
            Key::Endpoint,
            ["https://a", "https://b", "https://c"],
        ),
        (&["AWS_REGION", "AWS_DEFAULT_REGION"], Key::Region, ["a", "b", "c"]),
        (&["AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_TOKEN"], Key::Token, ["a", "b", "c"]),
    ];
    let home = home(&[
        (
            ".aws/credentials",
            "[default]\naws_access_key_id=I\naws_secret_access_key=k\naws_session_token=file\n",
        ),
        (".aws/config", "[default]\nregion=file\nendpoint_url=https://file\n"),
    ]);
    let home = home.path().to_str().unwrap();
    for (names, key, values) in groups {
        // Every subset of the variables, in both orders, without and with a profile.
        for set in 1..1 << names.len() {
            let mut variables: Vec<(&str, &str)> = names
                .iter()
                .zip(values)
                .enumerate()
                .filter_map(|(index, (name, value))| {
                    (set >> index & 1 == 1).then_some((*name, value))
                })
                .collect();
            let first = variables[0].1;
            // An empty variable counts as unset, and a variable that is not used is not checked.
            if variables.len() > 1 {
                variables[1].1 = "http://not used@\t";
            }
            let unset = names.iter().filter(|name| variables.iter().all(|(set, _)| set != *name));
            let unset: Vec<(&str, &str)> = unset.map(|name| (*name, "")).collect();
            variables.extend(unset);
            for profile in [&[("AWS_PROFILE", "default"), ("HOME", home)][..], &[]] {
                let keys = [("AWS_ACCESS_KEY_ID", "E"), ("AWS_SECRET_ACCESS_KEY", "e")];
                let mut variables = [&keys[..], &variables, profile].concat();
                for _ in 0..2 {
                    let settings = read_settings(&variables).unwrap();
                    assert_eq!(
                        settings.get(&key).map(String::as_str),
                        Some(first),
                        "{variables:?}"
                    );
                    variables.reverse();
                }
            }
        }
    }
}

#[test]
fn similar_names_are_errors() {
    for (name, read, also) in [
        ("AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY_ID"),
        ("AWS_KEY_ID", "AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY_ID"),
        ("AWS_SECRET_KEY", "AWS_SECRET_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY"),
        ("AWS_SECRET_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY"),
        ("AWS_S3_ENDPOINT", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT"),
        ("AWS_S3_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
        ("AWS_ENDPOINT_S3", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_S3"),
    ] {
        let error = read_settings(&[(name, "https://hidden")]).unwrap_err();
        assert_eq!(error, format!("{name} is not read; set {read} in its place"));
        let value = if also.contains("ENDPOINT") { "https://h" } else { "x" };
        let settings = read_settings(&[(name, "https://hidden"), (also, value)]).unwrap();
        assert_eq!(settings.values().collect::<Vec<_>>(), [value], "{name}");
    }
    let error = read_settings(&[("AWS_DEFAULT_PROFILE", "hidden")]).unwrap_err();
    assert!(error.contains("set AWS_PROFILE"), "{error}");
    for (entry, read) in [
        ("session_token", "aws_session_token"),
        ("aws_security_token", "aws_session_token"),
        ("aws_token", "aws_session_token"),
        ("access_key_id", "aws_access_key_id"),
        ("aws_access_key", "aws_access_key_id"),
        ("secret_access_key", "aws_secret_access_key"),
        ("aws_secret_key", "aws_secret_access_key"),
        ("aws_region", "region"),
        ("endpoint", "endpoint_url"),
        ("aws_endpoint_url", "endpoint_url"),
    ] {
        let value = if read == "endpoint_url" { "https://h" } else { "v" };
        let text = format!("[default]\n{entry} = hidden\n");
        for text in [text.clone(), format!("{text}{read} = {value}\n")] {
            let home = home(&[(".aws/credentials", &text)]);
            match read_settings(&[("HOME", home.path().to_str().unwrap())]) {
                Ok(settings) => {
                    assert_eq!(settings.values().collect::<Vec<_>>(), [value], "{entry}")
                }
                Err(error) => {
                    let cause = format!("line 2: {entry} is not read; name it {read}");
                    assert!(error.ends_with(&cause) && !text.contains(value), "{error}");
                }
            }
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
        let error =
            settings([(name.into(), value)].into_iter(), &CLI, true).unwrap_err().to_string();
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
    // Names in upper case, as of the variables, and the line ends of other systems.
    for end in ["\n", "\r\n", "\r"] {
        let lines =
            ["\u{feff}[default]", "AWS_ACCESS_KEY_ID = ID4", "Aws_Secret_Access_Key=key4", ""];
        fs::write(&other, lines.join(end)).unwrap();
        assert_eq!(found(&[file]), "ID4 key4  r1 ");
    }
    let utf16: Vec<u8> = "[default]".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for mark in [&[][..], b"\xff\xfe"] {
        fs::write(&other, [mark, &utf16].concat()).unwrap();
        let error = read_settings(&[file, ("HOME", path)]).unwrap_err();
        assert!(error.contains("UTF-16 text"), "{error}");
    }
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

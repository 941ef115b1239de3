//! Opens buckets by their URLs: with the credentials that other tools use, from the environment and from their files.
//!
//! Invariant: of the environment only variables that name their service are used (`AWS_…`, `GOOGLE_…`, `AZURE_…`), and a URL
//! is opened once in a process, so that all its objects share connections. Which options there are, the crate object_store
//! says.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use config::{File, FileFormat};
use object_store::ObjectStore;
use object_store::path::Path as ObjectPath;
use url::Url;

use super::root::without_password;
use crate::error::{Error, Result};

/// Prefixes of the variables that say how to reach a bucket.
const PREFIXES: [&str; 3] = ["aws_", "google_", "azure_"];

/// A store, and the path of the bucket's folder in it.
type Bucket = (Arc<dyn ObjectStore>, ObjectPath);

static OPENED: Mutex<BTreeMap<String, Bucket>> = Mutex::new(BTreeMap::new());

/// Opens the bucket, or the server, of a URL.
pub(super) fn open(url: &Url) -> Result<Bucket> {
    let lock = || OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(bucket) = lock().get(url.as_str()) {
        return Ok(bucket.clone());
    }
    crate::crypto::choose();
    let variables = std::env::vars().map(|(name, value)| (name.to_ascii_lowercase(), value));
    let options = options(variables.collect(), profile)?;
    let (store, prefix) = object_store::parse_url_opts(url, options).map_err(|e| {
        let hint = if cfg!(feature = "cloud") {
            "write it as s3://bucket/folder, gs://bucket/folder, az://container/folder or https://server/folder"
        } else {
            "this barlift was built without its feature `cloud`, which reads s3://, gs://, az:// and https://"
        };
        Error::usage(format!("cannot read from {}: {e}", without_password(url)), hint)
    })?;
    let bucket: Bucket = (Arc::from(store), prefix);
    lock().insert(url.to_string(), bucket.clone());
    Ok(bucket)
}

const KEY: &str = "aws_access_key_id";
const SECRET: &str = "aws_secret_access_key";
const TOKEN: &str = "aws_session_token";
const ENDPOINTS: [&str; 3] = ["aws_endpoint_url_s3", "aws_endpoint_url", "aws_endpoint"];

/// What the environment says of buckets, and of S3 the profile where that says nothing.
fn options(
    variables: BTreeMap<String, String>,
    profile: impl Fn(Option<&str>) -> Result<BTreeMap<String, String>>,
) -> Result<BTreeMap<String, String>> {
    let names_service = |name: &String| PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    // A secret from a file often has a line end.
    let trimmed = variables.into_iter().map(|(name, value)| (name, value.trim().to_owned()));
    let mut options: BTreeMap<String, String> =
        trimmed.filter(|(name, value)| names_service(name) && !value.is_empty()).collect();
    let name = options.get("aws_profile").or(options.get("aws_default_profile")).cloned();
    let has_key = options.contains_key(KEY);
    // A key of the environment goes with the secret and the token of the environment.
    if has_key != options.contains_key(SECRET) {
        return Err(Error::usage(
            format!("one of {} and {} is set alone", KEY.to_uppercase(), SECRET.to_uppercase()),
            "set both, or none of them and a profile",
        ));
    }
    for (key, value) in profile(name.as_deref().filter(|_| !has_key))? {
        if !(has_key && [KEY, SECRET, TOKEN].contains(&&*key)) {
            options.entry(key).or_insert(value);
        }
    }
    check(&options)?;
    let endpoint = ENDPOINTS.iter().find_map(|name| options.get(*name));
    if endpoint.is_some_and(|endpoint| endpoint.starts_with("http://")) {
        options.insert("aws_allow_http".into(), "true".into());
        options.insert("allow_http".into(), "true".into());
    }
    Ok(options)
}

/// Refuses what the client would panic at.
fn check(options: &BTreeMap<String, String>) -> Result<()> {
    for (name, value) in options {
        let is_url =
            || Url::parse(value).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        let hint = if ENDPOINTS.contains(&&**name) && !is_url() {
            "write it as https://server or http://server:9000"
        } else if !value.bytes().all(|b| (b' '..=b'~').contains(&b)) {
            "it may only hold printable ASCII"
        } else {
            continue;
        };
        return Err(Error::usage(format!("{} cannot be used", name.to_uppercase()), hint));
    }
    Ok(())
}

/// A profile of the files that the tools of AWS keep: the one of this name, or the one called `default`, if there is one.
fn profile(name: Option<&str>) -> Result<BTreeMap<String, String>> {
    let mut found = Vec::new();
    for (variable, file) in [("AWS_SHARED_CREDENTIALS_FILE", "credentials"), ("AWS_CONFIG_FILE", "config")] {
        let path = std::env::var_os(variable).map(PathBuf::from);
        let path = path.or_else(|| Some(etcetera::home_dir().ok()?.join(".aws").join(file)));
        let text = path.and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
        let section = match name.unwrap_or("default") {
            name if file == "config" && name != "default" => format!("profile {name}"),
            name => name.to_owned(),
        };
        found.extend(in_section(&text, &section));
    }
    of_profile(name, found)
}

/// What the sections of a profile say, the first one before the second.
fn of_profile(
    name: Option<&str>,
    sections: Vec<BTreeMap<String, String>>,
) -> Result<BTreeMap<String, String>> {
    // Other ways to get credentials, which the machine's own would silently take the place of.
    const OTHERS: [&str; 5] =
        ["role_arn", "sso_session", "sso_start_url", "credential_process", "web_identity_token_file"];
    if let Some(name) = name.filter(|_| sections.is_empty()) {
        return Err(Error::usage(
            format!("there is no profile `{name}` in ~/.aws/credentials and ~/.aws/config"),
            "correct AWS_PROFILE, or set the credentials themselves",
        ));
    }
    let mut all = BTreeMap::new();
    for (key, value) in sections.into_iter().flatten() {
        all.entry(key).or_insert(value);
    }
    let other = OTHERS.iter().find(|key| all.contains_key(**key) && !all.contains_key(KEY));
    if let (Some(name), Some(other)) = (name, other) {
        return Err(Error::usage(
            format!("the profile `{name}` gets its credentials by {other}, which is not read"),
            "`aws configure export-credentials --format env` makes variables of them",
        ));
    }
    let known = [
        (KEY, KEY),
        (SECRET, SECRET),
        (TOKEN, TOKEN),
        ("region", "aws_region"),
        ("endpoint_url", "aws_endpoint_url"),
    ];
    Ok(known.iter().filter_map(|(key, option)| Some(((*option).to_owned(), all.remove(*key)?))).collect())
}

/// A section of an INI file, if it is there and can be read.
fn in_section(text: &str, section: &str) -> Option<BTreeMap<String, String>> {
    let text = text.trim_start_matches('\u{feff}');
    let file = config::Config::builder().add_source(File::from_str(text, FileFormat::Ini)).build().ok()?;
    // Not by `get_table`, which takes a blank for the end of a name.
    let mut sections: BTreeMap<String, config::Value> = file.try_deserialize().ok()?;
    let section = sections.remove(section)?.into_table().ok()?;
    Some(section.into_iter().filter_map(|(key, value)| Some((key, value.into_string().ok()?))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_environment_comes_before_the_profile() {
        let file = |_: Option<&str>| Ok(map(&[(KEY, "file"), (SECRET, "file"), ("aws_region", "eu-west-1")]));
        // `token` alone is some other program's.
        let variables = map(&[("token", "x"), ("aws_endpoint_url", "http://localhost:9000")]);
        let found = options(variables.clone(), file).expect("good");
        assert_eq!((found[KEY].as_str(), found["aws_region"].as_str()), ("file", "eu-west-1"));
        assert!(found["allow_http"] == "true" && !found.contains_key("token"));
        let mut own = variables;
        own.extend(map(&[(KEY, "own"), (SECRET, "own\n"), ("aws_region", "us-east-1")]));
        let found = options(own, file).expect("good");
        assert_eq!((found[KEY].as_str(), found[SECRET].as_str()), ("own", "own"));
        assert_eq!(found["aws_region"], "us-east-1");
    }

    #[test]
    fn the_profile_that_is_named_is_asked_for() {
        for variable in ["aws_profile", "aws_default_profile"] {
            let asked = options(map(&[(variable, "work")]), |name| {
                assert_eq!(name, Some("work"));
                Ok(BTreeMap::new())
            });
            assert!(asked.is_ok());
        }
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let none = |_: Option<&str>| Ok(BTreeMap::new());
        for (variables, says) in [
            (map(&[("aws_endpoint_url", "localhost:9000")]), "AWS_ENDPOINT_URL cannot be used"),
            (map(&[(KEY, "a\tb"), (SECRET, "x")]), "AWS_ACCESS_KEY_ID cannot be used"),
            (map(&[(KEY, "a")]), "one of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY is set alone"),
        ] {
            let e = options(variables, none).expect_err(says).to_string();
            assert!(e.contains(says), "{e}");
        }
    }

    #[test]
    fn profiles_are_sections_of_an_ini_file() {
        let text = "\u{feff}[default]\naws_access_key_id = A\n\n[profile work]\nregion=eu-west-1\nendpoint_url = http://x:1/\n";
        assert_eq!(in_section(text, "default"), Some(map(&[(KEY, "A")])));
        let work = in_section(text, "profile work").expect("a section");
        let work = of_profile(Some("work"), vec![work]).expect("good");
        assert_eq!(work, map(&[("aws_endpoint_url", "http://x:1/"), ("aws_region", "eu-west-1")]));
        assert_eq!(in_section(text, "other"), None);
        let e = of_profile(Some("other"), Vec::new()).expect_err("none").to_string();
        assert!(e.contains("there is no profile `other`"), "{e}");
        let e = of_profile(Some("x"), vec![map(&[("role_arn", "y")])]).expect_err("a role").to_string();
        assert!(e.contains("gets its credentials by role_arn, which is not read"), "{e}");
        assert_eq!(of_profile(None, Vec::new()).expect("none is fine"), BTreeMap::new());
    }
}

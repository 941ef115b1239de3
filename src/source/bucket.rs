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
    let options = options(variables.collect(), profile);
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

/// What the environment says of buckets, and of S3 the profile where that says nothing.
fn options(
    variables: BTreeMap<String, String>,
    profile: impl Fn(&str) -> BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let names_service = |name: &String| PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    let mut options: BTreeMap<String, String> =
        variables.into_iter().filter(|(name, value)| names_service(name) && !value.is_empty()).collect();
    let name = options.get("aws_profile").map_or("default", String::as_str).to_owned();
    let has_key = options.contains_key("aws_access_key_id");
    for (key, value) in profile(&name) {
        // A key of the environment goes with the secret and the token of the environment.
        let is_credential =
            ["aws_access_key_id", "aws_secret_access_key", "aws_session_token"].contains(&&*key);
        if !(is_credential && has_key) {
            options.entry(key).or_insert(value);
        }
    }
    let endpoint = ["aws_endpoint_url_s3", "aws_endpoint_url", "aws_endpoint"]
        .iter()
        .find_map(|name| options.get(*name));
    if endpoint.is_some_and(|endpoint| endpoint.starts_with("http://")) {
        options.insert("aws_allow_http".into(), "true".into());
        options.insert("allow_http".into(), "true".into());
    }
    options
}

/// A profile of the files that the tools of AWS keep.
fn profile(name: &str) -> BTreeMap<String, String> {
    const KEYS: [&str; 5] =
        ["aws_access_key_id", "aws_secret_access_key", "aws_session_token", "region", "endpoint_url"];
    let mut found = BTreeMap::new();
    let in_config = if name == "default" { name.to_owned() } else { format!("profile {name}") };
    for (variable, file, section) in
        [("AWS_SHARED_CREDENTIALS_FILE", "credentials", name), ("AWS_CONFIG_FILE", "config", &in_config)]
    {
        let path = std::env::var_os(variable).map(PathBuf::from);
        let path = path.or_else(|| Some(etcetera::home_dir().ok()?.join(".aws").join(file)));
        let Some(text) = path.and_then(|path| std::fs::read_to_string(path).ok()) else { continue };
        for key in KEYS {
            let prefixed = if key.starts_with("aws_") { key.to_owned() } else { format!("aws_{key}") };
            if let Some(value) = in_section(&text, section, key) {
                found.entry(prefixed).or_insert(value);
            }
        }
    }
    found
}

/// A value of a section of an INI file, if it can be read.
fn in_section(text: &str, section: &str, key: &str) -> Option<String> {
    let file = config::Config::builder().add_source(File::from_str(text, FileFormat::Ini)).build().ok()?;
    // Not by `get_table`, which takes a blank for the end of a name.
    let mut sections: BTreeMap<String, config::Value> = file.try_deserialize().ok()?;
    sections.remove(section)?.into_table().ok()?.remove(key)?.into_string().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_environment_comes_before_the_profile() {
        let file = |name: &str| {
            assert_eq!(name, "work");
            map(&[
                ("aws_access_key_id", "file"),
                ("aws_secret_access_key", "file"),
                ("aws_region", "eu-west-1"),
            ])
        };
        // `token` alone is some other program's.
        let variables =
            map(&[("aws_profile", "work"), ("token", "x"), ("aws_endpoint_url", "http://localhost:9000")]);
        let found = options(variables.clone(), file);
        assert_eq!(found["aws_access_key_id"], "file");
        assert_eq!((found["aws_region"].as_str(), found["allow_http"].as_str()), ("eu-west-1", "true"));
        assert!(!found.contains_key("token"));
        let mut own = variables;
        own.extend(map(&[("aws_access_key_id", "own"), ("aws_region", "us-east-1")]));
        let found = options(own, file);
        assert_eq!((found["aws_access_key_id"].as_str(), found["aws_region"].as_str()), ("own", "us-east-1"));
        assert!(!found.contains_key("aws_secret_access_key"), "the secret of another key");
    }

    #[test]
    fn profiles_are_sections_of_an_ini_file() {
        let text = "[default]\naws_access_key_id = A\n\n[profile work]\nregion=eu-west-1\nendpoint_url = http://x:1/\n";
        assert_eq!(in_section(text, "default", "aws_access_key_id").as_deref(), Some("A"));
        assert_eq!(in_section(text, "profile work", "endpoint_url").as_deref(), Some("http://x:1/"));
        assert_eq!(in_section(text, "default", "region"), None);
    }
}

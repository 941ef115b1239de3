//! The service file: named sets of parameters in `~/.pg_service.conf`, or in the administrator's `pg_service.conf`.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::{Origin, keyword, variable};
use crate::error::{Error, Result};

/// The parameters of a service, with their lines.
type ServiceSection = Vec<(String, (String, Origin))>;

/// Reads a service's parameters.
pub(super) fn read(service: &str) -> Result<ServiceSection> {
    let files = files();
    for file in &files {
        let Ok(text) = std::fs::read_to_string(file) else { continue };
        if let Some(found) = section(&text, service, file)? {
            return Ok(found);
        }
    }
    let looked: Vec<String> = files.iter().map(|f| f.display().to_string()).collect();
    Err(Error::config(
        format!("there is no service `{service}` in {}", looked.join(" or ")),
        "correct the name (PGSERVICE, or ?service= in the database URL), or name the file in PGSERVICEFILE",
    ))
}

/// The files that libpq looks into; the folder is Debian's.
fn files() -> Vec<PathBuf> {
    let own = match variable("PGSERVICEFILE") {
        Some(file) => Some(PathBuf::from(file)),
        None => etcetera::home_dir().ok().map(|home| home.join(".pg_service.conf")),
    };
    let folder = variable("PGSYSCONFDIR").unwrap_or_else(|| "/etc/postgresql-common".to_owned());
    own.into_iter().chain([Path::new(&folder).join("pg_service.conf")]).collect()
}

/// The lines below `[service]`; if two have the same name, the first one counts.
fn section(text: &str, service: &str, file: &Path) -> Result<Option<ServiceSection>> {
    let mut found: Option<ServiceSection> = None;
    let file: Rc<Path> = file.into();
    for (i, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            if found.is_some() {
                break;
            }
            found = (name == service).then(Vec::new);
        } else if let Some(lines) = &mut found {
            let (name, value) = line.split_once('=').ok_or_else(|| {
                let place = format!("line {} of {}", i + 1, file.display());
                Error::config(
                    format!("{place} is not NAME=VALUE"),
                    "see PostgreSQL's documentation of the service file",
                )
            })?;
            let name = keyword::libpq_name(name.trim()).to_owned();
            if !lines.iter().any(|(there, _)| *there == name) {
                let origin = Origin::Service(Rc::clone(&file), i + 1);
                lines.push((name, (value.trim().to_owned(), origin)));
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_ends_with_the_next_one() {
        let text = "# all\n[a]\nhost=one\n\n[b]\nhost = two \nport=5433\nport=1\n[c]\nhost=three\n";
        let read = |name| section(text, name, Path::new("f")).expect("readable");
        let line = |value: &str, line| (value.to_owned(), Origin::Service(Path::new("f").into(), line));
        let found = [("host".to_owned(), line("two", 6)), ("port".to_owned(), line("5433", 7))];
        assert_eq!(read("b"), Some(found.to_vec()));
        assert_eq!(read("d"), None);
        let e = section("[a]\nsecret", "a", Path::new("f")).expect_err("no value");
        assert_eq!(e.to_string(), "configuration: line 2 of f is not NAME=VALUE");
    }

    #[test]
    fn a_line_that_is_not_understood_is_named_by_its_number() {
        let file = "[a]\nhost=h\n# one line\n{line}\n";
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("services");
        for (line, says) in [
            ("my secret=secret", "a parameter in line 4 of {file} is not understood"),
            ("secret", "line 4 of {file} is not NAME=VALUE"),
            ("channel_binding=secret", "`channel_binding` in line 4 of {file} cannot be followed"),
            ("port=secret", "`port` in line 4 of {file} has a value that is not understood"),
            ("port=1,2", "`port` in line 4 of {file} names several servers"),
            ("host=secret:1", "`host` in line 4 of {file} has more than a host in it"),
        ] {
            let text = file.replace("host=h\n", "# here\n").replace("{line}", line);
            let found = section(&text, "a", &place).map(|found| found.expect("the section"));
            let e = found.and_then(|p| super::super::build(&p.into_iter().collect())).expect_err(line);
            let says = says.replace("{file}", &place.display().to_string());
            assert!(e.to_string().contains(&says), "{e}");
            assert!(!format!("{e}{:?}", e.hint()).contains("secret"), "{e}");
        }
    }
}

use super::*;
use crate::config::{Config, TimeForm, load};
use crate::source::pattern::Pattern;

fn loaded(name: &str) -> Config {
    load(None, &[("import.preset", name.to_owned())]).expect(name)
}

#[test]
fn all_files_of_the_directory_are_built_in() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/config/presets");
    let names = std::fs::read_dir(directory).expect(directory).map(|entry| {
        let path = entry.expect("an entry").path();
        path.file_stem().expect("a name").to_string_lossy().into_owned()
    });
    let mut names: Vec<String> = names.collect();
    names.sort();
    assert_eq!(built_in::ALL.map(|(name, _)| name.to_owned()).to_vec(), names);
}

#[test]
fn each_says_what_it_is_and_can_be_used() {
    for preset in built_in() {
        let Preset { name, description, source, names, keys, .. } = preset;
        assert!(!description.is_empty() && description.len() < 90, "{name}: {description}");
        assert!(source.starts_with("http") && source.contains(" (seen 20"), "{name}: {source}");
        assert!(!keys.is_empty(), "{name}");
        let Config { import, csv, .. } = loaded(name);
        if let Some(zone) = import.timezone {
            crate::source::time::zone(&zone).expect(name);
        }
        // With a unit that is given, counts need not be plausible.
        assert!(!matches!(csv.time_format, Some(TimeForm::Unix(_))), "{name}");
        for pattern in names.iter().filter(|pattern| pattern.contains("{symbol}")) {
            Pattern::new(pattern).expect(pattern);
        }
    }
}

#[test]
fn a_proof_has_names_and_a_zone() {
    for preset in built_in().iter().filter(|preset| preset.proof.is_some()) {
        assert!(preset.names.iter().all(|name| name.contains("{symbol}")), "{}", preset.name);
        assert!(preset.get("import.timezone").is_some(), "{}", preset.name);
    }
}

#[test]
fn settings_are_tables_again() {
    let text = "[presets.x]\ndescription = 'd'\nnames = ['a', 'b']\n[presets.x.csv]\nheader = false\n[presets.x.csv.columns]\nopen = 2\n";
    let own = in_text(text, "a file").expect("a preset");
    let [Preset { name, description, names, source, .. }] = own.as_slice() else { panic!("{own:?}") };
    assert_eq!((name.as_str(), description.as_str(), names.len(), source.as_str()), ("x", "d", 2, ""));
    let settings = serde_json::Value::Object(own[0].settings());
    assert_eq!(settings, serde_json::json!({"csv": {"header": false, "columns": {"open": 2}}}));
}

#[test]
fn what_is_no_preset_is_refused() {
    for (text, message, hint) in [
        (
            "[presets.x.csv]\ndelimter = ','",
            "unknown key `csv.delimter` in [presets.x] in a file",
            "`csv.delimiter`",
        ),
        ("[presets.x]\nnmes = []", "unknown key `nmes`", "`names`"),
        (
            "[presets.x.worker]\nlease = '1m'",
            "`worker.lease` in [presets.x] in a file does not say",
            "keys of [csv]",
        ),
        (
            "[presets.x.import]\npreset = 'y'",
            "`import.preset` in [presets.x] in a file does not say",
            "keys of [csv]",
        ),
        ("[presets.x.proof]\nheader = 'a'", "only built-in presets", "--preset"),
        ("[presets.x]\nnames = 'a'", "`names` in [presets.x] in a file is no list", "presets.NAME"),
        ("[presets.yahoo]\n", "the name of a built-in preset", "presets.NAME"),
        ("[presets.'a b']\n", "no word", "presets.NAME"),
        ("presets = 5", "`presets` in a file is no table", "presets.NAME"),
        ("[presets]\nx = 5", "`presets.x` in a file is no table", "presets.NAME"),
    ] {
        let e = in_text(text, "a file").expect_err(text);
        assert_eq!(e.exit_status(), 2, "{text}");
        assert!(e.to_string().contains(message), "{text}: {e}");
        assert!(e.hint().is_some_and(|given| given.contains(hint)), "{text}: {e:?}");
    }
}

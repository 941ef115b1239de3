//! samples/ is what its generator makes, and imports as the README says.

use std::path::Path;
use std::process::Command;

use crate::support::{Folder, TestDatabase, barlift};

fn samples() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples")
}

#[test]
fn samples_are_what_the_generator_makes() {
    let made = Folder::new();
    let status = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--locked", "--example", "generate_bars", "--", made.arg()])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .expect("cargo runs");
    assert!(status.success());
    for file in ["NOVA_1h.csv", "BRK.B_1d.csv", "fx/EURUSD_5m.csv", "notes.csv"] {
        let read = |directory: &Path| std::fs::read_to_string(directory.join(file)).expect(file);
        assert!(read(made.path()) == read(&samples()), "{file} differs: make the samples again");
    }
}

#[tokio::test]
async fn samples_import_as_the_readme_says() {
    let database = TestDatabase::new().await;
    let directory = samples();
    let arguments = ["import", directory.to_str().expect("UTF-8"), "--json"];
    let result = barlift(&database, &arguments).run().await.json(0);
    let totals = &result["totals"];
    for (name, want) in [
        ("tasks", 3),
        ("rows", 1351),
        ("rows_imported", 1348),
        ("rows_rejected", 2),
        ("rows_duplicate", 1),
        ("quality_issues", 1),
    ] {
        assert_eq!(totals[name], want, "{name}");
    }
    assert_eq!(result["unrecognised"][0]["path"], "notes.csv");
}

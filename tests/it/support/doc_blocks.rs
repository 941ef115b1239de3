//! Runs the commands of pages in docs/ as they stand there.

use std::process::Command;

use regex::Regex;
use serde_json::Value;

use super::Folder;

/// The output of each named block, in order.
pub struct Answers(Vec<(String, String)>);

impl Answers {
    pub fn text(&self, name: &str) -> &str {
        &self.0.iter().find(|(n, _)| n == name).expect(name).1
    }

    pub fn json(&self, name: &str) -> Value {
        let text = self.text(name);
        serde_json::from_str(text).unwrap_or_else(|e| panic!("{name}: {e}\n{text}"))
    }
}

/// Runs a page's blocks of these names, in its order, with these variables.
pub fn run_blocks(
    page: &str,
    variables: &[(&str, &str)],
    folder: &Folder,
    wanted: impl Fn(&str) -> bool,
) -> Answers {
    let path = format!("{}/docs/{page}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).expect("docs");
    let block = Regex::new(r"(?s)<!-- ([a-z ]+) -->\n```sh\n(.*?)```").expect("a pattern");
    let mut script = format!("set -eu\nbarlift() {{ '{}' \"$@\"; }}\n", env!("CARGO_BIN_EXE_barlift"));
    let mut names = Vec::new();
    for found in block.captures_iter(&text).filter(|found| wanted(&found[1])) {
        names.push(found[1].to_owned());
        script.push_str(&format!("printf '\\n@@\\n'\n{}", &found[2]));
    }
    let mut bash = Command::new("bash");
    let output =
        bash.args(["-c", &script]).envs(variables.iter().copied()).current_dir(folder.path()).output();
    let output = output.expect("bash");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let stdout = String::from_utf8(output.stdout).expect("UTF-8");
    let answers = stdout.split("\n@@\n").skip(1).map(str::to_owned);
    Answers(names.into_iter().zip(answers).collect())
}

//! The help texts are the manual: they change only on purpose. `UPDATE_GOLDEN=1` writes them anew.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::place::{STOCKADE, finish};

#[test]
fn the_help_of_every_command_is_as_it_was_written_down() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let help = |words: &[&str]| {
        let mut command = Command::new(STOCKADE);
        command.args(words).arg("--help");
        let answer = finish(command, "");
        assert_eq!(answer.code, 0, "{answer:?}");
        answer.out
    };
    let overview = help(&[]);
    let mut texts = vec![("stockade".to_owned(), overview.clone())];
    for command in commands(&overview) {
        texts.push((format!("stockade-{command}"), help(&[&command])));
    }
    assert!(texts.len() > 10, "{overview}");
    let mut changed = Vec::new();
    for (name, text) in &texts {
        let file = golden.join(format!("{name}.txt"));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&file, text).expect("write the golden file");
        } else if fs::read_to_string(&file).ok().as_deref() != Some(text) {
            changed.push(format!("{}: is now\n{text}", file.display()));
        }
    }
    let known = fs::read_dir(&golden).expect("list the golden files").flatten();
    for stale in
        known.filter(|file| !texts.iter().any(|(name, _)| file.file_name() == *format!("{name}.txt")))
    {
        changed.push(format!("{}: there is no such command any more", stale.path().display()));
    }
    assert!(changed.is_empty(), "{}\nif it is meant, set UPDATE_GOLDEN=1", changed.join("\n"));
}

/// The names under `Commands:`.
fn commands(overview: &str) -> Vec<String> {
    let behind = overview.lines().skip_while(|line| *line != "Commands:").skip(1);
    let lines = behind.take_while(|line| line.starts_with("  "));
    let names =
        lines.filter(|line| !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

//! Checks of the house that cargo does not make, `cargo xtask tidy`: each invariant of ARCHITECTURE.md that is written as an
//! absence is checked here, and the text of each complaint says which. And logs to measure with, `cargo xtask corpus DIR`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command that prints")]

mod layers;
mod files;
mod calls;
mod filters;
mod corpus;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["tidy"] => tidy(),
        ["corpus", dir] => corpus(dir, "200000"),
        ["corpus", dir, lines] => corpus(dir, lines),
        _ => {
            eprintln!("usage: cargo xtask tidy | corpus DIR [LINES]");
            ExitCode::from(2)
        }
    }
}

fn tidy() -> ExitCode {
    let root = root();
    let complaints =
        [layers::check(&root), files::check(&root), calls::check(&root), filters::check(&root)].concat();
    complaints.iter().for_each(|complaint| println!("{complaint}"));
    if complaints.is_empty() {
        println!("tidy");
        ExitCode::SUCCESS
    } else {
        println!("{} complaints", complaints.len());
        ExitCode::FAILURE
    }
}

fn corpus(dir: &str, lines: &str) -> ExitCode {
    let Ok(lines) = lines.parse() else {
        eprintln!("'{lines}' is not a number of lines");
        return ExitCode::from(2);
    };
    match corpus::write(Path::new(dir), lines) {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            eprintln!("{dir}: {cause}");
            ExitCode::FAILURE
        }
    }
}

/// The top of the workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask stands in the workspace").to_owned()
}

/// Every file below `dir` whose name ends in `.ending`, in order.
fn sources(dir: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(dir) else { return found };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            found.extend(sources(&path, ending));
        } else if path.extension().is_some_and(|extension| extension == ending) {
            found.push(path);
        }
    }
    found
}

//! Writes what `import` makes of fail2ban's configuration. It overwrites nothing unless it is told to.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use event::Moment;
use fail2ban::import::{Ask, Imported, import};
use serde_json::json;

use crate::{Exit, out, say};

/// Where filters are looked for when all is printed.
const FILTERS: &str = "/etc/stockade/filters";

/// Makes settings of fail2ban's configuration in `folder`, and writes them to `output`, or prints them.
pub fn fail2ban(
    folder: &Path,
    output: Option<&Path>,
    force: bool,
    clock: fn() -> Moment,
    as_json: bool,
) -> Exit {
    if !folder.is_dir() {
        return fail(&format!(
            "{} is not there; name the directory of fail2ban's configuration with --fail2ban-dir",
            folder.display()
        ));
    }
    let filter_dir = output.map_or_else(|| Ok(PathBuf::from(FILTERS)), beside);
    let filter_dir = match filter_dir {
        Ok(dir) => dir,
        Err(cause) => return fail(&format!("the directory for filters cannot be told: {cause}")),
    };
    let ask = Ask { now: clock(), filter_dir: filter_dir.display().to_string() };
    let made = import(folder, &ask);
    let written = output.map_or(Ok(()), |output| write(&made, output, &filter_dir, force));
    if let Err((path, cause)) = written {
        let advice =
            if cause.kind() == io::ErrorKind::AlreadyExists { "; --force writes over it" } else { "" };
        eprintln!("stockade: {}: cannot be written: {cause}{advice}", path.display());
        return Exit::No;
    }
    tell(&made, output, as_json);
    Exit::Done
}

/// `filters` beside the file, absolute.
fn beside(output: &Path) -> io::Result<PathBuf> {
    let absolute = std::path::absolute(output)?;
    Ok(absolute.parent().unwrap_or(Path::new("/")).join("filters"))
}

/// The filters first: settings that name one that is not there would be refused.
fn write(made: &Imported, output: &Path, filters: &Path, force: bool) -> Result<(), (PathBuf, io::Error)> {
    let mut files: Vec<(PathBuf, &str)> = made
        .filters
        .iter()
        .map(|(name, text)| (filters.join(format!("{name}.toml")), text.as_str()))
        .collect();
    files.push((output.to_owned(), &made.text));
    // All or nothing, as far as that can be seen beforehand.
    if let Some((path, _)) = files.iter().find(|(path, _)| !force && path.exists()) {
        return Err((path.clone(), io::ErrorKind::AlreadyExists.into()));
    }
    if !made.filters.is_empty() {
        fs::create_dir_all(filters).map_err(|cause| (filters.to_owned(), cause))?;
    }
    for (path, text) in files {
        one(&path, text, force).map_err(|cause| (path, cause))?;
    }
    Ok(())
}

fn one(path: &Path, text: &str, force: bool) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).truncate(true);
    let mut file =
        if force { options.create(true).open(path)? } else { options.create_new(true).open(path)? };
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn tell(made: &Imported, output: Option<&Path>, as_json: bool) {
    if as_json {
        let filters: serde_json::Map<_, _> =
            made.filters.iter().map(|(name, text)| (name.clone(), json!(text))).collect();
        return out::json(&json!({ "settings": made.text, "filters": filters, "left": made.left }));
    }
    match output {
        None => {
            out::text(&made.text);
            for (name, text) in &made.filters {
                say!("\n# {FILTERS}/{name}.toml:");
                text.lines().for_each(|line| say!("#   {line}"));
            }
        }
        Some(output) => {
            say!("written to {}: 'stockade check --config {}'", output.display(), output.display());
        }
    }
    if !made.left.is_empty() {
        eprintln!(
            "stockade: left to 'stockade run --fail2ban-dir': {}; the comments say why",
            made.left.join(", ")
        );
    }
}

fn fail(wrong: &str) -> Exit {
    eprintln!("stockade: {wrong}");
    Exit::NoInput
}

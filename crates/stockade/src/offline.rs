//! What works without a running Stockade: checking settings, setting the password, removing everything from the kernel.

#![allow(clippy::print_stderr, reason = "these are commands that print")]

use std::io::{self, BufRead};
use std::path::Path;

use cli::Exit;
use cli::args::Place;
use control::client::AskError;
use control::desk::{KeyOrder, KeyScope};
use control::{Answer, Request};
use enforcement::{Enforcement, Nftables};
use event::Subject;
use filter::Catalog;
use store::Store;

use crate::desk::keys;
use crate::obey::PASSWORD;
use crate::plan::{self, Plan};
use crate::settings_file::SettingsFile;
use crate::start;

/// Tells every complaint.
pub fn fail(complaints: &[String], exit: Exit) -> Exit {
    complaints.iter().for_each(|complaint| eprintln!("stockade: {complaint}"));
    exit
}

/// The filters that the settings lead to.
pub fn catalog(config: Option<&Path>) -> Result<Catalog, Vec<String>> {
    plan::catalog(&settings_file(config).settings()?)
}

/// The file that was named or found; without one, the defaults.
fn settings_file(config: Option<&Path>) -> SettingsFile {
    config.map_or_else(
        || SettingsFile::at_need(std::path::PathBuf::from("stockade.toml of no directory")),
        |path| SettingsFile::named(path.to_owned()),
    )
}

/// Checks the settings and says what would run.
pub fn check(config: Option<&Path>, json: bool) -> Exit {
    let name = config.map_or_else(|| "the defaults".to_owned(), |path| path.display().to_string());
    match Plan::make(&settings_file(config)) {
        Ok(plan) if json => {
            let jails: Vec<_> = plan.jails.iter().map(|jail| jail.name.as_str()).collect();
            cli::out::json(&serde_json::json!({ "complaints": [], "jails": jails }));
            Exit::Done
        }
        Ok(plan) => {
            cli::say!("{name}: nothing to complain about");
            plan.notes.iter().for_each(|note| cli::say!("{note}"));
            Exit::Done
        }
        Err(complaints) if json => {
            cli::out::json(&serde_json::json!({ "complaints": complaints, "jails": [] }));
            Exit::Config
        }
        Err(complaints) => {
            complaints.iter().for_each(|complaint| cli::say!("{complaint}"));
            Exit::Config
        }
    }
}

/// What is odd about our own settings: what is wrong with them, and jails that read nothing that is there.
pub fn lint(config: Option<&Path>, json: bool) -> Exit {
    let notes = match Plan::make(&settings_file(config)) {
        Ok(plan) => plan.jails.iter().filter(|jail| jail.journal.is_none()).filter_map(without_log).collect(),
        Err(complaints) => complaints,
    };
    cli::lint::notes(&notes, json)
}

fn without_log(jail: &plan::Jail) -> Option<String> {
    let is_there = |log: &String| log.contains(['*', '?', '[']) || Path::new(log).exists();
    (!jail.logs.is_empty() && !jail.logs.iter().any(is_there)).then(|| {
        format!(
            "jail {}: none of its logs is there: {}; name the file that the service writes",
            jail.name,
            jail.logs.join(", ")
        )
    })
}

/// Hashes the password on standard input and gives it to the running Stockade, or else to the store itself.
pub fn passwd(place: &Place, json: bool) -> Exit {
    let mut password = String::new();
    if let Err(cause) = io::stdin().lock().read_line(&mut password) {
        return fail(&[format!("the password cannot be read from standard input: {cause}")], Exit::NoInput);
    }
    let password = password.trim_end_matches(['\r', '\n']);
    if !gate::password::is_fit(password) {
        let least = gate::password::MIN_CHARS;
        return fail(
            &[format!("the password is too short or far too long; it needs {least} characters")],
            Exit::Usage,
        );
    }
    let hash = match gate::password::hash(password) {
        Ok(hash) => hash,
        Err(cause) => return fail(&[cause], Exit::Failed),
    };
    let request = Request::SetPassword { hash: hash.clone() };
    if !matches!(control::ask(&place.socket(), &request), Err(AskError::NotRunning(_))) {
        return cli::ask::ask(place, &request, json);
    }
    let stored = start::state_dir(&place.state_dir, None)
        .and_then(|()| start::store(&place.state_dir))
        .and_then(|mut opened| Ok(opened.store.set_secret(PASSWORD, Some(&hash))?));
    match stored {
        Ok(()) => cli::out::tell("the administrator's password is set", json),
        Err(wrong) => return fail(&[wrong.to_string()], Exit::Failed),
    }
    Exit::Done
}

/// Makes an API key: the running Stockade does, or else it goes into the store itself.
pub fn create_token(place: &Place, name: &str, scope: &str, networks: &[String], json: bool) -> Exit {
    let Some(scope) = KeyScope::from_word(scope) else { return Exit::Usage };
    let request = Request::CreateKey { name: name.to_owned(), scope, networks: networks.to_vec() };
    let answer = match control::ask(&place.socket(), &request) {
        Err(AskError::NotRunning(_)) => {
            Ok(stored_key(place, name, scope, networks).map_or_else(Answer::Fault, Answer::Done))
        }
        answer => answer,
    };
    match answer {
        Ok(Answer::Done(secret)) if json => {
            cli::out::json(&serde_json::json!({ "name": name, "token": secret }));
        }
        Ok(Answer::Done(secret)) => cli::say!("{secret}"),
        other => return cli::ask::conclude(other, json),
    }
    Exit::Done
}

fn stored_key(place: &Place, name: &str, scope: KeyScope, networks: &[String]) -> Result<String, String> {
    let networks: Result<Vec<Subject>, _> = networks.iter().map(|network| network.parse()).collect();
    let order =
        KeyOrder { name: name.to_owned(), scope, networks: networks.map_err(|wrong| wrong.to_string())? };
    start::state_dir(&place.state_dir, None).map_err(|wrong| wrong.to_string())?;
    let mut opened = start::store(&place.state_dir).map_err(|wrong| wrong.to_string())?;
    keys::offline(&order, &mut opened.store).map_err(|wrong| wrong.to_string())
}

/// Removes everything from the kernel: through the running Stockade, which stops, or else directly.
pub fn down(place: &Place, json: bool) -> Exit {
    match control::ask(&place.socket(), &Request::Down) {
        Err(AskError::NotRunning(_)) => match Nftables::open().and_then(|mut kernel| kernel.remove_all()) {
            Ok(()) => {
                cli::out::tell("nothing of stockade is in the kernel; no ban is in force", json);
                Exit::Done
            }
            Err(cause) => fail(&[cause.to_string()], Exit::Failed),
        },
        answer => cli::ask::conclude(answer, json),
    }
}

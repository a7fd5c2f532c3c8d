//! What works without a running Stockade: checking settings, setting the password, removing everything from the kernel.

#![allow(clippy::print_stderr, reason = "these are commands that print")]

use std::io::{self, BufRead};
use std::path::Path;

use argon2::{Argon2, PasswordHasher};
use cli::Exit;
use cli::args::Place;
use control::Request;
use control::client::AskError;
use enforcement::{Enforcement, Nftables};
use filter::Catalog;
use store::Store;

use crate::obey::PASSWORD;
use crate::plan::{self, Plan};
use crate::start;

/// A shorter password is no protection for a page that opens the firewall.
const PASSWORD_CHARS_MIN: usize = 8;

/// Tells every complaint.
pub fn fail(complaints: &[String], exit: Exit) -> Exit {
    complaints.iter().for_each(|complaint| eprintln!("stockade: {complaint}"));
    exit
}

/// The filters that the settings lead to.
pub fn catalog(config: Option<&Path>) -> Result<Catalog, Vec<String>> {
    plan::catalog(&plan::read_settings(config)?)
}

/// Checks the settings and says what would run.
pub fn check(config: Option<&Path>, json: bool) -> Exit {
    let name = config.map_or_else(|| "the defaults".to_owned(), |path| path.display().to_string());
    match Plan::make(config) {
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

/// Hashes the password on standard input and gives it to the running Stockade, or else to the store itself.
pub fn passwd(place: &Place, json: bool) -> Exit {
    let mut password = String::new();
    if let Err(cause) = io::stdin().lock().read_line(&mut password) {
        return fail(&[format!("the password cannot be read from standard input: {cause}")], Exit::NoInput);
    }
    let password = password.trim_end_matches(['\r', '\n']);
    if password.chars().count() < PASSWORD_CHARS_MIN {
        return fail(
            &[format!("the password is too short; it needs {PASSWORD_CHARS_MIN} characters")],
            Exit::Usage,
        );
    }
    let hash = match Argon2::default().hash_password(password.as_bytes()) {
        Ok(hash) => hash.to_string(),
        Err(cause) => return fail(&[format!("the password cannot be hashed: {cause}")], Exit::Failed),
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

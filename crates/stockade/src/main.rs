//! Stockade stops brute force on a PBX and on any Linux server. Here the command line becomes a command; `pipeline` shows
//! the main job.

mod pipeline;
mod start;
mod settings_file;
mod restore;
mod plan;
mod firewall;
mod host;
mod surroundings;
mod message;
mod foreign;
mod finder;
mod collector;
mod pace;
mod listeners;
mod reader;
mod engine;
mod judge;
mod ignoring;
mod record;
mod renew;
mod ledger;
mod listed;
mod board;
mod others;
mod outside;
mod outlets;
mod obey;
mod explain;
mod report;
mod enforcer;
mod desk;
mod trial;
mod rehearsal;
mod takeover;
mod live;
mod chronicle;
mod keepers;
mod legacy;
mod web;
mod reload;
mod offline;
mod called_as;
mod pid_file;
mod bouncing;
mod clock;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use cli::args::{CONFIG, FAIL2BAN_DIR, Import, Place, TokenDeed};
use cli::called_as::Name;
use cli::{Args, Command, Exit};
use control::Request;
use fail2ban::stream::Overrides;
use message::End;

fn main() -> ExitCode {
    let typed: Vec<_> = std::env::args_os().collect();
    if let Some(name) = typed.first().and_then(|called| Name::of(called)) {
        return called_as::carry_out_as(name, &typed);
    }
    let arguments = Args::parse();
    carry_out(&arguments).into()
}

fn carry_out(Args { command, place, json }: &Args) -> Exit {
    let json = *json;
    match command {
        Command::Run { config, fail2ban_dir, fail2ban_socket } => {
            let socket = fail2ban_socket.as_ref().map(|path| path.to_string_lossy().into_owned());
            let overrides = Overrides { socket, ..Overrides::default() };
            run(&pipeline::Options {
                config: config_file(config.as_deref()),
                fail2ban: fail2ban_dir.clone().map(|folder| (folder, overrides)),
                state_dir: place.state_dir.clone(),
                socket: place.socket(),
                ready: start::say_ready,
            })
        }
        Command::Status { jail } => cli::ask::ask(place, &Request::Status { jail: jail.clone() }, json),
        Command::Jails => cli::ask::jails(place, json),
        Command::Banned => cli::ask::ask(place, &Request::Banned, json),
        Command::Ban { address, jail, time, force } => {
            ban(place, address, jail.clone(), time.as_deref(), *force, json)
        }
        Command::Unban { address: Some(address), .. } => {
            cli::ask::ask(place, &Request::Unban { address: address.clone() }, json)
        }
        Command::Unban { .. } => cli::ask::ask(place, &Request::UnbanAll, json),
        Command::Why { address } => cli::ask::ask(place, &Request::Why { address: address.clone() }, json),
        Command::Reload => cli::ask::ask(place, &Request::Reload, json),
        Command::Scan(scan) if let Some(folder) = &scan.fail2ban_dir => {
            cli::fail2ban::scan(scan, folder, clock::now, json)
        }
        Command::Scan(scan) => match offline::catalog(config_file(scan.config.as_deref()).as_deref()) {
            Ok(catalog) => cli::scan::scan(scan, &catalog, clock::now, json),
            Err(complaints) => offline::fail(&complaints, Exit::Config),
        },
        Command::Filters { name, config } => {
            match offline::catalog(config_file(config.as_deref()).as_deref()) {
                Ok(catalog) => cli::filters::print(&catalog, name.as_deref(), json),
                Err(complaints) => offline::fail(&complaints, Exit::Config),
            }
        }
        Command::Lint { fail2ban_dir, all, config } => {
            lint(fail2ban_dir.as_deref(), *all, config.as_deref(), json)
        }
        Command::Import { what: Import::Fail2ban { fail2ban_dir, output, force } } => {
            cli::import::fail2ban(fail2ban_dir, output.as_deref(), *force, clock::now, json)
        }
        Command::Check { config } => offline::check(config_file(config.as_deref()).as_deref(), json),
        Command::Passwd => offline::passwd(place, json),
        Command::Token { deed: TokenDeed::Create { scope, networks, name } } => {
            offline::create_token(place, name, scope, networks, json)
        }
        Command::Bouncer(typed) => bouncing::run(typed, place),
        Command::Down => offline::down(place, json),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Args::command(), "stockade", &mut script);
            cli::out::text(&String::from_utf8_lossy(&script));
            Exit::Done
        }
    }
}

fn run(options: &pipeline::Options) -> Exit {
    match pipeline::run(options) {
        Ok(End::Asked(cause)) => {
            tracing::info!("stopped: {cause}");
            Exit::Done
        }
        Ok(End::Broken(cause)) => offline::fail(&[cause], Exit::Failed),
        Err(start::StartError::Settings(complaints)) => offline::fail(&complaints, Exit::Config),
        Err(wrong) => offline::fail(&[wrong.to_string()], Exit::Failed),
    }
}

fn ban(
    place: &Place,
    address: &str,
    jail: Option<String>,
    time: Option<&str>,
    force: bool,
    json: bool,
) -> Exit {
    let seconds = match time.map(|text| (text, config::parse_duration(text))) {
        None => None,
        // What the desk takes for a ban without end.
        Some(("forever", _)) => Some(u64::MAX),
        Some((_, Some(span))) => Some(span.as_secs()),
        Some((text, None)) => {
            let wrong =
                format!("--for '{text}' is not a duration; write e.g. '10m', '2h', '1d' or 'forever'");
            return offline::fail(&[wrong], Exit::Usage);
        }
    };
    cli::ask::ask(place, &Request::Ban { address: address.to_owned(), jail, seconds, force }, json)
}

/// fail2ban's configuration that was named or is there; else our own settings.
fn lint(fail2ban: Option<&Path>, all: bool, config: Option<&Path>, json: bool) -> Exit {
    let usual = Path::new(FAIL2BAN_DIR);
    match fail2ban.or_else(|| Some(usual).filter(|folder| config.is_none() && folder.is_dir())) {
        Some(folder) => cli::lint::fail2ban(folder, all, clock::now, json),
        None => offline::lint(config_file(config).as_deref(), json),
    }
}

/// The settings file that was named, else the usual one if it is there.
fn config_file(named: Option<&Path>) -> Option<PathBuf> {
    named.map(Path::to_owned).or_else(|| Some(PathBuf::from(CONFIG)).filter(|path| path.exists()))
}

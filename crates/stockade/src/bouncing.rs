//! `stockade bouncer`: from what was typed to a running bouncer, and how it ends.

use std::fs;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use bouncer::{BouncerError, Options, Origin};
use cli::Exit;
use cli::args::{Bouncer, Place};
use config::LogLevel;
use event::Subject;
use rustix::io::Errno;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::low_level::pipe;

use crate::{clock, host, offline, start};

/// A question more often than this would be a burden.
const SHORTEST: Duration = Duration::from_secs(1);
/// Bans that end sooner would be carried out too late.
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// Runs until it is told to stop.
pub fn run(typed: &Bouncer, place: &Place) -> Exit {
    start::log(level(&typed.log_level));
    match set_up(typed, place) {
        Ok(options) => work(&options, place),
        Err((why, exit)) => offline::fail(&[why], exit),
    }
}

fn work(options: &Options, place: &Place) -> Exit {
    let _lock = match lock(&place.state_dir) {
        Ok(lock) => lock,
        Err(cause) => return offline::fail(&[cause.to_string()], Exit::Failed),
    };
    let stop = match stop_signals() {
        Ok(stop) => stop,
        Err(cause) => return offline::fail(&[format!("signals cannot be heard: {cause}")], Exit::Failed),
    };
    match bouncer::run(options, stop.as_fd(), &mut start::say_ready) {
        Ok(()) => {
            tracing::info!("stopped; the kernel keeps the bans that it has");
            Exit::Done
        }
        Err(cause) => {
            let exit = match &cause {
                BouncerError::Origin(_) => Exit::Usage,
                BouncerError::Kernel(kernel) if kernel.errno() == Some(Errno::PERM.raw_os_error()) => {
                    Exit::NotAllowed
                }
                _ => Exit::Failed,
            };
            offline::fail(&[cause.to_string()], exit)
        }
    }
}

/// A directory that is there may be another stockade's: it is looked at only once it is ours.
fn lock(state_dir: &Path) -> Result<fs::File, start::StartError> {
    if !state_dir.exists() {
        start::state_dir(state_dir, None)?;
    }
    start::lock(state_dir)
}

fn set_up(typed: &Bouncer, place: &Place) -> Result<Options, (String, Exit)> {
    let every = config::parse_duration(&typed.every).filter(|span| (SHORTEST..=LONGEST).contains(span));
    let every = every.ok_or_else(|| {
        let text = &typed.every;
        (format!("--every '{text}' is no duration between 1s and 1h; write e.g. '10s'"), Exit::Usage)
    })?;
    let never = typed.never.iter().filter_map(|text| text.parse::<Subject>().ok());
    Ok(Options {
        origin: origin(typed)?,
        every,
        ports: typed.ports.clone(),
        never: never.map(|subject| (subject, "--never".to_owned())).collect(),
        state_dir: place.state_dir.clone(),
        now: clock::now,
        own_addresses: || [host::loopback(), host::own_addresses()].concat(),
    })
}

fn origin(typed: &Bouncer) -> Result<Origin, (String, Exit)> {
    if let Some(url) = &typed.redis {
        let redis = fleet::settings_of_url(url, &typed.prefix, typed.password_file.clone());
        let redis = redis.map_err(|cause| (cause.to_string(), Exit::Usage))?;
        return Ok(Origin::Redis(config::Redis { ca_file: typed.ca.clone(), ..redis }));
    }
    let key = match (&typed.token, &typed.token_file) {
        (Some(key), _) => key.clone(),
        (None, Some(file)) => fs::read_to_string(file).map_err(|cause| {
            (format!("{}: the key cannot be read: {cause}", file.display()), Exit::NoInput)
        })?,
        (None, None) => String::new(),
    };
    let url = typed.lapi.clone().unwrap_or_default();
    Ok(Origin::Lapi { url, key: key.trim().to_owned(), ca_file: typed.ca.clone() })
}

/// Readable once SIGTERM or SIGINT came.
fn stop_signals() -> io::Result<UnixStream> {
    let (heard, signalled) = UnixStream::pair()?;
    pipe::register(SIGTERM, signalled.try_clone()?)?;
    pipe::register(SIGINT, signalled)?;
    Ok(heard)
}

fn level(word: &str) -> LogLevel {
    match word {
        "error" => LogLevel::Error,
        "warn" => LogLevel::Warn,
        "debug" => LogLevel::Debug,
        "trace" => LogLevel::Trace,
        _ => LogLevel::Info,
    }
}

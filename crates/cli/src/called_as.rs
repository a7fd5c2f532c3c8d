//! This binary called as `fail2ban-client`, `fail2ban-server` or `fail2ban-regex`: it does what fail2ban's own programs of these names do, with
//! their options, texts and exit codes. It refuses to run jails: that is `Service`, for the binary.

mod client;
mod start;
mod talk;
mod regex;
mod journal;
mod usage;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use event::Moment;
use fail2ban::stream::Overrides;

use crate::args::STATE_DIR;

/// Names this binary answers to, beside its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// `fail2ban-client`
    Client,
    /// `fail2ban-server`
    Server,
    /// `fail2ban-regex`
    Regex,
}

impl Name {
    /// By which of them it was called, if by one.
    pub fn of(called: &OsStr) -> Option<Self> {
        match Path::new(called).file_name()?.to_str()? {
            "fail2ban-client" => Some(Self::Client),
            "fail2ban-server" => Some(Self::Server),
            "fail2ban-regex" => Some(Self::Regex),
            _ => None,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Client => "fail2ban-client",
            Self::Server => "fail2ban-server",
            Self::Regex => "fail2ban-regex",
        }
    }
}

/// What became of a call.
#[derive(Debug)]
pub enum Outcome {
    /// All is done; this is the exit code.
    Ended(u8),
    /// This process is to run the jails.
    Serve(Service),
}

/// What is to be run.
#[derive(Clone, Debug)]
pub struct Service {
    /// fail2ban's configuration.
    pub folder: PathBuf,
    /// What the command line says in its place.
    pub overrides: Overrides,
    /// What the process is to be called.
    pub process_name: String,
    /// It was started to run in the background, and whoever did waits for `ready` on its standard output.
    pub is_detached: bool,
    /// Where state lies.
    pub state_dir: PathBuf,
}

/// What fail2ban's programs end with when something is wrong.
const WRONG: u8 = 255;
/// Says where state lies, since fail2ban's programs have no option for it.
const STATE_DIR_VARIABLE: &str = "STOCKADE_STATE_DIR";

/// Does what is asked for. `arguments` has the name by which the program was called first.
pub fn carry_out(name: Name, arguments: &[OsString], clock: fn() -> Moment) -> Outcome {
    let mut words = arguments.iter().map(|word| word.to_string_lossy().into_owned());
    let called = words.next().unwrap_or_default();
    let words: Vec<String> = words.collect();
    match name {
        Name::Regex => Outcome::Ended(regex::run(&words, clock)),
        Name::Client | Name::Server => client::run(name, &called, &words, clock),
    }
}

fn state_dir() -> PathBuf {
    std::env::var_os(STATE_DIR_VARIABLE)
        .filter(|dir| !dir.is_empty())
        .unwrap_or_else(|| STATE_DIR.into())
        .into()
}

/// What a daemon in the background says, in the state directory.
pub fn log_file(state_dir: &Path) -> PathBuf {
    state_dir.join("stockade.log")
}

#[cfg(test)]
mod tests {
    use super::Name;

    #[test]
    fn the_name_counts_and_not_the_folder() {
        let cases = [
            ("/usr/bin/fail2ban-client", Some(Name::Client)),
            ("fail2ban-server", Some(Name::Server)),
            ("../fail2ban-regex", Some(Name::Regex)),
            ("fail2ban-clients", None),
            ("/fail2ban-client/stockade", None),
            ("", None),
        ];
        for (called, wanted) in cases {
            assert_eq!(Name::of(called.as_ref()), wanted, "{called}");
        }
    }
}

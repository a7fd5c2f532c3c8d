//! What goes wrong with a connection: what, where, and what to do about it. Redis's own words are kept.

use std::fmt;
use std::path::PathBuf;

use redis::{Arg, Cmd, ErrorKind, RedisError, ServerError};

/// A connection or a command failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkError {
    /// Which server, as `host:port`; without it, the settings are meant.
    pub server: Option<String>,
    /// What happened.
    pub trouble: Trouble,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// An address in the settings cannot be used.
    Address {
        /// The address, its password left out.
        address: String,
        /// Why.
        why: String,
    },
    /// A file that the settings name cannot be read or used.
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// Nobody listens there, or there is no way there, or the name is not known.
    Unreachable(String),
    /// No answer in time.
    TimedOut,
    /// The connection ended.
    Lost(String),
    /// TLS was not agreed on.
    Tls(String),
    /// A password is asked for, and none is set.
    PasswordMissing,
    /// User or password are not the right ones.
    PasswordWrong(String),
    /// The database cannot be used.
    Database(String),
    /// The account may not do that.
    NotPermitted(String),
    /// A replica was reached, which takes no changes.
    ReadOnly,
    /// It reads its data from disk and answers soon.
    Loading,
    /// It takes no changes: its memory or its disk are full.
    Full(String),
    /// It belongs to a cluster, and the settings name a single server.
    IsCluster(String),
    /// A cluster was named, and this server belongs to none, or the cluster does not serve all keys.
    NoCluster(String),
    /// No Sentinel knows a master that answers.
    NoMaster {
        /// Its name.
        master: String,
        /// What each said.
        said: Vec<String>,
    },
    /// It refused a command for another reason.
    Refused {
        /// The command's name.
        command: String,
        /// What it said.
        said: String,
    },
    /// It answered what no Redis answers.
    Unexpected(String),
}

impl LinkError {
    /// At that server.
    pub(crate) fn new(server: &str, trouble: Trouble) -> Self {
        Self { server: Some(server.to_owned()), trouble }
    }

    /// In the settings.
    pub(crate) fn settings(trouble: Trouble) -> Self {
        Self { server: None, trouble }
    }

    /// Whether the connection cannot be used any more. Otherwise only a command was refused.
    pub fn is_lost(&self) -> bool {
        !matches!(
            self.trouble,
            Trouble::NotPermitted(_) | Trouble::Full(_) | Trouble::Refused { .. } | Trouble::Loading
        )
    }

    /// From what the library says about connecting or reading.
    pub(crate) fn of(server: &str, error: &RedisError) -> Self {
        let trouble = match error.kind() {
            _ if error.is_timeout() => Trouble::TimedOut,
            // The library says so about the command that chooses the database.
            _ if error.to_string().contains("Authentication required") => Trouble::PasswordMissing,
            // A socket in the file system that is not there counts as refused for the library.
            _ if error.to_string().contains("No such file") => Trouble::Unreachable(error.to_string()),
            _ if error.is_connection_refusal() => Trouble::Unreachable("connection refused".to_owned()),
            ErrorKind::AuthenticationFailed => password(error.detail().unwrap_or_default()),
            ErrorKind::Io if error.is_connection_dropped() => Trouble::Lost(error.to_string()),
            ErrorKind::Io if is_tls(error) => Trouble::Tls(error.to_string()),
            ErrorKind::Io => Trouble::Unreachable(error.to_string()),
            ErrorKind::Client | ErrorKind::InvalidClientConfig => Trouble::Tls(error.to_string()),
            _ => said(error.code().unwrap_or_default(), error.detail().unwrap_or_default(), "connecting")
                .unwrap_or_else(|| Trouble::Unexpected(error.to_string())),
        };
        Self::new(server, trouble)
    }

    /// From what Redis says about a command.
    pub(crate) fn refused(server: &str, command: &Cmd, error: &ServerError) -> Self {
        let (code, detail) = (error.code(), error.details().unwrap_or_default());
        let name = name(command);
        let trouble = said(code, detail, &name)
            .unwrap_or_else(|| Trouble::Refused { command: name, said: format!("{code} {detail}") });
        Self::new(server, trouble)
    }
}

/// The name of a command.
fn name(command: &Cmd) -> String {
    match command.args_iter().next() {
        Some(Arg::Simple(name)) => String::from_utf8_lossy(name).into_owned(),
        _ => String::new(),
    }
}

fn is_tls(error: &RedisError) -> bool {
    let text = error.to_string();
    ["certificate", "handshake", "tls", "TLS", "corrupt message", "peer"]
        .iter()
        .any(|word| text.contains(word))
}

fn password(detail: &str) -> Trouble {
    let is_other =
        !detail.is_empty() && !["WRONGPASS", "invalid", "AUTH"].iter().any(|word| detail.contains(word));
    if is_other && detail.contains("DB index") {
        return Trouble::Database(detail.to_owned());
    }
    Trouble::PasswordWrong(detail.to_owned())
}

/// What Redis's error codes mean. `None`: nothing of its own.
fn said(code: &str, detail: &str, command: &str) -> Option<Trouble> {
    let whole = || format!("{code} {detail}");
    Some(match code {
        "NOAUTH" => Trouble::PasswordMissing,
        "WRONGPASS" => Trouble::PasswordWrong(detail.to_owned()),
        "NOPERM" => Trouble::NotPermitted(format!("{command}: {detail}")),
        "READONLY" => Trouble::ReadOnly,
        "LOADING" | "MASTERDOWN" => Trouble::Loading,
        "OOM" | "MISCONF" | "NOREPLICAS" => Trouble::Full(whole()),
        "MOVED" | "ASK" => Trouble::IsCluster(whole()),
        "CLUSTERDOWN" | "TRYAGAIN" => Trouble::NoCluster(whole()),
        "ERR" if detail.contains("cluster support disabled") => Trouble::NoCluster(whole()),
        "ERR" if detail.contains("DB index") || command == "SELECT" => Trouble::Database(detail.to_owned()),
        _ => return None,
    })
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.server {
            Some(server) => write!(f, "redis at {server}: {}", self.trouble),
            None => write!(f, "[redis]: {}", self.trouble),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address { address, why } => {
                write!(f, "'{address}' cannot be used: {why}; write e.g. 'redis://127.0.0.1:6379'")
            }
            Self::File { path, why } => write!(f, "{}: {why}", path.display()),
            Self::Unreachable(why) => {
                write!(f, "not reachable ({why}); is it running, and is the address right?")
            }
            Self::TimedOut => {
                write!(f, "no answer in time; is it overloaded, or is there a firewall in between?")
            }
            Self::Lost(why) => write!(f, "the connection ended ({why})"),
            Self::Tls(why) => write!(
                f,
                "TLS failed ({why}); does it speak TLS on that port, and is 'ca_file' the authority of its certificate?"
            ),
            Self::PasswordMissing => {
                write!(f, "it asks for a password; set 'password_file', and 'user' if it needs one")
            }
            Self::PasswordWrong(said) if said.is_empty() => {
                write!(f, "user or password are wrong; look at 'user' and 'password_file'")
            }
            Self::PasswordWrong(said) => {
                write!(f, "user or password are wrong ({said}); look at 'user' and 'password_file'")
            }
            Self::Database(said) => {
                write!(
                    f,
                    "the database cannot be used ({said}); look at 'database': most servers have 0 to 15, a cluster only 0"
                )
            }
            Self::NotPermitted(said) => {
                write!(f, "the account may not do that ({said}); widen its rights (ACL SETUSER)")
            }
            Self::ReadOnly => {
                write!(f, "it is a replica and takes no changes; name its master, or its Sentinels")
            }
            Self::Loading => write!(f, "it reads its data from disk and answers soon"),
            Self::Full(said) => {
                write!(f, "it takes no changes ({said}); look at its memory limit and its disk")
            }
            Self::IsCluster(said) => {
                write!(f, "it belongs to a cluster ({said}); write 'cluster = [..]' in place of 'url'")
            }
            Self::NoCluster(said) => write!(
                f,
                "no cluster that serves all keys ({said}); write 'url' if it is a single server, or look at 'CLUSTER INFO'"
            ),
            Self::NoMaster { master, said } => write!(
                f,
                "no Sentinel knows a master '{master}' that answers ({}); look at 'sentinels' and 'master'",
                said.join("; ")
            ),
            Self::Refused { command, said } => write!(f, "{command} was refused: {said}"),
            Self::Unexpected(what) => {
                write!(f, "it answers unlike Redis ({what}); is another program listening there?")
            }
        }
    }
}

impl std::error::Error for LinkError {}

//! `[asterisk]` and `[nginx]`: lists of who is refused, for programs that refuse by themselves.

use std::path::PathBuf;

/// `[asterisk]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asterisk {
    /// Where the lists are written; Asterisk's configuration includes them from there.
    pub directory: PathBuf,
    /// How it is told to read them again.
    pub reload: Reload,
}

/// How Asterisk is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reload {
    /// By its control socket, `/var/run/asterisk/asterisk.ctl`.
    Socket(PathBuf),
    /// By its manager interface.
    Ami {
        /// `127.0.0.1:5038`.
        address: String,
        /// The account; it needs the right `system` or `config` to write.
        user: String,
        /// A file with the account's secret alone in it.
        secret_file: PathBuf,
    },
}

impl Default for Asterisk {
    fn default() -> Self {
        Self {
            directory: PathBuf::from("/etc/asterisk"),
            reload: Reload::Socket(PathBuf::from("/var/run/asterisk/asterisk.ctl")),
        }
    }
}

/// `[nginx]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nginx {
    /// The list, to be included from `http { }` or `server { }`.
    pub deny_file: PathBuf,
    /// Where nginx says which process it is.
    pub pid_file: PathBuf,
}

impl Default for Nginx {
    fn default() -> Self {
        Self {
            deny_file: PathBuf::from("/etc/nginx/stockade-deny.conf"),
            pid_file: PathBuf::from("/run/nginx.pid"),
        }
    }
}

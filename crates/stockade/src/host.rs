//! What the host is: its own addresses, the services on it, whether it has a journal. Looks, changes nothing.

use std::path::Path;

use event::Subject;

const LOOPBACK: &str = "loopback";

/// What stands before an interface's name.
const OWN: &str = "address of ";

/// Every address of every interface, each with where it comes from.
pub fn own_addresses() -> Vec<(Subject, String)> {
    match if_addrs::get_if_addrs() {
        Ok(interfaces) => interfaces
            .into_iter()
            // Loopback is whitelisted as a whole, whatever the settings say.
            .filter(|interface| !interface.ip().is_loopback())
            .map(|interface| (Subject::exactly(interface.ip()), format!("{OWN}{}", interface.name)))
            .collect(),
        Err(cause) => {
            tracing::warn!(
                "the host's own addresses cannot be read ({cause}); only loopback is whitelisted by itself"
            );
            Vec::new()
        }
    }
}

/// Whether an entry of the whitelist is there for being the host's own.
pub fn is_own(origin: &str) -> bool {
    origin == LOOPBACK || origin.starts_with(OWN)
}

/// Loopback of both families.
pub fn loopback() -> Vec<(Subject, String)> {
    ["127.0.0.0/8", "::1"].iter().filter_map(|text| Some((text.parse().ok()?, LOOPBACK.to_owned()))).collect()
}

/// Whether a path that matches one of `patterns` exists.
pub fn any_exists<P: AsRef<str>>(patterns: &[P]) -> bool {
    patterns.iter().any(|pattern| glob::glob(pattern.as_ref()).is_ok_and(|mut paths| paths.next().is_some()))
}

/// Whether systemd's journal is kept here.
pub fn has_journal() -> bool {
    ["/run/log/journal", "/var/log/journal", "/run/systemd/journal/socket"]
        .iter()
        .any(|path| Path::new(path).exists())
        && ["/usr/bin/journalctl", "/bin/journalctl"].iter().any(|path| Path::new(path).exists())
}

//! `[http]`: where the page and the API are served, and how a visitor's address is known.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use event::Subject;

/// `[http]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Http {
    /// Where; `None` if nothing is served.
    pub listen: Option<SocketAddr>,
    /// Whether it speaks TLS.
    pub tls: Tls,
    /// The certificate chain and its key, PEM; without them one is made at first need and kept in the state directory.
    pub certificate: Option<(PathBuf, PathBuf)>,
    /// Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    pub trusted_proxies: Vec<Subject>,
    /// A database of MaxMind's format that knows countries.
    pub country_database: Option<PathBuf>,
}

/// Whether the page is served over TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tls {
    /// Everywhere but on loopback.
    #[default]
    Auto,
    /// Always.
    Yes,
    /// Never: a proxy in front does it.
    No,
}

impl Http {
    /// Whether TLS is spoken at `listen`.
    pub fn speaks_tls(&self) -> bool {
        match self.tls {
            Tls::Auto => self.listen.is_some_and(|listen| !listen.ip().is_loopback()),
            Tls::Yes => true,
            Tls::No => false,
        }
    }
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 8765))),
            tls: Tls::Auto,
            certificate: None,
            trusted_proxies: Vec::new(),
            country_database: None,
        }
    }
}

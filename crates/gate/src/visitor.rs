//! Where a request comes from.

use std::net::IpAddr;

/// Whoever asks, signed in or not. An extractor that never refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visitor {
    /// The client's address: the peer's, or what a trusted proxy says.
    pub address: IpAddr,
    /// Whether the client speaks TLS, to us or to a trusted proxy.
    pub is_secure: bool,
}

//! Why nothing is served.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why nothing is served.
#[derive(Debug)]
pub enum ServeError {
    /// The settings name no address.
    NotWanted,
    /// The address cannot be listened on.
    Bind {
        /// Which.
        address: SocketAddr,
        /// Why not.
        cause: io::Error,
    },
    /// A file of the certificate or its key cannot be read.
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why not.
        cause: String,
    },
    /// Certificate and key do not fit together, or are of a kind that is not spoken here.
    Unfit {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// Why not.
        cause: String,
    },
    /// No certificate could be made.
    NotMade(String),
    /// The certificate that was made cannot be kept.
    Unwritable {
        /// Where.
        path: PathBuf,
        /// Why not.
        cause: io::Error,
    },
    /// The threads that serve could not be started.
    Threads(io::Error),
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotWanted => f.write_str("http.listen names no address; nothing is served"),
            Self::Bind { address, cause } => {
                write!(f, "http.listen {address}: {cause}; write an address of this host and a free port")
            }
            Self::Unreadable { path, cause } => write!(
                f,
                "{}: {cause}; expected a certificate chain and its key as PEM files that stockade may read",
                path.display()
            ),
            Self::Unfit { certificate, key, cause } => write!(
                f,
                "{} and {} do not make a certificate: {cause}; expected a chain that begins with the certificate of this key",
                certificate.display(),
                key.display()
            ),
            Self::NotMade(cause) => {
                write!(f, "no certificate can be made: {cause}; name one with http.certificate and http.key")
            }
            Self::Unwritable { path, cause } => {
                write!(
                    f,
                    "{}: {cause}; the certificate is kept there, so it must be writable",
                    path.display()
                )
            }
            Self::Threads(cause) => write!(f, "the threads that serve the page cannot be started: {cause}"),
        }
    }
}

impl std::error::Error for ServeError {}

//! What can go wrong between us and the kernel, each with its evidence.

use std::fmt;
use std::io;

/// Why a change of the kernel's state, or a look at it, did not succeed.
#[derive(Debug)]
pub enum EnforcementError {
    /// A netlink socket could not be opened or used.
    Socket {
        /// What was tried.
        operation: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The kernel refused one operation, and with it the transaction it stood in.
    Refused {
        /// The operation, as `nft` would write it.
        operation: String,
        /// The kernel's reason.
        source: io::Error,
        /// The kernel's explanation, empty if it gave none.
        explanation: String,
    },
    /// Other programs changed the rules each time we read them.
    Unsteady {
        /// What was read.
        operation: String,
    },
    /// Changes were handed in before the table was laid.
    NotLaid,
    /// The kernel's answer is not what the protocol promises.
    Answer {
        /// What was asked.
        operation: String,
        /// What was expected.
        expected: &'static str,
    },
}

impl EnforcementError {
    /// The system's error number, if one was given.
    pub fn errno(&self) -> Option<i32> {
        match self {
            Self::Socket { source, .. } | Self::Refused { source, .. } => source.raw_os_error(),
            Self::Unsteady { .. } | Self::NotLaid | Self::Answer { .. } => None,
        }
    }

    pub(crate) fn refused(operation: impl Into<String>, errno: rustix::io::Errno) -> Self {
        Self::Refused { operation: operation.into(), source: errno.into(), explanation: String::new() }
    }

    pub(crate) fn is(&self, errno: rustix::io::Errno) -> bool {
        self.errno() == Some(errno.raw_os_error())
    }
}

impl fmt::Display for EnforcementError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket { operation, source } => {
                write!(
                    f,
                    "netlink: {operation}: {source}; enforcement needs CAP_NET_ADMIN in its network namespace"
                )
            }
            Self::Refused { operation, source, explanation } if explanation.is_empty() => {
                write!(f, "nftables: {operation}: {source}; nothing of this transaction was done")
            }
            Self::Refused { operation, source, explanation } => {
                write!(
                    f,
                    "nftables: {operation}: {source} ({explanation}); nothing of this transaction was done"
                )
            }
            Self::Unsteady { operation } => {
                write!(
                    f,
                    "nftables: {operation}: other programs kept changing the rules meanwhile; it is tried again later"
                )
            }
            Self::NotLaid => write!(f, "nftables: changes came before the table was laid; reconcile first"),
            Self::Answer { operation, expected } => {
                write!(f, "nftables: {operation}: the kernel's answer is not understood, expected {expected}")
            }
        }
    }
}

impl std::error::Error for EnforcementError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Socket { source, .. } | Self::Refused { source, .. } => Some(source),
            Self::Unsteady { .. } | Self::NotLaid | Self::Answer { .. } => None,
        }
    }
}

//! Random secrets and their hashes: ids of sessions, tokens. Kept are only hashes, so that a look at the memory gives no way in.

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

/// Hash of a secret. Looking one up in a table by its hash tells an attacker nothing of use by its timing: the
/// hash of a guess says nothing about how near the guess was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The hash of `secret` for one purpose, so that hashes of two purposes never meet.
    pub fn of(purpose: &str, secret: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(purpose.as_bytes());
        hash.update([0]);
        hash.update(secret.as_bytes());
        Self(hash.finalize().into())
    }

    /// Whether both are the same, in constant time.
    pub fn is(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }

    /// In hexadecimal digits.
    pub fn text(&self) -> String {
        hexadecimal(&self.0)
    }
}

/// 256 random bits of the system, as 64 hexadecimal digits.
pub fn random() -> Result<String, String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|cause| format!("the system gives no random numbers: {cause}"))?;
    Ok(hexadecimal(&bytes))
}

/// Whether two texts are the same, in a time that depends only on their lengths.
pub fn are_same(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

/// `00ff`.
pub fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

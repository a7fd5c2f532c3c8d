//! The administrator's password: what it must be, its hash, its check. Slow on purpose: both take a thread for a while.

use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use event::limit;

/// A shorter password is no protection for a page that opens the firewall.
pub const MIN_CHARS: usize = 8;

/// Whether a password is too short or too long to be set.
pub fn is_fit(password: &str) -> bool {
    password.chars().count() >= MIN_CHARS && password.len() <= limit::PASSWORD_BYTES
}

/// Its argon2id hash, in PHC form.
pub fn hash(password: &str) -> Result<String, String> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|cause| format!("the password cannot be hashed: {cause}"))
}

/// Whether it is the password of that hash. An error says that the hash is none.
pub fn verify(password: &str, hash: &str) -> Result<bool, String> {
    let parsed = argon2::password_hash::phc::PasswordHash::new(hash).map_err(|cause| {
        format!("the stored password is damaged: {cause}; set it anew with 'stockade passwd'")
    })?;
    Ok(Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok())
}

//! What of fail2ban's configuration is not done as it is written. A part of `/status`, in the API's own shape; it refuses to judge what
//! needs attention.

use control::answer;
use serde::Serialize;
use utoipa::ToSchema;

/// Something of fail2ban's configuration that is not done as it is written.
#[derive(Serialize, ToSchema)]
pub(crate) struct Remark {
    /// File and line; null for what stands in no file, such as what a command set.
    #[schema(example = "/etc/fail2ban/jail.conf:160")]
    place: Option<String>,
    /// The jails, by their names in fail2ban; none where it is about no jail.
    #[schema(example = json!(["sshd"]))]
    jails: Vec<String>,
    /// Their action.
    action: Option<String>,
    /// The option.
    #[schema(example = "usedns")]
    option: Option<String>,
    /// In English: what is not done, and what happens instead.
    text: String,
}

impl From<answer::Remark> for Remark {
    fn from(it: answer::Remark) -> Self {
        let answer::Remark { place, jails, action, option, text } = it;
        Self { place, jails, action, option, text }
    }
}

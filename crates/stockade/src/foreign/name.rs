//! Names: fail2ban takes any for a jail; ours become names of kernel sets, so they are short and plain. No jail is left out for its name.

use event::JailName;
use event::limit::JAIL_NAME_BYTES;

use crate::plan::OWN_JAIL;

/// What stands before a name that does not begin with a letter.
const BEFORE: &str = "jail-";

/// Ours for fail2ban's: the same where that can be, else as much of it as can be and a number made of the whole, so that `a.b`, `a-b` and
/// `A-B` stay three jails.
pub fn name_of(told: &str) -> JailName {
    let reserved = [JailName::MANUAL, JailName::FLEET, OWN_JAIL];
    if JailName::valid(told) && !reserved.contains(&told) {
        return JailName::new(told);
    }
    let plain = |one: char| match one {
        'a'..='z' | '0'..='9' | '-' | '_' => one,
        'A'..='Z' => one.to_ascii_lowercase(),
        _ => '-',
    };
    let number = format!("-{:06x}", checksum(told) & 0xff_ffff);
    let before = if told.starts_with(|one: char| one.is_ascii_alphabetic()) { "" } else { BEFORE };
    let room = JAIL_NAME_BYTES - before.len() - number.len();
    let kept: String = told.chars().map(plain).take(room).collect();
    JailName::new(&format!("{before}{kept}{number}"))
}

/// FNV-1a: the same at every start, since bans are recorded under the name.
fn checksum(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |sum, byte| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_name_has_one_of_ours() {
        let long = "a-name-that-is-longer-than-any-of-ours";
        let told = [
            "sshd",
            "nginx-4xx",
            "nginx.4xx",
            "nginx 4xx",
            "NGINX-4XX",
            "3proxy",
            "404",
            "manual",
            "fleet",
            OWN_JAIL,
            "-x",
            "жёлтый",
            "",
            long,
            "a-name-that-is-longer-than-any-of-mine",
            "asterisk_sip",
        ];
        let names: Vec<JailName> = told.iter().map(|one| name_of(one)).collect();
        assert!(names.iter().all(|name| JailName::valid(name.as_str())), "{names:?}");
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), told.len(), "{names:?}");
        let shown = |told: &str| name_of(told).as_str().to_owned();
        assert_eq!(
            [shown("sshd"), shown("nginx-4xx"), shown("asterisk_sip")],
            ["sshd", "nginx-4xx", "asterisk_sip"]
        );
        // By these, bans are found again after a restart.
        assert_eq!([shown("3proxy"), shown("Web.Login")], ["jail-3proxy-be773e", "web-login-afe46a"]);
    }
}

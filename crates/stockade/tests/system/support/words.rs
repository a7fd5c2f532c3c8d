//! Log lines as services write them, and the two services that only these tests have.

use jiff::{SignedDuration, Timestamp};

use super::deadline::now;

/// Filters of the tests' own. A `BARRIER` line bans at once: when its ban is told, everything before it has been judged. A
/// `gate` is a second service beside sshd.
pub const FILTERS: [(&str, &str); 2] = [
    (
        "barrier",
        "title = 'Barrier'\nservice = 'app'\nports = ['tcp/9']\nlogs = ['/nowhere']\nprefix = 'none'\n\n\
         [[failure]]\nname = 'barrier'\npattern = '^BARRIER <HOST>$'\nproof = 'proven'\n",
    ),
    (
        "gate",
        "title = 'Gate'\nservice = 'app'\nports = ['tcp/7000']\nlogs = ['/nowhere']\nprefix = 'none'\n\
         timestamps = ['iso8601']\n\n\
         [[failure]]\nname = 'refused'\npattern = '^<TIME> gate refused <HOST>$'\nproof = 'proven'\n",
    ),
];

/// A wrong password for root, now.
pub fn wrong(address: &str) -> String {
    wrong_at(address, "root", now())
}

/// A wrong password for `account` at `at`.
pub fn wrong_at(address: &str, account: &str, at: Timestamp) -> String {
    format!("{} pbx sshd[42]: Failed password for {account} from {address} port 40000 ssh2\n", stamp(at))
}

/// A login of `account`, now.
pub fn accepted(address: &str, account: &str) -> String {
    format!("{} pbx sshd[42]: Accepted password for {account} from {address} port 40000 ssh2\n", stamp(now()))
}

/// A refusal by the gate, now.
pub fn refused(address: &str) -> String {
    format!("{} gate refused {address}\n", stamp(now()))
}

/// So many seconds ago.
pub fn ago(seconds: i64) -> Timestamp {
    now().checked_sub(SignedDuration::from_secs(seconds)).expect("a time")
}

fn stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

//! What the tests share: servers, a program around the threads, a path that can be cut, waiting for a condition.

pub mod deadline;
pub mod host;
pub mod proxy;
pub mod server;

use event::{Ban, Categories, Category, JailName, Moment, Proof, Scope, Subject};
use fleet::{Held, Told, Voice};

/// A ban of a jail on one category, that long from `now`.
pub fn held(subject: &str, jail: &str, categories: Categories, until: Moment) -> Held {
    let ban = Ban {
        subject: subject.parse().unwrap(),
        jail: JailName::new(jail),
        scope: if categories == Categories::ALL { Scope::AllPorts } else { Scope::Jail },
        since: Moment::from_millis(0),
        until,
        failures: 10,
        proof: Proof::Proven,
        reason: "10 failures".to_owned(),
    };
    Held { ban, categories }
}

/// A ban of `asterisk` on SIP.
pub fn sip(subject: &str, until: Moment) -> Held {
    held(subject, "asterisk", Category::Sip.into(), until)
}

pub fn banned(held: Held) -> Told {
    Told::Banned(held, Voice::Own)
}

pub fn lifted(subject: &str, jail: Option<&str>, at: Moment) -> Told {
    let subject: Subject = subject.parse().unwrap();
    let jail = jail.map(JailName::new);
    Told::Lifted(fleet::Lifted { subject, jail, at, by: "admin".to_owned() }, Voice::Own)
}

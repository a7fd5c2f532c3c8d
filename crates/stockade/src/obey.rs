//! What the engine does for whoever asks through the control socket.

use std::time::Duration;

use control::answer::{Banned, Evidence, HistoryRow, Protected, Standing, Why};
use control::time::{rfc3339, rfc3339_until};
use control::{Answer, Peer, Request};
use decision::{BanTime, Command};
use event::{Ban, Decision, JailName, Subject};
use store::Ending;

use crate::clock;
use crate::engine::Engine;
use crate::message::{End, Reply};

/// Lines and rows that `why` shows.
const WHY_ROWS: usize = 20;
/// The secret's name in the store.
pub(crate) const PASSWORD: &str = "admin_password";

impl Engine {
    /// Answers a request; says whether it means the end.
    pub(crate) fn obey(&mut self, request: Request, peer: &Peer) -> (Reply, Option<End>) {
        let mut stop = None;
        let answer = match request {
            Request::Banned => return (Reply::Bans(self.decider.bans().collect()), None),
            Request::Status { jail } => self.status(jail.as_deref()),
            Request::Why { address } => with_subject(&address, |subject| self.why(&address, subject)),
            Request::Ban { address, jail, seconds } => {
                with_subject(&address, |subject| self.ban(subject, jail.as_deref(), seconds, peer))
            }
            Request::Unban { address } => with_subject(&address, |subject| {
                self.command(&Command::Unban { subject, jail: None, actor: actor(peer) })
            }),
            Request::UnbanAll => self.command(&Command::UnbanAll { actor: actor(peer) }),
            Request::SetPassword { hash } => match self.store.set_secret(PASSWORD, Some(&hash)) {
                Ok(()) => Answer::Done("the administrator's password is set".to_owned()),
                Err(cause) => Answer::Fault(cause.to_string()),
            },
            Request::Down => match self.enforcer().remove_all() {
                Ok(()) => {
                    self.leave_the_kernel_alone();
                    stop = Some(End::Asked(format!("down, asked by {}", peer.name)));
                    Answer::Done(
                        "everything is removed from the kernel and stockade stops; no ban is in force"
                            .to_owned(),
                    )
                }
                Err(cause) => Answer::Fault(cause),
            },
            // Settings are read outside the engine; they reach it as a message of their own.
            Request::Reload => Answer::Fault("reload is not for the engine".to_owned()),
        };
        (Reply::Answer(answer), stop)
    }

    fn ban(&mut self, subject: Subject, jail: Option<&str>, seconds: Option<u64>, peer: &Peer) -> Answer {
        // Whoever holds one address of a /64 holds all of them, by hand as well as by count.
        let subject = if subject.is_ipv4() || subject.prefix_bits() < 128 {
            subject
        } else {
            Subject::counted(subject.address())
        };
        let length = seconds.map(|seconds| match seconds {
            u64::MAX => BanTime::ForEver,
            seconds => BanTime::For(Duration::from_secs(seconds)),
        });
        let jail = jail.map(JailName::new);
        self.command(&Command::Ban { subject, jail, length, actor: actor(peer), force: false })
    }

    fn command(&mut self, command: &Command) -> Answer {
        let answer = self.decider.obey(command, &self.plan.whitelist, clock::now());
        let mut lines = Vec::new();
        let mut done = false;
        for decided in answer.decided {
            lines.push(match &decided.decision {
                Decision::Ban(ban) => {
                    done = true;
                    format!("{} is banned in {} until {}", ban.subject, ban.jail, until(ban))
                }
                Decision::Unban(unban) => {
                    done = true;
                    format!("{} is let in again (it was banned in {})", unban.subject, unban.jail)
                }
                Decision::Refused(refusal) => {
                    format!("{} is not banned: {}", refusal.subject, refusal.reason)
                }
            });
            self.carry_out(decided, None);
        }
        lines.extend(answer.notes);
        if lines.is_empty() {
            lines.push("nobody is banned".to_owned());
        }
        if done { Answer::Done(lines.join("\n")) } else { Answer::No(lines.join("\n")) }
    }

    fn why(&self, address: &str, asked: Subject) -> Answer {
        let now = clock::now();
        let subject = if asked.is_ipv4() || asked.prefix_bits() < 64 {
            asked
        } else {
            Subject::counted(asked.address())
        };
        let bans: Vec<Banned> = self.decider.bans_of(&subject).iter().map(banned).collect();
        let whitelist =
            self.plan.whitelist.protects(&subject).map(|(entry, origin)| protected(entry, origin));
        let standings: Vec<Standing> = self.counter.standings(&subject, now).iter().map(standing).collect();
        let refusals = self.ledger.refusals(Some(&subject));
        let because = match (bans.first(), &whitelist) {
            (Some(ban), _) => format!(
                "banned in {} until {}: {}",
                ban.jail,
                ban.until.as_deref().unwrap_or("for ever"),
                ban.reason
            ),
            (None, Some(entry)) => {
                format!("not banned: on the whitelist as {} ({})", entry.address, entry.origin)
            }
            (None, None) => match (standings.first(), refusals.first()) {
                (_, Some(refusal)) => format!("not banned: {}", refusal.reason),
                (Some(near), None) => {
                    format!("not banned: {} failures of {} in {}", near.failures, near.max_retry, near.jail)
                }
                (None, None) => "not banned: no failure of it counts now".to_owned(),
            },
        };
        let earlier_bans = self.decider.remembered(&subject).map_or(0, |remembered| remembered.times);
        let (lines, history) = match (self.lines(&subject), self.past(&subject)) {
            (Ok(lines), Ok(history)) => (lines, history),
            (Err(cause), _) | (_, Err(cause)) => return Answer::Fault(cause.to_string()),
        };
        Answer::Why(Box::new(Why {
            address: address.to_owned(),
            subject: subject.to_string(),
            banned: !bans.is_empty(),
            because,
            bans,
            whitelist,
            standings,
            earlier_bans,
            refusals,
            lines,
            history,
        }))
    }

    fn lines(&self, subject: &Subject) -> Result<Vec<Evidence>, store::StoreError> {
        let failures = self.store.evidence(subject, WHY_ROWS)?.into_iter().map(|failure| Evidence {
            at: rfc3339(failure.at),
            jail: failure.jail.to_string(),
            pattern: failure.pattern.into(),
            proof: failure.proof.to_string(),
            line: failure.line.into(),
        });
        Ok(failures.collect())
    }

    fn past(&self, subject: &Subject) -> Result<Vec<HistoryRow>, store::StoreError> {
        let past = self.store.history(Some(subject), WHY_ROWS)?.into_iter().map(|past| HistoryRow {
            at: rfc3339(past.ended),
            what: match past.ending {
                Ending::Expired => "expired".to_owned(),
                Ending::Unbanned => "unban".to_owned(),
            },
            jail: past.ban.jail.to_string(),
            reason: format!("banned since {}: {}", rfc3339(past.ban.since), past.ban.reason),
        });
        Ok(past.collect())
    }
}

/// A ban as it is shown.
pub(crate) fn banned(ban: &Ban) -> Banned {
    Banned {
        address: ban.subject.to_string(),
        jail: ban.jail.to_string(),
        since: rfc3339(ban.since),
        until: rfc3339_until(ban.until),
        failures: ban.failures,
        reason: ban.reason.clone(),
        scope: ban.scope.to_string(),
        proof: ban.proof.to_string(),
    }
}

pub(crate) fn protected(entry: &Subject, origin: &str) -> Protected {
    Protected { address: entry.to_string(), origin: origin.to_owned() }
}

fn standing(standing: &counter::Standing) -> Standing {
    Standing {
        jail: standing.jail.to_string(),
        failures: standing.failures,
        max_retry: standing.max_retry,
        find_time: standing.find_time.as_secs(),
    }
}

fn until(ban: &Ban) -> String {
    rfc3339_until(ban.until).unwrap_or_else(|| "it is lifted by hand".to_owned())
}

fn actor(peer: &Peer) -> String {
    format!("{} on the command line", peer.name)
}

fn with_subject(address: &str, then: impl FnOnce(Subject) -> Answer) -> Answer {
    match address.parse() {
        Ok(subject) => then(subject),
        Err(wrong) => Answer::Fault(wrong.to_string()),
    }
}

//! Why an address is banned, or why not: the engine's answer, with the lines from the store.

use control::Fault;
use control::answer::{Banned, Evidence, HistoryRow, Protected, Standing, Why};
use control::time::{rfc3339, rfc3339_until};
use event::{Ban, Proof, Subject};
use store::Ending;

use crate::clock;
use crate::engine::Engine;

/// Lines and rows that `why` shows.
const WHY_ROWS: usize = 20;

impl Engine {
    /// Everything that is known about `address`.
    pub(crate) fn why(&self, address: &str) -> Result<Why, Fault> {
        let asked: Subject = address.parse().map_err(|wrong| not_an_address(&wrong))?;
        let now = clock::now();
        let subject = if asked.is_ipv4() || asked.prefix_bits() < 64 {
            asked
        } else {
            Subject::counted(asked.address())
        };
        let live = self.decider.bans_of(&subject);
        let bans: Vec<Banned> =
            live.iter().map(|ban| banned(ban, self.plan.closes_nothing(&ban.jail))).collect();
        let whitelist =
            self.plan.whitelist.protects(&subject).map(|(entry, origin)| protected(entry, origin));
        let standings: Vec<Standing> = self.counter.standings(&subject, now).iter().map(standing).collect();
        let refusals = self.ledger.refusals(Some(&subject));
        let listed = self
            .listed_by(&subject, now)
            .map(|(list, entry)| format!("kept out by the blocklist {list}, which names {entry}"));
        let because = match (bans.first(), &whitelist) {
            (Some(ban), _) => {
                let until = ban.until.as_deref().unwrap_or("for ever");
                let told_only = if ban.scope == "none" {
                    "; the jail has no action of a firewall: nothing is closed"
                } else {
                    ""
                };
                format!("banned in {} until {until}: {}{told_only}", ban.jail, ban.reason)
            }
            (None, Some(entry)) => {
                format!("not banned: on the whitelist as {} ({})", entry.address, entry.origin)
            }
            (None, None) if listed.is_some() => listed.clone().unwrap_or_default(),
            (None, None) => match (standings.first(), refusals.first()) {
                (_, Some(refusal)) => format!("not banned: {}", refusal.reason),
                (Some(near), None) => {
                    format!("not banned: {} failures of {} in {}", near.failures, near.max_retry, near.jail)
                }
                (None, None) => "not banned: no failure of it counts now".to_owned(),
            },
        };
        let times = self.decider.remembered(&subject).map_or(0, |remembered| remembered.times);
        // The one under way is remembered too, and is not an earlier one.
        let is_earned = |ban: &Ban| ban.subject == subject && ban.failures > 0 && ban.proof == Proof::Proven;
        let earlier_bans = times.saturating_sub(u32::from(live.iter().any(is_earned)));
        let broken = |cause: store::StoreError| Fault::Broken(cause.to_string());
        let (lines, history) = (self.lines(&subject).map_err(broken)?, self.past(&subject).map_err(broken)?);
        Ok(Why {
            address: address.to_owned(),
            subject: subject.to_string(),
            banned: !bans.is_empty() || (listed.is_some() && whitelist.is_none()),
            because,
            bans,
            whitelist,
            standings,
            earlier_bans,
            refusals,
            lines,
            history,
        })
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

/// The complaint about what is no address.
pub(crate) fn not_an_address(wrong: &event::subject::NotASubject) -> Fault {
    Fault::Wrong(vec![control::desk::Complaint { place: "address".to_owned(), text: wrong.to_string() }])
}

/// A ban as it is shown.
pub(crate) fn banned(ban: &Ban, is_told_only: bool) -> Banned {
    Banned {
        address: ban.subject.to_string(),
        jail: ban.jail.to_string(),
        since: rfc3339(ban.since),
        until: rfc3339_until(ban.until),
        failures: ban.failures,
        reason: ban.reason.clone(),
        scope: if is_told_only { "none".to_owned() } else { ban.scope.to_string() },
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

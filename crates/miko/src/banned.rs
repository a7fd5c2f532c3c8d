//! `firewall:getBannedIps` and `firewall:unbanIp`: who is blocked, and letting somebody in.

use std::net::IpAddr;

use axum::extract::{Request, State};
use control::desk::{Lifted, Roster};
use event::{Ban, Moment, Subject, limit};
use gate::{Caller, Gate, Reader};
use serde_json::{Map, Value, json};

use crate::action::Action;
use crate::admitted::Admitted;
use crate::envelope::{Answer, Envelope};
use crate::fields::Fields;
use crate::refusal::Refusal;

/// When a ban without end ends, as far as MikoPBX is told: 2100-01-01T00:00:00Z. It has no word for never.
const FAR_FUTURE_SECONDS: i64 = 4_102_444_800;

/// Characters of an address or a subnet, with room to spare.
const ADDRESS_CHARACTERS: usize = 64;

/// `GET /firewall:getBannedIps`.
pub async fn list(State(gate): State<Gate>, Admitted(reader): Admitted<Reader>) -> Envelope {
    let answer = async {
        reader?;
        let countries = gate.clone();
        let country = move |address| countries.country(address).map(|country| (country.code, country.name));
        // Made where the desk is asked, off the threads that serve others: with many bans it takes a while.
        Ok(gate.ask(move |desk| Ok(listed(&*desk.bans()?, &country))).await?)
    };
    Envelope::of(Action::BannedIps, answer.await)
}

/// `POST /firewall:unbanIp`.
pub async fn unban(State(gate): State<Gate>, caller: Admitted<Caller>, request: Request) -> Envelope {
    Envelope::of(Action::UnbanIp, lift(&gate, caller, request).await)
}

/// `{"IP": {"country","countryName","bans":[{"jail","timeofban","timeunban"}]}}`.
fn listed(roster: &Roster, country: &dyn Fn(IpAddr) -> Option<(String, String)>) -> Answer {
    let mut addresses = Map::new();
    let mut rest = roster.bans.as_slice();
    while let Some(first) = rest.first().filter(|_| addresses.len() < limit::MIKO_BANNED_ADDRESSES) {
        let subject = first.subject;
        let (own, others) = rest.split_at(rest.partition_point(|ban| ban.subject <= subject));
        let (code, name) = country(subject.address()).unwrap_or_default();
        let bans: Vec<Value> = own.iter().map(ban_of).collect();
        addresses.insert(subject.to_string(), json!({ "country": code, "countryName": name, "bans": bans }));
        rest = others;
    }
    let answer = Answer::of(Value::Object(addresses));
    if rest.is_empty() {
        return answer;
    }
    answer.with_info(format!(
        "only the first {} addresses are shown; the page and /api/v1 show all of them",
        limit::MIKO_BANNED_ADDRESSES
    ))
}

fn ban_of(ban: &Ban) -> Value {
    let until = if ban.until == Moment::NEVER { FAR_FUTURE_SECONDS } else { ban.until.seconds() };
    // MikoPBX marks the form of these three with a version.
    json!({ "jail": ban.jail.as_str(), "timeofban": ban.since.seconds(), "timeunban": until, "v": "2" })
}

/// An address that is not blocked is let in all the same, as MikoPBX has it; `data` and `messages.info` tell the difference.
async fn lift(gate: &Gate, caller: Admitted<Caller>, request: Request) -> Result<Answer, Refusal> {
    let actor = caller.0?.actor;
    let mut fields = Fields::of_body(request).await?;
    let text = fields.text("ip", ADDRESS_CHARACTERS);
    fields.judged()?;
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Err(Refusal::flaw("ip", "it is required; write e.g. '192.0.2.1'".to_owned()));
    };
    let subject: Subject = text.parse().map_err(|cause| Refusal::flaw("ip", format!("{cause}")))?;
    let mut subjects = vec![subject];
    if subject == Subject::exactly(subject.address()) {
        // Whoever holds one address of a /64 is blocked with all of it.
        subjects.push(Subject::counted(subject.address()));
        subjects.dedup();
    }
    let (count, wider) = gate
        .ask(move |desk| {
            let lifted: Vec<Lifted> =
                subjects.iter().map(|one| Lifted { subject: *one, jail: None }).collect();
            let count = desk.unban(&lifted, &actor)?;
            let roster = desk.bans()?;
            // Those that were just lifted may still stand in the roster.
            let is_wider = |ban: &&Ban| ban.subject.covers(&subject) && !subjects.contains(&ban.subject);
            Ok((count, roster.bans.iter().find(is_wider).map(|ban| ban.subject)))
        })
        .await?;
    let said = match (count, wider) {
        (_, Some(wider)) => {
            format!("{text} is still blocked with '{wider}', which it is part of; unblock that")
        }
        (0, None) => format!("{text} was not blocked"),
        (_, None) => format!("{text} is unblocked"),
    };
    Ok(Answer::of(json!({ "ip": text, "unbanned": count })).with_info(said))
}

#[cfg(test)]
mod tests {
    use event::{JailName, Proof, Scope};

    use super::*;

    fn ban(subject: &str, jail: &str, until: Moment) -> Ban {
        Ban {
            subject: subject.parse().unwrap(),
            jail: JailName::new(jail),
            scope: Scope::Jail,
            since: Moment::from_seconds(1_700_000_000),
            until,
            failures: 10,
            proof: Proof::Proven,
            reason: String::new(),
        }
    }

    #[test]
    fn bans_of_one_address_stand_together() {
        let later = Moment::from_seconds(1_700_003_600);
        let bans = vec![
            ban("192.0.2.1", "asterisk", later),
            ban("192.0.2.1", "sshd", Moment::NEVER),
            ban("2001:db8::/64", "sshd", later),
        ];
        let roster = Roster { bans, ..Roster::default() };
        let country = |address: IpAddr| address.is_ipv4().then(|| ("DE".to_owned(), "Germany".to_owned()));
        let data = serde_json::to_value(listed(&roster, &country).data()).unwrap();
        assert_eq!(
            data,
            json!({
                "192.0.2.1": { "country": "DE", "countryName": "Germany", "bans": [
                    { "jail": "asterisk", "timeofban": 1_700_000_000, "timeunban": 1_700_003_600, "v": "2" },
                    { "jail": "sshd", "timeofban": 1_700_000_000, "timeunban": FAR_FUTURE_SECONDS, "v": "2" },
                ] },
                "2001:db8::/64": { "country": "", "countryName": "", "bans": [
                    { "jail": "sshd", "timeofban": 1_700_000_000, "timeunban": 1_700_003_600, "v": "2" },
                ] },
            })
        );
    }
}

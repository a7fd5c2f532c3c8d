//! Who is banned, and bans by hand.

use event::Moment;
use fail2ban::{Value, repr};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Model;
use super::address::Id;
use super::words::Words;
use crate::edition::Edition;
use crate::host::{Host, LiveBan};
use crate::wrong::Wrong;

impl Model {
    /// `set JAIL banip …`: how many bans are new.
    pub(super) fn ban(&self, name: &str, words: Words<'_>, host: &mut dyn Host) -> Result<Value, Wrong> {
        let jail = self.jail(name)?;
        let mut count = 0;
        for text in words.texts()? {
            count += i64::from(host.ban(jail, &Id::of(text, self.edition)?.text()));
        }
        Ok(Value::Int(count))
    }

    /// `set JAIL attempt …`
    pub(super) fn attempt(&self, name: &str, words: Words<'_>, host: &mut dyn Host) -> Result<Value, Wrong> {
        let jail = self.jail(name)?;
        let texts = words.texts()?;
        let Some((id, lines)) = texts.split_first() else {
            return Err(Wrong::kind("Filter.addAttempt() missing 1 required positional argument: 'ip'"));
        };
        host.attempt(jail, &Id::of(id, self.edition)?.text(), lines);
        Ok(Value::Int(1))
    }

    /// `set JAIL unbanip …`: how many bans were lifted.
    pub(super) fn unban(&self, name: &str, words: Words<'_>, host: &mut dyn Host) -> Result<Value, Wrong> {
        let report = words.text(0)? == "--report-absent";
        let texts = words.from(usize::from(report)).texts()?;
        let jail = self.jail(name)?;
        let (mut count, mut missed) = (0, Vec::new());
        for text in texts {
            match self.lift(&jail.name, text, host) {
                0 => missed.push(text),
                lifted => count += lifted,
            }
        }
        if report && !missed.is_empty() {
            return Err(Wrong::value(format!("not banned: {}", repr(&Value::texts(missed.iter().copied())))));
        }
        Ok(Value::Int(count))
    }

    /// `unban …`
    pub(super) fn unban_everywhere(&self, words: Words<'_>, host: &mut dyn Host) -> Result<Value, Wrong> {
        let texts = words.texts()?;
        let mut count = 0;
        for jail in &self.jails {
            if texts == ["--all"] {
                count += host.unban_all(&jail.name) as i64;
                continue;
            }
            for text in &texts {
                count += self.lift(&jail.name, text, host);
            }
        }
        Ok(Value::Int(count))
    }

    /// `get JAIL banned …`
    pub(super) fn banned_in(&self, name: &str, words: Words<'_>, host: &dyn Host) -> Result<Value, Wrong> {
        let bans = host.bans(&self.jail(name)?.name);
        let texts = words.texts()?;
        let is_banned = |text: &str| Ok(Value::Int(i64::from(holds(&bans, text, self.edition)?)));
        match texts.as_slice() {
            [] => Ok(Value::texts(bans.iter().map(|ban| &ban.id))),
            [one] => is_banned(one),
            several => {
                Ok(Value::List(several.iter().map(|text| is_banned(text)).collect::<Result<_, Wrong>>()?))
            }
        }
    }

    /// `banned …`
    pub(super) fn banned_anywhere(&self, words: Words<'_>, host: &dyn Host) -> Result<Value, Wrong> {
        let bans: Vec<(&str, Vec<LiveBan>)> =
            self.jails.iter().map(|jail| (jail.name.as_str(), host.bans(&jail.name))).collect();
        let texts = words.texts()?;
        if texts.is_empty() {
            let dict = |(name, bans): &(&str, Vec<LiveBan>)| {
                Value::Dict(vec![(Value::text(*name), Value::texts(bans.iter().map(|ban| &ban.id)))])
            };
            return Ok(Value::List(bans.iter().map(dict).collect()));
        }
        let mut answer = Vec::with_capacity(texts.len());
        for text in texts {
            let mut names = Vec::new();
            for (name, bans) in &bans {
                if holds(bans, text, self.edition)? {
                    names.push(*name);
                }
            }
            answer.push(Value::texts(names));
        }
        Ok(Value::List(answer))
    }

    /// `get JAIL banip`: in the order in which they end.
    pub(super) fn ban_list(&self, name: &str, with_time: bool, host: &dyn Host) -> Result<Value, Wrong> {
        let mut bans = host.bans(&self.jail(name)?.name);
        bans.sort_by_key(end);
        let zone = host.zone();
        Ok(Value::texts(bans.iter().map(|ban| if with_time { timed(ban, &zone) } else { ban.id.clone() })))
    }

    /// Lifts the ban of this one, or of everybody in this network. Of what cannot be read, nobody was banned.
    fn lift(&self, jail: &str, text: &str, host: &mut dyn Host) -> i64 {
        if host.unban(jail, text) {
            return 1;
        }
        let Ok(id) = Id::of(text, self.edition) else { return 0 };
        let inside = |ban: &LiveBan| {
            Id::of(&ban.id, self.edition).is_ok_and(|banned| {
                if id.is_single() { banned.stands_for(&id) } else { id.contains(&banned) }
            })
        };
        let bans: Vec<LiveBan> = host.bans(jail).into_iter().filter(inside).collect();
        bans.iter().map(|ban| i64::from(host.unban(jail, &ban.id))).sum()
    }
}

fn holds(bans: &[LiveBan], text: &str, edition: Edition) -> Result<bool, Wrong> {
    let id = Id::of(text, edition)?;
    let known = id.text();
    Ok(bans
        .iter()
        .any(|ban| ban.id == known || Id::of(&ban.id, edition).is_ok_and(|banned| banned.stands_for(&id))))
}

fn end(ban: &LiveBan) -> Moment {
    ban.span.map_or(Moment::NEVER, |span| ban.since.after(span))
}

/// `192.0.2.1 \t2026-01-31 12:00:00 + 600 = 2026-01-31 12:10:00`
fn timed(ban: &LiveBan, zone: &TimeZone) -> String {
    let seconds = ban.span.map_or(-1, |span| span.as_secs() as i64);
    let (since, until) = (local(ban.since.seconds(), zone), local(end(ban).seconds(), zone));
    format!("{} \t{since} + {seconds} = {until}", ban.id)
}

/// A time as fail2ban writes it; whatever is too far away is the end of the year 9999.
fn local(seconds: i64, zone: &TimeZone) -> String {
    let far = "9999-12-31 23:59:59".to_owned();
    match Timestamp::from_second(seconds) {
        Ok(at) if seconds < 253_402_214_400 => {
            at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
        }
        _ => far,
    }
}

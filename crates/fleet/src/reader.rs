//! Reads what stands in Redis and hears what changes there, for a program that projects bans onto another host. It writes
//! nothing, and never asks with `KEYS`, which would keep a full Redis from answering anybody.

mod channel;

use std::collections::BTreeMap;
use std::time::Duration;

use config::Redis;
use event::{Categories, Category, Moment, Subject, limit};
use redis::{Cmd, Value, cmd, from_redis_value};

use crate::keys::Change;
use crate::keys::name::Names;
use crate::link::Link;
use crate::link::error::{LinkError, Trouble};
use crate::reader::channel::Channel;

/// Everything that stands in Redis.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Who is banned from what until when, by the clock that was handed in. A subject whose keys have different ends stands here several
    /// times.
    pub bans: Vec<(Subject, Categories, Moment)>,
    /// Keys that look like a ban's and whose category or address cannot be read; they are left out.
    pub unreadable: u64,
    /// Keys past `limit::REDIS_KEYS_READ`, which are left out.
    pub left_out: u64,
}

/// Reads keys and channel. Connects when it is asked something, and anew after an error.
#[derive(Debug)]
pub struct Reader {
    settings: Redis,
    names: Names,
    link: Option<Link>,
    channel: Option<Channel>,
}

/// Two keys whose ends are not further apart than this were written for one ban.
const TOGETHER: Duration = Duration::from_secs(1);
/// Keys that one step of `SCAN` looks at.
const SCANNED: usize = 1000;

impl Reader {
    /// Opens nothing yet.
    pub fn new(settings: &Redis) -> Self {
        let names = Names::under(&settings.prefix);
        Self { settings: settings.clone(), names, link: None, channel: None }
    }

    /// Everything that stands there at `now`. From here on `wait_change` hears of changes, also of those made meanwhile.
    pub fn whole(&mut self, now: Moment) -> Result<Standing, LinkError> {
        if self.channel.is_none() {
            self.channel = Some(Channel::open(&self.settings, &self.names.changes())?);
        }
        let names = self.names.clone();
        self.with_link(|link| scan(link, &names, now))
    }

    /// Who is never blocked. An entry that cannot be read is left out.
    pub fn whitelist(&mut self) -> Result<Vec<Subject>, LinkError> {
        let key = self.names.whitelist();
        let answers = self.with_link(|link| link.run(&[cmd("SMEMBERS").arg(key).to_owned()]))?;
        let members: Vec<String> =
            answers.into_iter().next().and_then(|members| from_redis_value(members).ok()).unwrap_or_default();
        Ok(members.iter().filter_map(|member| member.parse().ok()).collect())
    }

    /// Waits for changes, at most that long, and returns early with what came; with nothing if nothing came. After an error changes may
    /// have been missed: `whole` is to be asked again, and so it is every now and then, because the channel promises nothing.
    pub fn wait_change(&mut self, timeout: Duration) -> Result<Vec<Change>, LinkError> {
        let Some(channel) = &mut self.channel else {
            let why = "the channel is not open".to_owned();
            return Err(LinkError::settings(Trouble::Lost(why)));
        };
        let changes = channel.wait(timeout);
        if changes.is_err() {
            self.channel = None;
        }
        changes
    }

    fn with_link<T>(&mut self, ask: impl FnOnce(&mut Link) -> Result<T, LinkError>) -> Result<T, LinkError> {
        let mut link = match self.link.take() {
            Some(link) => link,
            None => Link::connect(&self.settings)?,
        };
        let answer = ask(&mut link);
        // A connection that was idle may have been closed by the server: the next question opens another one.
        if !answer.as_ref().is_err_and(LinkError::is_lost) {
            self.link = Some(link);
        }
        answer
    }
}

fn scan(link: &mut Link, names: &Names, now: Moment) -> Result<Standing, LinkError> {
    let mut standing = Standing::default();
    // SCAN may name a key more than once.
    let mut ends: BTreeMap<(Subject, Category), Moment> = BTreeMap::new();
    for master in 0..link.masters() {
        let mut cursor = 0_u64;
        loop {
            let question = cmd("SCAN")
                .arg(cursor)
                .arg("MATCH")
                .arg(names.pattern())
                .arg("COUNT")
                .arg(SCANNED)
                .to_owned();
            let answer = link.run_at(master, &[question])?.pop().unwrap_or(Value::Nil);
            let (next, keys): (u64, Vec<Vec<u8>>) = from_redis_value(answer).map_err(|error| {
                LinkError::new(link.server(), Trouble::Unexpected(format!("to SCAN: {error}")))
            })?;
            take(link, names, &keys, now, &mut ends, &mut standing)?;
            if next == 0 {
                break;
            }
            cursor = next;
        }
    }
    standing.bans = together(&ends);
    Ok(standing)
}

fn take(
    link: &mut Link,
    names: &Names,
    keys: &[Vec<u8>],
    now: Moment,
    ends: &mut BTreeMap<(Subject, Category), Moment>,
    standing: &mut Standing,
) -> Result<(), LinkError> {
    let whitelist = names.whitelist();
    let mut wanted = Vec::new();
    let mut questions: Vec<Cmd> = Vec::new();
    for key in keys.iter().filter(|key| key.as_slice() != whitelist.as_bytes()) {
        match std::str::from_utf8(key).ok().and_then(|key| names.read(key)) {
            None => standing.unreadable += 1,
            Some(_) if ends.len() + wanted.len() >= limit::REDIS_KEYS_READ => standing.left_out += 1,
            Some((category, subject)) => {
                wanted.push((subject, category));
                questions.push(cmd("PTTL").arg(key).to_owned());
            }
        }
    }
    for (key, answer) in wanted.into_iter().zip(link.run(&questions)?) {
        match from_redis_value::<i64>(answer) {
            Ok(-1) => ends.insert(key, Moment::NEVER),
            Ok(millis) if millis > 0 => {
                ends.insert(key, now.after(Duration::from_millis(millis.unsigned_abs())))
            }
            // It ended meanwhile.
            _ => None,
        };
    }
    Ok(())
}

/// The keys of one subject that end together are one row.
fn together(ends: &BTreeMap<(Subject, Category), Moment>) -> Vec<(Subject, Categories, Moment)> {
    let mut rows: Vec<(Subject, Categories, Moment)> = Vec::new();
    let mut first = 0;
    for ((subject, category), until) in ends {
        if rows.last().is_some_and(|last| last.0 != *subject) {
            first = rows.len();
        }
        let same =
            rows[first..].iter_mut().find(|row| row.2.since(*until).max(until.since(row.2)) <= TOGETHER);
        match same {
            Some(row) => {
                row.1 = row.1.and((*category).into());
                row.2 = row.2.max(*until);
            }
            None => rows.push((*subject, (*category).into(), *until)),
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_end_together_are_one_row() {
        let subject: Subject = "192.0.2.1".parse().unwrap();
        let at = Moment::from_seconds;
        let ends = [(Category::Http, at(100)), (Category::Sip, at(101)), (Category::Ssh, at(500))]
            .map(|(category, until)| ((subject, category), until));
        let other = (("192.0.2.2".parse().unwrap(), Category::Sip), at(100));
        let rows = together(&ends.into_iter().chain([other]).collect());
        let both = Categories::from(Category::Http).and(Category::Sip.into());
        assert_eq!(
            rows,
            [
                (subject, both, at(101)),
                (subject, Category::Ssh.into(), at(500)),
                (other.0.0, Category::Sip.into(), at(100))
            ]
        );
    }
}

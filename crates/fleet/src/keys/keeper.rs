//! Carries steps out in Redis, in pipelines, and keeps beside the keys what this node wrote: so that a later start knows which of
//! them are its own, and never removes another's. It asks nothing that grows with what others keep there.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use config::Redis;
use event::{Category, Moment, Subject, limit};
use redis::{Cmd, Value, cmd, from_redis_value};

use crate::keys::book::Step;
use crate::keys::name::{Names, member, read_member};
use crate::link::{Link, LinkError, Trouble};

/// What this node wrote, with its ends.
pub(crate) type Own = BTreeMap<(Subject, Category), Moment>;

/// A connection with which keys are kept.
#[derive(Debug)]
pub(crate) struct Keeper {
    link: Link,
    names: Names,
    /// The key under which stands what this node wrote.
    written: String,
    written_whitelist: String,
    /// The last end of what was written: what stands beside the keys goes a while after them.
    latest: Moment,
    /// The channel may not be written to; it was said once.
    is_mute: bool,
}

/// What was found under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Gone,
    Endless,
    For(Duration),
}

/// Steps that are carried out together.
const BATCH: usize = 500;
/// Names that are read or written by one command.
const NAMES: isize = 5000;
/// How long the list of what was written outlasts the last key.
const OUTLAST: Duration = Duration::from_secs(24 * 60 * 60);

impl Keeper {
    pub(crate) fn connect(settings: &Redis, node: &str) -> Result<Self, LinkError> {
        let names = Names::under(&settings.prefix);
        let (written, written_whitelist) = (names.written(node), names.written_whitelist(node));
        let link = Link::connect(settings)?;
        Ok(Self { link, names, written, written_whitelist, latest: Moment::default(), is_mute: false })
    }

    pub(crate) fn server(&self) -> &str {
        self.link.server()
    }

    /// Writes and removes keys, and says so on the channel.
    pub(crate) fn carry_out(&mut self, steps: &[Step], now: Moment) -> Result<(), LinkError> {
        steps.chunks(BATCH).try_for_each(|batch| self.carry_out_batch(batch, now))
    }

    fn carry_out_batch(&mut self, steps: &[Step], now: Moment) -> Result<(), LinkError> {
        let (mut noted, mut forgotten) = (cmd("ZADD"), cmd("ZREM"));
        noted.arg(&self.written);
        forgotten.arg(&self.written);
        let mut keys = Vec::with_capacity(steps.len());
        for step in steps {
            let key = self.names.ban(step.category, &step.subject);
            let name = member(step.category, &step.subject);
            if let Some((end, lasts)) = step.write {
                let millis = u64::try_from(lasts.as_millis()).unwrap_or(u64::MAX).max(1);
                keys.push(cmd("SET").arg(key).arg("1").arg("PX").arg(millis).to_owned());
                noted.arg(end.millis()).arg(name);
                self.latest = self.latest.max(end);
            } else {
                keys.push(cmd("DEL").arg(key).to_owned());
                forgotten.arg(name);
            }
        }
        // What is noted first and forgotten last covers the keys at every moment, even if the connection ends in between.
        let outlasts = self.latest.since(now).saturating_add(OUTLAST).as_millis();
        let mut before = Vec::new();
        if noted.args_iter().len() > 2 {
            before.push(noted);
            before.push(cmd("PEXPIRE").arg(&self.written).arg(outlasts.to_string()).to_owned());
        }
        let mut behind = Vec::new();
        if forgotten.args_iter().len() > 2 {
            behind.push(forgotten);
        }
        for said in steps.chunks(limit::REDIS_CHANGES_PER_MESSAGE) {
            let lines: Vec<String> = said.iter().map(|step| step.change().to_string()).collect();
            behind.push(cmd("PUBLISH").arg(self.names.changes()).arg(lines.join("\n")).to_owned());
        }
        self.in_order(&[before, keys, behind])
    }

    /// What stands under the keys.
    pub(crate) fn look(&mut self, keys: &[(Subject, Category)]) -> Result<Vec<Seen>, LinkError> {
        let ask = |(subject, category): &(Subject, Category)| {
            cmd("PTTL").arg(self.names.ban(*category, subject)).to_owned()
        };
        let questions: Vec<Cmd> = keys.iter().map(ask).collect();
        let seen = |answer| match from_redis_value::<i64>(answer) {
            Ok(-1) => Seen::Endless,
            Ok(millis) if millis >= 0 => Seen::For(Duration::from_millis(millis.unsigned_abs())),
            _ => Seen::Gone,
        };
        Ok(self.link.run(&questions)?.into_iter().map(seen).collect())
    }

    /// What this node wrote.
    pub(crate) fn own(&mut self) -> Result<Own, LinkError> {
        let mut own = Own::new();
        let mut from = 0;
        loop {
            let question =
                cmd("ZRANGE").arg(&self.written).arg(from).arg(from + NAMES - 1).arg("WITHSCORES").to_owned();
            let answer = self.one(question)?;
            let rows: Vec<(String, f64)> = from_redis_value(answer).map_err(|error| {
                LinkError::new(self.server(), Trouble::Unexpected(format!("to ZRANGE: {error}")))
            })?;
            for (name, end) in &rows {
                if let Some((category, subject)) = read_member(name) {
                    // Milliseconds since the epoch are whole numbers far below what a double holds exactly.
                    #[expect(clippy::cast_possible_truncation, reason = "a cast saturates")]
                    let end = Moment::from_millis(*end as i64);
                    self.latest = self.latest.max(end);
                    own.insert((subject, category), end);
                }
            }
            if rows.len() < NAMES.unsigned_abs() {
                return Ok(own);
            }
            from += NAMES;
        }
    }

    /// Forgets what is over.
    pub(crate) fn forget_over(&mut self, now: Moment) -> Result<(), LinkError> {
        let over = cmd("ZREMRANGEBYSCORE").arg(&self.written).arg("-inf").arg(now.millis()).to_owned();
        self.one(over).map(drop)
    }

    /// Makes sure that everyone wanted is on the whitelist, and nobody else whom this node put there.
    pub(crate) fn whitelist(&mut self, wanted: &[Subject]) -> Result<(), LinkError> {
        let key = self.names.whitelist();
        let standing = self.members(&key)?;
        let own = self.members(&self.written_whitelist.clone())?;
        let wanted: BTreeSet<String> = wanted.iter().map(Subject::to_string).collect();
        let missing: Vec<&String> = wanted.difference(&standing).collect();
        let stale: Vec<&String> = own.difference(&wanted).collect();
        for names in missing.chunks(NAMES.unsigned_abs()) {
            let noted = cmd("SADD").arg(&self.written_whitelist).arg(names).to_owned();
            let added = cmd("SADD").arg(&key).arg(names).to_owned();
            self.in_order(&[vec![noted], vec![added], Vec::new()])?;
        }
        for names in stale.chunks(NAMES.unsigned_abs()) {
            let removed = cmd("SREM").arg(&key).arg(names).to_owned();
            let forgotten = cmd("SREM").arg(&self.written_whitelist).arg(names).to_owned();
            self.in_order(&[vec![removed], vec![forgotten], Vec::new()])?;
        }
        Ok(())
    }

    fn members(&mut self, key: &str) -> Result<BTreeSet<String>, LinkError> {
        let answer = self.one(cmd("SMEMBERS").arg(key).to_owned())?;
        from_redis_value(answer).map_err(|error| {
            LinkError::new(self.server(), Trouble::Unexpected(format!("to SMEMBERS: {error}")))
        })
    }

    fn one(&mut self, question: Cmd) -> Result<Value, LinkError> {
        Ok(self.link.run(&[question])?.pop().unwrap_or(Value::Nil))
    }

    /// Carries the groups out one behind the other: one server does so by itself, the nodes of a cluster do not.
    fn in_order(&mut self, groups: &[Vec<Cmd>; 3]) -> Result<(), LinkError> {
        if self.link.masters() > 1 {
            return groups.iter().try_for_each(|group| self.all(group));
        }
        self.all(&groups.concat())
    }

    fn all(&mut self, commands: &[Cmd]) -> Result<(), LinkError> {
        let answers = self.link.run_each(commands)?;
        for (command, answer) in commands.iter().zip(&answers) {
            let Value::ServerError(error) = answer else { continue };
            let error = LinkError::refused(self.server(), command, error);
            let is_channel = command.args_iter().next() == Some(redis::Arg::Simple(b"PUBLISH"));
            if !is_channel {
                return Err(error);
            }
            if !std::mem::replace(&mut self.is_mute, true) {
                tracing::warn!("changes cannot be said on the channel {}: {error}", self.names.changes());
            }
        }
        Ok(())
    }
}

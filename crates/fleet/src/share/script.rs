//! What Redis does in one go, as scripts that it runs: a decision is held against the snapshot, and goes into the snapshot and the
//! stream together or into neither. A script and not MULTI, because what is written depends on what is read: a ban that is no
//! later than its lift must get into neither, however late it comes.
//!
//! The text of a script is sent each time; Redis knows it by its sum. No value is ever part of the text.

use redis::{Cmd, cmd};

use event::limit;

use crate::share::layout::{BAN, HORIZON, KIND, Keys, LIFT, RECORD};
use crate::share::record::{BanRecord, LiftRecord, ban_field, lift_field};
use crate::share::register::{Key, LiftKey};
use crate::share::stamp::Stamp;

/// How far in the future a stamp may be before it is not believed: clocks are asked over a network.
pub(crate) const SLACK: std::time::Duration = std::time::Duration::from_secs(5);

/// How far a stamp may be ahead of the time at which Redis wrote it: what one node decides about one subject within a millisecond is
/// stamped a millisecond apart each, to keep its order, and clocks are measured with an error. A later stamp is a lie.
pub(crate) const AHEAD: std::time::Duration = std::time::Duration::from_secs(1);

/// A decision as it is published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Publication {
    /// A ban.
    Ban(Key, BanRecord),
    /// A lift.
    Lift(LiftKey, LiftRecord),
}

/// The rule is that of `Register`: of two bans the later decision and the later end count, and at the same stamp the lift wins. Where that
/// makes one ban of two, it is written as one, with everything else as in the record with the later end. A ban from before the memory of
/// lifts is taken only where it is known. What stands there and cannot be is as if it were not there.
const PUBLISH: &str = r"
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
local entries, kept, slack, kindName, recordName, horizonField = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4], ARGV[5], ARGV[6]
local forever = 9007199254740992
local function stored(key, field)
  local text = redis.call('HGET', key, field)
  if not text then return nil end
  local fine, record = pcall(cjson.decode, text)
  if not fine or type(record) ~= 'table' or type(record.stamp) ~= 'number' then return nil end
  if record.stamp > now + slack then return nil end
  return record
end
local function merged(old, oldUntil, record, stamp, untilStamp)
  local base = old
  if untilStamp > oldUntil then
    local fine, new = pcall(cjson.decode, record)
    if not fine then return record end
    base = new
  end
  base.stamp = math.max(old.stamp, stamp)
  local fine, text = pcall(cjson.encode, base)
  if fine then return text end
  return record
end
local horizon = tonumber(redis.call('HGET', KEYS[3], horizonField) or '0') or 0
if now - kept > horizon then horizon = now - kept end
local written = 0
for i = 7, #ARGV, 6 do
  local kind, field, all, record = ARGV[i], ARGV[i+1], ARGV[i+2], ARGV[i+3]
  local stamp, untilStamp = tonumber(ARGV[i+4]), tonumber(ARGV[i+5]) or forever
  local lift = stored(KEYS[3], field)
  local news = stamp <= now + slack
  local ban = nil
  if kind == 'lift' then
    news = news and (not lift or stamp > lift.stamp)
    ban = stored(KEYS[2], field)
  elseif news then
    local everywhere = stored(KEYS[3], all)
    ban = stored(KEYS[2], field)
    if ban and ((lift and lift.stamp >= ban.stamp) or (everywhere and everywhere.stamp >= ban.stamp)) then ban = nil end
    if (lift and lift.stamp >= stamp) or (everywhere and everywhere.stamp >= stamp) then
      news = false
    elseif ban then
      local oldUntil = forever
      if type(ban['until']) == 'number' then oldUntil = ban['until'] end
      news = stamp > ban.stamp or untilStamp > oldUntil
      if news then record = merged(ban, oldUntil, record, stamp, untilStamp) end
    else
      news = stamp > horizon
    end
  end
  if news then
    redis.call('XADD', KEYS[1], 'MAXLEN', '~', entries, '*', kindName, kind, recordName, record)
    if kind == 'lift' then
      redis.call('HSET', KEYS[3], field, record)
      if ban and ban.stamp <= stamp then redis.call('HDEL', KEYS[2], field) end
    else
      redis.call('HSET', KEYS[2], field, record)
    end
    written = written + 1
  end
end
return written
";

/// Failures, unless that number was written before.
const COUNT: &str = r"
local last = redis.call('HGET', KEYS[2], ARGV[2])
if last then
  local boot, number = string.match(last, '^(%w+) (%d+)$')
  if boot == ARGV[4] and tonumber(number) >= tonumber(ARGV[5]) then return 0 end
end
redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', 'node', ARGV[2], 'name', ARGV[3], 'boot', ARGV[4], 'number', ARGV[5], 'record', ARGV[6])
redis.call('HSET', KEYS[2], ARGV[2], ARGV[4] .. ' ' .. ARGV[5])
return 1
";

/// Fields go if they still hold what was read; before that it is noted up to when lifts are forgotten.
const FORGET: &str = r"
if ARGV[1] ~= '' then
  local known = tonumber(redis.call('HGET', KEYS[1], ARGV[2]) or '0') or 0
  if tonumber(ARGV[1]) > known then redis.call('HSET', KEYS[1], ARGV[2], ARGV[1]) end
end
local gone = 0
for i = 3, #ARGV, 2 do
  if redis.call('HGET', KEYS[1], ARGV[i]) == ARGV[i+1] then gone = gone + redis.call('HDEL', KEYS[1], ARGV[i]) end
end
return gone
";

/// Publishes decisions, each unless something later is known. The answer is how many were written.
pub(crate) fn publish(keys: &Keys, publications: &[Publication]) -> Cmd {
    let mut command = cmd("EVAL");
    command.arg(PUBLISH).arg(3).arg(&keys.decisions).arg(&keys.bans).arg(&keys.lifts);
    command.arg(limit::FLEET_STREAM_ENTRIES);
    command.arg(limit::FLEET_LIFTS_KEPT.as_millis().to_string()).arg(SLACK.as_millis().to_string());
    command.arg(KIND).arg(RECORD).arg(HORIZON);
    for publication in publications {
        match publication {
            Publication::Ban(key, record) => {
                command.arg(BAN).arg(ban_field(key)).arg(lift_field(&(key.0, None)));
                command.arg(json(record)).arg(record.stamp);
                command.arg(record.until.map(|until| until.to_string()).unwrap_or_default());
            }
            Publication::Lift(key, record) => {
                command.arg(LIFT).arg(lift_field(key)).arg("");
                command.arg(json(record)).arg(record.stamp).arg("");
            }
        }
    }
    command
}

/// An entry with failures: whose, since which start, and which one.
#[derive(Clone, Debug)]
pub(crate) struct Count {
    pub(crate) node: String,
    pub(crate) name: String,
    pub(crate) boot: String,
    pub(crate) number: u64,
    pub(crate) record: String,
}

/// Writes failures, unless they were written before.
pub(crate) fn count(keys: &Keys, count: &Count) -> Cmd {
    let mut command = cmd("EVAL");
    command.arg(COUNT).arg(2).arg(&keys.failures).arg(&keys.sent).arg(limit::FLEET_FAILURES_ENTRIES);
    command.arg(&count.node).arg(&count.name).arg(&count.boot).arg(count.number).arg(&count.record);
    command
}

/// Takes fields out of one of the snapshot's hashes; `horizon` is up to when lifts are forgotten with that.
pub(crate) fn forget(hash: &str, horizon: Option<Stamp>, fields: &[(Vec<u8>, Vec<u8>)]) -> Cmd {
    let mut command = cmd("EVAL");
    command.arg(FORGET).arg(1).arg(hash);
    command.arg(horizon.map(|horizon| horizon.0.to_string()).unwrap_or_default()).arg(HORIZON);
    for (field, value) in fields {
        command.arg(field).arg(value);
    }
    command
}

/// Plain values of our own: nothing in them can fail to be written.
pub(crate) fn json<T: serde::Serialize + ?Sized>(record: &T) -> String {
    serde_json::to_string(record).unwrap_or_default()
}

/// The clock of the server that holds the fleet's keys: the servers of a cluster have each their own.
pub(crate) fn time(keys: &Keys) -> Cmd {
    let mut command = cmd("EVAL");
    command.arg("return redis.call('TIME')").arg(1).arg(&keys.decisions);
    command
}

#[cfg(test)]
mod tests;

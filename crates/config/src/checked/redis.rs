//! Judges `[redis]`. Whether a server answers is seen when it is asked.

use crate::judge::Judge;
use crate::raw::RawRedis;
use crate::redis::{Redis, Servers};

/// Database numbers that Redis can be set up for.
const LAST_DATABASE: u32 = 16_383;

pub(super) fn redis(judge: &mut Judge<'_>, raw: &RawRedis) -> Option<Redis> {
    let line = raw.line?;
    let servers = servers(judge, raw, line);
    let text = "is not a plain text without line ends; write e.g. '_PH_REDIS_CLIENT:'";
    let account = "is not a name; write e.g. 'stockade'";
    let fleet = judge.switch("fleet", &raw.fleet).unwrap_or(false);
    let fleet_counts = judge.switch("fleet_counts", &raw.fleet_counts).unwrap_or(false);
    if fleet_counts
        && !fleet
        && let Some(written) = &raw.fleet_counts
    {
        judge.complain::<()>("fleet_counts", written, "needs the fleet; write 'fleet = true' too");
    }
    Some(Redis {
        servers: servers?,
        database: database(judge, raw),
        prefix: judge.text("prefix", &raw.prefix, is_plain, text).unwrap_or_default(),
        user: judge.text("user", &raw.user, |user| !user.is_empty() && is_plain(user), account),
        password_file: judge.path("password_file", &raw.password_file, "/etc/stockade/redis.password"),
        ca_file: judge.path("ca_file", &raw.ca_file, "/etc/stockade/redis-ca.crt"),
        keys: judge.switch("keys", &raw.keys).unwrap_or(true),
        fleet,
        fleet_counts,
    })
}

/// Exactly one of the three ways to say where Redis is.
fn servers(judge: &mut Judge<'_>, raw: &RawRedis, line: usize) -> Option<Servers> {
    let ways = [("url", &raw.url), ("sentinels", &raw.sentinels), ("cluster", &raw.cluster)];
    let named: Vec<_> = ways.iter().filter_map(|(name, field)| Some((*name, field.as_ref()?))).collect();
    let all = "write one of url = 'redis://127.0.0.1:6379', sentinels = [...] with master = '...', or cluster = [...]";
    match named.as_slice() {
        [] => {
            judge.complaints.add(line, format!("[redis] does not say where Redis is; {all}"));
            return None;
        }
        [_] => {}
        [_, (name, written), ..] => {
            return judge.complain(name, written, &format!("stands beside another place; {all}"));
        }
    }
    let expected = "is not the name of a master; write e.g. 'mymaster', and sentinels beside it";
    let master = judge.text("master", &raw.master, |name| !name.is_empty() && is_plain(name), expected);
    match named[0].0 {
        "sentinels" if raw.master.is_none() => {
            let missing = "does not say which master; write e.g. master = 'mymaster'";
            judge.complain("sentinels", named[0].1, missing)
        }
        "sentinels" => {
            let sentinels = judge.texts("sentinels", &raw.sentinels, is_url, NOT_A_URL)?;
            Some(Servers::Sentinel { sentinels, master: master? })
        }
        "cluster" => judge.texts("cluster", &raw.cluster, is_url, NOT_A_URL).map(Servers::Cluster),
        _ => judge.text("url", &raw.url, is_url, NOT_A_URL).map(Servers::Single),
    }
}

const NOT_A_URL: &str = "is not the URL of a Redis; write e.g. 'redis://127.0.0.1:6379', or 'rediss://…' for TLS; the \
                         password goes into password_file";

/// `redis://host[:port]`, `rediss://…`, `redis+unix:///path`. Who may read the settings need not know the password.
fn is_url(text: &str) -> bool {
    let rest = ["redis://", "rediss://", "redis+unix://"].iter().find_map(|scheme| text.strip_prefix(scheme));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.contains('@') && is_plain(rest) && !rest.contains(' '))
}

fn database(judge: &mut Judge<'_>, raw: &RawRedis) -> u32 {
    let number = judge.number("database", &raw.database, 0..=LAST_DATABASE).unwrap_or(0);
    if number > 0
        && raw.cluster.is_some()
        && let Some(written) = &raw.database
    {
        judge.complain::<()>("database", written, "is not in a cluster, which has only 0; leave it out");
    }
    number
}

fn is_plain(text: &str) -> bool {
    text.len() <= 200 && !text.chars().any(char::is_control)
}

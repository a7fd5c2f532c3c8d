//! That this node lives, said from time to time, and which others do. Nothing depends on it but what `status` and the page show.

use std::sync::Arc;
use std::time::Duration;

use event::{Moment, limit};
use redis::{cmd, from_redis_value};
use serde::{Deserialize, Serialize};

use crate::link::{Link, LinkError};
use crate::share::record::{is_node_id, plain};
use crate::share::register::Origin;
use crate::share::script;
use crate::share::stamp::Stamp;
use crate::share::state::{LATELY, Node};

/// How often.
pub(crate) const BEAT: Duration = Duration::from_secs(30);
/// A node that was not heard of for so long is taken out.
const GONE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Fields of a hash with their values.
type Fields = Vec<(Vec<u8>, Vec<u8>)>;

#[derive(Debug, Serialize, Deserialize)]
struct BeatRecord {
    name: String,
    boot: String,
    at: i64,
}

/// Says so, and hears who else does. `last` is when this was done last.
pub(crate) fn beat(node: &Node, link: &mut Link, last: Option<Moment>) -> Result<(), LinkError> {
    let offset = node.state().offset.unwrap_or_default();
    let now = node.host.now();
    let own =
        BeatRecord { name: node.own.name.to_string(), boot: node.boot.clone(), at: offset.stamp(now).0 };
    let nodes = &node.keys.nodes;
    let answers = link.run(&[
        cmd("HGET").arg(nodes).arg(&*node.own.id).clone(),
        cmd("HSET").arg(nodes).arg(&*node.own.id).arg(script::json(&own)).clone(),
        cmd("HSCAN").arg(nodes).arg(0).arg("COUNT").arg(limit::FLEET_NODES).clone(),
    ])?;
    let mut answers = answers.into_iter();
    let before: Option<Vec<u8>> = answers.next().and_then(|value| from_redis_value(value).ok()).flatten();
    let before = before.as_deref().and_then(read);
    let twin = before.filter(|before| {
        before.boot != node.boot && last.is_some_and(|last| Stamp(before.at) > offset.stamp(last))
    });
    let listed: Option<(Vec<u8>, Fields)> = answers.nth(1).and_then(|value| from_redis_value(value).ok());
    let mut gone = Vec::new();
    let mut state = node.state();
    state.has_twin = twin.is_some();
    for (id, value) in listed.map(|(_, listed)| listed).unwrap_or_default() {
        let record = std::str::from_utf8(&id).ok().filter(|id| is_node_id(id)).zip(read(&value));
        let Some((known, record)) = record else {
            gone.push((id, value));
            continue;
        };
        let at = offset.moment(Stamp(record.at));
        if now.since(at) > GONE || at > now.after(LATELY) {
            gone.push((id, value));
        } else if now.since(at) <= LATELY {
            let name = plain(&record.name, limit::FLEET_NODE_BYTES);
            state.met(&node.own, &Origin { id: Arc::from(known), name: Arc::from(name) }, at.min(now));
        }
    }
    state.nodes.retain(|_, (_, at)| now.since(*at) <= LATELY);
    drop(state);
    if !gone.is_empty() {
        let mut sent = cmd("HDEL");
        sent.arg(&node.keys.sent);
        gone.iter().for_each(|(id, _)| {
            sent.arg(id);
        });
        link.run(&[script::forget(nodes, None, &gone), sent])?;
    }
    Ok(())
}

fn read(text: &[u8]) -> Option<BeatRecord> {
    if text.len() > limit::FLEET_RECORD_BYTES { None } else { serde_json::from_slice(text).ok() }
}

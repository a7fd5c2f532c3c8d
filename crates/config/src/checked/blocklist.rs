//! Judges `[[blocklist]]`.

use std::time::Duration;

use event::{JailName, limit};

use crate::blocklist::{Blocklist, ListOrigin};
use crate::judge::{Forever, Judge};
use crate::raw::RawBlocklist;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

pub(super) fn blocklists(judge: &mut Judge<'_>, raw: &[RawBlocklist]) -> Vec<Blocklist> {
    let mut lists: Vec<Blocklist> = Vec::new();
    if let Some(surplus) = raw.get(limit::BLOCKLISTS) {
        let text = format!("there are more than {} blocklists; join some of them", limit::BLOCKLISTS);
        judge.complaints.add(surplus.line, text);
    }
    for raw in raw {
        let Some(list) = blocklist(judge, raw) else { continue };
        if lists.iter().any(|known| known.name == list.name) {
            let text = format!("there is a blocklist '{}' already; write another name", list.name);
            judge.complaints.add(raw.line, text);
        }
        lists.push(list);
    }
    lists
}

fn blocklist(judge: &mut Judge<'_>, raw: &RawBlocklist) -> Option<Blocklist> {
    let expected =
        "is not a name; write small letters, digits, '-' or '_', a letter first, e.g. 'spamhaus-drop'";
    let right = |name: &str| JailName::valid(name) && !RESERVED.contains(&name);
    let name = judge.text("name", &raw.name, right, expected);
    if raw.name.is_none() {
        judge
            .complaints
            .add(raw.line, "a blocklist needs a name; write e.g. name = 'spamhaus-drop'".to_owned());
    }
    let origin = origin(judge, raw);
    let refresh =
        judge.duration("refresh", &raw.refresh, Forever::Refused, Duration::from_secs(1)..=30 * DAY);
    let max = judge.number("max_entries", &raw.max_entries, 1..=limit::BLOCKLIST_ENTRIES);
    let origin = origin?;
    // A LAPI is asked for the little that has changed, a list for all of it.
    let usual = if matches!(origin, ListOrigin::Lapi { .. }) { MINUTE } else { 60 * MINUTE };
    Some(Blocklist {
        name: JailName::new(&name?),
        origin,
        ca_file: judge.path("ca_file", &raw.ca_file, "/etc/stockade/other.crt"),
        refresh: refresh.unwrap_or(usual),
        max_entries: max.unwrap_or(limit::USUAL_BLOCKLIST_ENTRIES),
    })
}

/// Names that mean something else where a jail's name stands.
const RESERVED: [&str; 2] = [JailName::MANUAL, JailName::FLEET];

/// Exactly one of the three ways to say where a list comes from.
fn origin(judge: &mut Judge<'_>, raw: &RawBlocklist) -> Option<ListOrigin> {
    let is_url = |text: &str| {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        rest.is_some_and(|rest| !rest.is_empty() && !text.contains(char::is_whitespace))
    };
    let expected = "is not a URL; write e.g. 'https://example.org/list.txt'";
    let url = judge.text("url", &raw.url, is_url, expected);
    let file = judge.path("file", &raw.file, "/etc/stockade/blocked.txt");
    let lapi = judge.text("lapi", &raw.lapi, is_url, "is not a URL; write e.g. 'http://127.0.0.1:8080/'");
    let key_file = judge.path("key_file", &raw.key_file, "/etc/stockade/crowdsec.key");
    let ways = [&raw.url, &raw.file, &raw.lapi];
    if ways.iter().filter(|way| way.is_some()).count() != 1 {
        let text =
            "a blocklist comes from one place; write one of url = '…', file = '/…', lapi = '…' with key_file";
        judge.complaints.add(raw.line, text.to_owned());
        return None;
    }
    match (&raw.lapi, &raw.key_file) {
        (Some(written), None) => {
            let missing = "needs the bouncer's key; write key_file = '/…', a file with the key alone";
            return judge.complain("lapi", written, missing);
        }
        (None, Some(written)) => {
            return judge.complain("key_file", written, "is for lapi alone; leave it out");
        }
        _ => {}
    }
    let lapi = lapi.zip(key_file).map(|(url, key_file)| ListOrigin::Lapi { url, key_file });
    lapi.or(url.map(ListOrigin::Url)).or(file.map(ListOrigin::File))
}

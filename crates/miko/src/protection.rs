//! The settings that MikoPBX calls fail2ban's, in its shape: how they are shown, and what a client's fields change of them.
//! Pure: whoever has the settings asks.

use std::time::Duration;

use config::{Edit, FOREVER, Limits, Settings};
use event::{Subject, limit};
use serde_json::{Value, json};

use crate::fields::Fields;
use crate::refusal::Refusal;

/// Characters of a whitelist, as MikoPBX bounds it.
const WHITELIST_CHARACTERS: usize = 500;

/// A ban without end has no number in MikoPBX: from this many seconds on (68 years), it has none here either.
const FOREVER_SECONDS: i64 = i32::MAX as i64;

/// A longer window could not be rebuilt after a restart, so the settings refuse it.
const LONGEST_FIND_SECONDS: i64 = limit::RECORDED_FAILURE_DAYS as i64 * 24 * 60 * 60;

/// The settings as MikoPBX shows them: numbers as numbers, the SIP limit as a text, because its page compares texts.
pub fn shown(settings: &Settings) -> Value {
    let Limits { max_retry, find_time, ban_time } = settings.defaults;
    json!({
        "maxretry": max_retry,
        "bantime": seconds(ban_time),
        "findtime": seconds(find_time),
        "whitelist": whitelist_of(settings),
        "PBXFirewallMaxReqSec": settings.firewall.sip_limit.unwrap_or(0).to_string(),
    })
}

/// What the fields change. A field that was not sent stays as it is, with PUT as with PATCH: MikoPBX does it so.
pub fn edits(mut fields: Fields, settings: &Settings) -> Result<Vec<Edit>, Refusal> {
    let present = settings.defaults;
    let limits = Limits {
        max_retry: fields
            .integer("maxretry", 1..=100)
            .and_then(|number| u32::try_from(number).ok())
            .unwrap_or(present.max_retry),
        ban_time: fields.integer("bantime", 60..=i64::MAX).map_or(present.ban_time, duration),
        find_time: fields.integer("findtime", 60..=LONGEST_FIND_SECONDS).map_or(present.find_time, duration),
    };
    let whitelist = whitelist(&mut fields, settings);
    // MikoPBX's word for no limit is 0.
    let sip_limit = fields.integer("PBXFirewallMaxReqSec", 0..=i64::from(limit::SIP_LIMIT));
    fields.judged()?;

    let mut edits = Vec::new();
    if limits != present {
        edits.push(Edit::Limits(limits));
    }
    edits.extend(whitelist.map(Edit::Whitelist));
    let sip_limit = sip_limit.map(|number| u32::try_from(number).ok().filter(|number| *number > 0));
    edits.extend(sip_limit.filter(|limit| *limit != settings.firewall.sip_limit).map(Edit::SipLimit));
    Ok(edits)
}

/// The whitelist that is asked for, if it is another one. A list that was read here is taken back whatever its length.
fn whitelist(fields: &mut Fields, settings: &Settings) -> Option<Vec<Subject>> {
    let text = fields.text("whitelist", usize::MAX)?;
    if text == whitelist_of(settings) {
        return None;
    }
    let length = text.chars().count();
    if length > WHITELIST_CHARACTERS {
        let problem = format!("it is {length} characters long; expected {WHITELIST_CHARACTERS} at most");
        fields.refuse("whitelist", problem);
        return None;
    }
    let mut subjects: Vec<Subject> = Vec::new();
    for word in text.split(|one: char| one.is_whitespace() || one == ',' || one == ';') {
        match word.parse() {
            _ if word.is_empty() => {}
            Ok(subject) if subjects.contains(&subject) => {}
            Ok(subject) => subjects.push(subject),
            Err(cause) => fields.refuse("whitelist", format!("{cause}")),
        }
    }
    Some(subjects)
}

fn whitelist_of(settings: &Settings) -> String {
    let subjects: Vec<String> =
        settings.whitelist.addresses.iter().map(|(subject, _)| subject.to_string()).collect();
    subjects.join(" ")
}

fn seconds(span: Duration) -> i64 {
    i64::try_from(span.as_secs()).unwrap_or(FOREVER_SECONDS).min(FOREVER_SECONDS)
}

fn duration(seconds: i64) -> Duration {
    if seconds >= FOREVER_SECONDS { FOREVER } else { Duration::from_secs(seconds.unsigned_abs()) }
}

#[cfg(test)]
mod tests {
    use axum::http::Uri;

    use super::*;

    fn asked(query: &str, settings: &Settings) -> Result<Vec<Edit>, Refusal> {
        let uri: Uri = format!("/?{query}").parse().unwrap();
        edits(Fields::of_query(&uri).unwrap(), settings)
    }

    #[test]
    fn only_what_is_sent_changes() {
        let settings = Settings::default();
        assert_eq!(asked("", &settings), Ok(Vec::new()));
        assert_eq!(asked("maxretry=10&unknown=1", &settings), Ok(Vec::new()));
        let limits = Limits { max_retry: 7, ..settings.defaults };
        assert_eq!(asked("maxretry=7", &settings), Ok(vec![Edit::Limits(limits)]));
        assert_eq!(asked("PBXFirewallMaxReqSec=300", &settings), Ok(vec![Edit::SipLimit(Some(300))]));
        assert_eq!(asked("PBXFirewallMaxReqSec=0", &settings), Ok(Vec::new()));
        assert_eq!(asked("whitelist=", &settings), Ok(Vec::new()));
    }

    #[test]
    fn a_ban_without_end_survives_the_way_there_and_back() {
        let mut settings = Settings::default();
        settings.defaults.ban_time = FOREVER;
        assert_eq!(shown(&settings)["bantime"], FOREVER_SECONDS);
        assert_eq!(asked(&format!("bantime={FOREVER_SECONDS}"), &settings), Ok(Vec::new()));
    }

    #[test]
    fn a_whitelist_is_separated_by_anything_and_judged_word_by_word() {
        let settings = Settings::default();
        let separated = asked("whitelist=192.0.2.1,%20198.51.100.0/24%0A2001:db8::/32;192.0.2.1", &settings);
        let subjects = ["192.0.2.1", "198.51.100.0/24", "2001:db8::/32"].map(|text| text.parse().unwrap());
        assert_eq!(separated, Ok(vec![Edit::Whitelist(subjects.to_vec())]));
        let wrong = asked("whitelist=nobody%20192.0.2.300%20192.0.2.1", &settings).unwrap_err();
        assert_eq!(wrong.messages().len(), 2, "{wrong:?}");
    }

    #[test]
    fn a_long_whitelist_is_refused_unless_it_is_the_present_one() {
        let mut settings = Settings::default();
        let addresses = (0..60).map(|n| format!("203.0.113.{n}").parse().unwrap());
        settings.whitelist.addresses = addresses.map(|subject| (subject, String::new())).collect();
        let text = whitelist_of(&settings).replace(' ', "+");
        assert!(text.len() > WHITELIST_CHARACTERS);
        assert_eq!(asked(&format!("whitelist={text}"), &settings), Ok(Vec::new()));
        assert!(asked(&format!("whitelist={text}+192.0.2.1"), &settings).is_err());
    }

    #[test]
    fn each_wrong_field_has_its_message() {
        let settings = Settings::default();
        let query = "maxretry=101&bantime=59&findtime=x&PBXFirewallMaxReqSec=-1&whitelist=x";
        let messages = asked(query, &settings).unwrap_err().messages();
        for field in ["maxretry", "bantime", "findtime", "PBXFirewallMaxReqSec", "whitelist"] {
            assert!(messages.iter().any(|message| message.starts_with(field)), "{field}: {messages:?}");
        }
    }
}

//! What needs attention, in the visitor's language: the sentence for a notice's code, and the program's own words where there is
//! none. Each says what to do, and leads there.

use control::answer::Notice;
use event::Moment;

use crate::banner::{Banner, Kind};
use crate::elsewhere::proper;
use crate::text::{Text, Value};

/// A notice as it stands on the page.
pub fn told(text: Text, notice: &Notice, now: Moment) -> Banner {
    let mut values: Vec<(&str, Value)> = Vec::new();
    for (name, value) in &notice.values {
        let value = match name.as_str() {
            "at" | "since" => Value::from(text.past_text(value, now).shown),
            "reason" => Value::from(reason_told(text, value, now)),
            "outlet" => Value::from(proper(value)),
            // After a number, plural forms are chosen.
            "usual" | "count" | "left_out" => {
                value.parse::<u64>().map_or_else(|_| Value::from(value), Value::from)
            }
            _ => Value::from(value),
        };
        values.push((name.as_str(), value));
    }
    let title = text.find(&format!("notice-{}", notice.code), &values);
    let what = text.find(&format!("notice-{}-what", notice.code), &values);
    // A code that the catalogue does not know is told in the program's own words, which are English.
    let mut banner = Banner::new(kind(&notice.code), title.unwrap_or_else(|| text.say("notice-other")));
    banner.text = what.unwrap_or_else(|| notice.text.clone());
    match goal(&notice.code) {
        Some((address, words)) => banner.link(address, text.say(words)),
        None => banner,
    }
}

/// Why a source is not read: the moment in it as people read it. The rest may be a message of the system, and stays.
pub fn reason_told(text: Text, reason: &str, now: Moment) -> String {
    let Some((since, rest)) = reason.strip_prefix("since ").and_then(|rest| rest.split_once([';', ' ']))
    else {
        return reason.to_owned();
    };
    let since = since.trim_end_matches(':');
    if since.parse::<jiff::Timestamp>().is_err() {
        return reason.to_owned();
    }
    let told = text.with("since", text.past_text(since, now).shown).say("source-since");
    match rest.trim() {
        "waiting for it" => told,
        rest => format!("{told}; {rest}"),
    }
}

fn kind(code: &str) -> Kind {
    match code {
        "enforcement-error" | "store-error" | "settings-wrong" | "switched-off" => Kind::Stop,
        "note" => Kind::Note,
        _ => Kind::Warn,
    }
}

fn goal(code: &str) -> Option<(&'static str, &'static str)> {
    match code {
        "source-not-read" | "source-silent" => Some(("/#sources", "notice-see-sources")),
        "container-bridge" => Some(("/keys", "notice-see-keys")),
        "redis-away" | "redis-overrun" | "outlet-error" => Some(("/#elsewhere", "notice-see-elsewhere")),
        "blocklist-error" | "blocklist-cut" => Some(("/#blocklists", "notice-see-blocklists")),
        "still-fails" => Some(("/jails", "notice-see-jails")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_that_nobody_knows_is_told_in_the_programs_own_words() {
        let notice = Notice::new("brand-new", &[("x", "y")], "do this".to_owned());
        assert_eq!(told(Text::of_tag("ru"), &notice, Moment::from_seconds(0)).text, "do this");
    }

    #[test]
    fn the_moment_in_a_reason_is_told_and_the_rest_stays() {
        let (text, now) = (Text::of_tag("ru"), Moment::from_seconds(1_795_000_000));
        let told = |reason: &str| reason_told(text, reason, now);
        assert!(told("since 2026-11-22T10:00:00Z; waiting for it").starts_with("последний раз: "));
        assert!(told("since 2026-11-22T10:00:00Z: exit status 1").ends_with("; exit status 1"));
        for odd in ["permission denied", "since yesterday; x", "since "] {
            assert_eq!(told(odd), odd);
        }
    }

    #[test]
    fn a_known_code_has_its_sentence_in_both_languages() {
        let values = [("source", "/var/log/<b>"), ("since", "2026-11-22T17:00:00Z"), ("usual", "2400")];
        let notice = Notice::new("source-silent", &values, "text".to_owned());
        let shown = told(Text::of_tag("ru"), &notice, Moment::from_seconds(1_795_000_000));
        assert!(shown.title.contains("/var/log/<b>") && shown.text.contains("2400"), "{shown:?}");
        assert!(!shown.to_string().contains("<b>"));
    }
}

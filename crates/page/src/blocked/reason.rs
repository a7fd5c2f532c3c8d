//! The reason of a ban in the visitor's language. The program writes it in English; what is not of its known forms (a note by hand,
//! a form of another version) is shown as it came.

use crate::text::{Text, Value};

/// `5 failures within 10 min (limit 5), ban no. 3` and `by admin`, as the catalogue says them.
pub(super) fn told(text: Text, reason: &str) -> String {
    if let Some(actor) = reason.strip_prefix("by ") {
        return text.with("actor", actor).say("reason-by-hand");
    }
    counted(text, reason).unwrap_or_else(|| reason.to_owned())
}

fn counted(text: Text, reason: &str) -> Option<String> {
    let (failures, rest) = reason.split_once(' ')?;
    let rest = rest.strip_prefix("failures within ").or_else(|| rest.strip_prefix("failure within "))?;
    let (within, rest) = rest.split_once(" (limit ")?;
    let (limit, rest) = rest.split_once(')')?;
    let failures: u32 = failures.parse().ok()?;
    // The limit stands in the jail's settings; here it would only make the line long.
    limit.parse::<u32>().ok()?;
    let values = [("failures", Value::from(failures)), ("within", Value::from(span(text, within)?))];
    let mut told = text.say_with("reason-failures", &values);
    if let Some(times) = rest.strip_prefix(", ban no. ") {
        let times: u32 = times.parse().ok()?;
        told.push_str(&text.with("times", times).say("reason-times"));
    } else if rest == ", by senders that may be forged" {
        told.push_str(&text.say("reason-claimed"));
    } else if !rest.is_empty() {
        return None;
    }
    Some(told)
}

/// `10 min`, `1 h 30 min`, `7 days`.
fn span(text: Text, spoken: &str) -> Option<String> {
    let words: Vec<&str> = spoken.split_whitespace().collect();
    let mut seconds: u64 = 0;
    for pair in words.chunks(2) {
        let [number, unit] = pair else { return None };
        let unit = match *unit {
            "s" | "second" | "seconds" => 1,
            "min" | "minute" | "minutes" => 60,
            "h" | "hour" | "hours" => 3_600,
            "d" | "day" | "days" => 86_400,
            _ => return None,
        };
        seconds = seconds.checked_add(number.parse::<u64>().ok()?.checked_mul(unit)?)?;
    }
    (!words.is_empty()).then(|| text.span(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_forms_are_told_and_others_shown_as_they_came() {
        let told = |reason| told(Text::of_tag("ru"), reason).replace('\u{a0}', " ");
        assert_eq!(
            told("5 failures within 10 min (limit 5), ban no. 3"),
            "5 неудач за 10 мин, блокировка № 3"
        );
        assert_eq!(told("1 failure within 1 day (limit 1)"), "1 неудача за 1 день");
        assert_eq!(told("by admin: probes"), "вручную, admin: probes");
        for odd in [
            "x failures within y",
            "9 failures within 3 moons (limit 5)",
            "",
            "<script>",
            "1 failure within  (limit 1)",
        ] {
            assert_eq!(told(odd), odd);
        }
    }
}

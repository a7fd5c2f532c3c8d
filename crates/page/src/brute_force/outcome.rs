//! What a change would have done over the recorded failures, in sentences.

use control::desk::Rehearsal;
use event::{Moment, Subject};

use crate::text::Text;

/// The sentences, and the first of those whom it concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The change in one sentence.
    pub title: String,
    /// From how many to how many; may be empty.
    pub detail: String,
    /// Whom the change would block: the first of them, and how many more there are.
    pub added: Listed,
    /// Whom it would not block any more.
    pub removed: Listed,
}

/// The first of a list, and how many more there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// The first.
    pub first: Vec<String>,
    /// How many more.
    pub more: u64,
}

/// A shorter span says no more.
const HOUR_SECONDS: u64 = 60 * 60;
const DAY_SECONDS: u64 = 24 * HOUR_SECONDS;

impl Outcome {
    /// Of a change that changes nothing.
    pub fn unchanged(text: &Text) -> Self {
        Self::of_title(text.say("outcome-unchanged"))
    }

    /// Of a rehearsal.
    pub fn new(text: &Text, rehearsal: &Rehearsal, now: Moment) -> Self {
        if rehearsal.failures == 0 {
            return Self::of_title(text.say("outcome-no-failures"));
        }
        let seconds = now.since(rehearsal.since).as_secs().max(HOUR_SECONDS);
        // Nobody asks for the hours beside days.
        let whole = if seconds > DAY_SECONDS {
            (seconds + DAY_SECONDS / 2) / DAY_SECONDS * DAY_SECONDS
        } else {
            seconds
        };
        let (added, removed) = (rehearsal.added_count, rehearsal.removed_count);
        let id = match (added, removed) {
            (0, 0) => "outcome-same",
            (_, 0) => "outcome-more",
            (0, _) => "outcome-fewer",
            _ => "outcome-both",
        };
        let title = text.with("span", text.span(whole)).with("more", added).with("fewer", removed).say(id);
        let detail = text
            .with("before", rehearsal.before)
            .with("after", rehearsal.after)
            .with("failures", rehearsal.failures)
            .say("outcome-detail");
        Self {
            title,
            detail,
            added: Listed::new(&rehearsal.added, added),
            removed: Listed::new(&rehearsal.removed, removed),
        }
    }

    fn of_title(title: String) -> Self {
        Self { title, detail: String::new(), added: Listed::default(), removed: Listed::default() }
    }
}

impl Listed {
    fn new(first: &[Subject], count: u64) -> Self {
        let more = count.saturating_sub(first.len() as u64);
        Self { first: first.iter().map(ToString::to_string).collect(), more }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rehearsal(added: u64, removed: u64) -> Rehearsal {
        let since = Moment::from_seconds(1_700_000_000);
        let subjects =
            |count: u64| (0..count.min(2)).map(|n| format!("192.0.2.{n}").parse().unwrap()).collect();
        Rehearsal {
            since,
            failures: 900,
            before: 60,
            after: 60 + added - removed,
            added: subjects(added),
            removed: subjects(removed),
            added_count: added,
            removed_count: removed,
        }
    }

    fn said(tag: &str, added: u64, removed: u64) -> String {
        let now = Moment::from_seconds(1_700_000_000 + 7 * 86_400 - 3_600);
        Outcome::new(&Text::of_tag(tag), &rehearsal(added, removed), now).title.replace('\u{a0}', " ")
    }

    #[test]
    fn it_says_how_many_more_and_how_many_fewer() {
        assert_eq!(
            said("en", 41, 3),
            "Over the last 7 days this would have blocked 41 more addresses and 3 fewer"
        );
        assert_eq!(said("en", 1, 0), "Over the last 7 days this would have blocked 1 more address");
        assert_eq!(said("en", 0, 2), "Over the last 7 days this would have blocked 2 fewer addresses");
        assert!(said("en", 0, 0).contains("the same addresses"));
        assert!(said("ru", 41, 3).contains("на 41 адрес больше"), "{}", said("ru", 41, 3));
        assert!(said("ru", 0, 5).contains("на 5 адресов меньше"), "{}", said("ru", 0, 5));
    }

    #[test]
    fn without_failures_nothing_is_promised() {
        let (text, now) = (Text::of_tag("en"), Moment::from_seconds(5));
        let outcome = Outcome::new(&text, &Rehearsal::default(), now);
        assert!(outcome.title.contains("No failed sign-ins are recorded") && outcome.detail.is_empty());
    }

    #[test]
    fn the_first_are_listed_and_the_rest_is_counted() {
        let outcome =
            Outcome::new(&Text::of_tag("en"), &rehearsal(41, 3), Moment::from_seconds(1_700_086_400));
        assert_eq!(outcome.added.first, ["192.0.2.0", "192.0.2.1"]);
        assert_eq!((outcome.added.more, outcome.removed.more), (39, 1));
    }
}

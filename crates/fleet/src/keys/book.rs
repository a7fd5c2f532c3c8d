//! What stands in Redis by this node's knowledge, and which steps lead from there to what shall stand. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use event::{Category, Moment, Subject, limit};

use crate::keys::change::Change;
use crate::keys::ends::Ends;

/// Ends of the keys as they were written.
#[derive(Debug, Default)]
pub(crate) struct Book {
    standing: BTreeMap<Subject, Ends>,
    keys: u64,
}

/// One key is written or removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) subject: Subject,
    pub(crate) category: Category,
    /// With this end and for that long; `None` removes.
    pub(crate) write: Option<(Moment, Duration)>,
}

/// How far a key's end may be from what it should be: what is sent and answered takes a moment.
pub(crate) const SLACK: Duration = Duration::from_secs(2);

const ENDLESS: Duration = Duration::from_secs(limit::REDIS_ENDLESS_SECONDS);

impl Step {
    pub(crate) fn change(&self) -> Change {
        let (subject, category) = (self.subject, self.category);
        match self.write {
            Some((_, lasts)) => Change::Ban { subject, category, lasts },
            None => Change::Lift { subject, category },
        }
    }
}

impl Book {
    /// How many keys stand.
    pub(crate) fn keys(&self) -> u64 {
        self.keys
    }

    pub(crate) fn standing(&self, subject: &Subject) -> Ends {
        self.standing.get(subject).copied().unwrap_or_default()
    }

    /// Notes what stands of a subject, as it was seen.
    pub(crate) fn note(&mut self, subject: Subject, ends: Ends) {
        let old = if ends.is_empty() {
            self.standing.remove(&subject)
        } else {
            self.standing.insert(subject, ends)
        };
        let old = old.unwrap_or_default();
        self.keys = self.keys + ends.count() as u64 - old.count() as u64;
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The steps that are missing for a subject; they count as taken.
    pub(crate) fn settle(&mut self, subject: Subject, wanted: &Ends, now: Moment) -> Vec<Step> {
        let mut standing = self.standing(&subject);
        let mut steps = Vec::new();
        for category in Category::ALL {
            let have = standing.get(category).filter(|end| *end > now);
            let want = wanted.get(category).filter(|end| *end > now);
            let write = match (want, have) {
                (None, None) => {
                    standing.set(category, None);
                    continue;
                }
                (None, Some(_)) => None,
                (Some(want), Some(have)) if is_right(want, have, now) => continue,
                (Some(want), _) => {
                    let end = written(want, now);
                    Some((end, end.since(now)))
                }
            };
            standing.set(category, write.map(|(end, _)| end));
            steps.push(Step { subject, category, write });
        }
        self.note(subject, standing);
        steps
    }
}

/// The end with which a key is written: its ban's, or a bounded one that is prolonged in time.
pub(crate) fn written(want: Moment, now: Moment) -> Moment {
    let bound = now.after(ENDLESS);
    if want == Moment::NEVER || want > now.after(ENDLESS.saturating_mul(52)) { bound } else { want }
}

/// Whether a key with the end `have` does for a ban that ends at `want`.
pub(crate) fn is_right(want: Moment, have: Moment, now: Moment) -> bool {
    let end = written(want, now);
    if end == want { have == want } else { have.since(now) >= ENDLESS / 2 && have <= want }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment::from_seconds(1000);

    fn subject() -> Subject {
        "192.0.2.1".parse().unwrap()
    }

    fn ends(until: Moment) -> Ends {
        let mut ends = Ends::default();
        ends.raise(Category::Sip.into(), until);
        ends
    }

    fn write(book: &mut Book, until: Moment, now: Moment) -> Option<Option<u64>> {
        let steps = book.settle(subject(), &ends(until), now);
        steps.first().map(|step| step.write.map(|(_, lasts)| lasts.as_secs()))
    }

    #[test]
    fn only_what_is_missing_is_written() {
        let mut book = Book::default();
        assert_eq!(write(&mut book, Moment::from_seconds(1100), NOW), Some(Some(100)));
        assert_eq!(write(&mut book, Moment::from_seconds(1100), Moment::from_seconds(1050)), None);
        assert_eq!(write(&mut book, Moment::from_seconds(1200), NOW), Some(Some(200)));
        assert_eq!(write(&mut book, Moment::from_seconds(1100), NOW), Some(Some(100)));
        assert_eq!(book.keys(), 1);
        assert_eq!(write(&mut book, Moment::default(), NOW), Some(None));
        assert_eq!(book.keys(), 0);
    }

    #[test]
    fn what_is_over_is_forgotten_and_not_removed() {
        let mut book = Book::default();
        write(&mut book, Moment::from_seconds(1100), NOW);
        assert_eq!(write(&mut book, Moment::from_seconds(1100), Moment::from_seconds(1100)), None);
        assert_eq!(book.keys(), 0);
    }

    #[test]
    fn a_ban_without_end_is_written_anew_when_half_of_its_time_is_over() {
        let (mut book, week) = (Book::default(), limit::REDIS_ENDLESS_SECONDS);
        assert_eq!(write(&mut book, Moment::NEVER, NOW), Some(Some(week)));
        let almost = NOW.after(Duration::from_secs(week / 2 - 1));
        assert_eq!(write(&mut book, Moment::NEVER, almost), None);
        assert_eq!(write(&mut book, Moment::NEVER, almost.after(Duration::from_secs(2))), Some(Some(week)));
    }
}

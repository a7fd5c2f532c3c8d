//! The keys of Redis as far as they are known, and what a change of one means for its subject: who is still banned from something
//! else stays out. Pure.

use std::collections::BTreeMap;

use blocklist::Entry;
use event::{Categories, Category, Moment, Subject};
use fleet::Change;

use crate::news::Answer;

/// Which keys stand.
#[derive(Debug, Default)]
pub struct RedisKeys {
    ends: BTreeMap<(Subject, Category), Moment>,
}

impl RedisKeys {
    /// These stand, and no others.
    pub fn replace(&mut self, bans: &[(Subject, Categories, Moment)]) {
        self.ends.clear();
        for (subject, categories, until) in bans {
            for category in categories.iter() {
                self.ends.insert((*subject, category), *until);
            }
        }
    }

    /// Each subject, with the latest end of its keys.
    pub fn entries(&self) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        for ((subject, _), until) in &self.ends {
            match entries.last_mut() {
                Some(last) if last.subject == *subject => last.until = last.until.max(*until),
                _ => entries.push(Entry { subject: *subject, until: *until }),
            }
        }
        entries
    }

    /// Takes changes over; what they mean for those concerned.
    pub fn change(&mut self, changes: &[Change], now: Moment) -> Answer {
        let mut concerned = Vec::new();
        for change in changes {
            match *change {
                Change::Ban { subject, category, lasts } => {
                    self.ends.insert((subject, category), now.after(lasts));
                    concerned.push(subject);
                }
                Change::Lift { subject, category } => {
                    self.ends.remove(&(subject, category));
                    concerned.push(subject);
                }
            }
        }
        concerned.sort_unstable();
        concerned.dedup();
        let mut answer = Answer::default();
        for subject in concerned {
            let keys =
                self.ends.range((subject, Category::ALL[0])..).take_while(|((one, _), _)| *one == subject);
            match keys.map(|(_, until)| *until).filter(|until| *until > now).max() {
                Some(until) => answer.new.push(Entry { subject, until }),
                None => answer.deleted.push(subject),
            }
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const NOW: Moment = Moment::from_seconds(1000);

    fn who(text: &str) -> Subject {
        text.parse().unwrap()
    }

    #[test]
    fn a_subject_is_free_when_its_last_key_is_gone() {
        let mut keys = RedisKeys::default();
        let both = Categories::from(Category::Http).and(Category::Sip.into());
        let at = Moment::from_seconds;
        keys.replace(&[
            (who("192.0.2.1"), both, at(1060)),
            (who("192.0.2.2"), Category::Ssh.into(), at(1060)),
        ]);
        keys.replace(&[
            (who("192.0.2.1"), both, at(1060)),
            (who("192.0.2.1"), Category::Ssh.into(), at(1600)),
        ]);
        assert_eq!(keys.entries(), [Entry { subject: who("192.0.2.1"), until: at(1600) }]);
        let lift = |category| Change::Lift { subject: who("192.0.2.1"), category };
        let answer = keys.change(&[lift(Category::Ssh)], NOW);
        assert_eq!(answer.new, [Entry { subject: who("192.0.2.1"), until: at(1060) }]);
        let ban = Change::Ban {
            subject: who("2001:db8::/64"),
            category: Category::Sip,
            lasts: Duration::from_secs(5),
        };
        let answer = keys.change(&[lift(Category::Http), lift(Category::Sip), ban], NOW);
        assert_eq!(answer.deleted, [who("192.0.2.1")]);
        assert_eq!(answer.new, [Entry { subject: who("2001:db8::/64"), until: at(1005) }]);
    }
}

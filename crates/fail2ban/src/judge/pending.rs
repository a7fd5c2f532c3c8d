//! Connections that several lines tell of: `<F-MLFID>` says which, `<F-MLFGAINED>` that it got in, `<F-MLFFORGET>` that it is over.
//! Bounded in number and in time.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use event::Moment;
use event::limit::FAIL2BAN_PENDING_CONNECTIONS;

use super::record::{Lines, Record};

/// fail2ban forgets a connection after five minutes, whatever comes in between.
const REMEMBERED: Duration = Duration::from_secs(5 * 60);

/// What is remembered of connections.
#[derive(Debug, Default)]
pub(super) struct Pending {
    known: HashMap<Arc<str>, Known>,
    /// Connections by the order in which they came, some of them forgotten since.
    order: VecDeque<(u64, Arc<str>)>,
    next: u64,
}

#[derive(Debug)]
struct Known {
    record: Record,
    since: Moment,
    place: u64,
}

impl Pending {
    /// Adds what `found` says to what is known of its connection and gives the whole.
    pub(super) fn merge(
        &mut self,
        connection: &str,
        mut found: Record,
        line: Lines,
        now: Moment,
    ) -> Cow<'_, Record> {
        let gained = found.has("mlfgained");
        if gained && !found.is_harmless() {
            let text = found.groups.get("mlfgained").cloned().flatten();
            found.groups.insert("nofail".into(), text);
            if !found.order.is_empty() {
                found.note_order(["nofail".into()]);
            }
        }
        let mut harmless = found.is_harmless();
        let mut gained = gained;
        let forget = found.take("mlfforget");
        let user = found.shared("user");
        let user = user.as_ref();
        let old = self.take(connection, now);
        let known = old.is_some();
        let (mut record, since, place) = match old {
            Some((key, Known { mut record, since, place })) => {
                record.note_user(user);
                let was_harmless = record.take("nofail") | record.take("mlfgained");
                record.pending &= !gained;
                // Without a failure that waits, the lines were told of before.
                if !was_harmless && !record.pending {
                    record.lines = Lines::default();
                }
                let named = found.order.into_iter();
                record.note_order(named.filter(|name| matches!(found.groups.get(name), Some(Some(_)))));
                record.groups.extend(found.groups.into_iter().filter(|(_, value)| value.is_some()));
                (record, since, Some((key, place)))
            }
            None => {
                if !forget {
                    found.note_user(user);
                }
                (found, now, None)
            }
        };
        let several = (known || !forget) && record.users.len() > 1;
        if std::mem::take(&mut record.pending) || several {
            // A failure waits, or another account is tried: that one got in does not make up for it.
            record.take("nofail");
            record.take("mlfgained");
            (harmless, gained) = (false, false);
        }
        if !harmless {
            let mut lines = std::mem::take(&mut record.harmless);
            lines.append(std::mem::take(&mut record.lines));
            if !gained {
                lines.append(line);
            }
            record.lines = lines;
        } else if !forget {
            record.harmless.append(line);
        }
        if forget {
            return Cow::Owned(record);
        }
        Cow::Borrowed(self.put(connection, Known { record, since, place: 0 }, place))
    }

    /// Notes that a failure of this connection waits for someone to be about.
    pub(super) fn wait(&mut self, connection: &str) {
        if let Some(known) = self.known.get_mut(connection) {
            known.record.pending = true;
        }
    }

    fn take(&mut self, connection: &str, now: Moment) -> Option<(Arc<str>, Known)> {
        let known = self.known.remove_entry(connection)?;
        (now.since(known.1.since) < REMEMBERED).then_some(known)
    }

    /// One that was known keeps its place in the order, as with fail2ban.
    fn put(&mut self, connection: &str, known: Known, place: Option<(Arc<str>, u64)>) -> &Record {
        while self.known.len() >= FAIL2BAN_PENDING_CONNECTIONS {
            let Some((place, oldest)) = self.order.pop_front() else { break };
            if Self::stands(&self.known, place, &oldest) {
                self.known.remove(&oldest);
            }
        }
        let (key, place) = place.unwrap_or_else(|| {
            // Its own text, so that the line need not be kept for it.
            let key: Arc<str> = connection.into();
            self.order.push_back((self.next, Arc::clone(&key)));
            self.next += 1;
            (key, self.next - 1)
        });
        if self.order.len() > 2 * FAIL2BAN_PENDING_CONNECTIONS {
            // The one that is put is not there yet, and stands.
            let known = &self.known;
            self.order
                .retain(|(other, connection)| *other == place || Self::stands(known, *other, connection));
        }
        let known = Known { place, ..known };
        &self.known.entry(key).insert_entry(known).into_mut().record
    }

    /// Whether the connection is still the one that took this place.
    fn stands(known: &HashMap<Arc<str>, Known>, place: u64, connection: &str) -> bool {
        known.get(connection).is_some_and(|known| known.place == place)
    }
}

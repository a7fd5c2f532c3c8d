//! What each bouncer was told last. Bouncers that ask for the same share one view; of a bouncer itself only its place in that view's
//! changes is kept, so that a hundred of them take no more memory than one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use control::Desk;
use control::desk::Roster;
use event::limit::{LAPI_AGAIN, LAPI_BOUNCERS, LAPI_LIFTED, LAPI_VIEWS};
use event::{Moment, Subject};
use gate::Bouncer;

use crate::number::number;
use crate::query::Wanted;
use crate::table::{Decision, Table};
use crate::view::{Difference, View};
use crate::words::Words;

/// How long the words are believed without looking into the settings again.
const WORDS_SPAN: Duration = Duration::from_secs(1);

/// What each bouncer was told; never held across a wait.
#[derive(Default)]
pub struct Ledger {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    views: Vec<View>,
    bouncers: HashMap<Asker, Told>,
    words: Option<(Moment, Words)>,
    /// Counts questions: the age of views and bouncers, and the name of a new view.
    clock: u64,
}

/// A bouncer. With other filters it is another one: what it was told by the one question is not what it asks by the other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Asker {
    bouncer: Bouncer,
    wanted: Wanted,
}

/// Up to where a bouncer was told.
#[derive(Clone, Copy, Debug)]
struct Told {
    era: u64,
    /// `None` while its first answer is on its way.
    place: Option<u64>,
    /// The place of the answer that is on its way, so that its changes are kept.
    coming: u64,
    /// Whom it may hold with an end that we do not know lies behind this one.
    unsure_behind: Option<Subject>,
    used: u64,
}

/// What a bouncer is answered.
pub struct Answer {
    /// What it shall take out first.
    pub deleted: Vec<Decision>,
    /// What it shall add.
    pub new: New,
    /// The jails' names.
    pub table: Arc<Table>,
    /// What they are called.
    pub words: Words,
    /// What is remembered once it is sent.
    pub receipt: Receipt,
}

/// What a bouncer shall add.
pub enum New {
    /// Everything in the table.
    All,
    /// These.
    Some(Vec<Decision>),
}

/// Who was told up to where.
#[derive(Clone, Debug)]
pub struct Receipt {
    asker: Asker,
    told: Told,
}

impl Ledger {
    /// What a bouncer is to be told now; with `startup`, everything.
    pub fn answer(
        &self,
        desk: &dyn Desk,
        now: Moment,
        bouncer: Bouncer,
        wanted: Wanted,
        startup: bool,
    ) -> Result<Answer, control::Fault> {
        let roster = desk.bans()?;
        let mut inner = self.lock();
        let words = inner.words(desk, now);
        let at = inner.view(&wanted, &words, &roster, now);
        let asker = Asker { bouncer, wanted };
        let view = &inner.views[at];
        let known = inner.bouncers.get(&asker).filter(|told| told.era == view.era).copied();
        let (era, place) = (view.era, view.place());
        let table = Arc::clone(&view.table);
        let difference = known.and_then(|told| view.since(told.place?)).filter(|_| !startup);
        let (deleted, new, unsure_behind) = match difference {
            Some(difference) => again(difference, &table, known.and_then(|told| told.unsure_behind)),
            None if startup => (Vec::new(), New::All, None),
            None => {
                let (mut deleted, last) = portion(&table, None);
                deleted.extend(lifted_early(desk, &table, now)?);
                (deleted, New::All, last)
            }
        };
        let told = Told { era, place: Some(place), coming: place, unsure_behind, used: inner.clock };
        inner.expect(&asker, known, place, era);
        Ok(Answer { deleted, new, table, words, receipt: Receipt { asker, told } })
    }

    /// The decisions now, for whoever asks without being remembered.
    pub fn table(&self, desk: &dyn Desk, now: Moment) -> Result<(Arc<Table>, Words), control::Fault> {
        let roster = desk.bans()?;
        let mut inner = self.lock();
        let words = inner.words(desk, now);
        let at = inner.view(&Wanted::default(), &words, &roster, now);
        Ok((Arc::clone(&inner.views[at].table), words))
    }

    /// An answer was sent to its end. One that was cut off was not heard, and is given again.
    pub fn sent(&self, receipt: Receipt) {
        self.lock().bouncers.insert(receipt.asker, receipt.told);
    }

    /// A thread that panicked in here left places that are still true: each is written at once.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn words(&mut self, desk: &dyn Desk, now: Moment) -> Words {
        if let Some((read, words)) = &self.words
            && *read <= now
            && now.since(*read) < WORDS_SPAN
        {
            return words.clone();
        }
        let words = Words::read(desk, self.words.as_ref().map(|(_, words)| words));
        self.words = Some((now, words.clone()));
        words
    }

    /// Where the view of that selection is, as of now.
    fn view(&mut self, wanted: &Wanted, words: &Words, roster: &Roster, now: Moment) -> usize {
        self.clock += 1;
        let at = self.views.iter().position(|view| view.is(wanted, words)).unwrap_or_else(|| {
            if self.views.len() == LAPI_VIEWS {
                let oldest = self.views.iter().enumerate().min_by_key(|(_, view)| view.used);
                let oldest = oldest.map_or(0, |(at, _)| at);
                self.views.swap_remove(oldest);
            }
            self.views.push(View::new(wanted.clone(), words.clone(), self.clock));
            self.views.len() - 1
        });
        let view = &mut self.views[at];
        view.used = self.clock;
        view.refresh(roster, now);
        let own = self.bouncers.values().filter(|told| told.era == view.era);
        let least = own.map(|told| told.place.unwrap_or(u64::MAX).min(told.coming)).min();
        view.forget_before(least.unwrap_or_else(|| view.place()));
        at
    }

    /// Notes that an answer is on its way.
    fn expect(&mut self, asker: &Asker, known: Option<Told>, place: u64, era: u64) {
        if known.is_none() && self.bouncers.len() >= LAPI_BOUNCERS {
            let oldest =
                self.bouncers.iter().min_by_key(|(_, told)| told.used).map(|(asker, _)| asker.clone());
            oldest.map(|asker| self.bouncers.remove(&asker));
        }
        let told = Told { era, place: None, coming: place, unsure_behind: None, used: self.clock };
        let told = Told { used: self.clock, ..known.unwrap_or(told) };
        self.bouncers.insert(asker.clone(), told);
    }
}

/// The next decisions about whom it is unsure until when a bouncer holds them, and behind whom the rest lies.
fn portion(table: &Table, behind: Option<&Subject>) -> (Vec<Decision>, Option<Subject>) {
    let some = match behind {
        Some(subject) => table.behind(subject, LAPI_AGAIN),
        None => &table.decisions[..table.decisions.len().min(LAPI_AGAIN)],
    };
    let is_end = some.len() < LAPI_AGAIN;
    (some.to_vec(), some.last().map(|last| last.subject).filter(|_| !is_end))
}

/// A difference, and with it the next portion of what is unsure.
fn again(
    mut difference: Difference,
    table: &Table,
    unsure_behind: Option<Subject>,
) -> (Vec<Decision>, New, Option<Subject>) {
    let Some(behind) = unsure_behind else {
        return (difference.deleted, New::Some(difference.new), None);
    };
    let (mut more, last) = portion(table, Some(&behind));
    // Both lists are in the order of subjects.
    more.retain(|one| difference.new.binary_search_by_key(&one.subject, |new| new.subject).is_err());
    difference.deleted.extend(&more);
    difference.new.extend(more);
    (difference.deleted, New::Some(difference.new), last)
}

/// Whom somebody let in before the time was over. A bouncer that was told by a Stockade before this one may still hold them; to
/// take out who is not there does no harm.
fn lifted_early(desk: &dyn Desk, table: &Table, now: Moment) -> Result<Vec<Decision>, control::Fault> {
    let mut lifted = desk.lifted_early(LAPI_LIFTED)?;
    lifted.sort();
    lifted.retain(|subject| table.find(subject).is_none());
    let end = crate::table::seconds(now);
    Ok(lifted
        .iter()
        .map(|subject| Decision { subject: *subject, jail: u16::MAX, number: number(subject), end })
        .collect())
}

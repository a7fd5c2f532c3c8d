//! The failures of one subject in one jail, in the order of their times, and the question whether they reach a limit.
//!
//! Knows neither jails nor subjects, and never looks at a clock: the caller says what is too old.

use event::failure::ECHOES;
use event::{Moment, Proof};

/// One failure, as little of it as counting needs: 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// When.
    pub(crate) at: Moment,
    /// Keyed hash of the account; 0 for none.
    pub(crate) account: u32,
    /// How many failures it stands for.
    pub(crate) count: u16,
    /// How well the address is proven.
    pub(crate) proof: Proof,
    /// Which report of an attempt it is, and whether it is spent.
    pub(crate) tag: Tag,
}

/// Two facts in one byte, because a million windows hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tag(u8);

impl Tag {
    const SPENT: u8 = 0x80;

    /// Of a failure that was reported as this echo (0: not as one).
    pub(crate) fn of(echo: u8) -> Self {
        Self(echo.min(ECHOES))
    }

    /// Which echo it is.
    pub(crate) fn echo(self) -> u8 {
        self.0 & !Self::SPENT
    }

    /// Whether it was part of a claimed offence already: then it counts towards a proven one only.
    fn is_spent(self) -> bool {
        self.0 & Self::SPENT != 0
    }

    fn spend(&mut self) {
        self.0 |= Self::SPENT;
    }
}

impl Mark {
    fn proven(&self) -> u32 {
        if self.proof == Proof::Proven { u32::from(self.count) } else { 0 }
    }

    fn unspent(&self) -> u32 {
        if self.tag.is_spent() { 0 } else { u32::from(self.count) }
    }
}

/// A limit that was reached: by how many failures, how well proven, and when the last of them was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reached {
    /// Failures in the heaviest stretch of `find_time` around the newcomer.
    pub(crate) failures: u32,
    /// Whether proven failures alone did it.
    pub(crate) proof: Proof,
    /// The latest failure of that stretch.
    pub(crate) at: Moment,
}

/// Failures sorted by time. Most subjects fail once and are never seen again, so one failure needs no allocation.
#[derive(Debug)]
pub(crate) enum Window {
    /// Exactly one.
    One(Mark),
    /// None (an empty slot of the table) or several.
    Many(Vec<Mark>),
}

impl Window {
    /// Without a failure.
    pub(crate) const fn empty() -> Self {
        Self::Many(Vec::new())
    }

    /// Whether there is none. Does not look into the heap.
    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Self::Many(marks) if marks.is_empty())
    }

    /// The failures, oldest first.
    pub(crate) fn marks(&self) -> &[Mark] {
        match self {
            Self::One(mark) => std::slice::from_ref(mark),
            Self::Many(marks) => marks,
        }
    }

    /// Puts `mark` where its time belongs: lines come out of order.
    pub(crate) fn insert(&mut self, mark: Mark) {
        match self {
            Self::Many(marks) if marks.is_empty() => *self = Self::One(mark),
            Self::Many(marks) => {
                let place = marks.partition_point(|other| other.at <= mark.at);
                marks.insert(place, mark);
            }
            Self::One(other) => {
                let (first, second) = if other.at <= mark.at { (*other, mark) } else { (mark, *other) };
                let mut marks = Vec::with_capacity(4);
                marks.extend([first, second]);
                *self = Self::Many(marks);
            }
        }
    }

    /// Keeps only the failures that `keep` wants.
    pub(crate) fn retain(&mut self, keep: impl Fn(&Mark) -> bool) {
        match self {
            Self::One(mark) if keep(mark) => {}
            Self::One(_) => *self = Self::empty(),
            Self::Many(marks) => marks.retain(keep),
        }
    }

    /// Forgets what happened before `horizon`.
    pub(crate) fn forget_before(&mut self, horizon: Moment) {
        if self.marks().first().is_some_and(|oldest| oldest.at < horizon) {
            self.retain(|mark| mark.at >= horizon);
        }
    }

    /// Forgets the oldest failure.
    pub(crate) fn forget_oldest(&mut self) {
        match self {
            Self::One(_) => *self = Self::empty(),
            Self::Many(marks) if marks.is_empty() => {}
            Self::Many(marks) => drop(marks.remove(0)),
        }
    }

    /// After a claimed offence: claimed failures go, proven ones stay but count towards a proven offence only.
    pub(crate) fn spend(&mut self) {
        self.retain(|mark| mark.proof == Proof::Proven);
        match self {
            Self::One(mark) => mark.tag.spend(),
            Self::Many(marks) => marks.iter_mut().for_each(|mark| mark.tag.spend()),
        }
    }

    /// Failures that count towards the next offence of any kind, and the proven ones, not older than `horizon`. Echoes
    /// report the same attempts again, so the one that reports the most is what counts.
    pub(crate) fn weigh(&self, horizon: Moment) -> (u32, u32) {
        let mut weights = [(0, 0); 1 + ECHOES as usize];
        for mark in self.marks().iter().filter(|mark| mark.at >= horizon) {
            let (all, proven) = &mut weights[usize::from(mark.tag.echo())];
            *all += mark.unspent();
            *proven += mark.proven();
        }
        weights.into_iter().fold((0, 0), |most, one| (most.0.max(one.0), most.1.max(one.1)))
    }

    /// Whether `newcomer` completed `max_retry` failures within `find_millis` of each other, counting those that were
    /// reported in the same way: the other ways were not changed by it.
    pub(crate) fn reached(&self, newcomer: Mark, max_retry: u32, find_millis: i64) -> Option<Reached> {
        let judge = |proof, weight: fn(&Mark) -> u32| {
            let weight = |mark: &Mark| if mark.tag.echo() == newcomer.tag.echo() { weight(mark) } else { 0 };
            let (failures, latest) = heaviest(self.marks(), newcomer.at, find_millis, weight);
            (failures >= max_retry).then_some(Reached { failures, proof, at: latest })
        };
        judge(Proof::Proven, Mark::proven).or_else(|| judge(Proof::Claimed, Mark::unspent))
    }
}

/// The most that weighs within any stretch of `find_millis` that contains `at`, and the latest failure in that
/// stretch. Both ends belong to a stretch. It is enough to look at the stretches that begin with a failure.
fn heaviest(marks: &[Mark], at: Moment, find_millis: i64, weight: impl Fn(&Mark) -> u32) -> (u32, Moment) {
    let first = marks.partition_point(|mark| mark.at.millis() < at.millis().saturating_sub(find_millis));
    let (mut best, mut latest) = (0, at);
    let (mut sum, mut end) = (0, first);
    for start in first..marks.len() {
        if marks[start].at > at {
            break;
        }
        let last = marks[start].at.millis().saturating_add(find_millis);
        while end < marks.len() && marks[end].at.millis() <= last {
            sum += weight(&marks[end]);
            end += 1;
        }
        if sum > best {
            best = sum;
            let heavy = marks[start..end].iter().rfind(|mark| weight(mark) > 0);
            latest = heavy.map_or(at, |mark| mark.at);
        }
        sum -= weight(&marks[start]);
    }
    (best, latest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(at: i64, proof: Proof) -> Mark {
        Mark { at: Moment::from_millis(at), account: 0, count: 1, proof, tag: Tag::of(0) }
    }

    fn window(marks: &[Mark]) -> Window {
        let mut window = Window::empty();
        marks.iter().for_each(|mark| window.insert(*mark));
        window
    }

    #[test]
    fn sizes_are_what_the_memory_budget_assumes() {
        assert_eq!(size_of::<Mark>(), 16);
        assert_eq!(size_of::<Window>(), 24);
    }

    #[test]
    fn marks_stand_in_the_order_of_their_times() {
        let window = window(&[5, 1, 3, 2, 4].map(|at| mark(at, Proof::Proven)));
        let times: Vec<i64> = window.marks().iter().map(|mark| mark.at.millis()).collect();
        assert_eq!(times, [1, 2, 3, 4, 5]);
    }

    #[test]
    fn both_ends_of_a_stretch_belong_to_it() {
        let window = window(&[0, 10].map(|at| mark(at, Proof::Proven)));
        assert!(window.reached(mark(10, Proof::Proven), 2, 10).is_some());
        assert!(window.reached(mark(10, Proof::Proven), 2, 9).is_none());
    }

    #[test]
    fn the_newcomer_may_be_the_oldest_the_middle_or_the_newest() {
        for newcomer in [0, 5, 10] {
            let window = window(&[0, 5, 10].map(|at| mark(at, Proof::Proven)));
            let reached = window.reached(mark(newcomer, Proof::Proven), 3, 10).unwrap();
            assert_eq!((reached.failures, reached.at.millis()), (3, 10));
        }
    }

    #[test]
    fn two_near_groups_are_not_one() {
        let window = window(&[0, 1, 8, 15, 16].map(|at| mark(at, Proof::Proven)));
        assert!(window.reached(mark(8, Proof::Proven), 4, 8).is_none());
        assert!(window.reached(mark(8, Proof::Proven), 3, 8).is_some());
    }

    #[test]
    fn spent_marks_count_towards_a_proven_offence_only() {
        let mut window = window(&[mark(0, Proof::Proven), mark(1, Proof::Claimed), mark(2, Proof::Proven)]);
        assert_eq!(window.reached(mark(2, Proof::Proven), 3, 10).unwrap().proof, Proof::Claimed);
        window.spend();
        assert_eq!(window.weigh(Moment::from_millis(0)), (0, 2));
        window.insert(mark(3, Proof::Claimed));
        assert_eq!(window.reached(mark(3, Proof::Proven), 3, 10), None);
        window.insert(mark(4, Proof::Proven));
        assert_eq!(window.reached(mark(4, Proof::Proven), 3, 10).unwrap().proof, Proof::Proven);
    }

    #[test]
    fn echoes_count_for_themselves_and_the_most_is_what_counts() {
        let echo = |at| Mark { tag: Tag::of(1), ..mark(at, Proof::Proven) };
        let window = window(&[mark(0, Proof::Proven), echo(1), mark(2, Proof::Proven), echo(3), echo(4)]);
        assert_eq!(window.weigh(Moment::from_millis(0)), (3, 3));
        assert_eq!(window.reached(mark(2, Proof::Proven), 3, 10), None);
        assert_eq!(window.reached(echo(4), 3, 10).unwrap().failures, 3);
    }
}

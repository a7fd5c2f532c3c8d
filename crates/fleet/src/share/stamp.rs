//! Redis' own time, the one clock that all nodes of a fleet can ask, and how far a host's clock is from it. A `Stamp` is written to
//! Redis and compared; a `Moment` is what the program around knows. Nothing here asks a clock.
//!
//! Why not the hosts' clocks: they may be hours apart, and then a ban made after an unban would look older than it. Each node
//! measures how far Redis' clock is from its own and writes Redis' time, so that only the error of that measurement is left:
//! half a round trip at most. What a node could see before it decided is put in order by more than the clock (see `floor`s in `queue`).

use event::Moment;

/// Milliseconds since 1970 by Redis' clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Stamp(pub(crate) i64);

impl Stamp {
    /// The end of what has no end.
    pub(crate) const NEVER: Self = Self(i64::MAX);

    /// That much later; `NEVER` stays `NEVER`.
    pub(crate) fn plus(self, span: std::time::Duration) -> Self {
        Self(Moment::from_millis(self.0).after(span).millis())
    }

    /// That much earlier.
    pub(crate) fn minus(self, span: std::time::Duration) -> Self {
        Self(Moment::from_millis(self.0).before(span).millis())
    }

    /// How far the two are apart, in milliseconds.
    pub(crate) fn apart(self, other: Self) -> u64 {
        self.0.abs_diff(other.0)
    }
}

/// How far Redis' clock is ahead of this host's, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Offset(i64);

impl Offset {
    /// Redis said `there` to a question asked at `before` and answered by `after`: it is taken to have looked at its clock half way.
    pub(crate) fn measured(before: Moment, there: Moment, after: Moment) -> Self {
        let half = after.millis().saturating_sub(before.millis()) / 2;
        Self(there.millis().saturating_sub(before.millis().saturating_add(half)))
    }

    /// What Redis' clock showed at that moment of this host.
    pub(crate) fn stamp(self, moment: Moment) -> Stamp {
        if moment == Moment::NEVER { Stamp::NEVER } else { Stamp(moment.millis().saturating_add(self.0)) }
    }

    /// What this host's clock showed.
    pub(crate) fn moment(self, stamp: Stamp) -> Moment {
        let shown = || Moment::from_millis(stamp.0.saturating_sub(self.0));
        if stamp == Stamp::NEVER { Moment::NEVER } else { shown() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_goes_both_ways_and_never_stays_never() {
        let offset = Offset::measured(
            Moment::from_millis(1000),
            Moment::from_millis(7_200_010),
            Moment::from_millis(1020),
        );
        assert_eq!(offset, Offset(7_199_000));
        assert_eq!(offset.moment(offset.stamp(Moment::from_millis(5))), Moment::from_millis(5));
        assert_eq!(offset.stamp(Moment::NEVER), Stamp::NEVER);
        assert_eq!(offset.moment(Stamp::NEVER), Moment::NEVER);
    }
}

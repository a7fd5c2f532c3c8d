//! How long and how wide a ban is, given what went before. Arithmetic only; who is asked about is decided elsewhere.

use std::time::Duration;

use event::{Moment, Scope};

use crate::{BanTime, Escalation};

/// What an offence leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sentence {
    /// How long.
    pub(crate) length: BanTime,
    /// Until when.
    pub(crate) until: Moment,
    /// How wide.
    pub(crate) scope: Scope,
    /// The how-manieth ban this is, as the memory will have it.
    pub(crate) times: u32,
}

impl BanTime {
    /// When a ban that begins at `since` ends.
    pub(crate) fn end(self, since: Moment) -> Moment {
        match self {
            Self::For(span) => since.after(span),
            Self::ForEver => Moment::NEVER,
        }
    }
}

impl Escalation {
    /// How long a ban lasts after `earlier` bans.
    pub(crate) fn length(&self, ban_time: BanTime, earlier: u32) -> BanTime {
        let BanTime::For(first) = ban_time else { return BanTime::ForEver };
        let factor = self.factor.max(1).checked_pow(earlier);
        let grown = factor.and_then(|factor| first.checked_mul(factor)).unwrap_or(Duration::MAX);
        BanTime::For(grown.min(self.max).max(first))
    }

    /// How wide the `times`-th ban is; `elsewhere` says whether another jail banned the subject before.
    pub(crate) fn scope(&self, times: u32, elsewhere: bool) -> Scope {
        let wide = self.all_ports_after > 0 && (elsewhere || times >= self.all_ports_after);
        if wide { Scope::AllPorts } else { Scope::Jail }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn bans_grow_up_to_the_longest() {
        let escalation = Escalation { max: 7 * MINUTE, ..Escalation::default() };
        let length = |time, earlier| escalation.length(BanTime::For(time), earlier);
        for (earlier, minutes) in [(0, 1), (1, 2), (2, 4), (3, 7), (4, 7), (31, 7), (32, 7), (u32::MAX, 7)] {
            assert_eq!(length(MINUTE, earlier), BanTime::For(minutes * MINUTE), "{earlier}");
        }
        assert_eq!(length(10 * MINUTE, 5), BanTime::For(10 * MINUTE));
        assert_eq!(length(Duration::MAX, 5), BanTime::For(Duration::MAX));
        assert_eq!(escalation.length(BanTime::ForEver, 5), BanTime::ForEver);
    }

    #[test]
    fn a_factor_of_one_or_nothing_leaves_bans_as_they_are() {
        for factor in [0, 1] {
            let escalation = Escalation { factor, ..Escalation::default() };
            assert_eq!(escalation.length(BanTime::For(MINUTE), 9), BanTime::For(MINUTE));
        }
    }

    #[test]
    fn bans_widen_with_repeats_and_across_jails() {
        let usual = Escalation::default();
        let never = Escalation { all_ports_after: 0, ..usual };
        for (escalation, times, elsewhere, scope) in [
            (usual, 1, false, Scope::Jail),
            (usual, 2, false, Scope::Jail),
            (usual, 3, false, Scope::AllPorts),
            (usual, 2, true, Scope::AllPorts),
            (never, 9, true, Scope::Jail),
        ] {
            assert_eq!(escalation.scope(times, elsewhere), scope, "{times} {elsewhere}");
        }
    }
}

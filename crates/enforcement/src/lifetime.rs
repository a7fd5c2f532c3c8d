//! How long the kernel keeps an element: from a ban's end to a span of milliseconds and back. Pure; the kernel is given
//! spans since its clock is not ours.

use event::Moment;

/// Longer than this is without end: a century.
const WITHOUT_END_MILLIS: u64 = 100 * 365 * 86_400_000;

/// `until`, or `NEVER` if it is too far away to count the milliseconds.
pub(crate) fn lasting(until: Moment, now: Moment) -> Moment {
    if until.millis().abs_diff(now.millis()) > WITHOUT_END_MILLIS && until > now {
        Moment::NEVER
    } else {
        until
    }
}

/// How long the kernel is to keep an element; `None` without end. At least a millisecond, since 0 means without end.
pub(crate) fn millis_left(until: Moment, now: Moment) -> Option<u64> {
    let left = until.millis().saturating_sub(now.millis()).max(1);
    (until != Moment::NEVER).then_some(left.cast_unsigned())
}

/// When an element ends that the kernel still keeps for so long.
pub(crate) fn until(millis_left: Option<u64>, now: Moment) -> Moment {
    match millis_left {
        None => Moment::NEVER,
        Some(millis) => now.after(std::time::Duration::from_millis(millis)),
    }
}

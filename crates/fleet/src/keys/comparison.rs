//! Compares what stands in Redis with what shall stand, and writes the difference only. The keys themselves are asked, since they may
//! be gone although this node wrote them: evicted, removed by somebody, or lost with a server that came back older.

use event::{Moment, Subject};

use crate::host::Host;
use crate::keys::book::{Book, SLACK, Step, written};
use crate::keys::claims::Claims;
use crate::keys::ends::Ends;
use crate::keys::keeper::{Keeper, Own, Seen};
use crate::link::LinkError;

/// Subjects that are compared together.
const PART: usize = 1000;

/// Compares everything. Removes what this node wrote and nobody asks for any more; what others wrote stays.
pub(crate) fn compare(
    keeper: &mut Keeper,
    claims: &mut Claims,
    book: &mut Book,
    clock: &dyn Host,
) -> Result<(), LinkError> {
    let own = keeper.own()?;
    book.clear();
    // Before a restart of this program they were sighted; they are known from their keys now.
    for (subject, _) in own.keys() {
        claims.recognise(*subject);
    }
    let now = clock.now();
    let mut stale = Vec::new();
    for ((subject, category), end) in &own {
        // What is over may have been written by somebody else since.
        if *end > now && claims.ends(subject, now).get(*category).is_none() {
            stale.push(Step { subject: *subject, category: *category, write: None });
        }
    }
    keeper.carry_out(&stale, now)?;
    keeper.forget_over(now)?;
    let mut last = None;
    loop {
        let part = claims.behind(last.as_ref(), PART);
        last = part.last().copied();
        // Many parts take a while, and what is left of each key is counted from when it is asked.
        compare_part(keeper, claims, book, &part, &own, clock.now())?;
        if part.len() < PART {
            return Ok(());
        }
    }
}

/// Looks at some keys again, and mends them.
pub(crate) fn look(
    keeper: &mut Keeper,
    claims: &mut Claims,
    book: &mut Book,
    part: &[Subject],
    now: Moment,
) -> Result<(), LinkError> {
    compare_part(keeper, claims, book, part, &Own::new(), now)?;
    for subject in part {
        claims.prune(subject, now);
    }
    Ok(())
}

fn compare_part(
    keeper: &mut Keeper,
    claims: &Claims,
    book: &mut Book,
    part: &[Subject],
    own: &Own,
    now: Moment,
) -> Result<(), LinkError> {
    let wanted: Vec<Ends> = part.iter().map(|subject| claims.ends(subject, now)).collect();
    let mut keys = Vec::new();
    for (subject, ends) in part.iter().zip(&wanted) {
        keys.extend(ends.iter().map(|(category, _)| (*subject, category)));
    }
    let seen = keeper.look(&keys)?;
    let mut seen = keys.into_iter().zip(seen).peekable();
    let mut steps = Vec::new();
    for (subject, ends) in part.iter().zip(&wanted) {
        let mut standing = Ends::default();
        while let Some(((_, category), seen)) = seen.next_if(|((one, _), _)| one == subject) {
            let key = (*subject, category);
            standing.set(category, ends.get(category).and_then(|want| found(seen, want, own.get(&key), now)));
        }
        book.note(*subject, standing);
        steps.extend(book.settle(*subject, ends, now));
    }
    keeper.carry_out(&steps, now)
}

/// The end that counts as standing for a key that was seen. `None`: it is to be written.
fn found(seen: Seen, want: Moment, own: Option<&Moment>, now: Moment) -> Option<Moment> {
    let have = match seen {
        Seen::Gone => return None,
        // Somebody else wants it to stay. It does for the ban, too.
        Seen::Endless => return Some(written(want, now)),
        Seen::For(left) => now.after(left),
    };
    if written(want, now) != want {
        return Some(have);
    }
    if have.after(SLACK) < want {
        return None;
    }
    // Longer than asked for: by this node, and then the ban is shorter now, or by another one, and the longest stands.
    let is_own_and_longer = have > want.after(SLACK) && own.is_some_and(|end| *end > want.after(SLACK));
    if is_own_and_longer { None } else { Some(want) }
}

//! Sums of failures and of bans over quarters of an hour, kept as these are recorded. They cost a few rows a turn, and stay
//! true when a flood has pushed the failures themselves past their bound; a login that clears failures takes nothing away.
//!
//! Failures are summed up for each echo. Of these sums the largest is what is told, as the counter does it for a window: a
//! second telling never counts twice. Where some addresses were only seen in one telling and some only in the other, the
//! answer is too small, never too large.

use std::collections::BTreeMap;
use std::time::Duration;

use event::{Failure, JailName, Moment, limit};
use rusqlite::{Connection, Row, Transaction, params};

use crate::names::Names;
use crate::row::damaged;

/// Length of a slot in milliseconds: time zones differ by quarters of an hour, so a step of an hour can begin at a full hour
/// in each. The schema's second step has the same number.
const SLOT_MILLIS: i64 = 15 * 60 * 1000;

/// For each jail one sum a step, in the order of the jails' names. A jail without any is left out.
pub(crate) type Steps = Vec<(JailName, Vec<u64>)>;

/// The slot in which a moment lies.
pub(crate) fn slot(at: Moment) -> i64 {
    at.millis().div_euclid(SLOT_MILLIS)
}

/// Adds up failures before they are written: a batch of thousands touches a few rows only.
#[derive(Default)]
pub(crate) struct FailureSums(BTreeMap<(i64, i64, u8), i64>);

impl FailureSums {
    /// Takes one failure of the jail with this number.
    pub(crate) fn take(&mut self, failure: &Failure, jail: i64) {
        let sum = self.0.entry((slot(failure.at), jail, failure.echo)).or_default();
        *sum = sum.saturating_add(i64::from(failure.count));
    }

    /// Writes the sums.
    pub(crate) fn record(&self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        let mut statement = transaction.prepare_cached(
            "INSERT INTO failure_tally (slot, jail, echo, failures) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET failures = failures + excluded.failures",
        )?;
        for ((slot, jail, echo), sum) in &self.0 {
            statement.execute(params![slot, jail, echo, sum])?;
        }
        Ok(())
    }
}

/// Counts one ban that was made.
pub(crate) fn record_ban(transaction: &Transaction<'_>, since: Moment, jail: i64) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO ban_tally (slot, jail, bans) VALUES (?1, ?2, 1)
             ON CONFLICT DO UPDATE SET bans = bans + 1",
        )?
        .execute([slot(since), jail])
        .map(drop)
}

/// Failures in each step.
pub(crate) fn failures(conn: &Connection, names: &Names, steps: StepRange) -> rusqlite::Result<Steps> {
    let query = "SELECT slot, jail, max(failures) FROM failure_tally WHERE slot >= ?1 AND slot < ?2 \
                 GROUP BY slot, jail";
    steps.sum(conn, names, query)
}

/// Bans made in each step.
pub(crate) fn bans(conn: &Connection, names: &Names, steps: StepRange) -> rusqlite::Result<Steps> {
    steps.sum(conn, names, "SELECT slot, jail, bans FROM ban_tally WHERE slot >= ?1 AND slot < ?2")
}

/// Which time is asked for.
#[derive(Clone, Copy)]
pub(crate) struct StepRange {
    from: Moment,
    step: Duration,
    steps: usize,
}

impl StepRange {
    pub(crate) fn new(from: Moment, step: Duration, steps: usize) -> Self {
        Self { from, step: step.max(Duration::from_millis(1)), steps: steps.min(limit::TALLY_STEPS) }
    }

    /// A slot belongs to the step in which it begins.
    fn sum(self, conn: &Connection, names: &Names, query: &str) -> rusqlite::Result<Steps> {
        let end = self.from.after(self.step.saturating_mul(u32::try_from(self.steps).unwrap_or(u32::MAX)));
        let mut sums: BTreeMap<&JailName, Vec<u64>> = BTreeMap::new();
        let mut statement = conn.prepare_cached(query)?;
        let mut rows = statement.query([first_from(self.from), first_from(end)])?;
        while let Some(row) = rows.next()? {
            let Some(step) = self.step_of(row)? else { continue };
            let amount = u64::try_from(row.get::<_, i64>(2)?).map_err(|_| damaged(2, "a sum"))?;
            let sums = sums.entry(names.name(row, 1)?).or_insert_with(|| vec![0; self.steps]);
            sums[step] = sums[step].saturating_add(amount);
        }
        Ok(sums.into_iter().map(|(jail, sums)| (jail.clone(), sums)).collect())
    }

    fn step_of(self, row: &Row<'_>) -> rusqlite::Result<Option<usize>> {
        let slot: i64 = row.get(0)?;
        let begin = Moment::from_millis(slot.saturating_mul(SLOT_MILLIS));
        let step = begin.since(self.from).as_millis() / self.step.as_millis();
        Ok(usize::try_from(step).ok().filter(|step| *step < self.steps))
    }
}

/// The first slot that begins at `moment` or later.
fn first_from(moment: Moment) -> i64 {
    slot(moment) + i64::from(moment.millis().rem_euclid(SLOT_MILLIS) != 0)
}

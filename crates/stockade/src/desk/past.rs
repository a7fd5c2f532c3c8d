//! What was: sums, who stands out, the journal and the recorded failures, from the store's file and beside the engine.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use control::Fault;
use control::desk::{
    Activity, Deed, JournalEntry, JournalPage, Roster, Series, Span, TargetAccount, TargetNetwork,
    TargetOffender, Targets,
};
use event::{Failure, JailName, Moment, Subject};
use store::{Archive, StoreError, Top};

/// Of each kind that stands out.
const TOP: usize = 10;
const HOUR: i64 = 3_600_000;
/// Summing up a week of half a million failures takes a fifth of a second: the answer serves everybody for so long.
const WEEK_SERVES: Duration = Duration::from_secs(30);

/// The archive, opened at first need: until then the store may still be made.
#[derive(Default)]
pub struct Past {
    path: PathBuf,
    archive: Mutex<Option<Archive>>,
    week: Mutex<Option<(Moment, Arc<Top>)>>,
}

impl Past {
    /// Of the store at `path`.
    pub fn new(path: PathBuf) -> Self {
        Self { path, ..Self::default() }
    }

    /// Failures and bans over time. `services` are those of the jails that are on.
    pub fn activity(
        &self,
        span: Span,
        services: &BTreeMap<JailName, String>,
        now: Moment,
    ) -> Result<Activity, Fault> {
        let from = first_step(span, now);
        let (step, steps) = (Duration::from_secs(span.step_seconds()), span.steps());
        let (failures, bans) = self.with(|archive| {
            Ok((archive.failures_by_step(from, step, steps)?, archive.bans_by_step(from, step, steps)?))
        })?;
        let mut series: BTreeMap<String, Series> = BTreeMap::new();
        let mut add = |jail: &JailName, counts: Vec<u64>, part: fn(&mut Series) -> &mut Vec<u64>| {
            let service = service(jail, services);
            let series = series.entry(service.clone()).or_insert_with(|| Series {
                service,
                failures: vec![0; steps],
                bans: vec![0; steps],
            });
            part(series).iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        };
        failures.into_iter().for_each(|(jail, counts)| add(&jail, counts, |series| &mut series.failures));
        bans.into_iter().for_each(|(jail, counts)| add(&jail, counts, |series| &mut series.bans));
        let mut series: Vec<Series> = series.into_values().collect();
        series.sort_by_key(|one| std::cmp::Reverse(one.failures.iter().sum::<u64>()));
        Ok(Activity { from, step_seconds: span.step_seconds(), series })
    }

    /// Who stands out. `roster` says who of them is banned now.
    pub fn targets(&self, span: Span, roster: &Roster, now: Moment) -> Result<Targets, Fault> {
        let top = self.top(span, now)?;
        let is_banned = |subject: &Subject| roster.bans.iter().any(|ban| ban.subject.covers(subject));
        let services = |jails: &[JailName]| {
            let mut services: Vec<String> =
                jails.iter().map(|jail| service(jail, &roster.services)).collect();
            services.sort();
            services.dedup();
            services
        };
        let offenders = top.subjects.iter().map(|one| TargetOffender {
            banned: is_banned(&one.subject),
            subject: one.subject,
            failures: one.failures,
            last: one.last,
            services: services(&one.jails),
        });
        let networks = top.networks.iter().map(|one| TargetNetwork {
            banned: banned_in(&one.subnet, roster),
            subnet: one.subnet,
            addresses: one.addresses,
            failures: one.failures,
        });
        let accounts = top.accounts.iter().map(|one| TargetAccount {
            service: service(&one.jail, &roster.services),
            account: one.account.clone(),
            failures: one.failures,
            addresses: one.addresses,
        });
        Ok(Targets {
            offenders: offenders.collect(),
            networks: networks.collect(),
            accounts: accounts.collect(),
        })
    }

    fn top(&self, span: Span, now: Moment) -> Result<Arc<Top>, Fault> {
        let sum_up = || Ok(Arc::new(self.with(|archive| archive.top(first_step(span, now), TOP))?));
        if span == Span::Day {
            return sum_up();
        }
        let mut week = self.week.lock().unwrap_or_else(PoisonError::into_inner);
        match &*week {
            Some((made, top)) if now.since(*made) < WEEK_SERVES => Ok(Arc::clone(top)),
            _ => {
                let top = sum_up()?;
                *week = Some((now, Arc::clone(&top)));
                Ok(top)
            }
        }
    }

    /// Whose bans somebody ended although they would still last.
    pub fn lifted_early(&self, now: Moment, limit: usize) -> Result<Vec<Subject>, Fault> {
        self.with(|archive| archive.lifted_early(now, limit))
    }

    /// A page of the journal.
    pub fn journal(&self, before: Option<i64>, limit: usize) -> Result<JournalPage, Fault> {
        let rows = self.with(|archive| archive.actions(before, limit))?;
        // A full page may have another one behind it.
        let next = rows.last().filter(|_| rows.len() == limit).map(|row| row.id);
        let entries = rows.into_iter().filter_map(|row| {
            let action = row.action;
            Some(JournalEntry {
                id: row.id,
                at: action.at,
                deed: Deed::from_word(&action.deed)?,
                actor: action.actor,
                origin: action.origin,
                subject: action.subject,
                detail: action.detail,
            })
        });
        Ok(JournalPage { entries: entries.collect(), next })
    }

    /// Every recorded failure from `since` on. It takes a while, and keeps nobody else waiting.
    pub fn failures_since(&self, since: Moment, tell: &mut dyn FnMut(Failure)) -> Result<(), Fault> {
        let broken = |cause: StoreError| Fault::Broken(cause.to_string());
        Archive::open(&self.path).map_err(broken)?.failures_since(since, tell).map_err(broken)
    }

    fn with<T>(&self, read: impl FnOnce(&mut Archive) -> Result<T, StoreError>) -> Result<T, Fault> {
        let mut archive = self.archive.lock().unwrap_or_else(PoisonError::into_inner);
        let opened = match archive.take() {
            Some(opened) => Ok(opened),
            None => Archive::open(&self.path),
        };
        let answer = opened.and_then(|opened| read(archive.insert(opened)));
        answer.map_err(|cause| Fault::Broken(cause.to_string()))
    }
}

/// Where the first step begins, so that the last one is under way.
fn first_step(span: Span, now: Moment) -> Moment {
    let step = span.step_seconds() as i64 * 1000;
    let unit = if span == Span::Day { HOUR } else { step };
    let current = now.millis().div_euclid(unit) * unit;
    Moment::from_millis(current - step * (span.steps() as i64 - 1))
}

fn service(jail: &JailName, services: &BTreeMap<JailName, String>) -> String {
    services.get(jail).cloned().unwrap_or_else(|| jail.to_string())
}

fn banned_in(subnet: &Subject, roster: &Roster) -> u64 {
    let mut banned: Vec<_> =
        roster.bans.iter().map(|ban| &ban.subject).filter(|one| subnet.covers(one)).collect();
    // One address may be banned in several jails; they stand side by side.
    banned.dedup();
    banned.len() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_step_is_under_way() {
        let now = Moment::from_seconds(1_000_000_000);
        for span in [Span::Day, Span::Week] {
            let from = first_step(span, now);
            let step = Duration::from_secs(span.step_seconds());
            let last = from.after(step * (span.steps() as u32 - 1));
            assert!(last <= now && now < last.after(step), "{span:?}");
            assert_eq!(from.millis() % HOUR, 0);
        }
    }
}

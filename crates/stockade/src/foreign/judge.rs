//! fail2ban's patterns at work on one source: lines become failures in our words. No name is looked up: a line that names a host by
//! name alone counts against nobody, and is said once.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use dropin::Ignorer;
use event::limit::{ACCOUNT_BYTES, EVIDENCE_BYTES};
use event::{Block, Entry, Failure, Moment, Origin, Proof, Subject};
use fail2ban::DateDetector;
use fail2ban::journal;
use fail2ban::judge::{self, Judge, Value, Verdict, Who};
use fail2ban::pattern::Names;
use jiff::tz::TimeZone;

use super::ForeignJail;
use crate::finder::ForeignFailure;

/// A jail's patterns on one source.
#[derive(Debug)]
pub struct ForeignJudge {
    jail: Arc<ForeignJail>,
    /// None if nothing of them can be used.
    judge: Option<Judge>,
    /// What was given up before, so that only what is new is counted.
    given_up: u64,
    has_said_names: bool,
    /// A line out of another character set.
    text: String,
    /// Of the times before entries of the journal.
    zone: TimeZone,
}

impl ForeignJudge {
    /// Compiles the patterns. What cannot be used is said in the log and left out.
    pub fn new(jail: &Arc<ForeignJail>, zone: &TimeZone) -> Self {
        let text = jail.filter_text();
        let names = if jail.model.use_dns == "no" { Names::Skip } else { Names::Read };
        let dates = DateDetector::new(text.datepattern.as_deref(), jail.model.log_timezone.as_deref());
        let judge = match dates {
            Ok(dates) => {
                let (judge, wrong) = Judge::new(&text, names, dates, zone.clone());
                wrong.iter().for_each(|cause| tracing::error!(jail = %jail.name, "{cause}; it is left out"));
                Some(judge)
            }
            Err(cause) => {
                tracing::error!(jail = %jail.name, "{cause}; this jail finds nothing");
                None
            }
        };
        Self {
            jail: Arc::clone(jail),
            judge,
            given_up: 0,
            has_said_names: false,
            text: String::new(),
            zone: zone.clone(),
        }
    }

    /// Judges a block of whole lines.
    pub fn judge_block(&mut self, block: &Block<'_>, keep: &mut dyn FnMut(ForeignFailure)) {
        let Some(judge) = &mut self.judge else { return };
        let mut found = Vec::new();
        let mut keep_found = |verdict| {
            if let Verdict::Failure(failure) = verdict {
                found.push(failure);
            }
        };
        let charset = self.jail.charset.as_ref();
        if let Some(charset) = charset.filter(|charset| charset.is_wide()) {
            charset.read(block.text, &mut self.text);
            self.text.lines().for_each(|line| keep_found(judge.line(line, block.arrival)));
        } else {
            for line in filter::lines(block.text) {
                keep_found(match charset.filter(|charset| !charset.is_plain(line)) {
                    Some(charset) => {
                        charset.read(line, &mut self.text);
                        judge.line(self.text.trim_end_matches(['\r', '\n']), block.arrival)
                    }
                    None => judge.bytes(line, block.arrival),
                });
            }
        }
        self.count_given_up();
        for failure in found {
            let skew_millis = failure.at.map(|at| block.arrival.millis().saturating_sub(at.millis()));
            let at = match block.origin {
                Origin::Live => Some(block.arrival),
                // An old line without a time says nothing about now.
                Origin::CatchUp => failure
                    .at
                    .map(|at| at.min(block.arrival))
                    .filter(|at| self.is_in_reach(*at, block.arrival)),
            };
            let skew_millis = skew_millis.filter(|_| block.origin == Origin::Live);
            if let Some((failure, ignored)) = at.and_then(|at| self.failure(&failure, at)) {
                keep(ForeignFailure { failure, ignored, skew_millis });
            }
        }
    }

    /// Judges an entry of the journal, whose time is known.
    pub fn judge_entry(&mut self, entry: &Entry<'_>) -> Option<ForeignFailure> {
        let sent = Moment::from_millis(entry.sent_micros.div_euclid(1000));
        let at = match entry.origin {
            Origin::Live => entry.arrival,
            Origin::CatchUp => sent.min(entry.arrival),
        };
        // As fail2ban does before its patterns see it: a connection that began before is not known.
        if entry.origin == Origin::CatchUp && !self.is_in_reach(at, entry.arrival) {
            return None;
        }
        let date = journal::date(entry.sent_micros, &self.zone);
        let line = match (
            std::str::from_utf8(entry.line),
            self.jail.charset.as_ref().filter(|one| !one.is_wide()),
        ) {
            (Ok(line), _) => Cow::Borrowed(line),
            (Err(_), Some(charset)) => {
                charset.read(entry.line, &mut self.text);
                Cow::Borrowed(self.text.as_str())
            }
            (Err(_), None) => String::from_utf8_lossy(entry.line),
        };
        let verdict = self.judge.as_mut()?.entry(&date, &line, at, entry.arrival);
        self.count_given_up();
        let Verdict::Failure(failure) = verdict else { return None };
        let skew_millis = entry.arrival.millis().saturating_sub(sent.millis());
        let skew_millis = (entry.origin == Origin::Live).then_some(skew_millis);
        let (failure, ignored) = self.failure(&failure, at)?;
        Some(ForeignFailure { failure, ignored, skew_millis })
    }

    /// At its start fail2ban reads back one `findtime` and no further, whatever other jails of the same log look back to.
    fn is_in_reach(&self, at: Moment, now: Moment) -> bool {
        now.since(at) <= self.jail.limits().find_time
    }

    /// In our words, with what says that it does not count, if something does.
    fn failure(&mut self, found: &judge::Failure, at: Moment) -> Option<(Failure, Option<Ignorer>)> {
        let who = found.address.as_ref().unwrap_or(&found.who);
        let (subject, address) = match who {
            Who::Address(address) => (Subject::counted(*address), Some(*address)),
            Who::Subnet(address, prefix) => (Subject::network(*address, *prefix), None),
            Who::Name(_) | Who::Identity(_) => {
                if !std::mem::replace(&mut self.has_said_names, true) {
                    tracing::warn!(
                        jail = %self.jail.name,
                        "a line names '{who}' and no address; names are never looked up, so it counts against nobody"
                    );
                }
                return None;
            }
        };
        let account = found.groups.get("user").and_then(Option::as_ref).and_then(Value::text);
        let line = found.lines.join("\n");
        let failure = Failure {
            jail: self.jail.name.clone(),
            subject,
            address,
            at,
            account: account.map(|text| cut(text, ACCOUNT_BYTES).into()),
            // However many lines it took: so does fail2ban count.
            count: 1,
            // fail2ban's patterns do not say; its users expect a ban.
            proof: Proof::Proven,
            echo: 0,
            pattern: format!("failregex {}", found.pattern + 1).into(),
            line: cut(&line, EVIDENCE_BYTES).into(),
        };
        Some((failure, self.jail.ignores(&subject)))
    }

    fn count_given_up(&mut self) {
        let now = self.judge.as_ref().map_or(0, Judge::given_up);
        self.jail.given_up.fetch_add(now - self.given_up, Ordering::Relaxed);
        self.given_up = now;
    }
}

/// At most so many bytes, whole characters.
fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

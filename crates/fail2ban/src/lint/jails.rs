//! What is odd about a jail: its logs, what its filter finds in them, its limits, whom it ignores. A log is read from its end, within
//! bounds; nothing is written, and no name is looked up.

use std::path::Path;

use event::limit::FAIL2BAN_LINT_LINES;
use event::{Moment, Subject};
use jiff::tz::TimeZone;

use super::fault::Fault;
use crate::complaint::Place;
use crate::conf::Conf;
use crate::date::DateDetector;
use crate::disk;
use crate::interpolate::Given;
use crate::jail::Jail;
use crate::judge::{Judge, Verdict};
use crate::pattern::{Names, Pattern, Places, Text};

/// Days without a line after which a log counts as one that nobody writes.
const STALE_DAYS: i64 = 30;

/// Lines of a service without a match that are worth a word.
const LINES_WORTH: usize = 100;

/// The place of a jail's option: its own, else that of all jails, else the jail's.
pub fn place(conf: &Conf, jail: &Jail, option: &str) -> Place {
    let own = conf.sections.get(&jail.name).and_then(|section| section.get(option));
    own.or_else(|| conf.defaults.get(option)).map_or_else(|| jail.place.clone(), |value| value.place.clone())
}

/// Whether names are read: `usedns`, of the jail or else of the filter, is something else than `no`.
pub fn names(jail: &Jail) -> (Names, String) {
    let of_filter = || jail.filter.as_ref().and_then(|filter| filter.usedns.as_ref());
    let usedns = jail.options.get("usedns").or_else(of_filter).cloned().unwrap_or_else(|| "warn".to_owned());
    (if usedns == "no" { Names::Skip } else { Names::Read }, usedns)
}

/// Whether its lines come from the journal alone.
pub fn reads_journal(jail: &Jail) -> bool {
    jail.settings.backend.starts_with("systemd")
}

/// Limits and exceptions.
pub fn settings(conf: &Conf, jail: &Jail) -> Vec<(Place, Fault)> {
    let mut found = Vec::new();
    let settings = &jail.settings;
    if let Some(bantime) = settings.bantime.filter(|bantime| *bantime < settings.findtime) {
        let (bantime, findtime) = (bantime.as_secs(), settings.findtime.as_secs());
        found.push((place(conf, jail, "bantime"), Fault::ShortBan { bantime, findtime }));
    }
    for text in &settings.ignoreip {
        if text.parse::<Subject>().is_err() && !text.starts_with("file:") {
            found.push((place(conf, jail, "ignoreip"), Fault::NameIgnored(text.clone())));
        }
    }
    found
}

/// The logs of a jail that reads files.
pub fn logs(jail: &Jail, service: Option<&str>, now: Moment, zone: &TimeZone) -> Vec<(Place, Fault)> {
    let mut found = Vec::new();
    let mut files = Vec::new();
    for path in &jail.settings.logpath {
        let there = path.files();
        if there.is_empty() && !jail.settings.skip_if_nologs {
            found.push((path.place.clone(), Fault::NoLog(path.pattern.clone())));
        }
        files.extend(there.into_iter().map(|file| (path.place.clone(), file)));
    }
    for (place, file) in &files {
        let shown = || file.display().to_string();
        match disk::size_and_time(file) {
            Some((0, _)) => found.push((place.clone(), Fault::EmptyLog(shown()))),
            Some((_, written)) => {
                let days = (now.seconds() - written) / 86_400;
                if days >= STALE_DAYS {
                    found.push((place.clone(), Fault::StaleLog { file: shown(), days }));
                } else {
                    let fault = matchless(jail, file, service, now, zone);
                    found.extend(fault.map(|fault| (place.clone(), fault)));
                }
            }
            None => {}
        }
    }
    found
}

/// Whether the filter finds nothing in a log that has lines of its service.
fn matchless(jail: &Jail, file: &Path, service: Option<&str>, now: Moment, zone: &TimeZone) -> Option<Fault> {
    let filter = jail.filter.as_ref()?;
    let lines = disk::last_lines(file, FAIL2BAN_LINT_LINES)?;
    let service = service.and_then(|text| Pattern::new(text, Names::Skip, Text::Line).ok());
    let mut places = Places::default();
    let own = lines.iter().filter(|line| {
        service.as_ref().is_none_or(|service| service.search(line, &mut places).unwrap_or(false))
    });
    let own = own.count();
    if own < LINES_WORTH {
        return None;
    }
    let dates =
        DateDetector::new(filter.datepattern.as_deref(), jail.settings.logtimezone.as_deref()).ok()?;
    let (mut judge, _) = Judge::new(filter, names(jail).0, dates, zone.clone());
    let matches = lines.iter().any(|line| !matches!(judge.line(line, now), Verdict::Missed));
    (!matches).then(|| Fault::Matchless { file: file.display().to_string(), lines: lines.len(), own })
}

/// How a filter names its service's program.
pub fn service(conf: &Conf) -> Option<String> {
    let value = conf.get("Definition", "_daemon", &Given::default()).ok()??;
    Some(value.text).filter(|text| !text.trim().is_empty())
}

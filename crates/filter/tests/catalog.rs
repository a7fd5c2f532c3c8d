//! Every shipped filter against its samples: each line gives what it must, each pattern has a line that it matches and
//! one that it nearly matches. `FILTER=sshd` looks at one filter only.

use std::collections::HashSet;

use event::Moment;
use filter::samples::{self, Sample};
use filter::{Catalog, Filter, FilterSet, Found, Kind, Scratch, Zone};
use jiff::tz::TimeZone;

/// 2026-11-22T12:00:00Z: when the samples are read.
const NOW: Moment = Moment::from_seconds(1_795_348_800);

#[test]
fn every_filter_judges_its_samples_and_every_pattern_has_some() {
    let only = std::env::var("FILTER").ok();
    let mut faults = Vec::new();
    let mut looked_at = 0;
    for shipped in
        Catalog::all_shipped().iter().filter(|one| only.as_deref().is_none_or(|only| only == one.name))
    {
        looked_at += 1;
        match Filter::parse(shipped.name, shipped.text) {
            Ok(filter) => check(filter, shipped.samples, &mut faults),
            Err(wrong) => faults.push(wrong.to_string()),
        }
    }
    assert!(looked_at > 0, "no filter was looked at");
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

fn check(filter: Filter, text: &str, faults: &mut Vec<String>) {
    let name = filter.name.clone();
    let file = match samples::parse(text) {
        Ok(file) => file,
        Err(wrong) => return faults.push(format!("{name}.samples: {wrong}")),
    };
    let set = FilterSet::new(
        vec![(event::JailName::new(&name), filter.into())],
        &[Kind::Ignore, Kind::Failure, Kind::Success],
    );
    let filter = &set.jails()[0].1;
    let mut scratch = Scratch::default();
    let (mut matched, mut nearly) = (HashSet::new(), HashSet::new());
    for sample in &file.samples {
        let mut found = None;
        set.judge_line(sample.line.as_bytes(), &mut scratch, &mut |one| found = Some(one));
        if let Some(fault) = fault(sample, found.as_ref()) {
            faults.push(format!("{name}.samples:{}: {fault}\n    {}", sample.number, sample.line));
        }
        let hit = found.map(|found| found.rule.name.as_str());
        matched.extend(hit.map(str::to_owned));
        if matches!(sample.wanted.verdict, "missed" | "ignored") {
            let near = filter.rules().iter().filter(|rule| rule.is_near(sample.line.as_bytes()));
            nearly.extend(near.filter(|rule| Some(rule.name.as_str()) != hit).map(|rule| rule.name.clone()));
        }
    }
    for rule in filter.rules() {
        if !matched.contains(&rule.name) {
            faults.push(format!("{name}: pattern {} has no sample that it matches", rule.name));
        }
        if rule.kind != Kind::Ignore && !nearly.contains(&rule.name) {
            faults.push(format!("{name}: pattern {} has no near miss", rule.name));
        }
    }
}

fn fault(sample: &Sample<'_>, found: Option<&Found<'_>>) -> Option<String> {
    let wanted = sample.wanted;
    let verdict = match found.map(|found| found.rule.kind) {
        None => "missed",
        Some(Kind::Ignore) => "ignored",
        Some(Kind::Failure) => "failure",
        Some(Kind::Success) => "success",
    };
    let by = found.map_or("", |found| found.rule.name.as_str());
    if verdict != wanted.verdict {
        return Some(format!("is {verdict} {by}, wanted {}", wanted.verdict));
    }
    let found = found?;
    let host = found
        .host
        .map(|host| host.address().map_or(host.subject().to_string(), |address| address.to_string()));
    let zone = Zone { zone: TimeZone::UTC, now: NOW };
    let time = found.written(&zone).map(|at| at.millis());
    let wanted_time =
        wanted.time.map(|text| text.parse::<jiff::Timestamp>().expect("time= is RFC 3339").as_millisecond());
    let user = found.user.map(|user| String::from_utf8_lossy(user).into_owned());
    let (proof, count) = (found.proof.to_string(), found.count.to_string());
    let differs = |what: &str, wanted: Option<&str>, got: Option<&str>| {
        wanted
            .filter(|wanted| got != Some(wanted))
            .map(|wanted| format!("{what} is {got:?}, wanted {wanted:?} (by {by})"))
    };
    differs("host", wanted.host, host.as_deref())
        .or_else(|| differs("user", wanted.user, user.as_deref()))
        .or_else(|| differs("proof", wanted.proof, Some(&proof)))
        .or_else(|| differs("pattern", wanted.pattern, Some(by)))
        .or_else(|| differs("count", wanted.count, Some(&count)))
        .or_else(|| {
            (wanted_time.is_some() && wanted_time != time)
                .then(|| format!("time is {time:?}, wanted {wanted_time:?}"))
        })
}

//! The sample lines of Debian's fail2ban package, each judged by the filter that it is for: the same verdict, address, moment, number
//! of attempts and groups as fail2ban's own tests ask for. Needs the package `fail2ban` (its files alone; it need not run). Another edition
//! of it is judged where `FAIL2BAN_PACKAGE` names the folder that its package was unpacked into.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use event::Moment;
use fail2ban::judge::{Failure, Judge, Value as Taken, Verdict};
use fail2ban::pattern::Names;
use fail2ban::{DateDetector, filter_file};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

const FILTERS: &str = "etc/fail2ban";
const LOGS: &str = "usr/lib/python3/dist-packages/fail2ban/tests/files/logs";
/// Names the folder of another edition.
const PACKAGE: &str = "FAIL2BAN_PACKAGE";
/// The moment and the zone in which the samples were written.
const NOW: &str = "2005-08-14T12:00:00";
const ZONE: &str = "Europe/Zurich";
/// What fail2ban's own engine reaches with the package of Debian 12, and what is reached here.
const PASSED: usize = 1381;
const FAILED: usize = 0;

type Options = BTreeMap<String, String>;

/// An annotated line, to be judged with some options.
struct Sample {
    place: String,
    line: String,
    wanted: Map<String, Value>,
}

/// A folder of the package that is judged.
fn folder(within: &str) -> PathBuf {
    env::var_os(PACKAGE).map_or_else(|| PathBuf::from("/"), PathBuf::from).join(within)
}

#[test]
fn the_samples_of_the_package_are_judged_as_fail2ban_judges_them() {
    let (filters, logs) = (folder(FILTERS), folder(LOGS));
    assert!(
        logs.is_dir(),
        "the sample logs are missing; run tests/setup.sh, or install the package fail2ban"
    );
    let mut names: Vec<String> = fs::read_dir(filters.join("filter.d"))
        .expect("the package's filters are readable")
        .filter_map(|entry| {
            entry.ok()?.file_name().into_string().ok()?.strip_suffix(".conf").map(str::to_owned)
        })
        .filter(|name| !name.ends_with("common") && logs.join(name).is_file())
        .collect();
    names.sort();
    let (mut passed, mut faults) = (0, Vec::new());
    for name in &names {
        for (options, samples) in read(&logs, name) {
            let count = samples.len();
            let found = judge(&filters, name, &options, &samples);
            passed += count - found.len();
            faults.extend(found);
        }
    }
    let expected = if env::var_os(PACKAGE).is_some() { passed.max(1) } else { PASSED };
    assert_eq!(
        (passed, faults.len()),
        (expected, FAILED),
        "(passed, failed) over {} filters:\n{}",
        names.len(),
        faults.join("\n")
    );
}

/// The samples for a filter by the options that they are to be judged with.
fn read(logs: &Path, name: &str) -> Vec<(Options, Vec<Sample>)> {
    let mut runs: Vec<(Options, Vec<Sample>)> = Vec::new();
    let mut files = vec![PathBuf::from(name)];
    let mut common = Options::new();
    let mut active: Option<Vec<Options>> = None;
    let mut next = 0;
    while let Some(file) = files.get(next).cloned() {
        next += 1;
        let text = fs::read(logs.join(&file)).expect("a sample log is readable");
        let text = String::from_utf8_lossy(&text).into_owned();
        let mut wanted: Option<Map<String, Value>> = None;
        for (index, line) in text.split_terminator('\n').enumerate() {
            let place = format!("{}:{}", file.display(), index + 1);
            if let Some((kind, data)) = mark(line) {
                let data: Value =
                    serde_json::from_str(data).unwrap_or_else(|cause| panic!("{place}: {cause}"));
                match kind {
                    "fileOptions" => common = options(&data),
                    "filterOptions" => {
                        let list = data.as_array().cloned().unwrap_or_else(|| vec![data.clone()]);
                        let merged = |one: &Value| common.clone().into_iter().chain(options(one)).collect();
                        active = Some(list.iter().map(merged).collect());
                    }
                    "addFILE" => files.push(data.as_str().expect("a file's name").into()),
                    _ => wanted = data.as_object().cloned(),
                }
                continue;
            }
            if wanted.is_none() && (line.starts_with('#') || line.trim().is_empty()) {
                continue;
            }
            let wanted = wanted.take().unwrap_or_default();
            for options in active.clone().unwrap_or_else(|| vec![Options::new()]) {
                if !wanted
                    .get("constraint")
                    .is_none_or(|rule| holds(rule.as_str().unwrap_or(""), name, &options))
                {
                    continue;
                }
                let sample = Sample {
                    place: place.clone(),
                    line: line.trim_end_matches('\r').to_owned(),
                    wanted: wanted.clone(),
                };
                match runs.iter_mut().find(|(known, _)| *known == options) {
                    Some((_, samples)) => samples.push(sample),
                    None => runs.push((options, vec![sample])),
                }
            }
        }
    }
    runs
}

/// `# failJSON: {…}` and its like.
fn mark(line: &str) -> Option<(&str, &str)> {
    let rest = line.strip_prefix('#')?.trim_start_matches('#');
    let rest = rest.strip_prefix(' ').unwrap_or(rest);
    let (kind, data) = rest.split_once(':')?;
    ["failJSON", "fileOptions", "filterOptions", "addFILE"].contains(&kind).then_some((kind, data))
}

fn options(data: &Value) -> Options {
    let object = data.as_object().expect("options are an object");
    object.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
}

/// The few Python expressions that the samples are limited with.
fn holds(rule: &str, name: &str, options: &Options) -> bool {
    let (subject, equal, object) = match (rule.split_once(" == "), rule.split_once(" != ")) {
        (Some((subject, object)), _) => (subject, true, object),
        (_, Some((subject, object))) => (subject, false, object),
        _ => panic!("the samples have a new kind of constraint: {rule}"),
    };
    let object = object.trim_matches('\'');
    let value = match subject {
        "name" => Some(name),
        _ => {
            let option = subject.strip_prefix("opts.get('").and_then(|rest| rest.strip_suffix("')"));
            options.get(option.expect("a constraint asks for an option")).map(String::as_str)
        }
    };
    (value == Some(object)) == equal
}

/// Judges `samples` in order and says where the verdicts are not those that are wanted.
fn judge(filters: &Path, name: &str, options: &Options, samples: &[Sample]) -> Vec<String> {
    let zone = TimeZone::get(ZONE).expect("the zone is known");
    let now = moment(NOW, &zone);
    let given: Vec<String> = options
        .iter()
        .filter(|(name, _)| !name.starts_with("test."))
        .map(|(name, value)| format!("{name}=\"{value}\""))
        .collect();
    let spelled = if given.is_empty() { name.to_owned() } else { format!("{name}[{}]", given.join(",")) };
    let all = |cause: String| vec![format!("{spelled}: {cause}"); samples.len()];
    let (filter, complaints) = match filter_file::read(filters, &spelled) {
        Ok(read) => read,
        Err(complaints) => return all(format!("{complaints:?}")),
    };
    if !complaints.is_empty() {
        return all(format!("{complaints:?}"));
    }
    let dates = DateDetector::new(filter.datepattern.as_deref(), None).expect("the date pattern is usable");
    let (mut judge, wrong) = Judge::new(&filter, Names::Read, dates, zone.clone());
    if !wrong.is_empty() {
        return all(format!("{wrong:?}"));
    }
    let journal = options.get("logtype").is_some_and(|kind| kind == "journal");
    let prefix = options.get("test.prefix-line").filter(|_| journal).map_or("", String::as_str);
    let mut faults = Vec::new();
    for sample in samples {
        let line = format!("{prefix}{}", sample.line);
        let verdict = if journal { judge.message(&line, now, now) } else { judge.line(&line, now) };
        if let Some(fault) = fault(&sample.wanted, &verdict, now, &zone) {
            faults.push(format!("{spelled} {}: {fault}\n    {line}", sample.place));
        }
    }
    assert_eq!(judge.given_up(), 0, "{spelled}: no sample may need that many steps");
    faults
}

fn moment(text: &str, zone: &TimeZone) -> Moment {
    let local = DateTime::strptime("%Y-%m-%dT%H:%M:%S%.f", text).expect("a sample's time");
    let at = zone.to_ambiguous_timestamp(local).compatible().expect("a moment");
    Moment::from_millis(at.as_millisecond())
}

fn fault(wanted: &Map<String, Value>, verdict: &Verdict, now: Moment, zone: &TimeZone) -> Option<String> {
    let should = wanted.get("match").and_then(Value::as_bool).unwrap_or(false);
    let failure = match (verdict, should) {
        (Verdict::Failure(failure), true) => failure,
        (Verdict::Failure(failure), false) => return Some(format!("matched, should not: {failure:?}")),
        (_, false) => return None,
        (other, true) => {
            return Some(format!("should be a failure of {:?}, is {other:?}", wanted.get("host")));
        }
    };
    for (name, value) in wanted {
        let right = match name.as_str() {
            "match" | "desc" | "constraint" => true,
            "time" => {
                let at = failure.at.unwrap_or(now);
                value.as_str().is_none_or(|text| moment(text, zone) == at)
            }
            "attempts" => value.as_u64() == Some(failure.attempts as u64),
            "host" => value.as_str().is_some_and(|host| failure.who.to_string().eq_ignore_ascii_case(host)),
            "users" => value.as_array().is_some_and(|users| {
                let mut users: Vec<_> = users.iter().filter_map(Value::as_str).collect();
                users.sort_unstable();
                users.into_iter().eq(failure.users.iter().map(|user| &**user))
            }),
            name => same(failure, name, value),
        };
        if !right {
            return Some(format!("{name} should be {value}: {failure:?}"));
        }
    }
    None
}

fn same(failure: &Failure, name: &str, wanted: &Value) -> bool {
    match failure.groups.get(name).and_then(Option::as_ref) {
        None if name == "ip" => {
            failure.address.as_ref().map(ToString::to_string).as_deref() == wanted.as_str()
        }
        None => wanted.is_null(),
        Some(Taken::Text(text)) => wanted.as_str() == Some(text),
        Some(Taken::Tuple(parts)) => wanted
            .as_array()
            .is_some_and(|wanted| wanted.iter().map(Value::as_str).eq(parts.iter().map(Option::as_deref))),
    }
}

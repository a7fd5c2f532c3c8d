//! Filters tried on lines that somebody pasted: judged as the readers judge, and told why where nothing matches. Nothing is counted.

use control::Fault;
use control::answer::Notice;
use control::desk::{Complaint, FilterOutline, Tried, Verdict};
use control::time::rfc3339;
use event::limit::{EVIDENCE_BYTES, TRIED_BYTES, TRIED_LINES};
use event::{JailName, Moment};
use filter::{Catalog, Filter, FilterSet, Kind, Obstacle, Scratch, Zone, obstacles};
use jiff::tz::TimeZone;

use crate::plan::KINDS;

/// Every filter that can be tried.
pub fn outlines(catalog: &Catalog) -> Vec<FilterOutline> {
    let outline = |name: &str| {
        let definition = catalog.definition(name).ok()?;
        Some(FilterOutline {
            name: name.to_owned(),
            service: definition.service,
            description: definition.title,
            example: example(name),
        })
    };
    catalog.names().filter_map(outline).collect()
}

/// Judges each line of `text`.
pub fn judge(
    catalog: &Catalog,
    name: &str,
    text: &str,
    zone: &TimeZone,
    now: Moment,
) -> Result<Vec<Tried>, Fault> {
    let too_much = text.len() > TRIED_BYTES || text.lines().count() > TRIED_LINES;
    if too_much {
        let text = format!("at most {TRIED_LINES} lines and {} KiB are tried at once", TRIED_BYTES / 1024);
        return Err(Fault::Wrong(vec![Complaint { place: "text".to_owned(), text }]));
    }
    if catalog.names().all(|known| known != name) {
        return Err(Fault::Missing(format!("filter '{name}'")));
    }
    let filter = catalog.filter(name).map_err(|wrong| Fault::Refused(wrong.to_string()))?;
    let set = FilterSet::new(vec![(JailName::new(name), filter.clone())], &KINDS);
    let zone = Zone { zone: zone.clone(), now };
    let mut scratch = Scratch::default();
    let lines = text.lines().enumerate();
    Ok(lines.map(|(index, line)| tried(index as u64 + 1, line, &set, &filter, &zone, &mut scratch)).collect())
}

fn tried(
    number: u64,
    line: &str,
    set: &FilterSet,
    filter: &Filter,
    zone: &Zone,
    scratch: &mut Scratch,
) -> Tried {
    let mut missed = Tried {
        number,
        line: cut(line),
        verdict: Verdict::Missed,
        pattern: None,
        address: None,
        account: None,
        time: None,
        proof: None,
        why: Vec::new(),
    };
    let mut found = None;
    set.judge_line(line.as_bytes(), scratch, &mut |one| {
        found = Some(Tried {
            verdict: match one.rule.kind {
                Kind::Failure => Verdict::Failure,
                Kind::Success => Verdict::Success,
                Kind::Ignore => Verdict::Ignored,
            },
            pattern: Some(one.rule.name.clone()),
            address: one.host.map(|host| {
                host.address().map_or_else(|| host.subject().to_string(), |address| address.to_string())
            }),
            account: one.user.map(|user| String::from_utf8_lossy(user).into_owned()),
            time: one.written(zone).map(rfc3339),
            proof: Some(one.proof.to_string()),
            ..missed.clone()
        });
    });
    found.unwrap_or_else(|| {
        missed.why = obstacles(filter, line.as_bytes()).iter().map(notice).collect();
        missed
    })
}

fn notice(obstacle: &Obstacle) -> Notice {
    match obstacle {
        Obstacle::NoSyslogPrefix => {
            let text = "the line does not begin as a line of syslog does (time, host, program)".to_owned();
            Notice::new("no-syslog-prefix", &[], text)
        }
        Obstacle::OtherProgram { program, reads } => {
            let text = format!("the line is of the program '{program}'; this filter reads those of {reads}");
            Notice::new("other-program", &[("program", program), ("reads", reads)], text)
        }
        Obstacle::NoLiteral => {
            let text = "none of the texts that a failed login of this service contains is in it".to_owned();
            Notice::new("no-literal", &[], text)
        }
        Obstacle::Near { pattern, literal } => {
            let text =
                format!("'{literal}' is there, as in the pattern {pattern}, but the rest does not fit it");
            Notice::new("near", &[("pattern", pattern), ("literal", literal)], text)
        }
    }
}

/// The first sample of a shipped filter that is a failure.
fn example(name: &str) -> String {
    let shipped = Catalog::all_shipped().iter().find(|one| one.name == name);
    let samples = shipped.map_or("", |one| one.samples);
    let behind = samples.lines().skip_while(|line| !line.starts_with("> failure")).skip(1);
    behind.into_iter().find(|line| !line.starts_with(['>', '#'])).unwrap_or_default().to_owned()
}

fn cut(line: &str) -> String {
    let end = (0..=EVIDENCE_BYTES.min(line.len())).rev().find(|end| line.is_char_boundary(*end));
    line[..end.unwrap_or(0)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_filter_finds_its_own_example() {
        let catalog = Catalog::shipped();
        let now = Moment::from_seconds(1_793_500_000);
        for outline in outlines(&catalog) {
            let tried = judge(&catalog, &outline.name, &outline.example, &TimeZone::UTC, now).unwrap();
            assert_eq!(tried.len(), 1, "{}", outline.name);
            assert_eq!(tried[0].verdict, Verdict::Failure, "{}: {}", outline.name, outline.example);
        }
    }

    #[test]
    fn a_missed_line_says_why() {
        let tried = judge(&Catalog::shipped(), "sshd", "hello\n", &TimeZone::UTC, Moment::default()).unwrap();
        assert_eq!(
            (tried[0].verdict, tried[0].why.last().unwrap().code.as_str()),
            (Verdict::Missed, "no-literal")
        );
    }
}

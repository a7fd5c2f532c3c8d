//! Which filter of ours finds what a filter of fail2ban's finds: both are held against the sample lines of ours, and against a log. No name is
//! looked at: what counts is which lines are found, and for which address.

use std::collections::BTreeSet;
use std::net::IpAddr;

use event::{JailName, Moment};
use filter::samples::{self, Sample};
use filter::{Catalog, FilterSet, Kind, Scratch};
use jiff::tz::TimeZone;

use crate::date::DateDetector;
use crate::filter_file::FilterText;
use crate::judge::{Failure, Judge, Verdict};
use crate::pattern::Names;

/// How a filter of ours compares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cover {
    /// Its name.
    pub name: &'static str,
    /// Lines of which both say the same address.
    pub agreed: usize,
    /// Lines of which they say different addresses.
    pub conflicts: usize,
    /// Lines that only theirs finds.
    pub theirs_only: usize,
    /// Lines that only ours finds.
    pub ours_only: usize,
    /// Which patterns of theirs found a line that ours finds too.
    pub patterns: BTreeSet<usize>,
}

/// When sample lines are read.
const NOW: Moment = Moment::from_seconds(1_795_392_000);

/// The filter of ours that finds what `filter` finds. None: there is no such.
pub fn cover(filter: &FilterText, names: Names) -> Option<Cover> {
    let found =
        Catalog::all_shipped().iter().filter_map(|ours| compare(filter, names, ours.name, ours.samples));
    let fit = found.filter(Cover::is_one);
    fit.max_by_key(|cover| (cover.patterns.len(), cover.agreed, usize::MAX - cover.theirs_only))
}

impl Cover {
    /// Whether it does: it agrees on more lines than not, and what it finds beyond is of the same kind. Our samples are full of forged lines,
    /// so a filter that can be deceived differs on some.
    fn is_one(&self) -> bool {
        self.agreed > self.conflicts + self.theirs_only && self.ours_only <= 4 * self.agreed + 2
    }
}

/// How one filter of ours compares, on its sample lines.
pub fn compare(filter: &FilterText, names: Names, name: &'static str, text: &str) -> Option<Cover> {
    let samples = samples::parse(text).ok()?;
    let dates = DateDetector::new(filter.datepattern.as_deref(), None).ok()?;
    let (mut judge, _) = Judge::new(filter, names, dates, TimeZone::UTC);
    let mut cover = Cover { name, ..Cover::default() };
    for (number, sample) in samples.samples.iter().enumerate() {
        let theirs = match judge.line(&alone(sample.line, number), NOW) {
            Verdict::Failure(failure) => Some(failure),
            _ => None,
        };
        count(&mut cover, sample, theirs.as_deref());
    }
    Some(cover)
}

fn count(cover: &mut Cover, sample: &Sample<'_>, theirs: Option<&Failure>) {
    let ours = sample.wanted.host.filter(|_| sample.wanted.verdict == "failure");
    match (ours, theirs) {
        (Some(ours), Some(theirs)) if is_same(ours, theirs) => {
            cover.agreed += 1;
            cover.patterns.insert(theirs.pattern);
        }
        (Some(_), Some(_)) => cover.conflicts += 1,
        // Ours never reads a name.
        (None, Some(theirs)) if named(theirs).parse::<IpAddr>().is_ok() => cover.theirs_only += 1,
        (Some(_), None) => cover.ours_only += 1,
        (None, _) => {}
    }
}

fn named(failure: &Failure) -> String {
    failure.address.as_ref().unwrap_or(&failure.who).to_string()
}

fn is_same(ours: &str, theirs: &Failure) -> bool {
    let named = named(theirs);
    match (ours.parse::<IpAddr>(), named.parse::<IpAddr>()) {
        (Ok(ours), Ok(theirs)) => ours.to_canonical() == theirs.to_canonical(),
        _ => ours == named,
    }
}

/// A line with a process number of its own: fail2ban puts the lines of a process together, and each sample is for itself.
fn alone(line: &str, number: usize) -> String {
    let Some(open) = line.find('[') else { return line.to_owned() };
    let digits = line[open + 1..].bytes().take_while(u8::is_ascii_digit).count();
    let end = open + 1 + digits;
    if digits == 0 || !line[end..].starts_with(']') {
        return line.to_owned();
    }
    format!("{}{}{}", &line[..=open], 10_000 + number, &line[end..])
}

/// Addresses that only one of the two finds in the lines of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// Theirs alone.
    pub theirs: BTreeSet<String>,
    /// Ours alone.
    pub ours: BTreeSet<String>,
}

/// Compares the two on a log.
pub fn differences(
    filter: &FilterText,
    names: Names,
    name: &str,
    lines: &[String],
    now: Moment,
) -> Option<Differences> {
    let dates = DateDetector::new(filter.datepattern.as_deref(), None).ok()?;
    let (mut judge, _) = Judge::new(filter, names, dates, TimeZone::UTC);
    let own = Catalog::shipped().filter(name).ok()?;
    let set =
        FilterSet::new(vec![(JailName::new("import"), own)], &[Kind::Ignore, Kind::Failure, Kind::Success]);
    let mut scratch = Scratch::default();
    let (mut theirs, mut ours) = (BTreeSet::new(), BTreeSet::new());
    for line in lines {
        if let Verdict::Failure(failure) = judge.line(line, now) {
            theirs.insert(named(&failure));
        }
        set.judge_line(line.as_bytes(), &mut scratch, &mut |found| {
            if found.rule.kind == Kind::Failure {
                ours.extend(found.host.map(|host| {
                    host.address().map_or_else(|| host.subject().to_string(), |address| address.to_string())
                }));
            }
        });
    }
    Some(Differences {
        theirs: theirs.difference(&ours).cloned().collect(),
        ours: ours.difference(&theirs).cloned().collect(),
    })
}

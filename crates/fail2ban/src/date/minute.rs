//! What a date means, remembered for the minute that it is in: the dates of a log differ in their seconds for the most part. It refuses
//! to work a date out itself.

use std::ops::Range;
use std::sync::Arc;

use event::Moment;
use jiff::tz::TimeZone;

use super::template::Template;

/// The moments of one minute, written in one way.
#[derive(Clone, Debug, Default)]
pub struct Minute {
    known: Option<Known>,
}

/// A date in a line, with two digits for the second.
#[derive(Debug)]
pub struct Written<'d> {
    /// Its template.
    pub template: &'d Arc<Template>,
    /// The zone of dates that name none.
    pub zone: &'d TimeZone,
    /// Where it is.
    pub cut: Range<usize>,
    /// Where the two digits are.
    pub second: usize,
    /// Where what follows them and their fraction begins.
    pub behind: usize,
}

#[derive(Clone, Debug)]
struct Known {
    template: Arc<Template>,
    zone: TimeZone,
    /// Years and days that are not written are guessed from it.
    now: Moment,
    /// The date before its seconds, and behind them.
    before: String,
    behind: String,
    /// The first second, once a second date of this minute was met.
    first: Option<Moment>,
}

impl Minute {
    /// The moment of the date `date.cut` in `line`, or what `work_out` says of a date. It is asked of the first and the last second, and
    /// where they are 59 seconds apart, the minute is an ordinary one.
    pub fn moment(
        &mut self,
        date: &Written<'_>,
        line: &str,
        now: Moment,
        work_out: impl Fn(&str) -> Option<Moment>,
    ) -> Option<Moment> {
        let (digits, rest) = line[date.second..].split_at(2);
        let seconds = digits.parse::<i64>().ok().filter(|seconds| *seconds < 60);
        let Some(seconds) = seconds else { return work_out(line) };
        let (before, behind) = (&line[date.cut.start..date.second], &line[date.behind..date.cut.end]);
        let known = self.known.as_mut().filter(|known| {
            known.now == now
                && known.before == before
                && known.behind == behind
                && Arc::ptr_eq(&known.template, date.template)
                && known.zone == *date.zone
        });
        let Some(known) = known else {
            // Where no date is like the one before, as among those of several logs, no more is worked out than what is asked for.
            let found = work_out(line)?;
            let (template, zone) = (Arc::clone(date.template), date.zone.clone());
            let (before, behind) = (before.to_owned(), behind.to_owned());
            self.known = Some(Known { template, zone, now, before, behind, first: None });
            return Some(found);
        };
        if known.first.is_none() {
            let at = |digits| work_out(&[&line[..date.second], digits, rest].concat());
            let ends = at("00").zip(at("59"));
            known.first =
                ends.filter(|(first, last)| last.millis() - first.millis() == 59_000).map(|(first, _)| first);
        }
        match known.first {
            Some(first) => Some(Moment::from_millis(first.millis() + seconds * 1000)),
            None => work_out(line),
        }
    }
}

//! What a date means, remembered for the minute that it is in: the dates of a log differ in their seconds for the most part. It refuses
//! to work a date out itself.

use std::sync::Arc;

use event::Moment;

use super::template::Template;

/// The moments of one minute, written in one way, in one zone.
#[derive(Clone, Debug, Default)]
pub struct Minute {
    known: Option<Known>,
}

/// A date in a line, with two digits for the second.
#[derive(Debug)]
pub struct Written<'d, P> {
    /// Its template.
    pub template: &'d Arc<Template>,
    /// Where the two digits are.
    pub second: usize,
    /// All that says something but the second and its fraction, each part with what it is.
    pub parts: P,
}

#[derive(Clone, Debug)]
struct Known {
    template: Arc<Template>,
    /// Years and days that are not written are guessed from it.
    now: Moment,
    parts: Vec<(char, String)>,
    /// The first second, once a second date of this minute was met.
    first: Option<Moment>,
}

impl Minute {
    /// The moment of a date in `line`, or what `work_out` says of one. It is asked of the first and the last second, and where they are
    /// 59 seconds apart, the minute is an ordinary one.
    pub fn moment<'l>(
        &mut self,
        date: Written<'_, impl Iterator<Item = (char, &'l str)> + Clone>,
        line: &str,
        now: Moment,
        work_out: impl Fn(&str) -> Option<Moment>,
    ) -> Option<Moment> {
        let (digits, rest) = line[date.second..].split_at(2);
        let seconds = digits.parse::<i64>().ok().filter(|seconds| *seconds < 60);
        let Some(seconds) = seconds else { return work_out(line) };
        let known = self.known.as_mut().filter(|known| {
            known.now == now
                && Arc::ptr_eq(&known.template, date.template)
                && are_same(&known.parts, date.parts.clone())
        });
        let Some(known) = known else {
            // Where no date is like the one before, as among those of several logs, no more is worked out than what is asked for.
            let found = work_out(line)?;
            let template = Arc::clone(date.template);
            let parts = date.parts.map(|(kind, part)| (kind, part.to_owned())).collect();
            self.known = Some(Known { template, now, parts, first: None });
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

fn are_same<'l>(known: &[(char, String)], mut parts: impl Iterator<Item = (char, &'l str)>) -> bool {
    known.iter().all(|(kind, text)| parts.next().is_some_and(|part| part == (*kind, text.as_str())))
        && parts.next().is_none()
}

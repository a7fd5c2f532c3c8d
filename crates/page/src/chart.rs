//! Failures and bans over time, drawn as SVG. Services differ by pattern and not by colour alone, each bar says its numbers, and the
//! same numbers stand in a table below. It only measures out: what the numbers are, the desk says.

use askama::Template;
use askama::filters::HtmlSafe;
use control::desk::{Activity, Series, Span};
use event::{JailName, Moment};

use crate::tag::Tag;
use crate::text::Text;
use crate::time::zoned;

/// Services that have a pattern of their own; all further ones are drawn together.
const KINDS: usize = 5;

const WIDTH: u64 = 720;
const LEFT: u64 = 46;
const FAILURES_TOP: u64 = 14;
const FAILURES_HEIGHT: u64 = 160;
const BANS_TOP: u64 = 208;
const BANS_HEIGHT: u64 = 54;

/// The drawing with its legend and its table.
#[derive(Template)]
#[template(path = "chart.html")]
pub struct Chart {
    text: Text,
    title: String,
    summary: String,
    columns: Vec<Column>,
    services: Vec<Service>,
    failures_most: u64,
    bans_most: u64,
}

// The template escapes the services' names.
impl HtmlSafe for Chart {}

/// One step of time.
struct Column {
    x: u64,
    width: u64,
    /// "03:00", "Mon 12:00".
    label: String,
    /// Whether the label is written below.
    is_labelled: bool,
    /// All its numbers in one sentence.
    tells: String,
    bars: Vec<Bar>,
    failures: Vec<u64>,
    bans: Vec<u64>,
}

impl Column {
    fn numbers(&self) -> impl Iterator<Item = (&u64, &u64)> {
        self.failures.iter().zip(&self.bans)
    }
}

struct Bar {
    y: u64,
    height: u64,
    kind: usize,
}

struct Service {
    tag: Tag,
    kind: usize,
    failures: u64,
    bans: u64,
}

impl Chart {
    /// Of what the desk tells of `span`.
    pub fn new(text: Text, activity: &Activity, span: Span) -> Self {
        let series = gathered(text, &activity.series);
        let steps = span.steps();
        let at = |numbers: &[u64], step: usize| numbers.get(step).copied().unwrap_or(0);
        let sums = |pick: fn(&Series) -> &Vec<u64>| -> Vec<u64> {
            (0..steps).map(|step| series.iter().map(|one| at(pick(one), step)).sum()).collect()
        };
        let failures_most = round_up(sums(|one| &one.failures).into_iter().max().unwrap_or(0));
        let bans_most = round_up(sums(|one| &one.bans).into_iter().max().unwrap_or(0));
        let columns = (0..steps).map(|step| {
            let failures: Vec<u64> = series.iter().map(|one| at(&one.failures, step)).collect();
            let bans: Vec<u64> = series.iter().map(|one| at(&one.bans, step)).collect();
            let mut bars = stack(&failures, failures_most, FAILURES_TOP, FAILURES_HEIGHT);
            bars.extend(stack(&bans, bans_most, BANS_TOP, BANS_HEIGHT));
            let (label, is_labelled) = label(text, activity, span, step);
            let tells = tells(text, &label, &series, &failures, &bans);
            let (x, width) = place(step, steps);
            Column { x, width, label, is_labelled, tells, bars, failures, bans }
        });
        let columns: Vec<Column> = columns.collect();
        let services = series.iter().enumerate().map(|(kind, one)| Service {
            tag: Tag::new(&one.service),
            kind,
            failures: one.failures.iter().sum(),
            bans: one.bans.iter().sum(),
        });
        let services: Vec<Service> = services.collect();
        let title = text.say(if span == Span::Day { "chart-title-day" } else { "chart-title-week" });
        let summary = summary(text, &columns, &services);
        Self { text, title, summary, columns, services, failures_most, bans_most }
    }

    fn viewbox(&self) -> String {
        format!("0 0 {WIDTH} {}", BANS_TOP + BANS_HEIGHT + 28)
    }

    fn bottom(&self) -> u64 {
        FAILURES_TOP + FAILURES_HEIGHT
    }

    fn bans_top(&self) -> u64 {
        BANS_TOP
    }

    fn bans_bottom(&self) -> u64 {
        BANS_TOP + BANS_HEIGHT
    }

    fn middle(&self) -> u64 {
        FAILURES_TOP + FAILURES_HEIGHT / 2
    }
}

/// The first services as they are, the rest as one.
fn gathered(text: Text, series: &[Series]) -> Vec<Series> {
    let named = |one: &Series| {
        let by_hand = one.service == JailName::MANUAL;
        Series { service: if by_hand { text.say("why-by-hand") } else { one.service.clone() }, ..one.clone() }
    };
    let series: Vec<Series> = series.iter().map(named).collect();
    if series.len() <= KINDS {
        return series;
    }
    let (first, rest) = series.split_at(KINDS - 1);
    let mut other = Series { service: text.say("chart-other"), ..Series::default() };
    for one in rest {
        add(&mut other.failures, &one.failures);
        add(&mut other.bans, &one.bans);
    }
    first.iter().cloned().chain([other]).collect()
}

fn add(sums: &mut Vec<u64>, numbers: &[u64]) {
    sums.resize(sums.len().max(numbers.len()), 0);
    for (sum, number) in sums.iter_mut().zip(numbers) {
        *sum += number;
    }
}

/// Bars on top of one another, the first service lowest. What happened at all is at least two units high.
fn stack(numbers: &[u64], most: u64, top: u64, height: u64) -> Vec<Bar> {
    let mut y = top + height;
    let mut bars = Vec::new();
    for (kind, number) in numbers.iter().enumerate().filter(|(_, number)| **number > 0) {
        let tall = (number.saturating_mul(height) / most.max(1)).clamp(2, height);
        y = y.saturating_sub(tall).max(top.saturating_sub(6));
        bars.push(Bar { y, height: tall, kind });
    }
    bars
}

fn place(step: usize, steps: usize) -> (u64, u64) {
    let (step, steps) = (step as u64, steps.max(1) as u64);
    let (from, to) = ((WIDTH - LEFT) * step / steps, (WIDTH - LEFT) * (step + 1) / steps);
    (LEFT + from + 2, (to - from).saturating_sub(4).max(1))
}

/// The next round number above, even, so that the line in the middle has a round number too.
fn round_up(most: u64) -> u64 {
    let mut unit = 1;
    loop {
        for factor in [2, 4, 6, 8, 10, 12, 16, 20_u64] {
            if unit * factor >= most {
                return unit * factor;
            }
        }
        unit = match unit.checked_mul(10) {
            Some(unit) if unit < u64::MAX / 20 => unit,
            _ => return most,
        };
    }
}

fn label(text: Text, activity: &Activity, span: Span, step: usize) -> (String, bool) {
    let from = activity.from.seconds() + i64::try_from(activity.step_seconds * step as u64).unwrap_or(0);
    let at = zoned(Moment::from_seconds(from));
    let clock = at.strftime("%H:%M").to_string();
    match span {
        Span::Day => (clock, step.is_multiple_of(6)),
        Span::Week => {
            let day = text.say(WEEKDAYS[usize::try_from(at.weekday().to_monday_zero_offset()).unwrap_or(0)]);
            (format!("{day} {clock}"), step.is_multiple_of(4))
        }
    }
}

const WEEKDAYS: [&str; 7] = [
    "weekday-monday",
    "weekday-tuesday",
    "weekday-wednesday",
    "weekday-thursday",
    "weekday-friday",
    "weekday-saturday",
    "weekday-sunday",
];

fn tells(text: Text, label: &str, series: &[Series], failures: &[u64], bans: &[u64]) -> String {
    let mut parts = vec![label.to_owned()];
    for ((one, failures), bans) in series.iter().zip(failures).zip(bans) {
        if *failures + *bans > 0 {
            let service = one.service.as_str();
            parts.push(
                text.with("service", service)
                    .with("failures", failures)
                    .with("bans", bans)
                    .say("chart-tells"),
            );
        }
    }
    parts.join("\n")
}

fn summary(text: Text, columns: &[Column], services: &[Service]) -> String {
    let peak = columns.iter().max_by_key(|column| column.failures.iter().sum::<u64>());
    let (Some(first), Some(peak)) = (services.first(), peak) else { return text.say("chart-nothing") };
    text.with("service", first.tag.name.as_str())
        .with("peak", peak.failures.iter().sum::<u64>())
        .with("at", peak.label.as_str())
        .say("chart-summary")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn activity(services: usize) -> Activity {
        let series = (0..services).map(|n| Series {
            service: format!("S{n}<script>"),
            failures: (0..24).map(|step| if step == 3 { 100 } else { n as u64 }).collect(),
            bans: vec![n as u64; 24],
        });
        Activity { from: Moment::from_seconds(1_790_000_000), step_seconds: 3600, series: series.collect() }
    }

    #[test]
    fn many_services_become_five_and_no_number_is_lost() {
        let chart = Chart::new(Text::of_tag("en"), &activity(9), Span::Day);
        assert_eq!(chart.services.len(), KINDS);
        let all: u64 = activity(9).series.iter().flat_map(|one| one.failures.clone()).sum();
        assert_eq!(chart.services.iter().map(|one| one.failures).sum::<u64>(), all);
        assert_eq!(chart.columns.iter().flat_map(|column| &column.failures).sum::<u64>(), all);
        assert_eq!(chart.failures_most, 1000);
    }

    #[test]
    fn bars_stand_on_the_line_and_stay_within_the_drawing() {
        let chart = Chart::new(Text::of_tag("en"), &activity(2), Span::Day);
        assert_eq!(chart.columns.len(), 24);
        let peak = &chart.columns[3];
        assert_eq!(peak.bars[0].y + peak.bars[0].height, chart.bottom());
        assert_eq!(peak.bars[1].y + peak.bars[1].height, peak.bars[0].y);
        assert!(chart.columns.iter().all(|column| column.x + column.width <= WIDTH));
    }

    #[test]
    fn nothing_at_all_is_drawn_too_and_names_are_escaped() {
        let html = Chart::new(Text::of_tag("ru"), &Activity::default(), Span::Week).to_string();
        assert!(html.contains("<svg"), "{html}");
        let html = Chart::new(Text::of_tag("en"), &activity(3), Span::Day).to_string();
        assert!(!html.contains("<script>") && !html.contains("style="), "{html}");
    }

    #[test]
    fn axes_end_at_round_numbers() {
        for (most, mark) in
            [(0, 2), (1, 2), (3, 4), (9, 10), (11, 12), (61, 80), (110, 120), (140, 160), (1204, 1600)]
        {
            assert_eq!(round_up(most), mark, "{most}");
        }
        assert!(round_up(u64::MAX) == u64::MAX);
    }
}

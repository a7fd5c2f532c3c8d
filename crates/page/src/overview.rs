//! The overview: the one switch, what needs attention, numbers, who attacks and whom, and whether the logs are read.

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::{get, post};
use config::Edit;
use control::answer::Status;
use control::desk::{Activity, Change, Span, Targets};
use event::Moment;
use gate::Gate;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use crate::banner::{Banner, Kind};
use crate::chart::Chart;
use crate::elsewhere::Elsewhere;
use crate::failed::Failed;
use crate::frame::{Frame, Item};
use crate::notice;
use crate::tag::Tag;
use crate::text::Text;
use crate::time::Time;
use crate::visit::{Posted, Visit};

/// Its paths.
pub(crate) fn routes() -> Router<Gate> {
    Router::new().route("/", get(show)).route("/protection", post(switch))
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    span: String,
}

async fn show(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Failed> {
    let span = if asked.span == "week" { Span::Week } else { Span::Day };
    let told = visit.ask(move |desk| {
        let day = desk.activity(Span::Day)?;
        let drawn = if span == Span::Day { day.clone() } else { desk.activity(span)? };
        Ok((desk.status()?, day, drawn, desk.targets(span)?))
    });
    let (status, day, drawn, targets) = told.await?;
    let frame = visit.frame(Item::Overview).await;
    Ok(visit.page(&Overview::new(frame, span, &status, &day, &drawn, &targets)))
}

#[derive(Deserialize)]
struct Wish {
    wanted: String,
    #[serde(default)]
    sure: bool,
}

/// `POST /protection`: switching off is asked once more.
async fn switch(Posted { visit, data }: Posted<Wish>) -> Result<Response, Failed> {
    let is_on = data.wanted == "on";
    if !is_on && !data.sure {
        let mut frame = visit.frame(Item::Overview).await;
        frame.title = visit.text.say("switch-off-title");
        return Ok(visit.page(&SwitchOff { frame }));
    }
    // Switching on brings the network firewall back: should it cut the administrator off, it is undone unless confirmed.
    let change = Change { edits: vec![Edit::Enabled(is_on)], expected_tag: None, on_trial: true };
    let actor = visit.actor.clone();
    let banner = match visit.gate.ask(move |desk| desk.change(&change, &actor)).await {
        Ok(_) if is_on => Banner::done(visit.text.say("switched-on")),
        Ok(_) => Banner::new(Kind::Warn, visit.text.say("switched-off")),
        Err(fault) => Banner::fault(&visit.text, &fault),
    };
    Ok(visit.back_to("/", &banner))
}

#[derive(Template)]
#[template(path = "switch-off.html")]
struct SwitchOff {
    frame: Frame,
}

#[derive(Template)]
#[template(path = "overview.html")]
struct Overview {
    frame: Frame,
    is_on: bool,
    is_week: bool,
    attention: Vec<Banner>,
    failures: u64,
    bans: u64,
    dropped: u64,
    chart: Chart,
    accounts: Vec<Account>,
    offenders: Vec<Offender>,
    networks: Vec<Network>,
    elsewhere: Elsewhere,
    sources: Vec<SourceRow>,
}

struct Account {
    name: String,
    tag: Tag,
    failures: u64,
    addresses: u64,
}

struct Offender {
    subject: String,
    last: Time,
    failures: u64,
    is_banned: bool,
    tags: Vec<Tag>,
}

struct Network {
    subnet: String,
    addresses: u64,
    banned: u64,
}

struct SourceRow {
    name: String,
    state: String,
    is_well: bool,
    reason: Option<String>,
    jails: String,
    per_minute: u64,
    last_line: Option<Time>,
    last_match: Option<Time>,
    skew: Option<String>,
}

/// How many rows of each list are shown.
const ROWS: usize = 6;

impl Overview {
    fn new(
        frame: Frame,
        span: Span,
        status: &Status,
        day: &Activity,
        drawn: &Activity,
        targets: &Targets,
    ) -> Self {
        let (text, now) = (frame.text, frame.now);
        let accounts = targets.accounts.iter().take(ROWS).map(|one| Account {
            name: one.account.clone(),
            tag: Tag::new(&one.service),
            failures: one.failures,
            addresses: one.addresses,
        });
        let offenders = targets.offenders.iter().take(ROWS).map(|one| Offender {
            subject: one.subject.to_string(),
            last: text.past(one.last, now),
            failures: one.failures,
            is_banned: one.banned,
            tags: one.services.iter().map(|service| Tag::new(service)).collect(),
        });
        let networks = targets.networks.iter().take(ROWS).map(|one| Network {
            subnet: one.subnet.to_string(),
            addresses: one.addresses,
            banned: one.banned,
        });
        let jails: u64 = status.jails.iter().map(|jail| jail.dropped_packets).sum();
        let firewall = &status.firewall;
        Self {
            is_on: status.enabled,
            is_week: span == Span::Week,
            // The switch itself says that it is off.
            attention: status.attention.iter().map(|one| notice::told(text, one, now)).collect(),
            failures: day.series.iter().flat_map(|one| &one.failures).sum(),
            bans: day.series.iter().flat_map(|one| &one.bans).sum(),
            dropped: jails + firewall.dropped_packets + firewall.limited_packets,
            chart: Chart::new(text, drawn, span),
            accounts: accounts.collect(),
            offenders: offenders.collect(),
            networks: networks.collect(),
            elsewhere: Elsewhere::new(text, status, now),
            sources: source_rows(text, status, now),
            frame,
        }
    }

    fn search(&self, words: &str) -> String {
        format!("/blocked?q={}", utf8_percent_encode(words, NON_ALPHANUMERIC))
    }
}

/// Those that are not read come first.
fn source_rows(text: Text, status: &Status, now: Moment) -> Vec<SourceRow> {
    let rows = status.sources.iter().map(|source| {
        let is_well = matches!(source.state.as_str(), "following" | "idle");
        let state = text.find(&format!("source-state-{}", source.state.replace(' ', "-")), &[]);
        let skew = source.skew.filter(|seconds| seconds.abs() >= 1.0);
        SourceRow {
            name: if source.source == "journal" { text.say("source-journal") } else { source.source.clone() },
            state: state.unwrap_or_else(|| source.state.clone()),
            is_well,
            reason: source
                .reason
                .as_ref()
                .filter(|_| !is_well)
                .map(|why| notice::reason_told(text, why, now)),
            jails: source.jails.join(" "),
            per_minute: source.lines_per_minute,
            last_line: source.last_line.as_ref().map(|at| text.past_text(at, now)),
            last_match: source.last_match.as_ref().map(|at| text.past_text(at, now)),
            skew: skew.map(|seconds| skewed(text, seconds)),
        }
    });
    let mut rows: Vec<SourceRow> = rows.collect();
    rows.sort_by_key(|row| row.is_well);
    rows
}

fn skewed(text: Text, seconds: f64) -> String {
    // A skew is a matter of seconds to hours: nothing is lost on the way to an integer.
    let span = text.span(seconds.abs().round() as u64);
    text.with("span", span).say(if seconds > 0.0 { "source-behind" } else { "source-ahead" })
}

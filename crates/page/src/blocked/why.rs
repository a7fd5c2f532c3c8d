//! One address: whether it is blocked and why, the lines that led there, and what was done to it. A part of this page is what
//! the list shows in place.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use control::answer::Why;
use event::{Moment, Subject};

use super::list::{bans_of, tags_of};
use super::reason;
use crate::failed::Failed;
use crate::frame::{Frame, Item};
use crate::tag::Tag;
use crate::text::Text;
use crate::time::Time;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "why.html")]
struct Page {
    frame: Frame,
    address: String,
    country: Option<String>,
    tags: Vec<Tag>,
    is_blocked: bool,
    because: String,
    whitelist: Option<String>,
    bans: Vec<BanRow>,
    standings: Vec<String>,
    lines: Vec<Line>,
    history: Vec<Deed>,
    earlier_bans: u32,
}

struct BanRow {
    jail: String,
    all_ports: bool,
    since: Time,
    until: Option<Time>,
    reason: String,
}

struct Line {
    at: Time,
    jail: String,
    pattern: String,
    is_claimed: bool,
    line: String,
}

struct Deed {
    at: Time,
    what: String,
    jail: String,
    reason: String,
}

/// `GET /blocked/{address}`.
pub(super) async fn show(visit: Visit, Path(address): Path<String>) -> Result<Response, Failed> {
    let Ok(subject) = address.parse::<Subject>() else {
        return Err(Failed::missing(visit.text, "such address"));
    };
    let told = visit.ask(move |desk| {
        let why = desk.why(&subject.to_string())?;
        let roster = desk.bans()?;
        let counted = why.subject.parse().unwrap_or(subject);
        let tags = tags_of(&roster, bans_of(&roster, &counted));
        Ok((why, tags))
    });
    let (why, tags) = told.await?;
    let mut frame = visit.frame(Item::Blocked).await;
    frame.title = why.address.clone();
    let country = visit.gate.country(subject.address()).map(|country| country.name);
    Ok(visit.page(&Page::new(frame, &why, tags, country)))
}

impl Page {
    fn new(frame: Frame, why: &Why, tags: Vec<Tag>, country: Option<String>) -> Self {
        let (text, now) = (frame.text, frame.now);
        let at = |moment: &str| text.past_text(moment, now);
        let bans = why.bans.iter().map(|ban| BanRow {
            jail: jail(text, &ban.jail),
            all_ports: ban.scope == "all-ports",
            since: at(&ban.since),
            until: ban.until.as_ref().and_then(|end| ends(text, end, now)),
            reason: reason::told(text, &ban.reason),
        });
        let standings = why.standings.iter().map(|one| {
            text.with("jail", one.jail.as_str())
                .with("failures", one.failures)
                .with("limit", one.max_retry)
                .with("within", text.span(one.find_time))
                .say("why-standing")
        });
        let lines = why.lines.iter().map(|one| Line {
            at: text.past_exactly(&one.at, now),
            jail: one.jail.clone(),
            pattern: one.pattern.clone(),
            is_claimed: one.proof == "claimed",
            line: one.line.clone(),
        });
        let history = why.history.iter().map(|one| Deed {
            at: at(&one.at),
            what: text.find(&format!("why-deed-{}", one.what), &[]).unwrap_or_else(|| one.what.clone()),
            jail: jail(text, &one.jail),
            reason: reason::told(text, &one.reason),
        });
        Self {
            address: why.address.clone(),
            country,
            tags,
            is_blocked: why.banned,
            because: why.because.clone(),
            whitelist: why.whitelist.as_ref().map(|entry| {
                text.with("entry", entry.address.as_str())
                    .with("origin", entry.origin.as_str())
                    .say("why-whitelist")
            }),
            bans: bans.collect(),
            standings: standings.collect(),
            lines: lines.collect(),
            history: history.collect(),
            earlier_bans: why.earlier_bans,
            frame,
        }
    }
}

/// The name of a jail; bans by hand have none of their own.
fn jail(text: Text, name: &str) -> String {
    if name == event::JailName::MANUAL { text.say("why-by-hand") } else { name.to_owned() }
}

fn ends(text: Text, end: &str, now: Moment) -> Option<Time> {
    let end: jiff::Timestamp = end.parse().ok()?;
    text.until(Moment::from_millis(end.as_millisecond()), now)
}

#[cfg(test)]
mod tests {
    use control::answer::{Evidence, HistoryRow};

    use super::*;

    #[test]
    fn what_an_attacker_wrote_is_escaped() {
        let hostile = "INVITE <script>alert(1)</script> \" onload=x".to_owned();
        let why = Why {
            address: "192.0.2.1".to_owned(),
            lines: vec![Evidence {
                at: "2026-11-22T10:00:00Z".to_owned(),
                jail: "<script>".to_owned(),
                pattern: "<script>".to_owned(),
                proof: "claimed".to_owned(),
                line: hostile.clone(),
            }],
            history: vec![HistoryRow {
                at: "<script>".to_owned(),
                what: "<script>".to_owned(),
                jail: "<script>".to_owned(),
                reason: hostile,
            }],
            because: "<script>".to_owned(),
            ..Why::default()
        };
        for tag in ["en", "ru"] {
            let now = Moment::from_seconds(1_795_000_000);
            let frame = Frame::new(Text::of_tag(tag), Item::Blocked, "t", now);
            let html = Page::new(frame, &why, vec![Tag::new("<script>")], Some("<script>".to_owned()))
                .render()
                .unwrap();
            assert!(!html.to_lowercase().contains("<script>"), "{html}");
            assert!(html.contains("INVITE &#60;script&#62;"), "{html}");
        }
    }
}

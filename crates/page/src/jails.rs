//! Jails and filters: what is on and what it found, every filter, and a place to try a line. Nothing that is tried counts.

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use control::Fault;
use control::answer::{self, Notice, Status};
use control::desk::{FilterOutline, Tried, Verdict};
use event::limit;
use gate::Gate;
use serde::Deserialize;

use crate::assets;
use crate::banner::Banner;
use crate::failed::Failed;
use crate::frame::{Frame, Item};
use crate::remarks::Remarks;
use crate::tag::Tag;
use crate::text::Value;
use crate::time::Time;
use crate::visit::{Posted, Visit, status_of};

const PATH: &str = "/jails";

/// Its paths.
pub(crate) fn routes() -> Router<Gate> {
    Router::new().route(PATH, get(show).post(tried))
}

/// The page.
#[derive(Template)]
#[template(path = "jails.html")]
pub(crate) struct Page {
    frame: Frame,
    status: Status,
    remarks: Remarks,
    filters: Vec<FilterOutline>,
    /// The filter that is tried.
    filter: String,
    /// The lines that are tried.
    lines: String,
    /// What it says of them; `None` before anything was tried.
    tried: Option<Vec<Tried>>,
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    filter: String,
}

/// What is tried: `act` is `example` for the filter's own line.
#[derive(Deserialize)]
struct Trial {
    #[serde(default)]
    filter: String,
    #[serde(default)]
    lines: String,
    #[serde(default)]
    act: String,
}

async fn draw(visit: &Visit) -> Result<Page, Failed> {
    let (status, filters) = visit.ask(|desk| Ok((desk.status()?, desk.filters()?))).await?;
    Ok(Page::new(visit.frame(Item::Jails).await, status, filters))
}

async fn show(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Failed> {
    let mut page = draw(&visit).await?;
    page.filter = asked.filter;
    Ok(visit.page(&page))
}

async fn tried(Posted { visit, data }: Posted<Trial>) -> Result<Response, Failed> {
    let mut page = draw(&visit).await?;
    page.filter = data.filter;
    page.lines = data.lines.replace("\r\n", "\n");
    if data.act == "example" {
        let chosen = page.filters.iter().find(|filter| filter.name == page.filter);
        page.lines = chosen.map(|filter| filter.example.clone()).unwrap_or_default();
    }
    if page.lines.trim().is_empty() {
        page.frame.banners.push(Banner::new(crate::banner::Kind::Note, visit.text.say("try-nothing")));
        return Ok(visit.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page));
    }
    let (filter, lines) = (page.filter.clone(), page.lines.clone());
    match visit.gate.ask(move |desk| desk.try_filter(&filter, &lines)).await {
        Ok(tried) => {
            page.tried = Some(tried);
            Ok(visit.page(&page))
        }
        Err(fault) => Ok(page.refused(&visit, &fault)),
    }
}

impl Page {
    pub(crate) fn new(frame: Frame, status: Status, mut filters: Vec<FilterOutline>) -> Self {
        filters.sort_by(|a, b| (&a.service, &a.name).cmp(&(&b.service, &b.name)));
        let remarks = Remarks::new(frame.text, &status.remarks);
        Self { frame, status, remarks, filters, filter: String::new(), lines: String::new(), tried: None }
    }

    fn refused(mut self, visit: &Visit, fault: &Fault) -> Response {
        self.frame.banners.push(Banner::fault(&visit.text, fault));
        visit.page_with(status_of(fault), &self)
    }

    fn script(&self) -> String {
        assets::address("settings", "js")
    }

    fn sheet(&self) -> String {
        assets::address("settings", "css")
    }

    fn tag(&self, service: &str) -> Tag {
        Tag::new(service)
    }

    fn most_lines(&self) -> usize {
        limit::TRIED_LINES
    }

    /// "10 in 1 h, for 1 day".
    fn limits(&self, jail: &answer::Jail) -> String {
        let text = self.frame.text;
        let block =
            jail.ban_time.map_or_else(|| self.frame.say("brute-force-forever"), |seconds| text.span(seconds));
        text.with("n", jail.max_retry)
            .with("within", text.span(jail.find_time))
            .with("block", block)
            .say("preset-summary")
    }

    fn past(&self, at: &Option<String>) -> Option<Time> {
        at.as_ref().map(|at| self.frame.text.past_text(at, self.frame.now))
    }

    /// Why a source of a jail is not read, if it is not.
    fn trouble(&self, source: &str) -> Option<String> {
        let source =
            self.status.sources.iter().find(|one| one.source == source && one.state != "following")?;
        Some(source.reason.clone().unwrap_or_else(|| source.state.clone()))
    }

    fn is_on(&self, filter: &FilterOutline) -> bool {
        self.status.jails.iter().any(|jail| jail.filter == filter.name)
    }

    fn verdict_id(&self, verdict: &Verdict) -> &'static str {
        match verdict {
            Verdict::Failure => "verdict-failure",
            Verdict::Success => "verdict-success",
            Verdict::Ignored => "verdict-ignored",
            Verdict::Missed => "verdict-missed",
        }
    }

    fn verdict_class(&self, verdict: &Verdict) -> &'static str {
        match verdict {
            Verdict::Failure => "found",
            Verdict::Success => "signed-in",
            Verdict::Ignored => "ignored",
            Verdict::Missed => "missed",
        }
    }

    /// How many lines have this verdict.
    fn count(&self, verdict: Verdict) -> usize {
        self.tried.iter().flatten().filter(|tried| tried.verdict == verdict).count()
    }

    fn sum(&self) -> String {
        self.frame
            .with("failures", self.count(Verdict::Failure))
            .with("successes", self.count(Verdict::Success))
            .with("ignored", self.count(Verdict::Ignored))
            .with("missed", self.count(Verdict::Missed))
            .say("try-sum")
    }

    /// One reason in the visitor's language; in the program's own words where the catalogue has none.
    fn reason(&self, notice: &Notice) -> String {
        let values: Vec<(&str, Value)> =
            notice.values.iter().map(|(name, value)| (name.as_str(), Value::from(value))).collect();
        let id = format!("why-{}", notice.code);
        self.frame.text.find(&id, &values).unwrap_or_else(|| notice.text.clone())
    }

    fn proof(&self, proof: &str) -> String {
        self.frame.text.find(&format!("proof-{proof}"), &[]).unwrap_or_else(|| proof.to_owned())
    }
}

//! The page of the anti brute force: three numbers, the presets that set them, the whitelist, and what a change would have done.
//! It counts nothing itself: the desk tries a change on the recorded failures.

pub(crate) mod draft;
mod outcome;

use askama::Template;
use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use config::{Edit, FOREVER, PRESETS, Preset, Settings};
use control::Fault;
use control::desk::{Change, Written};
use event::{Subject, limit};
use gate::Gate;

use crate::assets;
use crate::banner::{Banner, Kind};
use crate::failed::Failed;
use crate::fields::{Fields, Slip};
use crate::frame::{Frame, Item};
use crate::text::Text;
use crate::visit::{Posted, Visit, status_of};
use draft::Draft;
use outcome::Outcome;

const PATH: &str = "/brute-force";

/// Its paths.
pub(crate) fn routes() -> Router<Gate> {
    Router::new().route(PATH, get(show).post(sent))
}

/// The page.
#[derive(Template)]
#[template(path = "brute_force.html")]
pub(crate) struct Page {
    frame: Frame,
    draft: Draft,
    slips: Vec<Slip>,
    /// What a change would have done.
    outcome: Option<Outcome>,
    /// Why saving would cut the visitor off, if it would: the page offers to try it for a minute.
    cut_off: Option<String>,
    /// Whether the draft stands beside settings that somebody else made.
    is_compared: bool,
    /// Where those differ from the draft: field, theirs.
    theirs: Vec<(&'static str, String)>,
    /// Subnets on the whitelist that are not in its list, each with where they come from.
    also: Vec<(String, String)>,
    /// How bans grow.
    growth: Option<String>,
    /// Whether nothing can be changed.
    locked: bool,
}

async fn show(visit: Visit) -> Result<Response, Failed> {
    let written = visit.ask(|desk| desk.settings()).await?;
    let page = Page::new(visit.frame(Item::BruteForce).await, &written, Draft::of_written(&written));
    Ok(visit.page(&page))
}

/// `POST`: `act` says what was meant: `save`, `check`, or `preset:NAME`.
async fn sent(Posted { visit, data: fields }: Posted<Fields>) -> Result<Response, Failed> {
    let written = visit.ask(|desk| desk.settings()).await?;
    let mut draft = Draft::of_fields(&fields);
    let preset = fields.get("act").strip_prefix("preset:");
    if let Some(preset) = preset.and_then(|name| PRESETS.iter().find(|preset| preset.name == name)) {
        draft = draft.with_preset(preset);
    }
    let wanted = match draft.read() {
        Ok(wanted) => wanted,
        Err(slips) => {
            let mut page = Page::new(visit.frame(Item::BruteForce).await, &written, draft);
            page.frame.banners.push(Banner::new(Kind::Stop, visit.text.say("fault-wrong")));
            page.slips = slips;
            return Ok(visit.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page));
        }
    };
    let edits = wanted.edits(&written.settings);
    match fields.get("act") {
        "save" => save(&visit, draft, edits, false).await,
        "try" => save(&visit, draft, edits, true).await,
        _ => Ok(check(&visit, &written, draft, edits).await),
    }
}

/// Shows what the change would have done, and changes nothing.
async fn check(visit: &Visit, written: &Written, draft: Draft, edits: Vec<Edit>) -> Response {
    let mut page = Page::new(visit.frame(Item::BruteForce).await, written, draft);
    if edits.is_empty() {
        page.outcome = Some(Outcome::unchanged(&visit.text));
        return visit.page(&page);
    }
    match visit.gate.ask(move |desk| desk.rehearse(&edits)).await {
        Ok(rehearsal) => page.outcome = Some(Outcome::new(&visit.text, &rehearsal, visit.gate.now())),
        Err(fault) => page.frame.banners.push(Banner::fault(&visit.text, &fault)),
    }
    visit.page(&page)
}

async fn save(visit: &Visit, draft: Draft, edits: Vec<Edit>, on_trial: bool) -> Result<Response, Failed> {
    let text = visit.text;
    if edits.is_empty() {
        return Ok(visit.back_to(PATH, &Banner::new(Kind::Note, text.say("settings-nothing-changed"))));
    }
    let change = Change { edits, expected_tag: Some(draft.tag.clone()), on_trial };
    let actor = visit.actor.clone();
    let Err(fault) = visit.gate.ask(move |desk| desk.change(&change, &actor)).await else {
        return Ok(visit.back_to(PATH, &Banner::done(text.say("settings-saved"))));
    };
    // What is there now, so that whoever saves again knows what is overwritten.
    let written = visit.ask(|desk| desk.settings()).await?;
    let mut page = Page::new(visit.frame(Item::BruteForce).await, &written, draft);
    page.slips = slips_of(&fault);
    match &fault {
        // Not by this change, but by the rules that hold beside it: somebody behind a proxy, say.
        Fault::CutOff(why) => page.cut_off = Some(why.clone()),
        Fault::Changed(_) => {
            page.frame.banners.push(Banner::fault(&text, &fault));
            page.compare(&written);
        }
        _ => page.frame.banners.push(Banner::fault(&text, &fault)),
    }
    Ok(visit.page_with(status_of(&fault), &page))
}

impl Page {
    pub(crate) fn new(frame: Frame, written: &Written, draft: Draft) -> Self {
        let text = frame.text;
        let also = written.also_whitelisted.iter();
        let also = also.map(|(subject, origin)| {
            (subject.to_string(), origin_said(&text, &written.settings, subject, origin))
        });
        Self {
            also: also.collect(),
            growth: growth(&text, &written.settings),
            locked: written.read_only.is_some(),
            slips: Vec::new(),
            outcome: None,
            cut_off: None,
            is_compared: false,
            theirs: Vec::new(),
            frame,
            draft,
        }
    }

    /// Puts the settings that somebody else made beside the draft, which takes their tag: the next save is meant.
    fn compare(&mut self, written: &Written) {
        let theirs = Draft::of_written(written);
        let rows = [
            ("max_retry", &self.draft.max_retry, &theirs.max_retry),
            ("find_time", &self.draft.find_time, &theirs.find_time),
            ("ban_time", &self.draft.ban_time, &theirs.ban_time),
            ("sip_limit", &self.draft.sip_limit, &theirs.sip_limit),
            ("whitelist", &self.draft.whitelist, &theirs.whitelist),
        ];
        let differing = rows.into_iter().filter(|(_, ours, theirs)| ours != theirs);
        self.theirs = differing.map(|(field, _, theirs)| (field, theirs.clone())).collect();
        self.draft.tag.clone_from(&written.tag);
        self.is_compared = true;
    }

    fn seconds(&self) -> u64 {
        limit::TRIAL_SECONDS
    }

    fn script(&self) -> String {
        assets::address("settings", "js")
    }

    fn sheet(&self) -> String {
        assets::address("settings", "css")
    }

    fn presets(&self) -> &'static [Preset] {
        &PRESETS
    }

    fn is_chosen(&self, preset: &&Preset) -> bool {
        self.draft.preset() == Some(*preset)
    }

    /// Where the slider stands; in the middle for own numbers.
    fn stop(&self) -> usize {
        PRESETS.iter().position(|preset| self.is_chosen(&preset)).unwrap_or(1)
    }

    fn is_own(&self) -> bool {
        self.draft.preset().is_none()
    }

    /// A preset in a few words: "10 in 1 h, for 1 day".
    fn summary(&self, preset: &&Preset) -> String {
        let text = self.frame.text;
        text.with("n", preset.limits.max_retry)
            .with("within", text.span(preset.limits.find_time.as_secs()))
            .with("block", text.span(preset.limits.ban_time.as_secs()))
            .say("preset-summary")
    }

    fn name_of(&self, preset: &&Preset) -> String {
        self.frame.say(&format!("preset-{}", preset.name))
    }

    /// A number of seconds in words, as far as it can be read.
    fn in_words(&self, entered: &str) -> String {
        if entered == "forever" {
            return self.frame.say("brute-force-forever");
        }
        draft::span(entered).map(|span| self.frame.text.span(span.as_secs())).unwrap_or_default()
    }

    fn slips_of(&self, field: &str) -> Vec<String> {
        let slips = self.slips.iter().filter(|slip| slip.field == field);
        slips.map(|slip| slip.said(&self.frame.text)).collect()
    }

    fn is_wrong(&self, field: &str) -> bool {
        self.slips.iter().any(|slip| slip.field == field)
    }

    fn label_of(&self, field: &str) -> &'static str {
        match field {
            "max_retry" => "brute-force-max-retry",
            "find_time" => "brute-force-find-time",
            "ban_time" => "brute-force-ban-time",
            "sip_limit" => "brute-force-sip-limit",
            _ => "brute-force-whitelist",
        }
    }

    fn rows(&self) -> usize {
        self.draft.whitelist.lines().count().clamp(3, 12)
    }
}

/// The complaints of the desk, each at its field as far as its place is one.
pub(crate) fn slips_of(fault: &Fault) -> Vec<Slip> {
    let Fault::Wrong(complaints) = fault else { return Vec::new() };
    let slip = |complaint: &control::desk::Complaint| {
        let field = complaint.place.split(['[', '.']).next().unwrap_or_default();
        Slip::new(field, "slip-said").with("text", &complaint.text)
    };
    complaints.iter().map(slip).collect()
}

/// Where an entry of the whitelist comes from, in the visitor's language; in the program's own words where it is nothing known.
fn origin_said(text: &Text, settings: &Settings, subject: &Subject, origin: &str) -> String {
    let networks = &settings.firewall.networks;
    if let Some(network) = networks.iter().find(|network| network.never_block && network.subnet == *subject) {
        return text.with("name", &network.name).say("brute-force-also-network");
    }
    if let Some(name) = origin.strip_suffix(" is signed in from there") {
        return text.with("name", name).say("brute-force-also-signed-in");
    }
    match origin.strip_prefix("address of ") {
        Some(interface) => text.with("name", interface).say("brute-force-also-own"),
        None if origin == "loopback" => text.say("brute-force-also-loopback"),
        None => origin.to_owned(),
    }
}

fn growth(text: &Text, settings: &Settings) -> Option<String> {
    let escalation = settings.escalation;
    if escalation.factor < 2 || settings.defaults.ban_time == FOREVER {
        return None;
    }
    let most = text.span(escalation.max.as_secs());
    Some(text.with("factor", escalation.factor).with("most", most).say("brute-force-growth"))
}

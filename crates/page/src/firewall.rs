//! The page of the network firewall: which networks may reach which services. One form for the whole table: nothing holds until all
//! of it is saved, and what would cut its author off is only tried for a minute. The rules themselves are made elsewhere.

mod draft;
mod caution;
mod suggestion;

use std::time::Duration;

use askama::Template;
use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use config::{Network, Service};
use control::Fault;
use control::answer::FirewallDrops;
use control::desk::{Change, Deed, JournalPage, Written};
use event::{Moment, limit};
use gate::Gate;

use crate::assets;
use crate::banner::{Banner, Kind};
use crate::brute_force::slips_of;
use crate::failed::Failed;
use crate::fields::{Fields, Slip};
use crate::frame::{Frame, Item};
use crate::visit::{Posted, Visit, status_of};
use caution::{cautions, own_way, title_id};
use draft::{Draft, Move, Row};
use suggestion::suggestion;

const PATH: &str = "/firewall";

/// Entries of the journal among which a change that came back is looked for.
const LATEST: usize = 10;

/// For how long it is told.
const NEWS: Duration = Duration::from_secs(5 * 60);

/// Its paths.
pub(crate) fn routes() -> Router<Gate> {
    Router::new().route(PATH, get(show).post(sent))
}

/// The page.
#[derive(Template)]
#[template(path = "firewall.html")]
pub(crate) struct Page {
    frame: Frame,
    draft: Draft,
    slips: Vec<Slip>,
    /// What is worth a word about the rules in the form.
    cautions: Vec<Banner>,
    /// Why saving would cut the visitor off, if it would: the page offers to try it for a minute.
    cut_off: Option<String>,
    /// What the settings say now, if somebody else changed them.
    theirs: Option<Vec<Network>>,
    drops: FirewallDrops,
    /// Whether the form differs from what holds.
    is_changed: bool,
    /// Whether protection is off, so that no rule holds.
    is_off: bool,
    /// Whether nothing can be changed: the file, or a change that waits to be confirmed.
    locked: bool,
}

/// What is beside the draft on the page.
pub(crate) struct Present {
    pub(crate) written: Written,
    pub(crate) drops: FirewallDrops,
}

async fn present(visit: &Visit) -> Result<Present, Failed> {
    visit
        .ask(|desk| {
            // Counters are nice to see; the page is of use without them.
            let drops = desk.status().map(|status| status.firewall).unwrap_or_default();
            Ok(Present { written: desk.settings()?, drops })
        })
        .await
}

async fn show(visit: Visit) -> Result<Response, Failed> {
    let present = present(&visit).await?;
    let draft = Draft::of_written(&present.written);
    let mut page = draw(&visit, &present, draft).await;
    // Whoever could not confirm in time learns it here, with the old rules before their eyes.
    if visit
        .gate
        .ask(|desk| desk.journal(None, LATEST))
        .await
        .is_ok_and(|told| came_back(&told, visit.gate.now()))
    {
        let banner = Banner::new(Kind::Note, visit.text.say("firewall-came-back"));
        page.frame.banners.push(banner.more(visit.text.say("firewall-came-back-what")));
    }
    Ok(visit.page(&page))
}

/// Whether the last thing that happened to the settings is that the program itself took a change back, a short while ago.
fn came_back(told: &JournalPage, now: Moment) -> bool {
    let settings = [Deed::Settings, Deed::Confirm, Deed::RollBack];
    let last = told.entries.iter().find(|entry| settings.contains(&entry.deed));
    last.is_some_and(|entry| {
        entry.deed == Deed::RollBack && entry.actor == "stockade" && now.since(entry.at) < NEWS
    })
}

/// `POST`: `act` says what was meant: `save`, `try`, `check`, `suggest`, or a button of a row.
async fn sent(Posted { visit, data: fields }: Posted<Fields>) -> Result<Response, Failed> {
    let present = present(&visit).await?;
    let mut draft = Draft::of_fields(&fields);
    let act = fields.get("act");
    if let Some(shift) = Move::of_value(act) {
        draft.shift(shift);
        return Ok(visit.page(&draw(&visit, &present, draft).await));
    }
    if act == "suggest" {
        let address = visit.actor.address.unwrap_or(std::net::Ipv4Addr::LOCALHOST.into());
        draft.rows.clear();
        suggestion(&visit.text, address).iter().for_each(|network| draft.take_in(network));
        return Ok(visit.page(&draw(&visit, &present, draft).await));
    }
    match act {
        "save" | "try" => save(&visit, &present, draft, act == "try").await,
        _ => {
            let page = draw(&visit, &present, draft).await;
            let status =
                if page.slips.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
            Ok(visit.page_with(status, &page))
        }
    }
}

async fn save(visit: &Visit, present: &Present, draft: Draft, on_trial: bool) -> Result<Response, Failed> {
    let wanted = match draft.read() {
        Ok(wanted) => wanted,
        Err(_) => {
            let mut page = draw(visit, present, draft).await;
            page.frame.banners.push(Banner::new(Kind::Stop, visit.text.say("fault-wrong")));
            return Ok(visit.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page));
        }
    };
    let edits = wanted.edits(&present.written.settings.firewall);
    if edits.is_empty() {
        return Ok(visit.back_to(PATH, &Banner::new(Kind::Note, visit.text.say("settings-nothing-changed"))));
    }
    let change = Change { edits, expected_tag: Some(draft.tag.clone()), on_trial };
    let actor = visit.actor.clone();
    match visit.gate.ask(move |desk| desk.change(&change, &actor)).await {
        // The notice of the trial itself stands on every page.
        Ok(changed) if changed.trial.is_some() => {
            Ok(visit.back_to(PATH, &Banner::new(Kind::Note, visit.text.say("firewall-on-trial"))))
        }
        Ok(_) => Ok(visit.back_to(PATH, &Banner::done(visit.text.say("settings-saved")))),
        Err(fault) => refused(visit, draft, fault).await,
    }
}

/// The form again, with why it was not saved.
async fn refused(visit: &Visit, draft: Draft, fault: Fault) -> Result<Response, Failed> {
    // What is there now, so that whoever saves again knows what is overwritten.
    let present = present(visit).await?;
    let mut page = draw(visit, &present, draft).await;
    match &fault {
        Fault::CutOff(why) => page.warn_of_cut_off(visit, why),
        Fault::Changed(_) => {
            page.frame.banners.push(Banner::fault(&visit.text, &fault));
            page.theirs = Some(present.written.settings.firewall.networks.clone());
            page.draft.tag.clone_from(&present.written.tag);
        }
        _ => page.frame.banners.push(Banner::fault(&visit.text, &fault)),
    }
    page.slips.extend(slips_of(&fault));
    Ok(visit.page_with(status_of(&fault), &page))
}

async fn draw(visit: &Visit, present: &Present, draft: Draft) -> Page {
    let mut page = Page::new(visit.frame(Item::Firewall).await, present, draft);
    if let (Some(address), Ok(wanted)) = (visit.actor.address, page.draft.read()) {
        page.cautions = cautions(&visit.text, &wanted.firewall, address);
    }
    page
}

impl Page {
    pub(crate) fn new(frame: Frame, present: &Present, draft: Draft) -> Self {
        let written = &present.written;
        let (slips, is_changed) = match draft.read() {
            Ok(wanted) => (Vec::new(), !wanted.edits(&written.settings.firewall).is_empty()),
            Err(slips) => (slips, true),
        };
        Self {
            slips,
            is_changed,
            cautions: Vec::new(),
            cut_off: None,
            theirs: None,
            drops: present.drops.clone(),
            is_off: !written.settings.enabled,
            locked: written.read_only.is_some() || frame.trial.is_some(),
            frame,
            draft,
        }
    }

    /// Offers to try the change. The caution about it, which is in the visitor's language, says why; else the desk's words do.
    fn warn_of_cut_off(&mut self, visit: &Visit, why: &str) {
        let wanted = self.draft.read().ok();
        let caution = visit.actor.address.zip(wanted);
        let caution = caution.and_then(|(address, wanted)| own_way(&visit.text, &wanted.firewall, address));
        self.cautions.retain(|banner| Some(banner) != caution.as_ref());
        self.cut_off = Some(caution.map_or_else(|| why.to_owned(), |caution| caution.title));
    }

    fn script(&self) -> String {
        assets::address("settings", "js")
    }

    fn sheet(&self) -> String {
        assets::address("settings", "css")
    }

    fn services(&self) -> [Service; 8] {
        Service::ALL
    }

    fn title_of(&self, service: &Service) -> String {
        self.frame.say(&title_id(*service))
    }

    /// What a row is called in the names of its buttons.
    fn name_of(&self, row: &Row) -> String {
        let first = row.subnet.split_whitespace().next().unwrap_or_default();
        let shown = if row.name.is_empty() { first } else { &row.name };
        if shown.is_empty() { self.frame.say("firewall-new-row") } else { shown.to_owned() }
    }

    /// The row that the script copies.
    fn blank(&self) -> Row {
        // A number that no form has: the script puts another one in its place.
        Row { number: limit::FIREWALL_NETWORKS * 1000, ..Row::default() }
    }

    fn seconds(&self) -> u64 {
        limit::TRIAL_SECONDS
    }

    fn slips_of(&self, field: &str) -> Vec<String> {
        let slips = self.slips.iter().filter(|slip| slip.field == field);
        slips.map(|slip| slip.said(&self.frame.text)).collect()
    }

    fn is_wrong(&self, field: &str) -> bool {
        self.slips.iter().any(|slip| slip.field == field)
    }

    fn ports_are_wrong(&self) -> bool {
        self.slips.iter().any(|slip| slip.field.starts_with("ports."))
    }

    /// Complaints of the desk about no field that is here.
    fn other_slips(&self) -> Vec<String> {
        let here = |slip: &&Slip| {
            slip.field == "sip_limit" || slip.field.contains('.') && !slip.field.starts_with("firewall.")
        };
        self.slips.iter().filter(|slip| !here(slip)).map(|slip| slip.said(&self.frame.text)).collect()
    }

    fn port_title(&self, name: &str) -> String {
        match name {
            "sip" => self.frame.say("ports-sip"),
            "rtp" => self.frame.say("ports-rtp"),
            _ => self.frame.say(&format!("service-{name}")),
        }
    }

    fn port_field(&self, name: &str) -> String {
        format!("ports.{name}")
    }

    fn lines_of(&self, row: &Row) -> usize {
        row.subnet.lines().count().clamp(1, 6)
    }
}

//! The journal of actions: who did what, when, from where; differences of the settings line by line.

mod difference;

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::get;
use control::desk::{Deed, JournalEntry, JournalPage};
use control::{Desk, Fault};
use event::limit;
use gate::Gate;
use serde::Deserialize;

use crate::assets;
use crate::failed::Failed;
use crate::frame::{Frame, Item};
use crate::time::Time;
use crate::visit::Visit;
use difference::{Difference, Line};

/// Its paths.
pub(crate) fn routes() -> Router<Gate> {
    Router::new().route(Item::Journal.path(), get(show))
}

/// The page.
#[derive(Template)]
#[template(path = "journal.html")]
pub(crate) struct Page {
    frame: Frame,
    entries: Vec<JournalEntry>,
    /// Where the next page begins.
    next: Option<i64>,
    /// The only kind of deed that is shown.
    deed: Option<Deed>,
    /// Whether this is not the first page.
    is_later: bool,
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    deed: String,
    before: Option<i64>,
}

async fn show(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Failed> {
    let deed = Deed::from_word(&asked.deed);
    let told = visit.ask(move |desk| read(desk, deed, asked.before)).await?;
    let frame = visit.frame(Item::Journal).await;
    Ok(visit.page(&Page::new(frame, told, deed, asked.before.is_some())))
}

/// One page. Where only one kind of deed is asked for, others are passed over, up to a bound: then the page may be short, and
/// the next one goes on from there.
fn read(desk: &dyn Desk, deed: Option<Deed>, before: Option<i64>) -> Result<JournalPage, Fault> {
    let Some(deed) = deed else { return desk.journal(before, limit::JOURNAL_ENTRIES) };
    let mut found = JournalPage { entries: Vec::new(), next: before };
    let mut looked_at = 0;
    loop {
        let read = desk.journal(found.next, limit::JOURNAL_ENTRIES)?;
        looked_at += read.entries.len();
        found.next = read.next;
        for entry in read.entries {
            if entry.deed == deed {
                found.entries.push(entry);
            }
        }
        // What one reading brings is kept whole: cut at the page's length, the rest of it would be lost.
        let is_full = found.entries.len() >= limit::JOURNAL_ENTRIES / 2;
        if is_full || found.next.is_none() || looked_at >= limit::JOURNAL_ENTRIES_READ {
            return Ok(found);
        }
    }
}

impl Page {
    pub(crate) fn new(frame: Frame, told: JournalPage, deed: Option<Deed>, is_later: bool) -> Self {
        Self { frame, entries: told.entries, next: told.next, deed, is_later }
    }

    fn sheet(&self) -> String {
        assets::address("settings", "css")
    }

    fn deeds(&self) -> [Deed; 10] {
        Deed::ALL
    }

    fn is_chosen(&self, deed: &Deed) -> bool {
        self.deed == Some(*deed)
    }

    fn name_of(&self, deed: &Deed) -> String {
        self.frame.say(&format!("deed-{}", deed.as_str()))
    }

    fn at(&self, entry: &JournalEntry) -> Time {
        self.frame.text.past(entry.at, self.frame.now)
    }

    /// The program's own word for this computer, in the visitor's language.
    fn origin(&self, entry: &JournalEntry) -> String {
        if entry.origin == "this host" { self.frame.say("journal-this-host") } else { entry.origin.clone() }
    }

    fn actor(&self, entry: &JournalEntry) -> String {
        if entry.actor == "the settings file" {
            self.frame.say("journal-settings-file")
        } else {
            entry.actor.clone()
        }
    }

    fn difference(&self, entry: &JournalEntry) -> Option<Difference> {
        Difference::of_text(&entry.detail)
    }

    /// The address of the next page.
    fn older(&self) -> Option<String> {
        let deed = self.deed.map(|deed| format!("&deed={}", deed.as_str())).unwrap_or_default();
        self.next.map(|next| format!("{}?before={next}{deed}", Item::Journal.path()))
    }

    fn newest(&self) -> String {
        let deed = self.deed.map(|deed| format!("?deed={}", deed.as_str())).unwrap_or_default();
        format!("{}{deed}", Item::Journal.path())
    }
}

//! `/journal`: who did what, when, from where.

use axum::Json;
use axum::extract::State;
use control::desk::{Deed, JournalEntry};
use control::time::rfc3339;
use gate::{Gate, Query, Reader, Wrong};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A page of the journal.
#[derive(Serialize, ToSchema)]
pub(crate) struct Journal {
    /// The newest first.
    items: Vec<Entry>,
    /// The cursor of the next page; null on the last one.
    next: Option<String>,
}

/// Something that was done.
#[derive(Serialize, ToSchema)]
struct Entry {
    /// Its number.
    id: i64,
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// What.
    deed: DeedWord,
    /// Who: `admin`, `root`, `key backup`, `the settings file`.
    #[schema(example = "admin")]
    actor: String,
    /// From where: an address, or `this host`.
    origin: String,
    /// Whom or what it concerns; empty if nothing.
    subject: String,
    /// More: the reason, or the difference of the settings.
    detail: String,
}

/// What was done.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum DeedWord {
    /// Blocked by hand.
    Ban,
    /// Let in by hand.
    Unban,
    /// Let everyone in.
    UnbanAll,
    /// Changed the settings; the detail is the difference.
    Settings,
    /// A change on trial was kept.
    Confirm,
    /// A change on trial was taken back, by hand or by time.
    RollBack,
    /// Set the administrator's password.
    Password,
    /// Made a key.
    KeyCreated,
    /// Took a key back.
    KeyRevoked,
    /// Signed in.
    SignIn,
}

/// Which page.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct JournalQuery {
    /// Entries on a page.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
    /// `next` of the page before.
    #[param(pattern = "^[0-9]{1,18}$")]
    cursor: Option<String>,
}

/// Who did what, when, from where
#[utoipa::path(get, path = "/journal", tag = "journal", params(JournalQuery),
    responses((status = 200, description = "A page of the journal, the newest first.", body = Journal)))]
pub(crate) async fn list(
    _: Reader,
    State(gate): State<Gate>,
    Query(query): Query<JournalQuery>,
) -> Result<Json<Journal>, Wrong> {
    let rows = query.limit.unwrap_or(100);
    if !(1..=1000).contains(&rows) {
        return Err(Wrong::field("limit", format!("{rows} is out of range"), "a number from 1 to 1000"));
    }
    let before = match &query.cursor {
        None => None,
        Some(text) if text.bytes().all(|byte| byte.is_ascii_digit()) && text.len() <= 18 => text.parse().ok(),
        Some(_) => None,
    };
    if query.cursor.is_some() && before.is_none() {
        let expected = "what 'next' of the page before says";
        return Err(Wrong::field("cursor", "this is no cursor", expected));
    }
    let page = gate.ask(move |desk| desk.journal(before, rows as usize)).await?;
    let items = page.entries.into_iter().map(Entry::from).collect();
    Ok(Json(Journal { items, next: page.next.map(|next| next.to_string()) }))
}

impl From<JournalEntry> for Entry {
    fn from(entry: JournalEntry) -> Self {
        Self {
            id: entry.id,
            at: rfc3339(entry.at),
            deed: entry.deed.into(),
            actor: entry.actor,
            origin: entry.origin,
            subject: entry.subject,
            detail: entry.detail,
        }
    }
}

impl From<Deed> for DeedWord {
    fn from(deed: Deed) -> Self {
        match deed {
            Deed::Ban => Self::Ban,
            Deed::Unban => Self::Unban,
            Deed::UnbanAll => Self::UnbanAll,
            Deed::Settings => Self::Settings,
            Deed::Confirm => Self::Confirm,
            Deed::RollBack => Self::RollBack,
            Deed::Password => Self::Password,
            Deed::KeyCreated => Self::KeyCreated,
            Deed::KeyRevoked => Self::KeyRevoked,
            Deed::SignIn => Self::SignIn,
        }
    }
}

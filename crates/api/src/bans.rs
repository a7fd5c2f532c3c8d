//! `/bans`: who is blocked, page by page; blocking and unblocking by hand.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use control::desk::{BanOrder, Lifted, Listing, Roster, SortBy};
use control::time::{rfc3339, rfc3339_until};
use event::{JailName, Proof, Scope, Subject, limit};
use gate::{Caller, Gate, Path, Query, Reader, Wrong};
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{self, ObjectBuilder, Type};
use utoipa::{IntoParams, ToSchema};

use crate::address::{Address, AddressPath};
use crate::bantime::BanTime;
use crate::cursor;
use crate::object::Object;

/// One ban.
#[derive(Serialize, ToSchema)]
pub(crate) struct Ban {
    /// Address or subnet; an IPv6 ban is of a /64.
    #[schema(example = "192.0.2.7")]
    address: String,
    /// Two letters, where a country database is configured and knows it.
    #[schema(example = "NL")]
    country: Option<String>,
    /// The jail.
    #[schema(example = "sshd")]
    jail: String,
    /// The service of the jail; null for a ban by hand.
    #[schema(example = "SSH")]
    service: Option<String>,
    /// Since when.
    #[schema(format = DateTime)]
    since: String,
    /// Until when; null for ever.
    #[schema(format = DateTime)]
    until: Option<String>,
    /// Failures that led to it; 0 for a ban by hand.
    failures: u32,
    /// Why.
    #[schema(example = "5 failures within 10 min (limit 5)")]
    reason: String,
    /// Which ports it closes.
    scope: ScopeWord,
    /// How well the evidence proves the address.
    proof: ProofWord,
}

/// Which ports a ban closes.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ScopeWord {
    /// The ports of its jail.
    Jail,
    /// Every port.
    AllPorts,
    /// Nothing: its jail's bans are told only.
    None,
}

/// How well the evidence proves the address.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ProofWord {
    /// The sender answered us, or it is a ban by hand.
    Proven,
    /// The sender may be forged.
    Claimed,
}

/// A page of bans.
#[derive(Serialize, ToSchema)]
pub(crate) struct Bans {
    /// The bans.
    items: Vec<Ban>,
    /// How many there are on all pages.
    total: u64,
    /// The cursor of the next page; null on the last one.
    next: Option<String>,
}

/// By what bans are sorted. Equals stand in the order of their addresses.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SortWord {
    /// When they began.
    #[default]
    Since,
    /// When they end.
    Until,
    /// IPv4 by number, then IPv6.
    Address,
    /// How many failures led there.
    Failures,
    /// The service.
    Service,
}

/// In which direction.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Order {
    /// The smallest or earliest first.
    Asc,
    /// The largest or latest first.
    #[default]
    Desc,
}

/// Which bans, in which order, and which page of them.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct BansQuery {
    /// Words that must all fit: an address (the bans that hit it), a subnet (bans inside and around it), the beginning of an
    /// address, a jail, a service, a word of the reason, the two letters of a country.
    #[param(max_length = 200)]
    search: Option<String>,
    /// By what they are sorted; `since` if it is left out.
    #[param(inline)]
    sort: Option<SortWord>,
    /// In which direction; `desc` if it is left out.
    #[param(inline)]
    order: Option<Order>,
    /// Only this service.
    #[param(max_length = 64, example = "SSH")]
    service: Option<String>,
    /// Only this jail.
    #[param(max_length = 28, example = "sshd")]
    jail: Option<String>,
    /// Bans on a page.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
    /// `next` of the page before, with the same `search`, `sort`, `order`, `service` and `jail`.
    #[param(schema_with = cursor_schema)]
    cursor: Option<String>,
}

/// Somebody to block.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewBan {
    /// Whom. A single IPv6 address means its /64.
    address: Address,
    /// In which jail: its ports are closed. Without one, all ports are.
    #[schema(pattern = "^[a-z][a-z0-9_-]{0,27}$", example = "sshd")]
    #[serde(default)]
    jail: Option<String>,
    /// For how long; without it, as long as the jail blocks.
    #[serde(default)]
    ban_time: Option<BanTime>,
    /// Whether a very wide subnet is meant.
    #[serde(default)]
    force: bool,
    /// Why, in your own words.
    #[schema(max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    #[serde(default)]
    note: Option<String>,
}

/// Somebody was blocked.
#[derive(Serialize, ToSchema)]
pub(crate) struct Banned {
    /// Whom.
    #[schema(example = "192.0.2.7")]
    address: String,
    /// What was done, in a sentence.
    message: String,
}

/// Bans to lift.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Unban {
    /// Which. One that is not there is no error.
    #[schema(value_type = Vec<WhichBan>, min_items = 1, max_items = 10000)]
    bans: Vec<Object<WhichBan>>,
}

/// A ban to lift.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WhichBan {
    /// Whose.
    address: Address,
    /// In which jail; without one, in all.
    #[schema(pattern = "^[a-z][a-z0-9_-]{0,27}$", example = "sshd")]
    #[serde(default)]
    jail: Option<String>,
}

/// In which jail.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct JailQuery {
    /// Only in this jail; without it, in all.
    #[param(schema_with = jail_schema)]
    jail: Option<String>,
}

/// What was lifted.
#[derive(Serialize, ToSchema)]
pub(crate) struct Unbanned {
    /// How many bans ended.
    lifted: u64,
}

/// Who is blocked
///
/// Pages are read with `cursor`: bans that come or go meanwhile neither repeat nor hide others.
#[utoipa::path(get, path = "/bans", tag = "bans", params(BansQuery),
    responses((status = 200, description = "A page of bans.", body = Bans)))]
pub(crate) async fn list(
    _: Reader,
    State(gate): State<Gate>,
    Query(query): Query<BansQuery>,
) -> Result<Json<Bans>, Wrong> {
    let rows = query.limit.unwrap_or(100);
    if !(1..=1000).contains(&rows) {
        return Err(Wrong::field("limit", format!("{rows} is out of range"), "a number from 1 to 1000"));
    }
    let mark = match &query.cursor {
        None => None,
        Some(text) => Some(cursor::read(text).ok_or_else(|| {
            Wrong::field("cursor", "this is no cursor", "what 'next' of the page before says")
        })?),
    };
    let BansQuery { search, sort, order, service, jail, .. } = query;
    let listing = listing(search, sort, order, service, jail)?;
    let lookup = gate.clone();
    let page = gate
        .ask(move |desk| {
            let roster = desk.bans()?;
            let listed = roster.listed(&listing, &|subject| country(&lookup, subject));
            let start = mark.map_or(0, |mark| roster.after(&listing, &listed, &mark));
            let shown = &listed[start..listed.len().min(start + rows as usize)];
            let is_last = start + shown.len() == listed.len();
            Ok(Bans {
                items: shown.iter().map(|ban| Ban::of(ban, &roster, &lookup)).collect(),
                total: listed.len() as u64,
                next: shown.last().filter(|_| !is_last).map(|last| cursor::write(&listing, last)),
            })
        })
        .await?;
    Ok(Json(page))
}

/// Block an address or a subnet
///
/// Refused for whoever is on the whitelist, for your own address, and for a very wide subnet without `force`.
#[utoipa::path(post, path = "/bans", tag = "bans", request_body = NewBan,
    responses(
        (status = 201, description = "It is blocked.", body = Banned,
            headers(("Location" = String, description = "What is known of the address."))),
        (status = 409, response = crate::document::Conflict)))]
pub(crate) async fn ban(
    caller: Caller,
    State(gate): State<Gate>,
    gate::Json(Object(new)): gate::Json<Object<NewBan>>,
) -> Result<(StatusCode, [(axum::http::HeaderName, String); 1], Json<Banned>), Wrong> {
    let subject = new.address.subject("address")?;
    let order = BanOrder {
        subject,
        jail: jail_name("jail", new.jail.as_deref())?,
        seconds: new.ban_time.map(seconds).transpose()?,
        force: new.force,
        note: note(new.note.unwrap_or_default())?,
    };
    let message = gate.ask(move |desk| desk.ban(&order, &caller.actor)).await?;
    let address = subject.to_string();
    let location = format!("/api/v1/addresses/{}", address.replace('/', "%2F"));
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(Banned { address, message })))
}

/// Unblock one address or subnet
#[utoipa::path(delete, path = "/bans/{address}", tag = "bans", params(AddressPath, JailQuery),
    responses(
        (status = 200, description = "It is let in again.", body = Unbanned),
        (status = 404, response = crate::document::NotFound)))]
pub(crate) async fn unban_one(
    caller: Caller,
    State(gate): State<Gate>,
    Path(path): Path<AddressPath>,
    Query(query): Query<JailQuery>,
) -> Result<Json<Unbanned>, Wrong> {
    let subject = path.address.subject("address")?;
    let jail = jail_name("jail", query.jail.as_deref())?;
    let which = [Lifted { subject, jail }];
    let lifted = gate.ask(move |desk| desk.unban(&which, &caller.actor)).await?;
    if lifted == 0 {
        return Err(Wrong::missing("address", format!("{subject} is not blocked")));
    }
    Ok(Json(Unbanned { lifted }))
}

/// Unblock several
#[utoipa::path(post, path = "/bans/unban", tag = "bans", request_body = Unban,
    responses((status = 200, description = "They are let in again.", body = Unbanned)))]
pub(crate) async fn unban_several(
    caller: Caller,
    State(gate): State<Gate>,
    gate::Json(Object(unban)): gate::Json<Object<Unban>>,
) -> Result<Json<Unbanned>, Wrong> {
    if !(1..=limit::API_UNBANS).contains(&unban.bans.len()) {
        let expected = format!("1 to {} bans", limit::API_UNBANS);
        return Err(Wrong::field("bans", format!("there are {}", unban.bans.len()), expected));
    }
    let mut which = Vec::with_capacity(unban.bans.len());
    for (at, Object(ban)) in unban.bans.iter().enumerate() {
        let subject = ban.address.subject(&format!("bans[{at}].address"))?;
        which.push(Lifted { subject, jail: jail_name(&format!("bans[{at}].jail"), ban.jail.as_deref())? });
    }
    let lifted = gate.ask(move |desk| desk.unban(&which, &caller.actor)).await?;
    Ok(Json(Unbanned { lifted }))
}

/// Unblock everybody
#[utoipa::path(delete, path = "/bans", tag = "bans",
    responses((status = 200, description = "Nobody is blocked any more.", body = Unbanned)))]
pub(crate) async fn unban_all(caller: Caller, State(gate): State<Gate>) -> Result<Json<Unbanned>, Wrong> {
    let lifted = gate.ask(move |desk| desk.unban_all(&caller.actor)).await?;
    Ok(Json(Unbanned { lifted }))
}

/// What a query asks for.
pub(crate) fn listing(
    search: Option<String>,
    sort: Option<SortWord>,
    order: Option<Order>,
    service: Option<String>,
    jail: Option<String>,
) -> Result<Listing, Wrong> {
    let named = |name: Option<String>| name.filter(|name| !name.is_empty());
    for (place, text, most) in
        [("search", &search, limit::SEARCH_CHARACTERS), ("service", &service, 64), ("jail", &jail, 28)]
    {
        if text.as_ref().is_some_and(|text| text.chars().count() > most) {
            return Err(Wrong::field(place, "it is too long", format!("at most {most} characters")));
        }
    }
    let sort = match sort.unwrap_or_default() {
        SortWord::Since => SortBy::Since,
        SortWord::Until => SortBy::Until,
        SortWord::Address => SortBy::Address,
        SortWord::Failures => SortBy::Failures,
        SortWord::Service => SortBy::Service,
    };
    let descending = order.unwrap_or_default() == Order::Desc;
    Ok(Listing {
        search: search.unwrap_or_default(),
        sort,
        descending,
        service: named(service),
        jail: named(jail),
    })
}

/// The country of a subject, where one is known.
pub(crate) fn country(gate: &Gate, subject: &Subject) -> Option<String> {
    gate.country(subject.address()).map(|country| country.code)
}

impl Ban {
    /// As the API shows it.
    pub(crate) fn of(ban: &event::Ban, roster: &Roster, gate: &Gate) -> Self {
        Self {
            address: ban.subject.to_string(),
            country: country(gate, &ban.subject),
            jail: ban.jail.to_string(),
            service: roster.service_of(ban).map(str::to_owned),
            since: rfc3339(ban.since),
            until: rfc3339_until(ban.until),
            failures: ban.failures,
            reason: ban.reason.clone(),
            scope: match ban.scope {
                _ if roster.told_only.contains(&ban.jail) => ScopeWord::None,
                Scope::Jail => ScopeWord::Jail,
                Scope::AllPorts => ScopeWord::AllPorts,
            },
            proof: match ban.proof {
                Proof::Proven => ProofWord::Proven,
                Proof::Claimed => ProofWord::Claimed,
            },
        }
    }

    /// Its columns, as `COLUMNS` names them.
    pub(crate) fn columns(&self) -> [String; 10] {
        let scope = match self.scope {
            ScopeWord::Jail => "jail",
            ScopeWord::AllPorts => "all-ports",
            ScopeWord::None => "none",
        };
        let proof = match self.proof {
            ProofWord::Proven => "proven",
            ProofWord::Claimed => "claimed",
        };
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        [
            self.address.clone(),
            text(&self.country),
            self.jail.clone(),
            text(&self.service),
            self.since.clone(),
            text(&self.until),
            self.failures.to_string(),
            self.reason.clone(),
            scope.to_owned(),
            proof.to_owned(),
        ]
    }
}

/// The head of a table of bans.
pub(crate) const COLUMNS: &str = "address,country,jail,service,since,until,failures,reason,scope,proof";

/// The scope of that word.
pub(crate) fn scope_of(word: &str) -> ScopeWord {
    match word {
        "all-ports" => ScopeWord::AllPorts,
        "none" => ScopeWord::None,
        _ => ScopeWord::Jail,
    }
}

/// Reads a jail's name that stands at `place`.
fn jail_name(place: &str, text: Option<&str>) -> Result<Option<JailName>, Wrong> {
    let Some(text) = text else { return Ok(None) };
    if !JailName::valid(text) {
        let expected = "up to 28 lower-case letters, digits, '-' and '_', with a letter first";
        return Err(Wrong::field(place, "this cannot name a jail", expected));
    }
    Ok(Some(JailName::new(text)))
}

fn seconds(time: BanTime) -> Result<u64, Wrong> {
    match (time, time.span()) {
        (_, None) => Err(Wrong::field("ban_time", "it is out of range", BanTime::expected())),
        (BanTime::Seconds(seconds), Some(_)) => Ok(seconds),
        (BanTime::Word(_), Some(_)) => Ok(u64::MAX),
    }
}

fn note(text: String) -> Result<String, Wrong> {
    if text.chars().count() > limit::API_NOTE_CHARACTERS || text.contains(char::is_control) {
        let expected = format!("at most {} characters, without line ends", limit::API_NOTE_CHARACTERS);
        return Err(Wrong::field("note", "it is too long, or has control characters", expected));
    }
    Ok(text)
}

fn jail_schema() -> schema::Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some("^[a-z][a-z0-9_-]{0,27}$"))
        .examples([serde_json::json!("sshd")])
        .build()
}

fn cursor_schema() -> schema::Object {
    ObjectBuilder::new().schema_type(Type::String).pattern(Some(cursor::PATTERN)).build()
}

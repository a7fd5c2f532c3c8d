//! `/settings`: the switch, the three numbers, the SIP limit and the whitelist; what a change would have done; the presets.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderName;
use config::{Edit, Limits, PRESETS};
use control::desk::{self, Change, Written};
use control::time::rfc3339;
use event::limit;
use gate::{Caller, Gate, Problem, Query, Reader, Wrong};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::address::{Address, Narrow};
use crate::bantime::BanTime;
use crate::object::Object;
use crate::status::Protected;
use crate::tag::{IfMatch, IfMatchHeader, etag};
use crate::trial::Trial;

/// The settings.
#[derive(Serialize, ToSchema)]
pub(crate) struct Settings {
    /// The one switch: network firewall and anti brute force.
    enabled: bool,
    /// Number of attempts for blocking.
    #[schema(example = 10)]
    max_retry: u32,
    /// Within so many seconds.
    #[schema(example = 3600)]
    find_time: u64,
    /// For how long.
    ban_time: BanTime,
    /// SIP requests a second that one address may send; null for no limit.
    #[schema(example = 300)]
    sip_limit: Option<u32>,
    /// Who is never blocked: addresses and subnets.
    #[schema(example = json!(["192.0.2.0/24"]))]
    whitelist: Vec<String>,
    /// Who is never blocked without being in that list: networks of the firewall, the host itself, whoever is signed in.
    also_whitelisted: Vec<Protected>,
    /// The preset that these numbers are; null if they are none.
    #[schema(example = "normal")]
    preset: Option<String>,
    /// The settings file.
    #[schema(example = "/etc/stockade/stockade.toml")]
    path: String,
    /// Why the file cannot be changed; null if it can.
    read_only: Option<String>,
    /// The tag of this state, as the `ETag` header has it in quotes.
    tag: String,
}

/// A change of the settings. What is left out, or null, stays as it is; but `sip_limit: null` means no limit.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettingsChange {
    /// The one switch.
    #[serde(default)]
    enabled: Option<bool>,
    /// Number of attempts for blocking.
    #[schema(minimum = 1, maximum = 1000)]
    #[serde(default)]
    max_retry: Option<u32>,
    /// Within so many seconds; 8 days at most.
    #[schema(minimum = 1, maximum = 691200)]
    #[serde(default)]
    find_time: Option<u64>,
    /// For how long.
    #[serde(default)]
    ban_time: Option<BanTime>,
    /// SIP requests a second that one address may send; null for no limit.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 10000)]
    #[serde(default, deserialize_with = "present")]
    sip_limit: Option<Option<u32>>,
    /// Who is never blocked, as a whole.
    #[schema(value_type = Option<Vec<Narrow>>, max_items = 10000)]
    #[serde(default)]
    whitelist: Option<Vec<Address>>,
}

/// Whether a change may be made on trial.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TrialQuery {
    /// Whether a change that would cut you off is made on trial: it is undone after 60 seconds unless you confirm it.
    /// Without it, such a change is refused.
    #[param(default = false)]
    pub(crate) on_trial: Option<bool>,
}

/// What came of a change.
#[derive(Serialize, ToSchema)]
pub(crate) struct Changed {
    /// The new tag, as the `ETag` header has it in quotes.
    tag: String,
    /// Set if the change waits to be confirmed.
    trial: Option<Trial>,
}

/// What a change would have done over the recorded failures.
#[derive(Serialize, ToSchema)]
pub(crate) struct Rehearsal {
    /// Since when failures are looked at.
    #[schema(format = DateTime)]
    since: String,
    /// How many there were.
    failures: u64,
    /// Addresses that the present settings block over that time.
    before: u64,
    /// Addresses that the changed settings block.
    after: u64,
    /// Blocked by the changed settings only; the first of them.
    added: Vec<String>,
    /// No more blocked; the first of them.
    removed: Vec<String>,
    /// How many are blocked by the changed settings only.
    added_count: u64,
    /// How many are no more blocked.
    removed_count: u64,
}

/// The presets.
#[derive(Serialize, ToSchema)]
pub(crate) struct Presets {
    /// From lenient to strict.
    items: Vec<Preset>,
}

/// A preset.
#[derive(Serialize, ToSchema)]
struct Preset {
    /// `weak`, `normal`, `enhanced` or `paranoid`.
    #[schema(example = "normal")]
    name: String,
    /// Number of attempts for blocking.
    max_retry: u32,
    /// Within so many seconds.
    find_time: u64,
    /// For how long.
    ban_time: BanTime,
    /// SIP requests a second that one address may send.
    sip_limit: u32,
}

/// The settings
#[utoipa::path(get, path = "/settings", tag = "settings",
    responses((status = 200, description = "The settings, and their tag in `ETag`.", body = Settings,
        headers(("ETag" = String, description = "The tag of this state, in quotes.")))))]
pub(crate) async fn read(
    _: Reader,
    State(gate): State<Gate>,
) -> Result<([(HeaderName, String); 1], Json<Settings>), Wrong> {
    let written = gate.ask(|desk| desk.settings()).await?;
    Ok((etag(&written.tag), Json(written.into())))
}

/// Change the settings
///
/// The settings file is changed with its comments kept, and the change is in force when the answer comes.
#[utoipa::path(patch, path = "/settings", tag = "settings", params(IfMatchHeader, TrialQuery), request_body = SettingsChange,
    responses(
        (status = 200, description = "It is changed.", body = Changed,
            headers(("ETag" = String, description = "The new tag, in quotes."))),
        (status = 409, response = crate::document::Conflict),
        (status = 412, response = crate::document::Stale),
        (status = 428, response = crate::document::TagNeeded)))]
pub(crate) async fn change(
    caller: Caller,
    State(gate): State<Gate>,
    tag: IfMatch,
    Query(query): Query<TrialQuery>,
    gate::Json(Object(change)): gate::Json<Object<SettingsChange>>,
) -> Result<([(HeaderName, String); 1], Json<Changed>), Wrong> {
    let on_trial = query.on_trial.unwrap_or(false);
    let made = gate.ask(move |desk| {
        let present = desk.settings()?;
        Ok(match change.edits(&present) {
            Ok(edits) => {
                let expected_tag = tag.expected;
                Ok(desk.change(&Change { edits, expected_tag, on_trial }, &caller.actor)?)
            }
            Err(wrong) => Err(wrong),
        })
    });
    let changed = made.await??;
    Ok((etag(&changed.tag), Json(changed.into())))
}

/// Try a change out on the past
///
/// Changes nothing: says how many more or fewer addresses the change would have blocked over the days of recorded failures.
#[utoipa::path(post, path = "/settings/rehearse", tag = "settings", request_body = SettingsChange,
    responses((status = 200, description = "What it would have done.", body = Rehearsal)))]
pub(crate) async fn rehearse(
    _: Reader,
    State(gate): State<Gate>,
    gate::Json(Object(change)): gate::Json<Object<SettingsChange>>,
) -> Result<Json<Rehearsal>, Wrong> {
    let rehearsal = gate.ask(move |desk| {
        let present = desk.settings()?;
        Ok(match change.edits(&present) {
            Ok(edits) => Ok(desk.rehearse(&edits)?),
            Err(wrong) => Err(wrong),
        })
    });
    Ok(Json(rehearsal.await??.into()))
}

/// The four presets, from lenient to strict
#[utoipa::path(get, path = "/presets", tag = "settings",
    responses((status = 200, description = "The presets.", body = Presets)))]
pub(crate) async fn presets(_: Reader) -> Json<Presets> {
    let items = PRESETS.iter().map(|preset| Preset {
        name: preset.name.to_owned(),
        max_retry: preset.limits.max_retry,
        find_time: preset.limits.find_time.as_secs(),
        ban_time: BanTime::of(preset.limits.ban_time),
        sip_limit: preset.sip_limit,
    });
    Json(Presets { items: items.collect() })
}

/// Tells `null` from a field that is not there.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<u32>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl SettingsChange {
    /// What is to be changed, given what stands there; or every complaint.
    fn edits(&self, present: &Written) -> Result<Vec<Edit>, Wrong> {
        let mut problems = Vec::new();
        let mut edits = Vec::new();
        edits.extend(self.enabled.map(Edit::Enabled));
        let limits = self.limits(present.settings.defaults, &mut problems);
        if limits != present.settings.defaults {
            edits.push(Edit::Limits(limits));
        }
        if let Some(sip_limit) = self.sip_limit {
            if sip_limit.is_some_and(|most| !(1..=limit::SIP_LIMIT).contains(&most)) {
                let expected = format!("1 to {}, or null for no limit", limit::SIP_LIMIT);
                problems.push(Problem::new("sip_limit", "it is out of range", expected));
            }
            edits.push(Edit::SipLimit(sip_limit));
        }
        if let Some(whitelist) = &self.whitelist {
            if whitelist.len() > limit::API_WHITELIST {
                let expected = format!("at most {} entries", limit::API_WHITELIST);
                problems.push(Problem::new("whitelist", "it is too long", expected));
            }
            Narrow::check("whitelist", whitelist, &mut problems);
            edits.push(Edit::Whitelist(Address::subjects("whitelist", whitelist, &mut problems)));
        }
        if problems.is_empty() { Ok(edits) } else { Err(Wrong::fields(problems)) }
    }

    fn limits(&self, present: Limits, problems: &mut Vec<Problem>) -> Limits {
        let mut limits = present;
        if let Some(max_retry) = self.max_retry {
            if !(1..=limit::MAX_RETRY).contains(&max_retry) {
                let expected = format!("1 to {}", limit::MAX_RETRY);
                problems.push(Problem::new("max_retry", "it is out of range", expected));
            }
            limits.max_retry = max_retry;
        }
        if let Some(find_time) = self.find_time {
            let longest = u64::from(limit::RECORDED_FAILURE_DAYS) * 24 * 60 * 60;
            if !(1..=longest).contains(&find_time) {
                let expected = format!("1 to {longest} seconds");
                problems.push(Problem::new("find_time", "it is out of range", expected));
            }
            limits.find_time = std::time::Duration::from_secs(find_time);
        }
        if let Some(ban_time) = self.ban_time {
            match ban_time.span() {
                Some(span) => limits.ban_time = span,
                None => problems.push(Problem::new("ban_time", "it is out of range", BanTime::expected())),
            }
        }
        limits
    }
}

impl From<Written> for Settings {
    fn from(written: Written) -> Self {
        let Written { tag, settings, path, read_only, also_whitelisted } = written;
        let sip_limit = settings.firewall.sip_limit;
        let is_it = |preset: &&config::Preset| {
            preset.limits == settings.defaults && sip_limit.is_none_or(|limit| limit == preset.sip_limit)
        };
        let also = also_whitelisted.into_iter();
        Self {
            enabled: settings.enabled,
            max_retry: settings.defaults.max_retry,
            find_time: settings.defaults.find_time.as_secs(),
            ban_time: BanTime::of(settings.defaults.ban_time),
            sip_limit,
            whitelist: settings.whitelist.addresses.iter().map(|(who, _)| who.to_string()).collect(),
            also_whitelisted: also
                .map(|(who, origin)| Protected { address: who.to_string(), origin })
                .collect(),
            preset: PRESETS.iter().find(is_it).map(|preset| preset.name.to_owned()),
            path,
            read_only,
            tag,
        }
    }
}

impl From<desk::Changed> for Changed {
    fn from(changed: desk::Changed) -> Self {
        Self { tag: changed.tag, trial: changed.trial.as_ref().map(Trial::of) }
    }
}

impl From<desk::Rehearsal> for Rehearsal {
    fn from(it: desk::Rehearsal) -> Self {
        let texts = |subjects: &[event::Subject]| subjects.iter().map(ToString::to_string).collect();
        Self {
            since: rfc3339(it.since),
            failures: it.failures,
            before: it.before,
            after: it.after,
            added: texts(&it.added),
            removed: texts(&it.removed),
            added_count: it.added_count,
            removed_count: it.removed_count,
        }
    }
}

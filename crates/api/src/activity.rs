//! `/activity` and `/targets`: what happened over the last day or week, and who stands out.

use axum::Json;
use axum::extract::State;
use control::desk;
use control::time::rfc3339;
use gate::{Gate, Query, Reader, Wrong};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// How far back.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum SpanWord {
    /// 24 hours.
    #[default]
    Day,
    /// 7 days.
    Week,
}

/// How far back.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SpanQuery {
    /// `day` is 24 hours, hour by hour, and is meant if it is left out; `week` is 7 days, in steps of six hours.
    #[param(inline)]
    span: Option<SpanWord>,
}

impl SpanQuery {
    fn span(&self) -> desk::Span {
        match self.span.unwrap_or_default() {
            SpanWord::Day => desk::Span::Day,
            SpanWord::Week => desk::Span::Week,
        }
    }
}

/// Failures and bans, step by step.
#[derive(Serialize, ToSchema)]
pub(crate) struct Activity {
    /// Where the first step begins.
    #[schema(format = DateTime)]
    from: String,
    /// Seconds of one step.
    #[schema(example = 3600)]
    step_seconds: u64,
    /// By service, the most attacked first.
    services: Vec<Series>,
}

/// One service.
#[derive(Serialize, ToSchema)]
struct Series {
    /// The service.
    #[schema(example = "SIP")]
    service: String,
    /// Failures in each step, the oldest first.
    failures: Vec<u64>,
    /// Bans made in each step, the oldest first.
    bans: Vec<u64>,
}

/// Who stands out, each list in descending order.
#[derive(Serialize, ToSchema)]
pub(crate) struct Targets {
    /// Addresses that failed most.
    offenders: Vec<Offender>,
    /// Networks out of which several addresses failed.
    networks: Vec<OffendingNetwork>,
    /// Accounts under attack.
    accounts: Vec<Account>,
}

/// An address that failed often.
#[derive(Serialize, ToSchema)]
struct Offender {
    /// Who.
    #[schema(example = "192.0.2.7")]
    address: String,
    /// Two letters, where a country database is configured and knows it.
    #[schema(example = "NL")]
    country: Option<String>,
    /// How often.
    failures: u64,
    /// When last.
    #[schema(format = DateTime)]
    last: String,
    /// Whether it is blocked now.
    banned: bool,
    /// Services that it tried.
    services: Vec<String>,
}

/// A network out of which several addresses failed.
#[derive(Serialize, ToSchema)]
struct OffendingNetwork {
    /// A /24 or a /48.
    #[schema(example = "192.0.2.0/24")]
    subnet: String,
    /// Two letters, where a country database is configured and knows it.
    country: Option<String>,
    /// Addresses in it that failed.
    addresses: u64,
    /// How often.
    failures: u64,
    /// How many of them are blocked now.
    banned: u64,
}

/// An account that was tried.
#[derive(Serialize, ToSchema)]
struct Account {
    /// Its name, as the attacker gave it.
    #[schema(example = "root")]
    account: String,
    /// The service.
    service: String,
    /// How often.
    failures: u64,
    /// By how many addresses.
    addresses: u64,
}

/// Failures and bans over time, by service
#[utoipa::path(get, path = "/activity", tag = "status", params(SpanQuery),
    responses((status = 200, description = "Failures and bans, step by step.", body = Activity)))]
pub(crate) async fn activity(
    _: Reader,
    State(gate): State<Gate>,
    Query(query): Query<SpanQuery>,
) -> Result<Json<Activity>, Wrong> {
    let activity = gate.ask(move |desk| desk.activity(query.span())).await?;
    let services = activity.series.into_iter().map(|one| Series {
        service: one.service,
        failures: one.failures,
        bans: one.bans,
    });
    Ok(Json(Activity {
        from: rfc3339(activity.from),
        step_seconds: activity.step_seconds,
        services: services.collect(),
    }))
}

/// Who attacks most, from where, and whom
#[utoipa::path(get, path = "/targets", tag = "status", params(SpanQuery),
    responses((status = 200, description = "Addresses, networks and accounts.", body = Targets)))]
pub(crate) async fn targets(
    _: Reader,
    State(gate): State<Gate>,
    Query(query): Query<SpanQuery>,
) -> Result<Json<Targets>, Wrong> {
    let targets = gate.ask(move |desk| desk.targets(query.span())).await?;
    let country = |subject: &event::Subject| gate.country(subject.address()).map(|country| country.code);
    let offenders = targets.offenders.into_iter().map(|one| Offender {
        address: one.subject.to_string(),
        country: country(&one.subject),
        failures: one.failures,
        last: rfc3339(one.last),
        banned: one.banned,
        services: one.services,
    });
    let networks = targets.networks.into_iter().map(|one| OffendingNetwork {
        subnet: one.subnet.to_string(),
        country: country(&one.subnet),
        addresses: one.addresses,
        failures: one.failures,
        banned: one.banned,
    });
    let accounts = targets.accounts.into_iter().map(|one| Account {
        account: one.account,
        service: one.service,
        failures: one.failures,
        addresses: one.addresses,
    });
    Ok(Json(Targets {
        offenders: offenders.collect(),
        networks: networks.collect(),
        accounts: accounts.collect(),
    }))
}

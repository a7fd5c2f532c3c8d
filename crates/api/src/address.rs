//! `/addresses/{address}`: why somebody is blocked, or why not. Also how an address or a subnet is written everywhere in
//! the API.

use axum::Json;
use axum::extract::State;
use control::answer;
use event::Subject;
use gate::{Gate, Path, Problem, Reader, Wrong};
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use crate::bans::{ScopeWord, scope_of};
use crate::status::{Protected, Refused};

/// How an address or a subnet is written, as a pattern for the document.
const PATTERN: &str = "^(((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\\.){3}(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\
    (/(3[0-2]|[12]?[0-9]))?|(([0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}|([0-9a-fA-F]{1,4}:){1,7}:|([0-9a-fA-F]{1,4}:){1,6}:[0-9a-fA-F]{1,4}|\
    ([0-9a-fA-F]{1,4}:){1,5}(:[0-9a-fA-F]{1,4}){1,2}|([0-9a-fA-F]{1,4}:){1,4}(:[0-9a-fA-F]{1,4}){1,3}|\
    ([0-9a-fA-F]{1,4}:){1,3}(:[0-9a-fA-F]{1,4}){1,4}|([0-9a-fA-F]{1,4}:){1,2}(:[0-9a-fA-F]{1,4}){1,5}|\
    [0-9a-fA-F]{1,4}:(:[0-9a-fA-F]{1,4}){1,6}|:((:[0-9a-fA-F]{1,4}){1,7}|:))(/(12[0-8]|1[01][0-9]|[1-9]?[0-9]))?)$";

/// What was expected where an address is wrong.
const EXPECTED: &str = "an address or a subnet such as 192.0.2.1, 192.0.2.0/24 or 2001:db8::/48";

/// An address or a subnet as it was sent, not read yet.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Address(String);

/// Why an address is blocked, or why not.
#[derive(Serialize, ToSchema)]
pub(crate) struct Explanation {
    /// As asked.
    #[schema(example = "192.0.2.7")]
    address: String,
    /// Whom its failures count against: itself, or its /64.
    subject: String,
    /// Whether it is kept out now.
    banned: bool,
    /// In one sentence.
    because: String,
    /// Its bans, those of subnets that contain it included.
    bans: Vec<BanOf>,
    /// The whitelist entry that protects it.
    whitelist: Option<Protected>,
    /// Where it stands in each jail in which it failed of late.
    standings: Vec<Standing>,
    /// Earlier bans that are remembered: each makes the next one longer.
    earlier_bans: u32,
    /// Bans that were refused.
    refusals: Vec<Refused>,
    /// The log lines that led there, newest first. An attacker may have written much of each.
    lines: Vec<Evidence>,
    /// What was done to it, newest first.
    history: Vec<HistoryRow>,
}

/// A ban of the address, or of a subnet around it.
#[derive(Serialize, ToSchema)]
struct BanOf {
    /// Whom it hits.
    address: String,
    /// The jail.
    jail: String,
    /// Since when.
    #[schema(format = DateTime)]
    since: String,
    /// Until when; null for ever.
    #[schema(format = DateTime)]
    until: Option<String>,
    /// Failures that led to it; 0 for a ban by hand.
    failures: u32,
    /// Why.
    reason: String,
    /// Which ports it closes.
    scope: ScopeWord,
    /// `proven`, or `claimed` where the sender may be forged.
    proof: String,
}

/// Failures within a jail's window.
#[derive(Serialize, ToSchema)]
struct Standing {
    /// The jail.
    jail: String,
    /// Failures in the window now.
    failures: u32,
    /// So many lead to a ban.
    max_retry: u32,
    /// The window in seconds.
    find_time: u64,
}

/// A log line that counted.
#[derive(Serialize, ToSchema)]
struct Evidence {
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// In which jail.
    jail: String,
    /// By which pattern of the filter.
    pattern: String,
    /// `proven`, or `claimed` where the sender may be forged.
    proof: String,
    /// The line, cut at 400 bytes.
    line: String,
}

/// Something that was done to the address.
#[derive(Serialize, ToSchema)]
struct HistoryRow {
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// `ban`, `unban`, `expired` or `refused`.
    what: String,
    /// In which jail.
    jail: String,
    /// By whom and why.
    reason: String,
}

/// Where an address stands in a path. The slash of a subnet is written `%2F`.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct AddressPath {
    /// Address or subnet; the slash is written `%2F`: `192.0.2.0%2F24`.
    #[param(inline, example = "192.0.2.7")]
    pub(crate) address: Address,
}

/// Why an address is blocked, or why not
///
/// With the log lines that led there, what was done to it, and how far it is from a ban.
#[utoipa::path(get, path = "/addresses/{address}", tag = "bans", params(AddressPath),
    responses((status = 200, description = "What is known of the address.", body = Explanation)))]
pub(crate) async fn explain(
    _: Reader,
    State(gate): State<Gate>,
    Path(path): Path<AddressPath>,
) -> Result<Json<Explanation>, Wrong> {
    let subject = path.address.subject("address")?;
    let why = gate.ask(move |desk| desk.why(&subject.to_string())).await?;
    Ok(Json(why.into()))
}

impl Address {
    /// Reads it; it stands at `place`.
    pub(crate) fn subject(&self, place: &str) -> Result<Subject, Wrong> {
        self.0.parse().map_err(|_| Wrong::fields(vec![self.complaint(place)]))
    }

    /// Reads a list of them, with every complaint at once.
    pub(crate) fn subjects(place: &str, list: &[Self], problems: &mut Vec<Problem>) -> Vec<Subject> {
        let mut read = Vec::with_capacity(list.len());
        for (at, address) in list.iter().enumerate() {
            match address.0.parse() {
                Ok(subject) => read.push(subject),
                Err(_) => problems.push(address.complaint(&format!("{place}[{at}]"))),
            }
        }
        read
    }

    fn complaint(&self, place: &str) -> Problem {
        let shown: String = self.0.chars().take(60).collect();
        Problem::new(place, format!("'{shown}' is not an address or a subnet"), EXPECTED)
    }
}

impl PartialSchema for Address {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(PATTERN))
            .max_length(Some(43))
            .description(Some("An address (`192.0.2.1`, `2001:db8::1`) or a subnet (`192.0.2.0/24`)."))
            .examples([serde_json::json!("192.0.2.7")])
            .into()
    }
}

impl ToSchema for Address {}

/// How somebody is written who may be let in whatever they do: not everybody at once.
pub(crate) struct Narrow;

impl Narrow {
    /// Complains about every subnet in `list` that is everybody.
    pub(crate) fn check(place: &str, list: &[Address], problems: &mut Vec<Problem>) {
        for (at, address) in list.iter().enumerate() {
            if address.0.parse().is_ok_and(|subject: Subject| subject.prefix_bits() == 0) {
                let what = format!("'{}' is everybody: nobody would ever be blocked", address.0);
                let expected = "narrower subnets, or the switch `enabled`";
                problems.push(Problem::new(format!("{place}[{at}]"), what, expected));
            }
        }
    }
}

impl PartialSchema for Narrow {
    fn schema() -> RefOr<Schema> {
        // The same, but for the prefix of no bits.
        let pattern = PATTERN
            .replace("[12]?[0-9]))?", "[12][0-9]|[1-9]))?")
            .replace("[1-9]?[0-9]))?", "[1-9][0-9]?))?");
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(pattern))
            .max_length(Some(43))
            .description(Some("An address or a subnet, but not everybody (`0.0.0.0/0`, `::/0`)."))
            .examples([serde_json::json!("192.0.2.0/24")])
            .into()
    }
}

impl ToSchema for Narrow {}

impl From<answer::Why> for Explanation {
    fn from(why: answer::Why) -> Self {
        Self {
            address: why.address,
            subject: why.subject,
            banned: why.banned,
            because: why.because,
            bans: why.bans.into_iter().map(BanOf::from).collect(),
            whitelist: why.whitelist.map(Protected::from),
            standings: why.standings.into_iter().map(Standing::from).collect(),
            earlier_bans: why.earlier_bans,
            refusals: why.refusals.into_iter().map(Refused::from).collect(),
            lines: why.lines.into_iter().map(Evidence::from).collect(),
            history: why.history.into_iter().map(HistoryRow::from).collect(),
        }
    }
}

impl From<answer::Banned> for BanOf {
    fn from(ban: answer::Banned) -> Self {
        let answer::Banned { address, jail, since, until, failures, reason, scope, proof } = ban;
        Self { address, jail, since, until, failures, reason, scope: scope_of(&scope), proof }
    }
}

impl From<answer::Standing> for Standing {
    fn from(standing: answer::Standing) -> Self {
        let answer::Standing { jail, failures, max_retry, find_time } = standing;
        Self { jail, failures, max_retry, find_time }
    }
}

impl From<answer::Evidence> for Evidence {
    fn from(evidence: answer::Evidence) -> Self {
        let answer::Evidence { at, jail, pattern, proof, line } = evidence;
        Self { at, jail, pattern, proof, line }
    }
}

impl From<answer::HistoryRow> for HistoryRow {
    fn from(row: answer::HistoryRow) -> Self {
        let answer::HistoryRow { at, what, jail, reason } = row;
        Self { at, what, jail, reason }
    }
}

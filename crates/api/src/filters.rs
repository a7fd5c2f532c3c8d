//! `/filters`: what can be found in logs, and why a line is found or not.

use axum::Json;
use axum::extract::State;
use control::desk;
use event::limit;
use gate::{Gate, Path, Reader, Wrong};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::object::Object;
use crate::status::Notice;

/// The filters.
#[derive(Serialize, ToSchema)]
pub(crate) struct Filters {
    /// By name.
    items: Vec<FilterOutline>,
}

/// A filter.
#[derive(Serialize, ToSchema)]
struct FilterOutline {
    /// Its name.
    #[schema(example = "sshd")]
    name: String,
    /// What kind of service.
    #[schema(example = "SSH")]
    service: String,
    /// For people.
    description: String,
    /// A line that it finds, to try.
    example: String,
}

/// Lines to try.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Lines {
    /// One or more lines of a log.
    #[schema(max_length = 200000)]
    text: String,
}

/// The lines, judged.
#[derive(Serialize, ToSchema)]
pub(crate) struct Judged {
    /// In order.
    items: Vec<Tried>,
}

/// One line, judged.
#[derive(Serialize, ToSchema)]
struct Tried {
    /// Counted from 1.
    number: u64,
    /// The line, cut at the bound.
    line: String,
    /// What it is.
    verdict: VerdictWord,
    /// The pattern that matched.
    pattern: Option<String>,
    /// The address found.
    address: Option<String>,
    /// The account found.
    account: Option<String>,
    /// When it was written; null if no time was recognised.
    time: Option<String>,
    /// `proven`, or `claimed` where the sender may be forged.
    proof: Option<String>,
    /// Why it does not match, from the outside in: which part was looked for and not found.
    why: Vec<Notice>,
}

/// What a filter says of a line.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum VerdictWord {
    /// A failed login.
    Failure,
    /// A login.
    Success,
    /// Known and of no account.
    Ignored,
    /// No pattern matches.
    Missed,
}

/// Which filter.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct FilterPath {
    /// The filter's name.
    #[param(max_length = 64, pattern = "^[A-Za-z0-9._-]{1,64}$", example = "sshd")]
    name: String,
}

/// Every filter that can be tried
#[utoipa::path(get, path = "/filters", tag = "filters",
    responses((status = 200, description = "The filters.", body = Filters)))]
pub(crate) async fn list(_: Reader, State(gate): State<Gate>) -> Result<Json<Filters>, Wrong> {
    let filters = gate.ask(|desk| desk.filters()).await?;
    let items = filters.into_iter().map(|desk::FilterOutline { name, service, description, example }| {
        FilterOutline { name, service, description, example }
    });
    Ok(Json(Filters { items: items.collect() }))
}

/// Try lines against a filter
///
/// Says of each line whether the filter finds a failure in it, and why not. Nothing is counted.
#[utoipa::path(post, path = "/filters/{name}/try", tag = "filters", params(FilterPath), request_body = Lines,
    responses(
        (status = 200, description = "The lines, judged.", body = Judged),
        (status = 404, response = crate::document::NotFound)))]
pub(crate) async fn try_lines(
    _: Reader,
    State(gate): State<Gate>,
    Path(path): Path<FilterPath>,
    gate::Json(Object(lines)): gate::Json<Object<Lines>>,
) -> Result<Json<Judged>, Wrong> {
    if lines.text.chars().count() > limit::API_TRIED_CHARACTERS {
        let expected = format!("at most {} characters", limit::API_TRIED_CHARACTERS);
        return Err(Wrong::field("text", "it is too long", expected));
    }
    let tried = gate.ask(move |desk| desk.try_filter(&path.name, &lines.text)).await?;
    Ok(Json(Judged { items: tried.into_iter().map(Tried::from).collect() }))
}

impl From<desk::Tried> for Tried {
    fn from(it: desk::Tried) -> Self {
        Self {
            number: it.number,
            line: it.line,
            verdict: match it.verdict {
                desk::Verdict::Failure => VerdictWord::Failure,
                desk::Verdict::Success => VerdictWord::Success,
                desk::Verdict::Ignored => VerdictWord::Ignored,
                desk::Verdict::Missed => VerdictWord::Missed,
            },
            pattern: it.pattern,
            address: it.address,
            account: it.account,
            time: it.time,
            proof: it.proof,
            why: it.why.into_iter().map(Notice::from).collect(),
        }
    }
}

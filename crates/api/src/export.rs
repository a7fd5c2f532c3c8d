//! `/bans/export.csv` and `/bans/export.json`: every ban that fits, sent piece by piece, so that a long list takes no memory
//! beyond the roster that is there already.

use std::convert::Infallible;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use gate::{Gate, Query, Reader, Wrong};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::bans::{self, Ban, COLUMNS, Order, SortWord};

/// Bans in one piece.
const PIECE: usize = 500;

/// Which bans, in which order.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExportQuery {
    /// As in the list of bans.
    #[param(max_length = 200)]
    search: Option<String>,
    /// By what they are sorted; `since` if it is left out.
    #[param(inline)]
    sort: Option<SortWord>,
    /// In which direction; `desc` if it is left out.
    #[param(inline)]
    order: Option<Order>,
    /// Only this service.
    #[param(max_length = 64)]
    service: Option<String>,
    /// Only this jail.
    #[param(max_length = 28)]
    jail: Option<String>,
}

/// Who is blocked, as a table
///
/// Fields as in the list of bans. A reason that a spreadsheet would take for a formula has an apostrophe before it.
#[utoipa::path(get, path = "/bans/export.csv", tag = "bans", params(ExportQuery),
    responses((status = 200, description = "A head, then one line for each ban.", content_type = "text/csv", body = String)))]
pub(crate) async fn csv(
    _: Reader,
    State(gate): State<Gate>,
    Query(query): Query<ExportQuery>,
) -> Result<Response, Wrong> {
    let rows = rows(&gate, query).await?;
    let head = format!("{COLUMNS}\r\n");
    Ok(file(rows, "blocked.csv", "text/csv; charset=utf-8", head, String::new(), |ban, _| csv_line(ban)))
}

/// Who is blocked, as JSON
#[utoipa::path(get, path = "/bans/export.json", tag = "bans", params(ExportQuery),
    responses((status = 200, description = "Every ban.", body = Vec<Ban>)))]
pub(crate) async fn json(
    _: Reader,
    State(gate): State<Gate>,
    Query(query): Query<ExportQuery>,
) -> Result<Response, Wrong> {
    let rows = rows(&gate, query).await?;
    let row = |ban: &Ban, is_first: bool| {
        let text = serde_json::to_string(ban).unwrap_or_default();
        if is_first { text } else { format!(",\n{text}") }
    };
    Ok(file(rows, "blocked.json", "application/json", "[".to_owned(), "]\n".to_owned(), row))
}

/// The rows to write, and what is needed to write them.
struct Rows {
    gate: Gate,
    roster: std::sync::Arc<control::desk::Roster>,
    /// Places in the roster, in order.
    order: Vec<usize>,
}

async fn rows(gate: &Gate, query: ExportQuery) -> Result<Rows, Wrong> {
    let ExportQuery { search, sort, order, service, jail } = query;
    let listing = bans::listing(search, sort, order, service, jail)?;
    let held = gate.clone();
    let rows = gate.ask(move |desk| {
        let roster = desk.bans()?;
        let listed = roster.listed(&listing, &|subject| bans::country(&held, subject));
        let order = listed.iter().filter_map(|ban| roster.bans.element_offset(ban)).collect();
        Ok(Rows { gate: held, roster, order })
    });
    Ok(rows.await?)
}

fn file(
    rows: Rows,
    name: &str,
    content_type: &'static str,
    head: String,
    foot: String,
    row: impl Fn(&Ban, bool) -> String + Send + 'static,
) -> Response {
    let pieces = rows.order.len().div_ceil(PIECE);
    let piece = move |number: usize| {
        let places = &rows.order[number * PIECE..rows.order.len().min((number + 1) * PIECE)];
        let bans = places.iter().enumerate().map(|(at, place)| {
            let ban = Ban::of(&rows.roster.bans[*place], &rows.roster, &rows.gate);
            row(&ban, number == 0 && at == 0)
        });
        bans.collect::<String>()
    };
    let texts = [head].into_iter().chain((0..pieces).map(piece)).chain([foot]);
    let body = Body::from_stream(stream::iter(texts.map(Ok::<_, Infallible>)));
    let disposition = format!("attachment; filename=\"{name}\"");
    ([(CONTENT_TYPE, content_type.to_owned()), (CONTENT_DISPOSITION, disposition)], body).into_response()
}

fn csv_line(ban: &Ban) -> String {
    let mut line = ban.columns().map(|column| csv_field(&column)).join(",");
    line.push_str("\r\n");
    line
}

/// Quoted where it must be. A spreadsheet runs a text that begins like a formula, and a note or an account name may be
/// anybody's words.
fn csv_field(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    if text.contains([',', '"', '\r', '\n']) {
        format!("\"{guard}{}\"", text.replace('"', "\"\""))
    } else {
        format!("{guard}{text}")
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_field_is_quoted_and_is_never_a_formula() {
        for (text, field) in [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("say \"no\"", "\"say \"\"no\"\"\""),
            ("=cmd()", "'=cmd()"),
            ("@SUM(1,2)", "\"'@SUM(1,2)\""),
        ] {
            assert_eq!(super::csv_field(text), field);
        }
    }
}

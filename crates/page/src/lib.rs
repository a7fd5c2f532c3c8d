//! The pages: rendered here, working without JavaScript, every string in `locales/`. They ask the desk and draw what it answers;
//! they decide nothing, and they know neither the engine nor the store.

mod language;
mod text;
mod time;
mod tag;
mod banner;
mod assets;
mod frame;
mod failed;
mod visit;
mod trial;
mod sign_in;
mod password;
mod chart;
mod notice;
mod arrival;
mod elsewhere;
mod overview;
mod blocked;
#[cfg(test)]
mod catalogue;
mod fields;
mod brute_force;
mod firewall;
mod remarks;
mod jails;
mod keys;
mod journal;

use axum::Router;
use axum::extract::{Path, Query};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use axum::routing::{get, post};
use gate::Gate;
use serde::Deserialize;

use language::Language;
use text::Text;

/// Its paths.
pub fn router() -> Router<Gate> {
    Router::new()
        .route("/assets/{name}", get(assets::serve))
        .route("/language/{tag}", get(choose_language))
        .merge(sign_in::routes())
        .merge(password::routes())
        .merge(overview::routes())
        .merge(brute_force::routes())
        .merge(firewall::routes())
        .merge(jails::routes())
        .merge(keys::routes())
        .merge(journal::routes())
        .merge(blocked::routes())
        .route("/trial/confirm", post(trial::confirm))
        .route("/trial/take-back", post(trial::take_back))
        .fallback(no_such_page)
}

async fn no_such_page(headers: HeaderMap) -> Response {
    failed::no_such_page(Text::new(Language::of_request(&headers)))
}

#[derive(Deserialize)]
struct Back {
    #[serde(default)]
    back: String,
}

/// `GET /language/{tag}?back=`: the visitor's own choice is kept for a year.
async fn choose_language(Path(tag): Path<String>, Query(Back { back }): Query<Back>) -> Response {
    let mut response = visit::see(gate::return_path(&back));
    if let Some(language) = Language::of_tag(&tag) {
        let cookie = format!(
            "{}={}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax",
            language::COOKIE_NAME,
            language.tag
        );
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
    }
    response
}

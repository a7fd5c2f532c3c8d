//! The administrator's own password, changed by whoever knows the old one. All other sessions end with it.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::get;
use gate::{Form, Gate, SetUpRefused};
use serde::Deserialize;

use crate::assets;
use crate::banner::{Banner, Kind};
use crate::sign_in::{as_sign_in, refusal, text_of, too_short};
use crate::text::Text;
use crate::visit::{Visit, render};

/// Its path.
pub(crate) fn routes() -> Router<Gate> {
    Router::new().route("/password", get(show).post(change))
}

async fn show(visit: Visit) -> Response {
    visit.page(&Password::new(visit.text, &visit.csrf, None))
}

#[derive(Deserialize)]
struct Passwords {
    old: String,
    password: String,
    again: String,
}

async fn change(
    State(gate): State<Gate>,
    headers: HeaderMap,
    Form { admin, data: entered }: Form<Passwords>,
) -> Response {
    let text = text_of(&headers);
    let again = |status, banner| render(status, &Password::new(text, &admin.csrf, Some(banner)));
    let stop = |told: String| Banner::new(Kind::Stop, told);
    if entered.password != entered.again {
        return again(StatusCode::UNPROCESSABLE_ENTITY, stop(text.say("setup-differ")));
    }
    match gate.change_password(&admin, &entered.old, &entered.password).await {
        Ok(()) => again(StatusCode::OK, Banner::new(Kind::Done, text.say("password-changed"))),
        Err(SetUpRefused::Unfit) => again(StatusCode::UNPROCESSABLE_ENTITY, stop(too_short(text))),
        Err(SetUpRefused::Wrong) => again(StatusCode::FORBIDDEN, stop(text.say("password-wrong"))),
        Err(refused) => {
            let (status, banner) = refusal(text, &as_sign_in(refused));
            again(status, banner)
        }
    }
}

#[derive(Template)]
#[template(path = "password.html")]
struct Password {
    text: Text,
    style: String,
    favicon: String,
    csrf: String,
    banner: Option<Banner>,
}

impl Password {
    fn new(text: Text, csrf: &str, banner: Option<Banner>) -> Self {
        let (style, favicon) = (assets::address("style", "css"), assets::address("icon", "svg"));
        Self { text, style, favicon, csrf: csrf.to_owned(), banner }
    }

    fn rule(&self) -> String {
        too_short(self.text)
    }
}

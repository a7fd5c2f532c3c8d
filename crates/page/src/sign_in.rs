//! Signing in and out, and the first start: the one-time link that sets the administrator's password.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::header::{RETRY_AFTER, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use gate::{
    ACCOUNT, Form, Gate, NewSession, OpenForm, SetUpRefused, SignInRefused, Visitor, password, return_path,
};
use serde::Deserialize;

use crate::assets;
use crate::banner::{Banner, Kind};
use crate::language::Language;
use crate::text::Text;
use crate::visit::{render, see};

/// Its paths.
pub(crate) fn routes() -> Router<Gate> {
    Router::new()
        .route("/sign-in", get(show_sign_in).post(sign_in))
        .route("/setup", get(show_setup).post(set_up))
        .route("/sign-out", post(sign_out))
}

#[derive(Deserialize)]
struct Then {
    #[serde(default)]
    then: String,
}

async fn show_sign_in(
    State(gate): State<Gate>,
    Query(Then { then }): Query<Then>,
    headers: HeaderMap,
) -> Response {
    if !gate.is_set_up().await {
        return see("/setup");
    }
    render(StatusCode::OK, &SignIn::new(text_of(&headers), &then, None))
}

#[derive(Deserialize)]
struct Credentials {
    account: String,
    password: String,
    #[serde(default)]
    then: String,
}

async fn sign_in(
    State(gate): State<Gate>,
    visitor: Visitor,
    headers: HeaderMap,
    OpenForm(credentials): OpenForm<Credentials>,
) -> Response {
    let text = text_of(&headers);
    match gate.sign_in(&visitor, &credentials.account, &credentials.password).await {
        Ok(session) => welcome(&session, &credentials.then),
        Err(SignInRefused::NotSetUp) => see("/setup"),
        Err(refused) => {
            let (status, banner) = refusal(text, &refused);
            let mut page = SignIn::new(text, &credentials.then, Some(banner));
            page.account = credentials.account;
            with_retry(render(status, &page), &refused)
        }
    }
}

#[derive(Deserialize)]
struct Token {
    #[serde(default)]
    token: String,
}

async fn show_setup(
    State(gate): State<Gate>,
    Query(Token { token }): Query<Token>,
    headers: HeaderMap,
) -> Response {
    if gate.is_set_up().await {
        return see("/sign-in");
    }
    let text = text_of(&headers);
    if gate.check_setup(&token).await {
        return render(StatusCode::OK, &SetUp::new(text, token, None));
    }
    let status = if token.is_empty() { StatusCode::OK } else { StatusCode::FORBIDDEN };
    render(status, &SetUp::new(text, String::new(), None))
}

#[derive(Deserialize)]
struct FirstPassword {
    token: String,
    password: String,
    again: String,
}

async fn set_up(
    State(gate): State<Gate>,
    visitor: Visitor,
    headers: HeaderMap,
    OpenForm(first): OpenForm<FirstPassword>,
) -> Response {
    let text = text_of(&headers);
    if first.password != first.again {
        let banner = Banner::new(Kind::Stop, text.say("setup-differ"));
        return render(StatusCode::UNPROCESSABLE_ENTITY, &SetUp::new(text, first.token, Some(banner)));
    }
    match gate.set_up(&visitor, &first.token, &first.password).await {
        Ok(session) => welcome(&session, "/"),
        Err(SetUpRefused::Link) => render(StatusCode::FORBIDDEN, &SetUp::new(text, String::new(), None)),
        Err(SetUpRefused::Unfit) => {
            let banner = Banner::new(Kind::Stop, too_short(text));
            render(StatusCode::UNPROCESSABLE_ENTITY, &SetUp::new(text, first.token, Some(banner)))
        }
        Err(refused) => {
            let (status, banner) = refusal(text, &as_sign_in(refused));
            render(status, &SetUp::new(text, first.token, Some(banner)))
        }
    }
}

#[derive(Deserialize)]
struct Nothing {}

async fn sign_out(State(gate): State<Gate>, headers: HeaderMap, _: Form<Nothing>) -> Response {
    let gone = gate.sign_out(&headers).await;
    let mut response = see("/sign-in");
    response.headers_mut().append(SET_COOKIE, gone);
    response
}

pub(crate) fn text_of(headers: &HeaderMap) -> Text {
    Text::new(Language::of_request(headers))
}

fn welcome(session: &NewSession, then: &str) -> Response {
    let mut response = see(return_path(then));
    response.headers_mut().append(SET_COOKIE, session.cookie.clone());
    response
}

pub(crate) fn refusal(text: Text, refused: &SignInRefused) -> (StatusCode, Banner) {
    let stop = |id: &str| Banner::new(Kind::Stop, text.say(id));
    match refused {
        SignInRefused::Wrong | SignInRefused::NotSetUp => {
            (StatusCode::UNAUTHORIZED, stop("sign-in-wrong").more(text.say("sign-in-wrong-what")))
        }
        SignInRefused::TooMany { retry_after } => {
            let more = text.with("span", text.span(*retry_after)).say("sign-in-too-many-what");
            (StatusCode::TOO_MANY_REQUESTS, stop("sign-in-too-many").more(more))
        }
        SignInRefused::Banned => {
            (StatusCode::FORBIDDEN, stop("sign-in-banned").more(text.say("sign-in-banned-what")))
        }
        SignInRefused::Broken(why) => {
            (StatusCode::INTERNAL_SERVER_ERROR, stop("fault-broken").more(why.clone()))
        }
    }
}

pub(crate) fn as_sign_in(refused: SetUpRefused) -> SignInRefused {
    match refused {
        SetUpRefused::TooMany { retry_after } => SignInRefused::TooMany { retry_after },
        SetUpRefused::Banned => SignInRefused::Banned,
        SetUpRefused::Broken(why) => SignInRefused::Broken(why),
        SetUpRefused::Link | SetUpRefused::Unfit | SetUpRefused::Wrong => SignInRefused::Wrong,
    }
}

fn with_retry(mut response: Response, refused: &SignInRefused) -> Response {
    if let SignInRefused::TooMany { retry_after } = refused {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(*retry_after));
    }
    response
}

pub(crate) fn too_short(text: Text) -> String {
    text.with("count", password::MIN_CHARS).say("setup-too-short")
}

#[derive(Template)]
#[template(path = "sign-in.html")]
struct SignIn {
    text: Text,
    style: String,
    favicon: String,
    then: String,
    account: String,
    banner: Option<Banner>,
}

impl SignIn {
    fn new(text: Text, then: &str, banner: Option<Banner>) -> Self {
        Self {
            text,
            style: assets::address("style", "css"),
            favicon: assets::address("icon", "svg"),
            then: then.to_owned(),
            account: ACCOUNT.to_owned(),
            banner,
        }
    }
}

/// Without a token it tells where to find the link.
#[derive(Template)]
#[template(path = "setup.html")]
struct SetUp {
    text: Text,
    style: String,
    favicon: String,
    token: String,
    banner: Option<Banner>,
}

impl SetUp {
    fn new(text: Text, token: String, banner: Option<Banner>) -> Self {
        let (style, favicon) = (assets::address("style", "css"), assets::address("icon", "svg"));
        Self { text, style, favicon, token, banner }
    }

    fn rule(&self) -> String {
        too_short(self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_entered_is_kept_and_escaped_but_for_the_password() {
        let text = Text::of_tag("en");
        let mut page = SignIn::new(text, "/\"><script>", Some(refusal(text, &SignInRefused::Wrong).1));
        page.account = "<script>".to_owned();
        let html = page.render().unwrap();
        assert!(!html.contains("<script>") && html.contains("&#60;script&#62;"), "{html}");
        assert!(html.contains(r#"role="alert""#), "{html}");
    }

    #[test]
    fn without_the_link_there_is_no_form() {
        let html = SetUp::new(Text::of_tag("en"), String::new(), None).render().unwrap();
        assert!(!html.contains("<form"), "{html}");
        let html = SetUp::new(Text::of_tag("en"), "abc".to_owned(), None).render().unwrap();
        assert!(html.contains(r#"name="token" value="abc""#), "{html}");
    }
}

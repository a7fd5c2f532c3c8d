//! A signed-in administrator's visit to a page: language, notice from before, and how a page asks, answers and sends back.

use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::header::{CACHE_CONTROL, LOCATION, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use control::{Actor, Desk, Fault};
use gate::Gate;

use crate::banner::Banner;
use crate::failed::Failed;
use crate::frame::{Frame, Item};
use crate::language::{Language, cookie};
use crate::text::Text;

/// The cookie of the notice that travels through a redirect.
const NOTICE: &str = "notice";

/// A visit. As an extractor it lets administrators in and sends everybody else to the sign-in.
#[derive(Clone)]
pub struct Visit {
    /// The program's door.
    pub gate: Gate,
    /// The visitor's language.
    pub text: Text,
    /// Who it is, for the journal.
    pub actor: Actor,
    /// For the forms.
    pub csrf: String,
    /// Path and query of the request.
    pub here: String,
    notice: Option<Banner>,
}

impl Visit {
    /// Asks the desk; a fault becomes a page of its own. Where a form can show it better, ask `self.gate` instead.
    pub async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&dyn Desk) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Failed> {
        self.gate.ask(question).await.map_err(|fault| Failed::new(self.text, fault))
    }

    /// The frame of a page, with what the desk has to tell on every page.
    pub async fn frame(&self, item: Item) -> Frame {
        let mut frame = Frame::new(self.text, item, &self.csrf, self.gate.now());
        frame.here.clone_from(&self.here);
        frame.banners.extend(self.notice.clone());
        let told = self.gate.ask(|desk| {
            let blocked = desk.bans().map_or(0, |roster| roster.bans.len() as u64);
            let read_only = desk.settings().ok().and_then(|written| written.read_only);
            Ok((blocked, desk.trial(), read_only))
        });
        // A page that has nothing of this can still show what it is about.
        if let Ok((blocked, trial, read_only)) = told.await {
            (frame.blocked, frame.trial, frame.read_only) = (blocked, trial, read_only);
        }
        frame
    }

    /// A page.
    pub fn page(&self, page: &impl Template) -> Response {
        self.page_with(StatusCode::OK, page)
    }

    /// A page with a status of its own: a form that is shown again because something in it is wrong.
    pub fn page_with(&self, status: StatusCode, page: &impl Template) -> Response {
        let mut response = render(status, page);
        if self.notice.is_some() {
            let gone = HeaderValue::from_static("notice=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict");
            response.headers_mut().append(SET_COOKIE, gone);
        }
        response
    }

    /// After a form that did something: to `path`, which shows `banner`.
    pub fn back_to(&self, path: &str, banner: &Banner) -> Response {
        let cookie =
            format!("{NOTICE}={}; Path=/; Max-Age=60; HttpOnly; SameSite=Strict", banner.to_cookie());
        let mut response = see(path);
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        response
    }
}

/// The status that goes with a fault.
pub fn status_of(fault: &Fault) -> StatusCode {
    match fault {
        Fault::Wrong(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Fault::Refused(_) | Fault::CutOff(_) => StatusCode::CONFLICT,
        Fault::Missing(_) => StatusCode::NOT_FOUND,
        Fault::Changed(_) => StatusCode::PRECONDITION_FAILED,
        Fault::ReadOnly(_) => StatusCode::FORBIDDEN,
        Fault::Broken(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// A template as an answer. Pages are never kept by a browser or a proxy: they show who is signed in.
pub(crate) fn render(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => (status, [(CACHE_CONTROL, "no-store")], Html(html)).into_response(),
        Err(cause) => (StatusCode::INTERNAL_SERVER_ERROR, cause.to_string()).into_response(),
    }
}

/// A path of ours that a visitor named, else `/`: nobody is led off this host by a link.
pub(crate) fn own_path(path: &str) -> &str {
    let ours = path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\r', '\n', '\t']);
    if ours { path } else { "/" }
}

/// `303 See Other`, to a path of ours.
pub(crate) fn see(path: &str) -> Response {
    match HeaderValue::from_str(own_path(path)) {
        Ok(path) => (StatusCode::SEE_OTHER, [(LOCATION, path)]).into_response(),
        Err(_) => Redirect::to("/").into_response(),
    }
}

pub(crate) fn notice_of(headers: &HeaderMap) -> Option<Banner> {
    cookie(headers, NOTICE).and_then(Banner::of_cookie)
}

impl FromRequestParts<Gate> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, gate: &Gate) -> Result<Self, Response> {
        // Nobody is let in until the gate knows who it is.
        let (Some(actor), csrf) = (None::<Actor>, String::new()) else { return Err(see("/sign-in")) };
        let here = parts.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string);
        Ok(Self {
            gate: gate.clone(),
            text: Text::new(Language::of_request(&parts.headers)),
            actor,
            csrf,
            here,
            notice: notice_of(&parts.headers),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_off_this_host() {
        for path in ["//evil.example", "https://evil.example", "/\\evil", "", "/a\r\nSet-Cookie: x=y"] {
            assert_eq!(own_path(path), "/", "{path:?}");
        }
        assert_eq!(own_path("/blocked?q=sip&page=2"), "/blocked?q=sip&page=2");
    }
}

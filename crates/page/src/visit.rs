//! A signed-in administrator's visit to a page: language, notice from before, and how a page asks, answers and sends back.

use askama::Template;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::{CACHE_CONTROL, LOCATION, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use control::{Actor, Desk, Fault};
use gate::{Admin, Approach, Form, Gate, return_path};
use serde::de::DeserializeOwned;

use crate::arrival;
use crate::banner::Banner;
use crate::blocked;
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
    approach: Approach,
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
        frame.arrival = arrival::told(self.text, &self.approach);
        let told = self.gate.ask(|desk| {
            let blocked = desk.bans().map_or(0, |roster| blocked::count(&roster) as u64);
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
        let mut response = see(return_path(path));
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

/// `303 See Other`. A path that a visitor named goes through `gate::return_path` first.
pub(crate) fn see(path: &str) -> Response {
    match HeaderValue::from_str(path) {
        Ok(path) => (StatusCode::SEE_OTHER, [(LOCATION, path)]).into_response(),
        Err(_) => Redirect::to("/").into_response(),
    }
}

pub(crate) fn notice_of(headers: &HeaderMap) -> Option<Banner> {
    cookie(headers, NOTICE).and_then(Banner::of_cookie)
}

impl Visit {
    fn new(admin: Admin, gate: &Gate, parts: &Parts, here: String) -> Self {
        let headers = &parts.headers;
        Self {
            gate: gate.clone(),
            text: Text::new(Language::of_request(headers)),
            approach: gate.approach(parts),
            actor: admin.caller.actor,
            csrf: admin.csrf,
            here,
            notice: notice_of(headers),
        }
    }
}

impl FromRequestParts<Gate> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, gate: &Gate) -> Result<Self, Response> {
        let admin = Admin::from_request_parts(parts, gate).await?;
        let here = parts.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string);
        Ok(Self::new(admin, gate, parts, here))
    }
}

/// A form that an administrator sent from a page of ours. `visit.here` is not its address, which cannot be opened, but its
/// first part: `/blocked` for `/blocked/unblock`.
pub struct Posted<T> {
    /// Who sent it.
    pub visit: Visit,
    /// What it holds.
    pub data: T,
}

impl<T: DeserializeOwned> FromRequest<Gate> for Posted<T> {
    type Rejection = Response;

    async fn from_request(request: Request, gate: &Gate) -> Result<Self, Response> {
        let (parts, body) = request.into_parts();
        let request = Request::from_parts(parts.clone(), body);
        let here = format!("/{}", request.uri().path().split('/').nth(1).unwrap_or_default());
        let form = Form::<T>::from_request(request, gate).await?;
        Ok(Self { visit: Visit::new(form.admin, gate, &parts, here), data: form.data })
    }
}

//! A page that could not be made: what is the matter, in calm words, and where to go from there.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use control::Fault;

use crate::assets;
use crate::banner::Banner;
use crate::text::Text;
use crate::visit::{render, status_of};

/// A fault, on its way to becoming a page.
pub struct Failed {
    text: Text,
    fault: Fault,
}

impl Failed {
    /// For this visitor.
    pub fn new(text: Text, fault: Fault) -> Self {
        Self { text, fault }
    }

    /// There is no such thing.
    pub fn missing(text: Text, what: &str) -> Self {
        Self::new(text, Fault::Missing(what.to_owned()))
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        plain(self.text, status_of(&self.fault), Banner::fault(&self.text, &self.fault))
    }
}

/// There is no such page.
pub(crate) fn no_such_page(text: Text) -> Response {
    let banner =
        Banner::new(crate::banner::Kind::Note, text.say("no-such-page")).more(text.say("no-such-page-what"));
    plain(text, StatusCode::NOT_FOUND, banner)
}

/// A page with one notice, without navigation.
pub(crate) fn plain(text: Text, status: StatusCode, banner: Banner) -> Response {
    render(
        status,
        &Plain {
            text,
            banner,
            style: assets::address("style", "css"),
            favicon: assets::address("icon", "svg"),
        },
    )
}

#[derive(Template)]
#[template(path = "plain.html")]
struct Plain {
    text: Text,
    banner: Banner,
    style: String,
    favicon: String,
}

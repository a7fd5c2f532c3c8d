//! What stands around every page: navigation, notices, the change that waits to be confirmed, language, sign-out. A page's
//! template extends `frame.html` and has a field `frame: Frame`.

use std::sync::LazyLock;

use control::desk::Trial;
use event::Moment;

use crate::assets;
use crate::banner::Banner;
use crate::language::Language;
use crate::tag::{Icon, icon};
use crate::text::{Sentence, Text, Value};
use crate::time::Time;

/// A page of the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// `/`
    Overview,
    /// `/blocked`
    Blocked,
    /// `/brute-force`
    BruteForce,
    /// `/firewall`
    Firewall,
    /// `/jails`
    Jails,
    /// `/keys`
    Keys,
    /// `/journal`
    Journal,
}

impl Item {
    const ALL: [Self; 7] = [
        Self::Overview,
        Self::Blocked,
        Self::BruteForce,
        Self::Firewall,
        Self::Jails,
        Self::Keys,
        Self::Journal,
    ];

    /// Where it is.
    pub fn path(self) -> &'static str {
        match self {
            Self::Overview => "/",
            Self::Blocked => "/blocked",
            Self::BruteForce => "/brute-force",
            Self::Firewall => "/firewall",
            Self::Jails => "/jails",
            Self::Keys => "/keys",
            Self::Journal => "/journal",
        }
    }

    /// The sentence with its name.
    pub fn title_id(self) -> &'static str {
        match self {
            Self::Overview => "nav-overview",
            Self::Blocked => "nav-blocked",
            Self::BruteForce => "nav-brute-force",
            Self::Firewall => "nav-firewall",
            Self::Jails => "nav-jails",
            Self::Keys => "nav-keys",
            Self::Journal => "nav-journal",
        }
    }

    pub(crate) fn is_blocked(self) -> bool {
        self == Self::Blocked
    }

    pub(crate) fn icon(self) -> Icon {
        icon(match self {
            Self::Overview => "overview",
            Self::Blocked => "blocked",
            Self::BruteForce => "brute-force",
            Self::Firewall => "firewall",
            Self::Jails => "jails",
            Self::Keys => "keys",
            Self::Journal => "journal",
        })
    }
}

/// Around a page.
pub struct Frame {
    /// The visitor's language.
    pub text: Text,
    /// Of the page: heading and window.
    pub title: String,
    /// Where in the navigation.
    pub active: Item,
    /// For every form's hidden field `csrf`.
    pub csrf: String,
    /// This page's own address, for what leads back here.
    pub here: String,
    /// The present moment.
    pub now: Moment,
    /// Addresses that are blocked.
    pub blocked: u64,
    /// On top of the page.
    pub banners: Vec<Banner>,
    /// That the visitor's address does not arrive, and what to do.
    pub arrival: Option<Banner>,
    /// A change that waits to be confirmed.
    pub trial: Option<Trial>,
    /// Why the settings file cannot be written, if it cannot.
    pub read_only: Option<String>,
}

impl Frame {
    /// A frame around `item` with nothing to tell, for a page that fills in the rest.
    pub fn new(text: Text, item: Item, csrf: &str, now: Moment) -> Self {
        Self {
            text,
            title: text.say(item.title_id()),
            active: item,
            csrf: csrf.to_owned(),
            here: item.path().to_owned(),
            now,
            blocked: 0,
            banners: Vec::new(),
            arrival: None,
            trial: None,
            read_only: None,
        }
    }

    /// A sentence.
    pub fn say(&self, id: &str) -> String {
        self.text.say(id)
    }

    /// A sentence with values: `frame.with("count", n).say("blocked-count")`.
    pub fn with(&self, name: &'static str, value: impl Into<Value>) -> Sentence {
        self.text.with(name, value)
    }

    /// An icon, for templates.
    pub fn icon(&self, name: &'static str) -> Icon {
        icon(name)
    }

    pub(crate) fn items(&self) -> [Item; 7] {
        Item::ALL
    }

    pub(crate) fn languages(&self) -> &'static [Language] {
        Language::all()
    }

    pub(crate) fn trial_end(&self) -> Option<Time> {
        self.trial.as_ref().and_then(|trial| self.text.until(trial.until, self.now))
    }

    pub(crate) fn style(&self) -> String {
        assets::address("style", "css")
    }

    pub(crate) fn script(&self) -> String {
        assets::address("page", "js")
    }

    pub(crate) fn favicon(&self) -> String {
        assets::address("icon", "svg")
    }

    pub(crate) fn host(&self) -> &'static str {
        &HOST
    }

    pub(crate) fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }
}

/// This host's name, so that an administrator of several sees where they are.
static HOST: LazyLock<String> = LazyLock::new(|| {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().to_owned()
});

#[cfg(test)]
mod tests {
    use askama::Template;

    use super::*;

    #[derive(Template)]
    #[template(
        ext = "html",
        source = r#"{% extends "frame.html" %}{% block content %}{{ frame.say("menu") }}{% endblock %}"#
    )]
    struct Sample {
        frame: Frame,
    }

    #[test]
    fn it_marks_where_one_is_and_escapes_what_it_tells() {
        let now = Moment::from_seconds(1_790_000_000);
        let mut frame = Frame::new(Text::of_tag("ru"), Item::Blocked, "token", now);
        frame.here = "/blocked?q=\"><script>".to_owned();
        frame.trial = Some(Trial { until: Moment::from_seconds(1_790_000_060), by: "<script>".to_owned() });
        frame.read_only = Some("<script>".to_owned());
        frame.banners.push(Banner::done("<script>"));
        let html = Sample { frame }.render().unwrap();
        assert!(!html.contains("<script>"), "{html}");
        assert!(!html.contains("style=") && !html.contains(" on"), "{html}");
        assert!(html.contains(r#"<a href="/blocked" aria-current="page">"#), "{html}");
        assert!(html.contains(r#"<html lang="ru">"#), "{html}");
    }
}

//! What a page tells on top of itself: what was done, what was refused and why, what needs attention. It may travel through one
//! redirect, in a cookie that is read once.

use askama::Template;
use askama::filters::HtmlSafe;
use control::Fault;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::tag::{Icon, icon};
use crate::text::Text;

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It was done.
    Done,
    /// Good to know.
    Note,
    /// Worth a look.
    Warn,
    /// Refused or broken.
    Stop,
}

/// A notice.
#[derive(Clone, Debug, PartialEq, Eq, Template)]
#[template(path = "banner.html")]
pub struct Banner {
    /// How much it matters.
    pub kind: Kind,
    /// In a few words.
    pub title: String,
    /// More, and what to do; may be empty. Lines are kept apart.
    pub text: String,
    /// Where to go on: address and words.
    pub link: Option<(String, String)>,
}

// The template escapes what it holds.
impl HtmlSafe for Banner {}

impl Banner {
    /// Of a kind, with a title alone.
    pub fn new(kind: Kind, title: impl Into<String>) -> Self {
        Self { kind, title: title.into(), text: String::new(), link: None }
    }

    /// It was done.
    pub fn done(title: impl Into<String>) -> Self {
        Self::new(Kind::Done, title)
    }

    /// With more text.
    pub fn more(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }

    /// With a link.
    pub fn link(mut self, address: impl Into<String>, words: impl Into<String>) -> Self {
        self.link = Some((address.into(), words.into()));
        self
    }

    /// Why something was not done.
    pub fn fault(text: &Text, fault: &Fault) -> Self {
        let (kind, id) = match fault {
            Fault::Wrong(_) => (Kind::Stop, "fault-wrong"),
            Fault::Refused(_) => (Kind::Stop, "fault-refused"),
            Fault::Missing(_) => (Kind::Stop, "fault-missing"),
            Fault::Changed(_) => (Kind::Warn, "fault-changed"),
            Fault::CutOff(_) => (Kind::Warn, "fault-cut-off"),
            Fault::ReadOnly(_) => (Kind::Stop, "fault-read-only"),
            Fault::Broken(_) => (Kind::Stop, "fault-broken"),
        };
        let more = match fault {
            Fault::Changed(_) => text.say("fault-changed-what"),
            _ => fault.to_string(),
        };
        Self::new(kind, text.say(id)).more(more)
    }

    /// As the value of a cookie.
    pub(crate) fn to_cookie(&self) -> String {
        let kind = match self.kind {
            Kind::Done => "done",
            Kind::Note => "note",
            Kind::Warn => "warn",
            Kind::Stop => "stop",
        };
        // A browser drops a cookie of more than 4 KiB, and every byte here may become three.
        let cut = |text: &str| text.chars().take(COOKIE_CHARACTERS).collect::<String>();
        let packed = |text: &str| utf8_percent_encode(&cut(text), NON_ALPHANUMERIC).to_string();
        format!("{kind}.{}.{}", packed(&self.title), packed(&self.text))
    }

    /// Back from a cookie. Whatever stands there is a text to be shown, escaped, and nothing else.
    pub(crate) fn of_cookie(value: &str) -> Option<Self> {
        let mut parts = value.splitn(3, '.');
        let kind = match parts.next()? {
            "done" => Kind::Done,
            "note" => Kind::Note,
            "warn" => Kind::Warn,
            _ => Kind::Stop,
        };
        let unpacked = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
        let title = unpacked(parts.next()?);
        let text = unpacked(parts.next()?);
        Some(Self { kind, title, text, link: None })
    }

    fn icon(&self) -> Icon {
        icon(match self.kind {
            Kind::Done => "done",
            Kind::Note => "note",
            Kind::Warn => "warn",
            Kind::Stop => "stop",
        })
    }

    fn class(&self) -> &'static str {
        match self.kind {
            Kind::Done | Kind::Note => "calm",
            Kind::Warn => "warn",
            Kind::Stop => "stop",
        }
    }

    /// A refusal is read out at once, the rest when there is a pause.
    fn role(&self) -> &'static str {
        if self.kind == Kind::Stop { "alert" } else { "status" }
    }
}

const COOKIE_CHARACTERS: usize = 300;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_comes_through_a_redirect_as_it_was() {
        let banner = Banner::new(Kind::Warn, "разблокировано; 2.5 \"x\"").more("a\nb=c; d");
        let cookie = banner.to_cookie();
        assert!(cookie.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'%'), "{cookie}");
        assert_eq!(Banner::of_cookie(&cookie), Some(banner));
        assert_eq!(Banner::of_cookie("nonsense"), None);
    }

    #[test]
    fn what_it_tells_is_escaped() {
        let shown = Banner::of_cookie("done.%3Cscript%3E.x").unwrap().to_string();
        assert!(!shown.contains("<script>") && shown.contains("&#60;script&#62;"), "{shown}");
    }
}

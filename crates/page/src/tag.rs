//! Service tags and icons: small marks that carry their name as text, so that nobody needs the colour or the shape.

use askama::Template;
use askama::filters::HtmlSafe;

/// A service: `SIP`, `SSH`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Template)]
#[template(ext = "html", source = r#"<span class="tag tag-{{ colour }}">{{ name }}</span>"#)]
pub struct Tag {
    /// As shown.
    pub name: String,
    colour: &'static str,
}

// The template above escapes the name.
impl HtmlSafe for Tag {}

impl Tag {
    /// The tag of a service, whatever the case of its name.
    pub fn new(service: &str) -> Self {
        let name = service.to_uppercase();
        let colour = match name.as_str() {
            "SIP" | "IAX" | "RTP" => "blue",
            "AMI" | "AJAM" | "ARI" | "CTI" => "amber",
            "WEB" | "NGINX" | "HTTP" | "APACHE" => "green",
            "SCAN" => "red",
            "MAIL" | "SMTP" | "IMAP" | "POP3" | "FTP" => "violet",
            _ => "grey",
        };
        Self { name, colour }
    }
}

/// An icon: a shape of `templates/icons.html`, hidden from screen readers because a name always stands beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Template)]
#[template(path = "icon.html")]
pub struct Icon {
    name: &'static str,
}

// Names are ours.
impl HtmlSafe for Icon {}

/// The icon of this name; see `templates/icon.html` for those that there are.
pub fn icon(name: &'static str) -> Icon {
    Icon { name }
}

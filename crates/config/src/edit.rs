//! Changes of `stockade.toml` by a program: the text goes in, the changed text comes out, comments and order kept. Writes
//! nothing to the disk; the outcome is judged by `check` before anybody uses it.
//!
//! The text is parsed for the places of its parts, and only those bytes are replaced that a change concerns. Printing a
//! parsed document anew would not do: it makes one kind of line end of all.

mod page;
mod place;
mod wanted;
mod list;
mod whitelist;
mod networks;

use std::fmt;

use event::{JailName, Subject};

use crate::firewall::{Network, ServicePorts};
use crate::settings::{Enabled, LimitOverrides, Limits};
use page::Page;
use wanted::{Assign, Wanted};

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// The one switch.
    Enabled(bool),
    /// The three numbers of `[defaults]`.
    Limits(Limits),
    /// `[whitelist] addresses`, as a whole. What stays keeps the comment beside it.
    Whitelist(Vec<Subject>),
    /// `[firewall] sip_limit`; `None` for no limit.
    SipLimit(Option<u32>),
    /// `[firewall.ports]`, as a whole.
    Ports(ServicePorts),
    /// `[[firewall.networks]]`, as a whole and in order. A network that stays (by its subnet) keeps its comments.
    Networks(Vec<Network>),
    /// A jail's switch and limits; what is `None` is left to the filter and `[defaults]`.
    Jail {
        /// Which.
        name: JailName,
        /// Whether it is on.
        enabled: Enabled,
        /// Its own limits.
        limits: LimitOverrides,
    },
}

/// Why a text cannot be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EditError {
    /// It is not TOML: somebody is in the middle of editing it.
    NotToml(String),
    /// A key stands where a section is expected, or the other way round.
    Shape(String),
}

impl fmt::Display for EditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotToml(what) => write!(f, "the settings file is not TOML ({what}); mend it by hand first"),
            Self::Shape(key) => write!(f, "'{key}' has another shape than expected; mend it by hand first"),
        }
    }
}

impl std::error::Error for EditError {}

/// The text with the changes made. Whatever they do not concern stays as it is, to the byte; what the file says already is
/// not written again.
pub fn edit(text: &str, edits: &[Edit]) -> Result<String, EditError> {
    let body = text.trim_start_matches('\u{feff}');
    let mark = &text[..text.len() - body.len()];
    let mut body = body.to_owned();
    Page::read(&body)?;
    for edit in edits {
        body = apply(&body, edit)?;
    }
    Ok(format!("{mark}{body}"))
}

fn apply(text: &str, edit: &Edit) -> Result<String, EditError> {
    match edit {
        Edit::Enabled(on) => assign(text, &[], &[Assign::new("enabled", Wanted::Switch(*on), *on)]),
        Edit::Limits(limits) => {
            let default = Limits::default();
            let (retry, find, ban) = (limits.max_retry, limits.find_time, limits.ban_time);
            let assigns = [
                Assign::new("max_retry", Wanted::Number(retry), retry == default.max_retry),
                Assign::new("find_time", Wanted::Duration(find), find == default.find_time),
                Assign::new("ban_time", Wanted::Duration(ban), ban == default.ban_time),
            ];
            assign(text, &["defaults"], &assigns)
        }
        Edit::Whitelist(addresses) => whitelist::edit(text, addresses),
        Edit::SipLimit(limit) => {
            let wanted = limit.map_or(Wanted::Switch(false), Wanted::Number);
            assign(text, &["firewall"], &[Assign::new("sip_limit", wanted, limit.is_none())])
        }
        Edit::Ports(ports) => service_ports(text, ports),
        Edit::Networks(wanted) => networks::edit(text, wanted),
        Edit::Jail { name, enabled, limits } => jail(text, name, *enabled, limits),
    }
}

fn service_ports(text: &str, ports: &ServicePorts) -> Result<String, EditError> {
    let default = ServicePorts::default();
    let lists = [
        ("sip", &ports.sip, &default.sip),
        ("rtp", &ports.rtp, &default.rtp),
        ("iax", &ports.iax, &default.iax),
        ("web", &ports.web, &default.web),
        ("ssh", &ports.ssh, &default.ssh),
        ("ami", &ports.ami, &default.ami),
        ("ajam", &ports.ajam, &default.ajam),
        ("cti", &ports.cti, &default.cti),
    ];
    let assigns =
        lists.map(|(key, ports, default)| Assign::new(key, Wanted::Ports(ports.clone()), ports == default));
    assign(text, &["firewall", "ports"], &assigns)
}

fn jail(text: &str, name: &JailName, enabled: Enabled, limits: &LimitOverrides) -> Result<String, EditError> {
    let section = ["jails", name.as_str()];
    let enabled = match enabled {
        Enabled::Yes => Wanted::Switch(true),
        Enabled::No => Wanted::Switch(false),
        Enabled::Auto => Wanted::Text("auto".to_owned()),
    };
    let auto = matches!(enabled, Wanted::Text(_));
    let limits = [
        ("max_retry", limits.max_retry.map(Wanted::Number)),
        ("find_time", limits.find_time.map(Wanted::Duration)),
        ("ban_time", limits.ban_time.map(Wanted::Duration)),
    ];
    let mut text = text.to_owned();
    // One at a time: in an inline table two neighbours would both take the comma between them.
    for (key, _) in limits.iter().filter(|(_, wanted)| wanted.is_none()) {
        let page = Page::read(&text)?;
        let splices = page.remove(&section, key)?;
        text = page.splice(splices, &section)?;
    }
    let limits = limits.into_iter().filter_map(|(key, wanted)| Some(Assign::new(key, wanted?, false)));
    let assigns: Vec<_> = [Assign::new("enabled", enabled, auto)].into_iter().chain(limits).collect();
    assign(&text, &section, &assigns)
}

fn assign(text: &str, section: &[&str], assigns: &[Assign]) -> Result<String, EditError> {
    let page = Page::read(text)?;
    let place = page.place(section)?;
    let splices = page.assign(&place, section, assigns)?;
    page.splice(splices, section)
}

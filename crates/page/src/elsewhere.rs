//! Where bans hold beside this kernel, and whose lists hold here: a part of the overview, which is empty where there is neither.

use askama::Template;
use askama::filters::HtmlSafe;
use control::answer::{Blocklist, Outlet, Status};
use event::Moment;

use crate::tag::{Icon, icon};
use crate::text::{Sentence, Text, Value};
use crate::time::Time;

/// Container, outlets and blocklists.
#[derive(Template)]
#[template(path = "elsewhere.html")]
pub struct Elsewhere {
    text: Text,
    container: Option<Container>,
    outlets: Vec<OutletRow>,
    lists: Vec<ListRow>,
}

// The template escapes what it holds.
impl HtmlSafe for Elsewhere {}

struct Container {
    said: String,
    is_bridged: bool,
}

struct OutletRow {
    name: String,
    is_current: bool,
    error: Option<String>,
    since: Option<Time>,
    held: u64,
    waiting: u64,
    nodes: String,
}

struct ListRow {
    name: String,
    entries: u64,
    left_out: u64,
    fetched: Option<Time>,
    error: Option<String>,
    dropped: u64,
}

impl Elsewhere {
    /// As the program says.
    pub fn new(text: Text, status: &Status, now: Moment) -> Self {
        let here = &status.surroundings;
        let container = here.container.as_ref().map(|kind| {
            let id = if here.is_bridged { "elsewhere-bridged" } else { "elsewhere-in-host-network" };
            Container { said: text.with("kind", proper(kind)).say(id), is_bridged: here.is_bridged }
        });
        // What does not do its work comes first.
        let mut outlets: Vec<_> = status.outlets.iter().map(|one| outlet_row(text, one, now)).collect();
        outlets.sort_by_key(|row| row.is_current);
        let mut lists: Vec<_> = status.blocklists.iter().map(|one| list_row(text, one, now)).collect();
        lists.sort_by_key(|row| row.error.is_none());
        Self { text, container, outlets, lists }
    }

    fn say(&self, id: &str) -> String {
        self.text.say(id)
    }

    fn with(&self, name: &'static str, value: impl Into<Value>) -> Sentence {
        self.text.with(name, value)
    }

    fn icon(&self, name: &'static str) -> Icon {
        icon(name)
    }
}

fn outlet_row(text: Text, outlet: &Outlet, now: Moment) -> OutletRow {
    OutletRow {
        name: proper(&outlet.outlet).to_owned(),
        is_current: outlet.is_current,
        error: outlet.error.clone(),
        since: outlet.since.as_ref().map(|at| text.past_text(at, now)),
        held: outlet.held,
        waiting: outlet.waiting,
        nodes: outlet.nodes.join(", "),
    }
}

fn list_row(text: Text, list: &Blocklist, now: Moment) -> ListRow {
    ListRow {
        name: list.blocklist.clone(),
        entries: list.entries,
        left_out: list.left_out,
        fetched: list.fetched.as_ref().map(|at| text.past_text(at, now)),
        error: list.error.clone(),
        dropped: list.dropped_packets,
    }
}

/// A product's word as its makers write it.
pub fn proper(word: &str) -> &str {
    match word {
        "redis" => "Redis",
        "asterisk" => "Asterisk",
        "docker" => "Docker",
        "podman" => "Podman",
        "kubernetes" => "Kubernetes",
        "lxc" => "LXC",
        _ => word,
    }
}

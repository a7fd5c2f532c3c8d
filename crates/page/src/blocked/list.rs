//! The list itself: which addresses fit, in which order, and the page of them that is asked for. Nothing here waits.

use std::collections::HashSet;

use control::desk::{Listing, Roster, SortBy};
use event::{Ban, Moment, Subject, limit};
use gate::Gate;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::reason;
use crate::tag::Tag;
use crate::text::Text;
use crate::time::Time;

/// What is asked for, as it stands in the address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    /// Words to look for.
    pub q: String,
    /// `address`, `reason`, `since`, `until`, `failures`.
    pub sort: String,
    /// `up` or `down`.
    pub order: String,
    /// Counted from 1. A text, so that nonsense shows the first page and not an error.
    pub page: String,
}

impl Asked {
    fn sort_by(&self) -> SortBy {
        match self.sort.as_str() {
            "address" => SortBy::Address,
            "reason" => SortBy::Service,
            "until" => SortBy::Until,
            "failures" => SortBy::Failures,
            _ => SortBy::Since,
        }
    }

    /// The newest, the latest, the most stand first unless somebody says otherwise; addresses and services count up.
    fn descends(&self) -> bool {
        match self.order.as_str() {
            "up" => false,
            "down" => true,
            _ => !matches!(self.sort_by(), SortBy::Address | SortBy::Service),
        }
    }

    /// Its address, with another page.
    pub fn at_page(&self, page: usize) -> String {
        let mut address = String::from("/blocked?");
        for (name, value) in [("q", &self.q), ("sort", &self.sort), ("order", &self.order)] {
            if !value.is_empty() {
                address.push_str(&format!("{name}={}&", utf8_percent_encode(value, NON_ALPHANUMERIC)));
            }
        }
        if page > 1 {
            address.push_str(&format!("page={page}"));
        }
        address.trim_end_matches(['&', '?']).to_owned()
    }

    /// The heading of a column: where it leads, and how the column stands now.
    pub fn heading(&self, column: &str) -> Heading {
        let asked =
            Self { sort: column.to_owned(), order: String::new(), page: String::new(), q: self.q.clone() };
        if asked.sort_by() != self.sort_by() {
            return Heading { address: asked.at_page(1), sorted: None };
        }
        let order = if self.descends() { "up" } else { "down" };
        let sorted = Some(if self.descends() { "descending" } else { "ascending" });
        Heading { address: Self { order: order.to_owned(), ..asked }.at_page(1), sorted }
    }
}

/// A column's heading.
pub(super) struct Heading {
    pub address: String,
    /// `ascending`, `descending`; `None` if the list is not sorted by it.
    pub sorted: Option<&'static str>,
}

/// A page of the list.
pub(super) struct Listed {
    pub rows: Vec<Row>,
    /// Addresses that fit.
    pub found: usize,
    /// Addresses that are blocked.
    pub all: usize,
    pub page: usize,
    pub pages: usize,
}

/// A blocked address.
pub(super) struct Row {
    pub address: String,
    /// Two letters and the name.
    pub country: Option<(String, String)>,
    pub tags: Vec<Tag>,
    pub reason: String,
    /// Its jails close nothing.
    pub is_told_only: bool,
    pub since: Time,
    /// `None` until it is unblocked.
    pub until: Option<Time>,
    pub failures: u32,
    /// Changes with whatever the row shows, so that the script leaves alone what did not change.
    pub version: i64,
}

impl Listed {
    pub fn new(text: Text, gate: &Gate, roster: &Roster, asked: &Asked) -> Self {
        let country = |subject: &Subject| gate.country(subject.address()).map(|country| country.code);
        let listing = Listing {
            search: asked.q.clone(),
            sort: asked.sort_by(),
            descending: asked.descends(),
            ..Listing::default()
        };
        let subjects = one_each(roster.listed(&listing, &country));
        let (found, pages) = (subjects.len(), subjects.len().div_ceil(limit::PAGE_ROWS).max(1));
        let page = asked.page.parse().unwrap_or(1).clamp(1, pages);
        let shown = subjects.iter().skip((page - 1) * limit::PAGE_ROWS).take(limit::PAGE_ROWS);
        let rows = shown.map(|subject| {
            let country = gate.country(subject.address()).map(|country| (country.code, country.name));
            Row::new(text, gate.now(), roster, subject, country)
        });
        Self { rows: rows.collect(), found, all: count(roster), page, pages }
    }

    pub fn first(&self) -> usize {
        (self.page - 1) * limit::PAGE_ROWS + 1
    }

    pub fn last(&self) -> usize {
        (self.page * limit::PAGE_ROWS).min(self.found)
    }
}

impl Row {
    fn new(
        text: Text,
        now: Moment,
        roster: &Roster,
        subject: &Subject,
        country: Option<(String, String)>,
    ) -> Self {
        let bans = bans_of(roster, subject);
        let newest = bans.iter().max_by_key(|ban| ban.since).expect("whoever is listed has a ban");
        let until = bans.iter().map(|ban| ban.until).max().unwrap_or(Moment::NEVER);
        let failures = bans.iter().map(|ban| ban.failures).sum();
        let version = until.millis() ^ newest.since.millis() ^ i64::from(failures);
        Self {
            address: subject.to_string(),
            country,
            tags: tags_of(roster, bans),
            reason: reason::told(text, &newest.reason),
            is_told_only: bans.iter().all(|ban| roster.told_only.contains(&ban.jail)),
            since: text.past(newest.since, now),
            until: text.until(until, now),
            failures,
            version,
        }
    }
}

/// How many addresses are blocked.
pub(crate) fn count(roster: &Roster) -> usize {
    // The roster is in the order of subjects, so equals stand together.
    roster.bans.chunk_by(|a, b| a.subject == b.subject).count()
}

/// The bans of one subject.
pub(super) fn bans_of<'a>(roster: &'a Roster, subject: &Subject) -> &'a [Ban] {
    let from = roster.bans.partition_point(|ban| ban.subject < *subject);
    let length = roster.bans[from..].partition_point(|ban| ban.subject == *subject);
    &roster.bans[from..from + length]
}

/// The services of these bans; a ban by hand has none.
pub(super) fn tags_of(roster: &Roster, bans: &[Ban]) -> Vec<Tag> {
    let services = bans.iter().filter_map(|ban| roster.service_of(ban));
    let mut tags: Vec<Tag> = services.map(Tag::new).collect();
    tags.sort();
    tags.dedup();
    tags
}

/// Each subject once, where its first ban stands.
fn one_each(bans: Vec<&Ban>) -> Vec<Subject> {
    let mut seen = HashSet::with_capacity(bans.len());
    bans.into_iter().map(|ban| ban.subject).filter(|subject| seen.insert(*subject)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_sorts_by_its_column_and_then_the_other_way_round() {
        let asked = Asked { q: "a b&c".to_owned(), ..Asked::default() };
        assert_eq!(asked.heading("since").sorted, Some("descending"));
        assert_eq!(asked.heading("since").address, "/blocked?q=a%20b%26c&sort=since&order=up");
        assert_eq!(asked.heading("address").sorted, None);
        assert_eq!(asked.heading("address").address, "/blocked?q=a%20b%26c&sort=address");
    }

    #[test]
    fn a_page_is_part_of_the_address_from_the_second_on() {
        let asked = Asked { sort: "until".to_owned(), page: "7".to_owned(), ..Asked::default() };
        assert_eq!(asked.at_page(1), "/blocked?sort=until");
        assert_eq!(Asked::default().at_page(1), "/blocked");
        assert_eq!(Asked::default().at_page(2), "/blocked?page=2");
    }
}

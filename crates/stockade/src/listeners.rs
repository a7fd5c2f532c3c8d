//! Who hears what is read from a file. A file that several patterns find is read under each of them, but judged under one
//! alone, for the jails of all: its position is one, and a jail that names it twice must count it once.

use std::collections::HashMap;
use std::path::Path;

use event::JailName;
use event::limit::FILES;
use glob::MatchOptions;
use jiff::tz::TimeZone;
use source::FileSpec;

use crate::finder::{Finder, Finders};
use crate::plan::Watchlist;

/// As the source matches: a wildcard finds neither a slash nor a hidden name.
const AS_IN_A_SHELL: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

/// The filters of each pattern, and of those that meet in a file.
#[derive(Debug)]
pub struct Listeners {
    /// In the order in which they claim a file: whoever was there before a reload comes first, since it knows how far the
    /// file has been read.
    ranked: Vec<Ranked>,
    jails: Vec<Vec<(JailName, Finder)>>,
    sets: Vec<Finders>,
    /// The specs that find a path, in their order. It is forgotten as a whole when there are too many.
    claims: HashMap<String, Vec<usize>>,
    /// The filters of specs that meet.
    shared: HashMap<Vec<usize>, Finders>,
    zone: TimeZone,
}

#[derive(Debug)]
struct Ranked {
    text: String,
    spec: usize,
    wild: Option<glob::Pattern>,
}

impl Listeners {
    /// Makes the sets, which takes a while. `before` is who listened until now.
    pub fn new(list: &Watchlist<FileSpec>, before: Option<&Self>) -> Self {
        let rank = |text: &str| {
            before
                .and_then(|before| before.ranked.iter().position(|ranked| ranked.text == text))
                .unwrap_or(usize::MAX)
        };
        let specs = list.specs.iter().enumerate();
        let mut ranked: Vec<_> =
            specs.map(|(spec, FileSpec { pattern })| Ranked::new(pattern, spec)).collect();
        ranked.sort_by_key(|ranked| rank(&ranked.text));
        let (claims, shared) = (HashMap::new(), HashMap::new());
        Self {
            ranked,
            jails: list.listeners.clone(),
            sets: list.sets(),
            claims,
            shared,
            zone: list.zone.clone(),
        }
    }

    /// What judges a block that `spec` has read from `path`; nothing if another spec that finds the file does so.
    pub fn of(&mut self, spec: usize, path: &str) -> Option<&mut Finders> {
        let Self { ranked, jails, sets, claims, shared, zone } = self;
        if !claims.contains_key(path) {
            if claims.len() >= FILES {
                claims.clear();
            }
            let finders = ranked.iter().filter(|ranked| ranked.finds(path)).map(|ranked| ranked.spec);
            claims.insert(path.to_owned(), finders.collect());
        }
        match claims.get(path).map_or(&[][..], Vec::as_slice) {
            claim @ [first, _, ..] if claim.contains(&spec) => (*first == spec).then(|| {
                shared.entry(claim.to_vec()).or_insert_with(|| Finders::new(&union(jails, claim), zone))
            }),
            _ => sets.get_mut(spec),
        }
    }
}

impl Ranked {
    fn new(text: &str, spec: usize) -> Self {
        let wild = text.contains(['*', '?', '[']).then(|| glob::Pattern::new(text).ok()).flatten();
        Self { text: text.to_owned(), spec, wild }
    }

    fn finds(&self, path: &str) -> bool {
        match &self.wild {
            Some(wild) => wild.matches_with(path, AS_IN_A_SHELL),
            None => Path::new(&self.text) == Path::new(path),
        }
    }
}

/// Each jail once.
fn union(jails: &[Vec<(JailName, Finder)>], specs: &[usize]) -> Vec<(JailName, Finder)> {
    let mut all: Vec<_> = specs.iter().filter_map(|spec| jails.get(*spec)).flatten().cloned().collect();
    all.sort_by(|(one, _), (other, _)| one.cmp(other));
    all.dedup_by(|(one, _), (other, _)| one == other);
    all
}

//! One spec and what it has found so far. Decides which of the matching paths are logs, and which only a log's past.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use event::limit::FILES;
use event::{Moment, Position};

use crate::pattern::Pattern;
use crate::rotation;
use crate::survey::survey;
use crate::tail::{Identity, Tail};
use crate::watch::{TrailId, Watcher};

#[derive(Debug)]
pub(crate) struct Spec {
    /// The pattern as the settings have it.
    pub(crate) text: String,
    pub(crate) pattern: Pattern,
    pub(crate) trails: BTreeMap<PathBuf, TrailId>,
    /// Whether it was looked for before: what is found the first time was there before us.
    pub(crate) surveyed: bool,
    /// Files that match and are left unread, because there are too many.
    pub(crate) unread: usize,
    /// Why a directory on the way cannot be watched: what happens there would go unnoticed.
    pub(crate) unwatched: Option<String>,
    /// Files read under a name that they do not have any more, in case another name brings them back.
    pub(crate) remembered: HashMap<Identity, Position>,
    pub(crate) since: Moment,
}

impl Spec {
    pub(crate) fn new(text: String, pattern: Pattern, since: Moment) -> Self {
        Self {
            text,
            pattern,
            trails: BTreeMap::new(),
            surveyed: false,
            unread: 0,
            unwatched: None,
            remembered: HashMap::new(),
            since,
        }
    }

    /// The logs that the spec means, in the order in which they are to be looked at.
    pub(crate) fn logs(
        &mut self,
        index: usize,
        watcher: &mut Watcher,
        saved: &HashMap<String, Position>,
    ) -> Vec<PathBuf> {
        let found = survey(&self.pattern, index, watcher);
        self.unwatched = found.unwatched;
        let mut paths = found.paths;
        if self.pattern.is_glob {
            if !self.surveyed {
                self.put_known_first(&mut paths, saved);
            }
            self.leave_out_rotated(&mut paths);
        }
        paths
    }

    /// A file is given up; if it is still somewhere, where to go on should it be found there.
    pub(crate) fn remember(&mut self, tail: &Tail) {
        if !self.pattern.is_glob || tail.is_unlinked() {
            return;
        }
        if self.remembered.len() >= FILES {
            // Any will do: that many renamed files are not brought back.
            let any = self.remembered.keys().next().copied();
            any.map(|identity| self.remembered.remove(&identity));
        }
        self.remembered.insert(tail.identity(), tail.position());
    }

    /// If a known log was renamed while we were stopped, its file is not a new one, and must not be taken for one.
    fn put_known_first(&self, paths: &mut Vec<PathBuf>, saved: &HashMap<String, Position>) {
        let mut known: Vec<PathBuf> = saved.keys().map(PathBuf::from).collect();
        known.retain(|path| self.pattern.matches(path));
        known.sort();
        let is_known: HashSet<&PathBuf> = known.iter().collect();
        paths.retain(|path| !is_known.contains(path));
        paths.splice(0..0, known);
    }

    /// Leaves out what a wildcard such as `*.log*` finds of a log's past: compressed files, and rotated copies of a log
    /// that is followed itself. Their lines have been read when they were written.
    fn leave_out_rotated(&self, paths: &mut Vec<PathBuf>) {
        let logs: HashSet<PathBuf> = paths.iter().chain(self.trails.keys()).cloned().collect();
        paths.retain(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let directory = path.parent().unwrap_or(Path::new("/"));
            !rotation::is_compressed(&name)
                && !rotation::logs_of(&name).iter().any(|log| logs.contains(&directory.join(log)))
        });
    }
}

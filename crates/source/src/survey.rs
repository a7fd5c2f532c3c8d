//! Which paths match a pattern right now, and which directories must be watched to hear when that changes. Opens no file.

use std::ffi::OsString;
use std::fs;
use std::path::{Component, Path, PathBuf};

use event::limit::SYMLINKS;

use crate::pattern::{Part, Pattern};
use crate::watch::Watcher;

/// Walks from the root along the pattern. Every directory on the way is watched for the next name, before it is looked
/// into: so a missing parent, a directory that is swapped and a link that is re-pointed are heard of all alike.
/// For a pattern without wildcards, its path is found whether it exists or not.
pub(crate) fn survey(pattern: &Pattern, spec: usize, watcher: &mut Watcher) -> Vec<PathBuf> {
    watcher.forget(spec);
    let mut survey = Survey { spec, watcher, links_left: SYMLINKS, found: Vec::new() };
    survey.descend(Path::new("/"), &pattern.parts);
    let mut found = survey.found;
    watcher.sweep();
    if !pattern.is_glob {
        found = vec![pattern.parts.iter().fold(PathBuf::from("/"), |path, part| path.join(part.literal()))];
    }
    found
}

struct Survey<'a> {
    spec: usize,
    watcher: &'a mut Watcher,
    links_left: usize,
    found: Vec<PathBuf>,
}

impl Survey<'_> {
    fn descend(&mut self, directory: &Path, parts: &[Part]) {
        let Some((part, further)) = parts.split_first() else { return };
        self.watcher.watch_directory(directory, self.spec, part);
        for name in part.names_in(directory) {
            let path = directory.join(name);
            self.links_left = SYMLINKS;
            self.watch_link(&path);
            if further.is_empty() {
                self.found.push(path);
            } else if path.is_dir() {
                self.descend(&path, further);
            }
        }
    }

    /// If `path` is a symbolic link, watches every directory through which it leads.
    fn watch_link(&mut self, path: &Path) {
        let Ok(target) = fs::read_link(path) else { return };
        if self.links_left == 0 {
            return;
        }
        self.links_left -= 1;
        let mut at = path.parent().unwrap_or(Path::new("/")).to_path_buf();
        for component in target.components() {
            match component {
                Component::RootDir => at = PathBuf::from("/"),
                // Left to the kernel: behind a link, `..` is not what stands before the slash.
                Component::ParentDir => at.push(".."),
                Component::Normal(name) => {
                    self.watcher.watch_directory(&at, self.spec, &Part::Name(name.to_owned()));
                    at.push(name);
                    self.watch_link(&at.clone());
                }
                Component::CurDir | Component::Prefix(_) => {}
            }
        }
    }
}

impl Part {
    /// The names in `directory` that are meant, in order; a literal name is not looked up.
    fn names_in(&self, directory: &Path) -> Vec<OsString> {
        if let Self::Name(name) = self {
            return vec![name.clone()];
        }
        let entries = fs::read_dir(directory).into_iter().flatten().flatten();
        let mut names: Vec<_> =
            entries.map(|entry| entry.file_name()).filter(|name| self.matches(name)).collect();
        names.sort();
        names
    }

    fn literal(&self) -> &str {
        match self {
            Self::Name(name) => name.to_str().unwrap_or_default(),
            Self::Wild(wild) => wild.as_str(),
        }
    }
}

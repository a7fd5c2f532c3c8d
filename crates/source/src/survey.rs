//! Which paths match a pattern right now, and which directories must be watched to hear when that changes. Opens no file.

use std::ffi::OsString;
use std::fs;
use std::path::{Component, Path, PathBuf};

use event::limit::SYMLINKS;
use rustix::io::Errno;

use crate::pattern::{Part, Pattern};
use crate::watch::Watcher;

/// Walks from the root along the pattern. Every directory on the way is watched for the next name, before it is looked
/// into: so a missing parent, a directory that is swapped and a link that is re-pointed are heard of all alike.
/// For a pattern without wildcards, its path is found whether it exists or not.
pub(crate) fn survey(pattern: &Pattern, spec: usize, watcher: &mut Watcher) -> Found {
    watcher.forget(spec);
    let found = Found { paths: Vec::new(), unwatched: None };
    let mut survey = Survey { spec, watcher, links_left: SYMLINKS, found };
    survey.descend(Path::new("/"), &pattern.parts);
    let mut found = survey.found;
    watcher.sweep();
    if !pattern.is_glob {
        found.paths =
            vec![pattern.parts.iter().fold(PathBuf::from("/"), |path, part| path.join(part.literal()))];
    }
    found
}

/// What a walk has found.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) paths: Vec<PathBuf>,
    /// Why a directory in which something is looked for cannot be watched.
    pub(crate) unwatched: Option<String>,
}

struct Survey<'a> {
    spec: usize,
    watcher: &'a mut Watcher,
    links_left: usize,
    found: Found,
}

impl Survey<'_> {
    fn descend(&mut self, directory: &Path, parts: &[Part]) {
        let Some((part, further)) = parts.split_first() else { return };
        self.watch(directory, part, further.is_empty());
        for name in part.names_in(directory) {
            let path = directory.join(name);
            self.links_left = SYMLINKS;
            self.watch_link(&path);
            if further.is_empty() {
                self.found.paths.push(path);
            } else if path.is_dir() {
                self.descend(&path, further);
            }
        }
    }

    /// A directory that is not there is no trouble: the one above it is watched. Nor is one on the way that we may pass
    /// and not list: it is rarely swapped. But the log's own must be heard.
    fn watch(&mut self, directory: &Path, part: &Part, is_last: bool) {
        let Err(errno) = self.watcher.watch_directory(directory, self.spec, part) else { return };
        let hint = match errno {
            Errno::NOENT | Errno::NOTDIR | Errno::LOOP => return,
            Errno::ACCESS if !is_last => return,
            Errno::NOSPC => "; raise fs.inotify.max_user_watches with sysctl",
            _ => "",
        };
        self.found.unwatched = Some(format!("'{}' cannot be watched: {errno}{hint}", directory.display()));
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
                    self.watch(&at, &Part::Name(name.to_owned()), false);
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

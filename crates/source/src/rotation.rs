//! How rotated logs are named, and which of them are younger than one that we know. Reads names and times, no content.

use std::cmp::Reverse;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::tail::Identity;

/// A file beside the log.
#[derive(Debug)]
pub(crate) struct Sibling {
    pub(crate) path: PathBuf,
    pub(crate) identity: Identity,
    name: String,
    modified: SystemTime,
}

/// The regular files in the directory of `path`, and, if it is a symbolic link, in the directory where that leads.
pub(crate) fn siblings(path: &Path) -> Vec<Sibling> {
    let own = path.parent().map(Path::to_path_buf);
    let target = path.canonicalize().ok().and_then(|target| target.parent().map(Path::to_path_buf));
    let mut directories: Vec<PathBuf> = own.into_iter().chain(target).collect();
    directories.dedup();
    let entries = directories.iter().filter_map(|directory| fs::read_dir(directory).ok()).flatten().flatten();
    entries
        .filter_map(|entry| {
            let metadata = entry.metadata().ok().filter(Metadata::is_file)?;
            Some(Sibling {
                identity: Identity::of(&metadata),
                name: entry.file_name().to_string_lossy().into_owned(),
                modified: metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH),
                path: entry.path(),
            })
        })
        .collect()
}

/// The rotated files of the log called `base` that were rotated after `known`, oldest first.
///
/// Numbers go both ways: logrotate shifts them (`.1` is the youngest), Asterisk counts up. The time of the last write
/// tells which it is; within one tick of the file system's clock it is taken for shifting.
fn younger<'a>(base: &str, known: &Sibling, all: &'a [Sibling]) -> Vec<&'a Sibling> {
    let Some(known_mark) = mark_of(base, &known.name) else { return Vec::new() };
    let mut found: Vec<(&Sibling, &str)> = all
        .iter()
        .filter(|other| other.identity != known.identity)
        .filter_map(|other| Some((other, mark_of(base, &other.name)?)))
        .filter(|(other, mark)| match (number(known_mark), number(mark)) {
            (Some(known_number), Some(number)) => {
                (other.modified, Reverse(number)) > (known.modified, Reverse(known_number))
            }
            (None, None) => *mark > known_mark,
            _ => false,
        })
        .collect();
    found.sort_by(|(a, a_mark), (b, b_mark)| match (number(a_mark), number(b_mark)) {
        (Some(x), Some(y)) => (a.modified, Reverse(x)).cmp(&(b.modified, Reverse(y))),
        _ => a_mark.cmp(b_mark),
    });
    found.into_iter().map(|(sibling, _)| sibling).collect()
}

/// The rotated files that were at the path after `known` and before `current`, which was found at the path before `all` was
/// listed. If `current` is itself rotated by then, what came after it must wait until it has been read.
pub(crate) fn between<'a>(
    base: &str,
    known: &Sibling,
    current: Option<Identity>,
    all: &'a [Sibling],
) -> Vec<&'a Sibling> {
    let rotated = all.iter().find(|sibling| Some(sibling.identity) == current);
    let later: Vec<Identity> = rotated
        .map(|rotated| younger(base, rotated, all))
        .unwrap_or_default()
        .iter()
        .map(|s| s.identity)
        .collect();
    let mut found = younger(base, known, all);
    found.retain(|sibling| Some(sibling.identity) != current && !later.contains(&sibling.identity));
    found
}

/// Whether this is a rotated file of the log called `base`.
pub(crate) fn is_rotated(base: &str, sibling: &Sibling) -> bool {
    mark_of(base, &sibling.name).is_some()
}

/// Those written last; several if the file system's clock cannot tell them apart.
pub(crate) fn youngest(all: &[Sibling]) -> impl Iterator<Item = &Sibling> {
    let last = all.iter().map(|sibling| sibling.modified).max();
    all.iter().filter(move |sibling| Some(sibling.modified) == last)
}

/// The logs of which a file called `name` may be a rotated copy: `a.log` for `a.log.1`, `a.log-20261101`, `a-20261101.log`.
/// `a.1.log` is not taken for one: programs with several workers name their logs so.
pub(crate) fn logs_of(name: &str) -> Vec<String> {
    let name = without_compression(name);
    let mut logs = Vec::new();
    for (at, _) in name.match_indices(['.', '-', '_']).filter(|(at, _)| *at > 0) {
        if is_mark(&name[at..]) {
            logs.push(name[..at].to_owned());
        }
        if let Some(dot) = name.rfind('.').filter(|dot| *dot > at) {
            let mark = &name[at..dot];
            if is_mark(mark) && mark.bytes().filter(u8::is_ascii_digit).count() >= 8 {
                logs.push(format!("{}{}", &name[..at], &name[dot..]));
            }
        }
    }
    logs
}

/// Whether the name says that the content is compressed.
pub(crate) fn is_compressed(name: &str) -> bool {
    without_compression(name) != name
}

/// What stands between the log's name and the rotated file's: `.1` in `a.log.1`, `-20261101` in `a-20261101.log`.
fn mark_of<'a>(base: &str, name: &'a str) -> Option<&'a str> {
    if let Some(mark) = name.strip_prefix(base) {
        return is_mark(mark).then_some(mark);
    }
    let (stem, extension) = base.split_at(base.rfind('.')?);
    name.strip_prefix(stem)?.strip_suffix(extension).filter(|mark| is_mark(mark))
}

fn is_mark(text: &str) -> bool {
    let Some(rest) = text.strip_prefix(['.', '-', '_']) else { return false };
    let dated = rest.starts_with(|c: char| c.is_ascii_digit())
        && rest.bytes().all(|byte| byte.is_ascii_digit() || b".-_:+TZ".contains(&byte));
    dated || ["old", "bak", "prev"].contains(&rest)
}

/// A small number is a place in a row; a large one is a date or a time.
fn number(mark: &str) -> Option<u32> {
    let digits = &mark[1..];
    (digits.len() <= 4).then(|| digits.parse().ok())?
}

fn without_compression(name: &str) -> &str {
    let endings = [".gz", ".bz2", ".xz", ".zst", ".lz4", ".lzma", ".Z", ".zip", ".br"];
    endings.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn sibling(name: &str, inode: u64, second: u64) -> Sibling {
        Sibling {
            path: name.into(),
            identity: Identity { device: 1, inode },
            name: name.into(),
            modified: SystemTime::UNIX_EPOCH + Duration::from_secs(second),
        }
    }

    fn names(base: &str, known: &Sibling, all: &[Sibling]) -> Vec<String> {
        younger(base, known, all).iter().map(|found| found.name.clone()).collect()
    }

    #[test]
    fn shifted_numbers() {
        let all = [
            sibling("a.log", 1, 9),
            sibling("a.log.1", 2, 8),
            sibling("a.log.2", 3, 7),
            sibling("a.log.3", 4, 6),
        ];
        assert_eq!(names("a.log", &all[3], &all), ["a.log.2", "a.log.1"]);
        let tick = [sibling("a.log.1", 2, 7), sibling("a.log.2", 3, 7), sibling("a.log.3", 4, 7)];
        assert_eq!(names("a.log", &tick[1], &tick), ["a.log.1"]);
    }

    #[test]
    fn numbers_that_count_up() {
        let all = [
            sibling("full", 1, 9),
            sibling("full.0", 2, 6),
            sibling("full.1", 3, 7),
            sibling("full.2", 4, 8),
        ];
        assert_eq!(names("full", &all[2], &all), ["full.2"]);
    }

    #[test]
    fn what_is_rotated_meanwhile_comes_later() {
        let all = [
            sibling("a.log", 5, 9),
            sibling("a.log.1", 4, 8),
            sibling("a.log.2", 3, 7),
            sibling("a.log.3", 2, 6),
            sibling("a.log.4", 1, 5),
        ];
        let identity = |inode| Some(Identity { device: 1, inode });
        let names = |current| {
            between("a.log", &all[4], current, &all).iter().map(|s| s.identity.inode).collect::<Vec<_>>()
        };
        assert_eq!(names(identity(5)), [2, 3, 4]);
        assert_eq!(names(identity(3)), [2]);
        assert_eq!(names(None), [2, 3, 4]);
    }

    #[test]
    fn dates() {
        let all = [
            sibling("a.log-20261101", 1, 5),
            sibling("a.log-20261102", 2, 5),
            sibling("a.log-20261103.gz", 3, 5),
        ];
        assert_eq!(names("a.log", &all[0], &all), ["a.log-20261102"]);
        let all = [
            sibling("a-20261101.log", 1, 5),
            sibling("a-20261102.log", 2, 5),
            sibling("b-20261103.log", 3, 5),
        ];
        assert_eq!(names("a.log", &all[0], &all), ["a-20261102.log"]);
    }

    #[test]
    fn whose_copy_a_name_may_be() {
        assert_eq!(logs_of("a.log.1"), ["a.log"]);
        assert_eq!(logs_of("a.log.12.gz"), ["a.log"]);
        assert_eq!(logs_of("a-20261101.log"), ["a.log"]);
        assert_eq!(logs_of("a.log.old"), ["a.log"]);
        assert!(logs_of("worker.1.log").is_empty());
        assert!(logs_of("auth.log").is_empty());
        assert!(logs_of(".1").is_empty());
    }
}

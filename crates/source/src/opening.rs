//! With which files a trail begins, or goes on after a rotation: the rest of the file read last time, what was rotated
//! since, and the file that is at the path now.

use std::io;
use std::path::Path;

use event::Position;
use event::limit::WAITING_ROTATIONS;

use crate::rotation::{self, Sibling};
use crate::tail::{Identity, Past, Tail};

/// The files to read, oldest first.
#[derive(Debug)]
pub(crate) struct Opening {
    pub(crate) tails: Vec<Tail>,
    /// The file read last time is gone, perhaps with lines that we have not seen.
    pub(crate) gap: bool,
    /// There are younger ones, too many to have open at once: to be looked for again when these are read.
    pub(crate) more: bool,
}

/// A path's first file. `current` is what is there now, if anything; `present_before` says whether it was there when the
/// source was opened.
pub(crate) fn first(
    path: &Path,
    current: Option<Tail>,
    saved: Option<&Position>,
    present_before: bool,
) -> io::Result<Opening> {
    let Some(saved) = saved else {
        let mut tails: Vec<Tail> = current.into_iter().collect();
        for tail in tails.iter_mut().filter(|_| present_before) {
            tail.start_near_end()?;
        }
        return Ok(Opening { tails, gap: false, more: false });
    };
    let mut current = current;
    if let Some(tail) = &mut current
        && tail.resume(saved)?
    {
        return Ok(Opening { tails: current.into_iter().collect(), gap: false, more: false });
    }
    // A file that is there with the old inode number was truncated: nothing of it is elsewhere.
    let truncated = current.as_ref().is_some_and(|tail| is_at(tail, saved));
    let mut tails = if truncated { Vec::new() } else { unread_since(path, saved, current.as_ref()) };
    let gap = !truncated && tails.is_empty();
    if let Some(tail) = current.as_mut().filter(|_| present_before) {
        tail.call_it_old()?;
    }
    let more = tails.len() > WAITING_ROTATIONS;
    if !more {
        tails.extend(current);
    }
    Ok(Opening { tails, gap, more })
}

/// After a rotation while we listen: the files that were at the path between `newest` and `current`, and `current`.
pub(crate) fn next(path: &Path, newest: &Tail, current: Tail) -> Opening {
    let all = rotation::siblings(path);
    let known = all.iter().find(|sibling| sibling.identity == newest.identity());
    let newer = Some(current.identity());
    let between =
        known.map(|known| rotation::between(&base_of(path), known, newer, &all)).unwrap_or_default();
    let mut tails = open_all(&between);
    let more = between.len() > WAITING_ROTATIONS;
    if !more {
        tails.push(current);
    }
    Opening { tails, gap: false, more }
}

/// After a truncation while we listen: the copy that was made before it, where it has lines that we have not read.
/// `logrotate` with `copytruncate` makes one; what was written between its copy and its truncation is lost by it.
pub(crate) fn copy_of(path: &Path, truncated: Identity, past: &Past) -> Option<Tail> {
    let mut all = rotation::siblings(path);
    all.retain(|sibling| sibling.identity != truncated && rotation::is_rotated(&base_of(path), sibling));
    rotation::youngest(&all).find_map(|sibling| {
        let mut copy = Tail::open(&sibling.path).ok()?;
        copy.resume_copy(past).ok()?.then_some(copy)
    })
}

/// The file that `saved` was taken from, wherever it is in the directory by now, and what was rotated between it and
/// `current`.
fn unread_since(path: &Path, saved: &Position, current: Option<&Tail>) -> Vec<Tail> {
    let Position::File { inode, .. } = saved else { return Vec::new() };
    let all = rotation::siblings(path);
    for sibling in all.iter().filter(|sibling| sibling.identity.inode == *inode) {
        let Ok(mut tail) = Tail::open(&sibling.path) else { continue };
        let resumed = tail.resume(saved).unwrap_or(false);
        // The log's own inode under a rotated name with another head: it was truncated before it was renamed.
        if resumed || (is_at(&tail, saved) && rotation::is_rotated(&base_of(path), sibling)) {
            if !resumed {
                drop(tail.call_it_old());
            }
            let current = current.map(Tail::identity);
            let mut younger = open_all(&rotation::between(&base_of(path), sibling, current, &all));
            // The few that fail to tell their size are read as live, which loses nothing.
            younger.iter_mut().for_each(|tail| drop(tail.call_it_old()));
            return std::iter::once(tail).chain(younger).collect();
        }
    }
    Vec::new()
}

/// The oldest of them. A file that vanishes meanwhile is left out: it was compressed or deleted.
fn open_all(siblings: &[&Sibling]) -> Vec<Tail> {
    siblings.iter().take(WAITING_ROTATIONS).filter_map(|sibling| Tail::open(&sibling.path).ok()).collect()
}

fn is_at(tail: &Tail, saved: &Position) -> bool {
    matches!(saved, Position::File { device, inode, .. }
        if tail.identity().inode == *inode && tail.identity().device == *device)
}

fn base_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

//! The last good list on the disk, `NAME.list`: written as a whole or not at all, with what is needed to ask whether it has changed. A file
//! that cannot be read is no list, and the next good one takes its place.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use event::{JailName, Moment};

use crate::entry::Entry;

/// The first line.
const HEAD: &str = "# a blocklist as stockade took it last; written anew with each change";

/// A list, and how it was come by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Where it came from. A list from elsewhere is another list.
    pub origin: String,
    /// How many entries were wanted at most.
    pub most: usize,
    /// What the source called this version: `ETag`.
    pub tag: Option<String>,
    /// When the source says that it changed: `Last-Modified`.
    pub modified: Option<String>,
    /// When it was fetched.
    pub fetched: Moment,
    /// What was left out of it.
    pub left_out: u64,
    /// Who is on it, in order.
    pub entries: Vec<Entry>,
}

/// Where the list of that name is kept.
pub fn path(directory: &Path, name: &JailName) -> PathBuf {
    directory.join(format!("{name}.list"))
}

impl Kept {
    /// Writes it aside and puts it in the place of the old one. Only its owner may read it: an address may have a key in it.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let aside = path.with_extension("list.new");
        let written = self.write_to(&aside).and_then(|()| fs::rename(&aside, path));
        if written.is_err() {
            // Best effort: the next attempt writes over it.
            let _ = fs::remove_file(&aside);
        }
        written
    }

    fn write_to(&self, path: &Path) -> io::Result<()> {
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        let mut out = BufWriter::with_capacity(64 * 1024, file);
        writeln!(out, "{HEAD}")?;
        writeln!(out, "# origin: {}", self.origin)?;
        writeln!(out, "# most: {}", self.most)?;
        writeln!(out, "# fetched: {}", self.fetched.millis())?;
        writeln!(out, "# left-out: {}", self.left_out)?;
        for (name, value) in [("tag", &self.tag), ("modified", &self.modified)] {
            if let Some(value) = value {
                writeln!(out, "# {name}: {value}")?;
            }
        }
        for Entry { subject, until } in &self.entries {
            match *until {
                Moment::NEVER => writeln!(out, "{subject}")?,
                until => writeln!(out, "{subject} {}", until.millis())?,
            }
        }
        // The last line says that nothing is missing.
        writeln!(out, "# entries: {}", self.entries.len())?;
        out.into_inner()?.sync_all()
    }

    /// Reads it. `None` if there is none, or not all of it.
    pub fn read(path: &Path, most: usize) -> io::Result<Option<Self>> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(cause),
        };
        let (mut kept, mut is_whole) = (Self::default(), false);
        for line in BufReader::with_capacity(64 * 1024, file).lines() {
            let line = line?;
            if let Some(note) = line.strip_prefix("# ") {
                let Some((name, value)) = note.split_once(": ") else { continue };
                match name {
                    "origin" => kept.origin = value.to_owned(),
                    "most" => kept.most = value.parse().unwrap_or(0),
                    "fetched" => kept.fetched = Moment::from_millis(value.parse().unwrap_or(0)),
                    "left-out" => kept.left_out = value.parse().unwrap_or(0),
                    "tag" => kept.tag = Some(value.to_owned()),
                    "modified" => kept.modified = Some(value.to_owned()),
                    "entries" => is_whole = value.parse() == Ok(kept.entries.len()),
                    _ => {}
                }
            } else if let Some(entry) = entry(&line) {
                kept.entries.push(entry);
            }
        }
        kept.entries.truncate(most);
        let is_in_order = kept.entries.windows(2).all(|pair| pair[0].subject < pair[1].subject);
        Ok((is_whole && is_in_order).then_some(kept))
    }
}

fn entry(line: &str) -> Option<Entry> {
    let (subject, until) =
        line.split_once(' ').map_or((line, None), |(subject, until)| (subject, Some(until)));
    let until = until.map_or(Some(Moment::NEVER), |millis| millis.parse().ok().map(Moment::from_millis))?;
    Some(Entry { subject: subject.parse().ok()?, until })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_comes_back_whole_or_not_at_all() {
        let directory = tempfile::tempdir().unwrap();
        let path = path(directory.path(), &JailName::new("drop"));
        assert_eq!(Kept::read(&path, 10).unwrap(), None);
        let kept = Kept {
            origin: "http://user:key@lists.example/x".to_owned(),
            most: 10,
            tag: Some("W/\"a: b\"".to_owned()),
            modified: None,
            fetched: Moment::from_millis(1_700_000_000_123),
            left_out: 3,
            entries: vec![
                Entry { subject: "1.2.3.0/24".parse().unwrap(), until: Moment::NEVER },
                Entry { subject: "1.2.3.4".parse().unwrap(), until: Moment::from_millis(77) },
                Entry { subject: "2001:db8::/32".parse().unwrap(), until: Moment::NEVER },
            ],
        };
        let mut sorted = kept.clone();
        sorted.entries.sort();
        sorted.write(&path).unwrap();
        assert_eq!(Kept::read(&path, 10).unwrap(), Some(sorted.clone()));
        assert_eq!(Kept::read(&path, 1).unwrap().unwrap().entries.len(), 1);
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "nothing is left aside");
        let text = fs::read_to_string(&path).unwrap();
        for cut in [text.len() - 2, text.len() / 2, 0] {
            fs::write(&path, &text[..cut]).unwrap();
            assert_eq!(Kept::read(&path, 10).unwrap(), None, "{cut}");
        }
        fs::write(&path, b"\xff\xfe\n").unwrap();
        assert!(Kept::read(&path, 10).is_err());
    }
}

//! One name looked up, or one file read. A name is asked of the host's own resolver, which may take its time.

use std::fs::{self, Metadata};
use std::io::Read;
use std::net::{IpAddr, ToSocketAddrs};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use dropin::model::Id;
use event::limit::{FAIL2BAN_FILE_BYTES, FAIL2BAN_IGNORED_BY_NAME, FAIL2BAN_IGNORED_NAMES};
use event::{Subject, Whitelist};

use super::{Entry, Key};

/// What came of it.
#[derive(Debug)]
pub enum Looked {
    /// The file has not changed.
    Same,
    /// Who is meant.
    Found {
        /// Addresses and subnets.
        subjects: Whitelist,
        /// The names that stand in a file.
        names: Vec<Arc<Entry>>,
        /// The file as it was when it was read.
        stamp: Option<Stamp>,
        /// Why something of it was left out.
        left_out: Option<String>,
    },
    /// Why nothing was found.
    Failed(String),
}

impl Looked {
    /// Whether nothing was found.
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::Failed(_))
    }
}

/// What tells a file from what it was before: its number, its length, and when it was changed.
pub type Stamp = (u64, u64, [i64; 4]);

/// Looks. `seen` is the file as it was read before; `name` makes an entry of a name that stands in it.
pub fn at(key: &Key, seen: Option<Stamp>, name: impl Fn(&str) -> Option<Arc<Entry>>) -> Looked {
    match key {
        Key::Name(name) => look_up(name),
        Key::File(path) => read(path, seen, name),
    }
}

fn look_up(name: &str) -> Looked {
    let found: Vec<IpAddr> = match (name, 0).to_socket_addrs() {
        Ok(found) => found.map(|address| address.ip()).collect(),
        Err(cause) => return Looked::Failed(format!("the name cannot be looked up: {cause}")),
    };
    let left_out = (found.len() > FAIL2BAN_IGNORED_BY_NAME).then(|| {
        format!(
            "the name means {} addresses; only {FAIL2BAN_IGNORED_BY_NAME} of them are ignored",
            found.len()
        )
    });
    let found = found.into_iter().take(FAIL2BAN_IGNORED_BY_NAME).map(Subject::exactly);
    Looked::Found { subjects: list(found), names: Vec::new(), stamp: None, left_out }
}

fn read(path: &Path, seen: Option<Stamp>, name: impl Fn(&str) -> Option<Arc<Entry>>) -> Looked {
    let failed = |cause: &dyn std::fmt::Display| Looked::Failed(format!("the file cannot be read: {cause}"));
    let stamp = match fs::metadata(path) {
        // To open a pipe is to wait for its other end.
        Ok(found) if !found.is_file() => return failed(&"it is no file"),
        Ok(found) if found.len() > FAIL2BAN_FILE_BYTES => {
            return failed(&format!("it has more than {FAIL2BAN_FILE_BYTES} bytes"));
        }
        Ok(found) => stamp(&found),
        Err(cause) => return failed(&cause),
    };
    if seen == Some(stamp) {
        return Looked::Same;
    }
    // It may be another one by now, or longer: no more is read than was looked at.
    let mut bytes = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(FAIL2BAN_FILE_BYTES).read_to_end(&mut bytes));
    if let Err(cause) = read {
        return failed(&cause);
    }
    let text = String::from_utf8_lossy(&bytes);
    let (mut subjects, mut names, mut left_out) = (Vec::new(), Vec::new(), None);
    for word in words(&text) {
        if subjects.len() + names.len() >= FAIL2BAN_IGNORED_BY_NAME {
            left_out =
                Some(format!("it has more than {FAIL2BAN_IGNORED_BY_NAME} entries; the others are left out"));
            break;
        }
        match Id::read(word) {
            Ok(Id::Network(address, bits)) => subjects.push(Subject::network(address, bits)),
            Ok(Id::Raw(text)) if !text.starts_with("file:") => match name(&text) {
                Some(entry) => names.push(entry),
                None => {
                    left_out = Some(format!(
                        "'{text}' is left out: there are more than {FAIL2BAN_IGNORED_NAMES} names"
                    ));
                }
            },
            Ok(Id::Raw(_)) | Err(_) => {
                left_out = Some(format!("'{word}' is left out: it is no address, no subnet and no name"));
            }
        }
    }
    Looked::Found { subjects: list(subjects), names, stamp: Some(stamp), left_out }
}

/// The entries of a file: between blanks, commas and line ends; `#` or `;` behind a blank or at the beginning of a line begins a comment.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let bare = |line: &'_ str| -> usize {
        let begins = |at: usize| {
            line[..at].chars().next_back().is_none_or(|before| before.is_whitespace() || before == ',')
        };
        line.match_indices(['#', ';']).map(|(at, _)| at).find(|at| begins(*at)).unwrap_or(line.len())
    };
    let lines = text.lines().map(move |line| &line[..bare(line)]);
    lines.flat_map(|line| line.split([',', ' ', '\t', '\r'])).filter(|word| !word.is_empty())
}

fn stamp(found: &Metadata) -> Stamp {
    let times = [found.mtime(), found.mtime_nsec(), found.ctime(), found.ctime_nsec()];
    (found.ino(), found.len(), times)
}

fn list(subjects: impl IntoIterator<Item = Subject>) -> Whitelist {
    // Where they come from stands in the entry.
    Whitelist::new(subjects.into_iter().map(|subject| (subject, String::new())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_as_fail2ban_1_1_1_reads_it() {
        let text = "test-local-net                     ; test local subnet\ntest-subnet-a, test-subnet-b       ; further\n\
                    192.0.2.200, 2001:0db8::00c8       # 2 IPs\n192.0.2.216/29,2001:db8::d8/125\n#all of it\n  ; this too\na#b\n";
        let found: Vec<&str> = words(text).collect();
        assert_eq!(
            found,
            [
                "test-local-net",
                "test-subnet-a",
                "test-subnet-b",
                "192.0.2.200",
                "2001:0db8::00c8",
                "192.0.2.216/29",
                "2001:db8::d8/125",
                "a#b"
            ]
        );
    }
}

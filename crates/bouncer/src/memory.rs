//! What the origin said last, in a file: for a start after which neither the kernel nor the origin can tell. One thing a line;
//! written beside and moved into place, so that it is whole or the one before.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use event::{Moment, Subject};

const NAME: &str = "bouncer.last";

/// What was known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Whom the origin wanted never to be blocked.
    pub whitelist: Vec<Subject>,
    /// Who was to be kept out, and until when.
    pub bans: Vec<(Subject, Moment)>,
}

impl Memory {
    /// Reads it; nothing if there is none. A line that is no such thing is passed over: it may be a later version's.
    pub fn read(directory: &Path) -> Self {
        let mut memory = Self::default();
        let Ok(text) = fs::read_to_string(directory.join(NAME)) else { return memory };
        for line in text.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            match words.as_slice() {
                ["never", subject] => memory.whitelist.extend(subject.parse::<Subject>()),
                ["ban", subject, until] => {
                    if let (Ok(subject), Ok(until)) = (subject.parse(), until.parse()) {
                        memory.bans.push((subject, Moment::from_millis(until)));
                    }
                }
                _ => {}
            }
        }
        memory
    }

    /// Writes it.
    pub fn write(&self, directory: &Path) -> io::Result<()> {
        let (beside, file) = (directory.join(format!("{NAME}.new")), directory.join(NAME));
        let mut out = BufWriter::new(File::create(&beside)?);
        for subject in &self.whitelist {
            writeln!(out, "never {subject}")?;
        }
        for (subject, until) in &self.bans {
            writeln!(out, "ban {subject} {}", until.millis())?;
        }
        out.into_inner()?.sync_all()?;
        fs::rename(beside, file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_back_and_the_rest_is_passed_over() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(Memory::read(directory.path()), Memory::default());
        let memory = Memory {
            whitelist: vec!["192.0.2.0/24".parse().unwrap()],
            bans: vec![
                ("2001:db8::/64".parse().unwrap(), Moment::from_millis(7)),
                ("192.0.2.1".parse().unwrap(), Moment::NEVER),
            ],
        };
        memory.write(directory.path()).unwrap();
        assert_eq!(Memory::read(directory.path()), memory);
        let file = directory.path().join(NAME);
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, format!("ban x 7\nlater\nban 192.0.2.9\n{text}")).unwrap();
        assert_eq!(Memory::read(directory.path()), memory);
    }
}

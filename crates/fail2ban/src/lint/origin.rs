//! Which line of which file a pattern comes from: of all lines of a filter's files, the one whose own text makes the most of it. fail2ban puts
//! names and tags in, from several files and several options, so that the place of the option alone would not say which line is meant.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use crate::complaint::Place;
use crate::conf::Conf;
use crate::disk;

/// The lines of a filter's files.
#[derive(Debug, Default)]
pub struct Origin {
    lines: Vec<Line>,
}

#[derive(Debug)]
struct Line {
    place: Place,
    /// The texts between what is put in, in order.
    texts: Vec<String>,
    length: usize,
}

impl Origin {
    /// The files from which `confs` have values.
    pub fn of(confs: &[&Conf]) -> Self {
        let mut files: BTreeSet<Arc<Path>> = BTreeSet::new();
        for conf in confs {
            let sections = conf.sections.iter().map(|(_, section)| section).chain([&conf.defaults]);
            files.extend(
                sections.flat_map(|section| section.iter().map(|(_, value)| value.place.file.clone())),
            );
        }
        let mut lines = Vec::new();
        for file in files {
            let Ok(Some(text)) = disk::text(&file) else { continue };
            for (index, line) in text.lines().enumerate() {
                let line_number = u32::try_from(index + 1).unwrap_or(u32::MAX);
                lines.extend(Line::new(line, Place { file: file.clone(), line: line_number }));
            }
        }
        Self { lines }
    }

    /// Where a pattern stands; of several such lines, the first or the `last`. None: no line has anything of it.
    pub fn place(&self, pattern: &str, last: bool) -> Option<Place> {
        let fitting = self.lines.iter().filter(|line| line.fits(pattern));
        let key = |line: &&Line| (line.is_whole(pattern), line.length);
        let best = if last { fitting.max_by_key(key) } else { fitting.rev().max_by_key(key) };
        Some(best?.place.clone())
    }
}

impl Line {
    fn new(line: &str, place: Place) -> Option<Self> {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';', '[']) && !line.starts_with([' ', '\t']) {
            return None;
        }
        let texts = texts(value(line).trim());
        let length = texts.iter().map(String::len).sum();
        // Shorter ones are names and numbers.
        (length >= 3).then_some(Self { place, texts, length })
    }

    /// Whether its texts are in the pattern, in order.
    fn fits(&self, pattern: &str) -> bool {
        let mut rest = pattern;
        self.texts.iter().all(|text| match rest.find(text.as_str()) {
            Some(at) => {
                rest = &rest[at + text.len()..];
                true
            }
            None => false,
        })
    }

    /// Whether it is the whole pattern, rather than something that was put into it.
    fn is_whole(&self, pattern: &str) -> bool {
        let ends = |text: Option<&String>| text.is_some_and(|text| pattern.ends_with(text.as_str()));
        let starts = |text: Option<&String>| text.is_some_and(|text| pattern.starts_with(text.as_str()));
        starts(self.texts.first()) && ends(self.texts.last())
    }
}

/// The value of `name = value`; of a line that goes on, all of it.
fn value(line: &str) -> &str {
    if line.starts_with([' ', '\t']) {
        return line;
    }
    let name = line.find(|c: char| !(c.is_alphanumeric() || "_-./?".contains(c))).unwrap_or(line.len());
    line[name..].trim_start().strip_prefix(['=', ':']).unwrap_or(line)
}

/// What stands between `%(name)s` and tags; `%%` is the sign. Tags of patterns stay in place, so they cut nothing off but themselves.
fn texts(value: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut rest = value;
    while let Some(at) = rest.find(['%', '<']) {
        let (text, from) = rest.split_at(at);
        let put_in = match from.strip_prefix("%(") {
            Some(name) => name.find(")s").map(|end| end + 4),
            None if from.starts_with('<') => from.find('>').map(|end| end + 1),
            None => None,
        };
        let last = found.len() - 1;
        found[last].push_str(text);
        rest = match put_in {
            Some(length) => {
                found.push(String::new());
                &from[length..]
            }
            None => {
                found[last].push_str(&from[..1]);
                let behind = &from[1..];
                if from.starts_with("%%") { &behind[1..] } else { behind }
            }
        };
    }
    let last = found.len() - 1;
    found[last].push_str(rest);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_is_left_out() {
        assert_eq!(texts("^%(__prefix_line)sbad <HOST> 100%%$"), ["^", "bad ", " 100%$"]);
        assert_eq!(value("failregex = ^a=b$"), " ^a=b$");
        assert_eq!(value("            ^a=b$"), "            ^a=b$");
    }
}

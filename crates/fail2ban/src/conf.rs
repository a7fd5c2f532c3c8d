//! Several files made one: includes before and after, later files over earlier ones, and what was overwritten kept as `known`. It
//! refuses to know what the options mean.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use event::limit;

use crate::complaint::{Complaint, Place, Wrong};
use crate::disk;
use crate::ini::{self, DEFAULT, Section, Sections};
use crate::ordered::Ordered;

/// The options of all files together.
#[derive(Clone, Debug, Default)]
pub struct Conf {
    /// The options that every section has.
    pub defaults: Section,
    /// The sections but `DEFAULT`, in the order in which they first came.
    pub sections: Sections,
    /// For each section, what later files overwrote.
    pub known: HashMap<String, Section>,
}

/// `NAME.conf`, `NAME.d/*.conf`, `NAME.local` and `NAME.d/*.local` of a folder, in fail2ban's order, as far as they are there. `name` may
/// lead into a folder (`filter.d/sshd`). None: there is not one.
pub fn read(folder: &Path, name: &str) -> (Option<Conf>, Vec<Complaint>) {
    let mut roots = Vec::new();
    let drop_ins = folder.join(format!("{name}.d"));
    for ending in ["conf", "local"] {
        let own = folder.join(format!("{name}.{ending}"));
        if disk::is_there(&own) {
            roots.push(own);
        }
        roots.extend(disk::ending_in(&drop_ins, ending));
    }
    let mut reader = Reader::default();
    let order = reader.with_includes(&roots, &[]);
    let mut conf = Conf::default();
    for path in &order {
        if let Some(sections) = reader.parsed.get(path).and_then(Option::as_ref) {
            conf.merge(sections);
        }
    }
    reader.complaints.truncate(limit::FAIL2BAN_COMPLAINTS);
    ((!order.is_empty()).then_some(conf), reader.complaints)
}

impl Conf {
    /// Whether there is such a section.
    pub fn has(&self, section: &str) -> bool {
        self.sections.has(section)
    }

    /// Puts a file's sections over what is there.
    fn merge(&mut self, file: &Sections) {
        for (name, section) in file.iter() {
            if name == DEFAULT {
                self.defaults.update(section);
                continue;
            }
            // `[Init?family=inet6]` is `[Init]` with the condition behind each name.
            let (name, condition) = conditional(name);
            let mut given = Section::default();
            for (option, value) in section.iter() {
                given.insert(&format!("{option}{condition}"), value.clone());
            }
            self.overlay(name, &given);
        }
    }

    fn overlay(&mut self, name: &str, given: &Section) {
        let Some(held) = self.sections.get_mut(name) else {
            self.sections.insert(name, given.clone());
            return;
        };
        let known = self.known.entry(name.to_owned()).or_default();
        for (option, value) in held.iter().filter(|(option, _)| given.has(option)) {
            known.insert(option, value.clone());
        }
        held.update(given);
    }
}

/// `Init?family=inet6` is `Init` and `?family=inet6`; any other name has no condition.
pub fn conditional(name: &str) -> (&str, &str) {
    match name.find('?') {
        Some(at)
            if at > 0
                && at + 1 < name.len()
                && name[..at].chars().all(|c| c.is_alphanumeric() || c == '_') =>
        {
            name.split_at(at)
        }
        _ => (name, ""),
    }
}

#[derive(Default)]
struct Reader {
    /// None: the file is not there or cannot be read, and that was said.
    parsed: HashMap<PathBuf, Option<Sections>>,
    complaints: Vec<Complaint>,
    files: usize,
}

impl Reader {
    /// The files in the order in which they count: each with its `.local` behind it, and around each what it includes.
    fn with_includes(&mut self, paths: &[PathBuf], above: &[PathBuf]) -> Vec<PathBuf> {
        let mut expanded = Vec::new();
        for path in paths {
            expanded.push(path.clone());
            let local = path.with_extension("local");
            if !paths.contains(&local) && disk::is_there(&local) {
                expanded.push(local);
            }
        }
        expanded.iter().flat_map(|path| self.around(path, above)).collect()
    }

    /// What a file includes before, the file, and what it includes after.
    fn around(&mut self, path: &Path, above: &[PathBuf]) -> Vec<PathBuf> {
        self.files += 1;
        if self.files > limit::FAIL2BAN_FILES {
            if self.files == limit::FAIL2BAN_FILES + 1 {
                self.complain(path, Wrong::TooManyFiles);
            }
            return Vec::new();
        }
        if above.len() > limit::FAIL2BAN_INCLUDE_DEPTH {
            self.complain(path, Wrong::IncludedTooDeep);
            return Vec::new();
        }
        let Some(includes) = self.includes(path) else { return Vec::new() };
        let mut here = above.to_vec();
        here.push(path.to_owned());
        let [before, after] =
            includes.map(|(place, names)| self.included(path, place.as_ref(), &names, &here));
        [before, vec![path.to_owned()], after].concat()
    }

    fn included(
        &mut self,
        path: &Path,
        place: Option<&Place>,
        names: &str,
        above: &[PathBuf],
    ) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for name in names.split('\n').filter(|name| !name.is_empty()) {
            let wanted = path.parent().unwrap_or(Path::new("")).join(name);
            // A file that includes itself in the end is read once, as fail2ban does it.
            if above.contains(&wanted) {
                continue;
            }
            let files = self.with_includes(std::slice::from_ref(&wanted), above);
            // A `.local` file is there to be made by the administrator, or not.
            let may_be_missing = wanted.extension().is_some_and(|ending| ending == "local");
            if files.is_empty()
                && !may_be_missing
                && !disk::is_there(&wanted)
                && let Some(place) = place.cloned()
            {
                self.complaints
                    .push(Complaint { place, wrong: Wrong::NoInclude(wanted.display().to_string()) });
            }
            found.extend(files);
        }
        found
    }

    /// `before` and `after` of `[INCLUDES]`, interpolated. None: there is no such file.
    fn includes(&mut self, path: &Path) -> Option<[(Option<Place>, String); 2]> {
        if !self.parsed.contains_key(path) {
            let sections = self.parse(path);
            self.parsed.insert(path.to_owned(), sections);
        }
        let sections = self.parsed.get(path)?.as_ref()?;
        let mut alone = Conf::default();
        alone.merge(sections);
        if !alone.has("INCLUDES") {
            return Some([(None, String::new()), (None, String::new())]);
        }
        let mut wrong = Vec::new();
        let both = ["before", "after"].map(|option| {
            let value = alone.get("INCLUDES", option, &Ordered::default()).unwrap_or_else(|complaint| {
                wrong.push(complaint);
                None
            });
            value.map_or((None, String::new()), |value| (Some(value.place), value.text))
        });
        self.complaints.extend(wrong);
        Some(both)
    }

    fn parse(&mut self, path: &Path) -> Option<Sections> {
        match disk::text(path) {
            Ok(None) => None,
            Ok(Some(text)) => {
                let (sections, complaints) = ini::parse(&text, path);
                self.complaints.extend(complaints);
                Some(sections)
            }
            Err(wrong) => {
                self.complain(path, wrong);
                None
            }
        }
    }

    fn complain(&mut self, path: &Path, wrong: Wrong) {
        self.complaints.push(Complaint { place: Place::file(path), wrong });
    }
}

//! Which files are wanted: an absolute path or a glob, taken apart at its slashes. Looks at no file.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use glob::MatchOptions;

use crate::SourceError;

/// One log as the settings name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSpec {
    /// An absolute path or a glob (`*`, `?`, `[a-z]`); `**` means the same as `*`.
    pub pattern: String,
}

impl FileSpec {
    /// Whether it can be followed at all, be there what may.
    pub fn check(&self) -> Result<(), SourceError> {
        Pattern::parse(self).map(drop)
    }
}

/// A pattern taken apart.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    /// What stands between the slashes, never empty.
    pub(crate) parts: Vec<Part>,
    /// Whether any part is a wildcard.
    pub(crate) is_glob: bool,
}

/// What stands between two slashes.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    Name(OsString),
    Wild(glob::Pattern),
}

impl Pattern {
    pub(crate) fn parse(spec: &FileSpec) -> Result<Self, SourceError> {
        let pattern = &spec.pattern;
        let not_absolute = || SourceError::NotAbsolute { pattern: pattern.clone() };
        if !Path::new(pattern).is_absolute() || pattern.ends_with('/') {
            return Err(not_absolute());
        }
        let texts = pattern.split('/').filter(|text| !text.is_empty() && *text != ".");
        let parts: Vec<Part> = texts.map(|text| Part::parse(text, pattern)).collect::<Result<_, _>>()?;
        if parts.is_empty() {
            return Err(not_absolute());
        }
        let is_glob = parts.iter().any(|part| matches!(part, Part::Wild(_)));
        Ok(Self { parts, is_glob })
    }

    /// Whether this path is meant, be it there or not.
    pub(crate) fn matches(&self, path: &Path) -> bool {
        let names: Vec<&OsStr> = path.iter().skip(1).collect();
        names.len() == self.parts.len() && self.parts.iter().zip(names).all(|(part, name)| part.matches(name))
    }
}

impl Part {
    fn parse(text: &str, pattern: &str) -> Result<Self, SourceError> {
        if !text.contains(['*', '?', '[']) {
            return Ok(Self::Name(text.into()));
        }
        match glob::Pattern::new(text) {
            Ok(wild) => Ok(Self::Wild(wild)),
            Err(error) => {
                Err(SourceError::NotAGlob { pattern: pattern.into(), part: text.into(), reason: error.msg })
            }
        }
    }

    /// Whether a file of this name is meant. As in a shell, a wildcard does not find hidden names.
    pub(crate) fn matches(&self, name: &OsStr) -> bool {
        match self {
            Self::Name(wanted) => wanted == name,
            Self::Wild(wild) => {
                let options = MatchOptions { require_literal_leading_dot: true, ..MatchOptions::new() };
                wild.matches_with(&name.to_string_lossy(), options)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(pattern: &str) -> Result<Pattern, SourceError> {
        Pattern::parse(&FileSpec { pattern: pattern.into() })
    }

    #[test]
    fn what_is_no_path_of_a_file_is_refused() {
        for pattern in ["", "auth.log", "/", "/var/log/", "/var/log/[a.log"] {
            assert!(parse(pattern).is_err(), "{pattern}");
        }
    }

    #[test]
    fn wildcards_do_not_find_hidden_files() {
        let pattern = parse("/var//./log/*.log").unwrap();
        assert_eq!(pattern.parts.len(), 3);
        assert!(pattern.is_glob);
        assert!(pattern.matches(Path::new("/var/log/a.log")));
        assert!(!pattern.matches(Path::new("/var/log/b/a.log")));
        assert!(pattern.parts[2].matches(OsStr::new("a.log")));
        assert!(!pattern.parts[2].matches(OsStr::new(".a.log")));
        assert!(!pattern.parts[2].matches(OsStr::new("a.log.1")));
    }
}

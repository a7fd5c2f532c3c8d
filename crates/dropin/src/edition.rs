//! Which fail2ban is spoken. Its client does not say which one it is, so the package on the host does: its client is the one that will ask.
//! Reads one file of it and runs nothing.

use std::fs;
use std::path::{Path, PathBuf};

use event::limit::FAIL2BAN_VERSION_BYTES;

/// Which fail2ban is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Edition {
    /// 1.0.2, which Debian 12 has. Spoken for the editions before it.
    #[default]
    V1_0,
    /// 1.1.0, which Debian 13 has. Spoken where none is found: it has every command.
    V1_1_0,
    /// 1.1.1 and later.
    V1_1_1,
}

/// Where a distribution puts its Python packages; `*` stands for Python's version.
const PLACES: [&str; 4] = [
    "usr/lib/python3/dist-packages",
    "usr/lib/python3*/site-packages",
    "usr/local/lib/python3*/dist-packages",
    "usr/local/lib/python3*/site-packages",
];

impl Edition {
    /// That of the package of the host whose file system is at `root`.
    pub fn installed(root: &Path) -> Self {
        let files = PLACES.iter().flat_map(|place| folders(root, place));
        let told = files.map(|folder| folder.join("fail2ban/version.py")).find_map(|file| {
            let length = fs::metadata(&file).ok()?.len();
            (length <= FAIL2BAN_VERSION_BYTES).then(|| fs::read_to_string(file).ok())?
        });
        told.as_deref().and_then(version).map_or(Self::V1_1_0, Self::of)
    }

    /// By a version such as `1.1.0` or `1.1.1.dev1`.
    pub fn of(version: &str) -> Self {
        let mut numbers = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
        let mut next = || numbers.next().unwrap_or(0);
        match [next(), next(), next()] {
            version if version < [1, 1, 0] => Self::V1_0,
            version if version < [1, 1, 1] => Self::V1_1_0,
            _ => Self::V1_1_1,
        }
    }

    /// What `version` answers.
    pub fn version(self) -> &'static str {
        match self {
            Self::V1_0 => "1.0.2",
            Self::V1_1_0 => "1.1.0",
            Self::V1_1_1 => "1.1.1",
        }
    }
}

/// The folders that a pattern means, in order of their names.
fn folders(root: &Path, place: &str) -> Vec<PathBuf> {
    let Some((before, after)) = place.split_once('*') else { return vec![root.join(place)] };
    let Some((folder, beginning)) = before.rsplit_once('/') else { return Vec::new() };
    let entries = fs::read_dir(root.join(folder)).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| name.starts_with(beginning)).collect();
    names.sort();
    names.into_iter().map(|name| root.join(format!("{folder}/{name}{after}"))).collect()
}

/// `version = "1.1.0"`
fn version(text: &str) -> Option<&str> {
    let line = text.lines().find_map(|line| line.strip_prefix("version = "))?;
    Some(line.trim().trim_matches(['"', '\'']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_version_has_its_edition() {
        let of = ["0.11.2", "1.0.2", "1.0.2.fix1", "1.1.0", "1.1.0.1", "1.1.1", "1.1.1.dev1", "2.0"]
            .map(Edition::of);
        let expected = [
            Edition::V1_0,
            Edition::V1_0,
            Edition::V1_0,
            Edition::V1_1_0,
            Edition::V1_1_0,
            Edition::V1_1_1,
            Edition::V1_1_1,
            Edition::V1_1_1,
        ];
        assert_eq!(of, expected);
    }

    #[test]
    fn the_package_tells_wherever_a_distribution_puts_it() {
        for place in ["usr/lib/python3/dist-packages", "usr/lib/python3.13/site-packages"] {
            let root = tempfile::tempdir().unwrap();
            assert_eq!(Edition::installed(root.path()), Edition::V1_1_0, "it has every command");
            let folder = root.path().join(place).join("fail2ban");
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("version.py"), "# 1.0.2\n\nversion = \"1.1.1\"\n").unwrap();
            assert_eq!(Edition::installed(root.path()), Edition::V1_1_1, "{place}");
        }
    }
}

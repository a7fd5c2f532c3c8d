//! The journal as fail2ban's backend `systemd` reads it: what stands in brackets behind it, as options of `journalctl`, and the time that
//! it puts before an entry. It refuses to start anything and to read an entry; of files it asks whether they are there.

use std::fmt;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::{disk, words};

/// Why what stands in brackets cannot be used, in the words of fail2ban and of its Python library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// There is no such option.
    Unknown(String),
    /// `journalflags` is no number.
    NotANumber(String),
    /// Both a folder and files.
    PathAndFiles,
    /// `journalflags` that do not go with the rest or mean nothing, or no files.
    Opening,
    /// No folder.
    NoPath,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(name) => {
                write!(f, "Filter.__init__() got an unexpected keyword argument {}", crate::repr::text(name))
            }
            Self::NotANumber(text) => {
                write!(f, "invalid literal for int() with base 10: {}", crate::repr::text(text))
            }
            Self::PathAndFiles => f.write_str("path and files cannot be specified simultaneously"),
            Self::Opening => f.write_str("Opening the journal failed"),
            Self::NoPath => f.write_str("[Errno 2] No such file or directory"),
        }
    }
}

impl std::error::Error for Refused {}

/// Where what is kept only until the next start is.
pub const RUNTIME: &str = "/run/log/journal";
/// The option of `journalctl` that means it. It has none for the flag itself.
pub const RUNTIME_OPTION: &str = "--directory=/run/log/journal";

/// Only of this machine.
const LOCAL_ONLY: i64 = 1;
/// Only what is kept until the next start.
const RUNTIME_ONLY: i64 = 2;
/// Only of services and the kernel; fail2ban's default.
const SYSTEM_ONLY: i64 = 4;
/// Only of the user who reads.
const CURRENT_USER: i64 = 8;

/// The options of `journalctl` that mean what `systemd[…]` means.
pub fn options(told: &[(String, String)]) -> Result<Vec<String>, Refused> {
    let known = ["journalpath", "journalfiles", "journalflags", "namespace"];
    // `rotated`, which came with fail2ban 1.1, is no matter here: rotated files are always read.
    if let Some((name, _)) =
        told.iter().find(|(name, _)| !known.contains(&name.as_str()) && name != "rotated")
    {
        return Err(Refused::Unknown(name.clone()));
    }
    let option = |wanted: &str| told.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    let number = |text: &str| text.trim().parse::<i64>().map_err(|_| Refused::NotANumber(text.to_owned()));
    let flags = option("journalflags").map(number).transpose()?;
    let (path, files) = (option("journalpath"), option("journalfiles"));
    match (path, files) {
        (Some(_), Some(_)) => Err(Refused::PathAndFiles),
        (Some(""), None) => Err(Refused::NoPath),
        (Some(path), None) => {
            Ok([vec![format!("--directory={path}")], kinds(flags.unwrap_or(0), 0)?].concat())
        }
        // Of single files, every entry is read.
        (None, Some(files)) if flags.unwrap_or(0) != 0 || words::listed(files).next().is_none() => {
            Err(Refused::Opening)
        }
        (None, Some(files)) => Ok(present(files).into_iter().map(|file| format!("--file={file}")).collect()),
        (None, None) => of_the_host(flags.unwrap_or(SYSTEM_ONLY), option("namespace")),
    }
}

/// The files and patterns that find something. `journalctl` takes none that is not there beside others; where there is none at all, it says so.
fn present(files: &str) -> Vec<&str> {
    let all: Vec<&str> = words::listed(files).collect();
    let found: Vec<&str> = all.iter().copied().filter(|file| !disk::matching(file).is_empty()).collect();
    if found.is_empty() { all } else { found }
}

fn of_the_host(flags: i64, namespace: Option<&str>) -> Result<Vec<String>, Refused> {
    let mut options: Vec<String> = namespace.iter().map(|name| format!("--namespace={name}")).collect();
    match (flags & RUNTIME_ONLY != 0, flags & LOCAL_ONLY != 0) {
        (true, _) if namespace.is_some() => return Err(Refused::Opening),
        (true, _) => options.push(RUNTIME_OPTION.to_owned()),
        // Left to itself, `journalctl` reads this machine's alone, and fail2ban all that lie here.
        (false, false) => options.push("--merge".to_owned()),
        (false, true) => {}
    }
    options.extend(kinds(flags, LOCAL_ONLY | RUNTIME_ONLY)?);
    Ok(options)
}

/// Whose entries are meant. Flags beside those that are `allowed` are refused.
fn kinds(flags: i64, allowed: i64) -> Result<Vec<String>, Refused> {
    if flags < 0 || flags & !(SYSTEM_ONLY | CURRENT_USER | allowed) != 0 {
        return Err(Refused::Opening);
    }
    let kinds = [(SYSTEM_ONLY, "--system"), (CURRENT_USER, "--user")];
    Ok(kinds.iter().filter(|(flag, _)| flags & flag != 0).map(|(_, option)| (*option).to_owned()).collect())
}

/// Whether a word is a match of the journal, `FIELD=value`, by a field that it can be asked for.
pub fn is_match(word: &str) -> bool {
    let is_field = |field: &str| {
        let is_plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        !field.is_empty() && !field.starts_with("__") && field.chars().all(is_plain)
    };
    word.split_once('=').is_some_and(|(field, _)| is_field(field))
}

/// The time of an entry as it stands before it, with the space behind it: local, with microseconds if there are any. Python's library goes by the
/// offset of the present day; here it is that of the entry's.
pub fn date(micros: i64, zone: &TimeZone) -> String {
    // A journal's moments are within what can be shown.
    let at = Timestamp::from_microsecond(micros).unwrap_or_default().to_zoned(zone.clone());
    let form =
        if micros.rem_euclid(1_000_000) == 0 { "%Y-%m-%dT%H:%M:%S%:z " } else { "%Y-%m-%dT%H:%M:%S.%6f%:z " };
    at.strftime(form).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Result<String, String> {
        let spelled = crate::options::Spelled::parse(&format!("systemd[{text}]")).unwrap();
        options(&spelled.options).map(|options| options.join(" ")).map_err(|refused| refused.to_string())
    }

    #[test]
    fn what_journalctl_is_told() {
        for (text, options) in [
            ("", "--merge --system"),
            ("rotated=on", "--merge --system"),
            ("journalflags=0", "--merge"),
            ("journalflags=1", ""),
            ("journalflags=5", "--system"),
            ("journalflags=12", "--merge --system --user"),
            ("journalflags=6", "--directory=/run/log/journal --system"),
            ("journalpath=/a b", "--directory=/a b"),
            ("journalpath=/a, journalflags=4", "--directory=/a --system"),
            ("journalfiles=\"/a/*.journal, /b\"", "--file=/a/*.journal --file=/b"),
            ("namespace=x", "--namespace=x --merge --system"),
        ] {
            assert_eq!(told(text).as_deref(), Ok(options), "{text}");
        }
    }

    #[test]
    fn what_is_refused() {
        let failed = "Opening the journal failed";
        for (text, why) in [
            ("bogus=1", "Filter.__init__() got an unexpected keyword argument 'bogus'"),
            ("journalflags=x", "invalid literal for int() with base 10: 'x'"),
            ("journalpath=/a, journalfiles=/b", "path and files cannot be specified simultaneously"),
            ("journalflags=32", failed),
            ("journalflags=-1", failed),
            ("journalpath=/a, journalflags=1", failed),
            ("journalfiles=/a, journalflags=4", failed),
            ("journalflags=2, namespace=x", failed),
            ("journalfiles=", failed),
            ("journalpath=", "[Errno 2] No such file or directory"),
        ] {
            assert_eq!(told(text).unwrap_err(), why, "{text}");
        }
    }

    #[test]
    fn what_is_a_match() {
        for (word, is) in [
            ("_COMM=x", true),
            ("A=", true),
            ("a=x", false),
            ("=x", false),
            ("__CURSOR=x", false),
            ("--help", false),
        ] {
            assert_eq!(is_match(word), is, "{word}");
        }
    }

    #[test]
    fn times_before_an_entry() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        assert_eq!(date(1_700_000_000_000_000, &zone), "2023-11-15T00:13:20+02:00 ");
        assert_eq!(date(1_700_000_000_000_700, &zone), "2023-11-15T00:13:20.000700+02:00 ");
    }
}

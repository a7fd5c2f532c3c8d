//! The command line of `fail2ban-regex`, as data: options and words in any order. It refuses to say what the log is.

use super::Ask;

/// What a command line comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A report.
    Report(Box<Ask>),
    /// `-h`: the help; exit code 0.
    Help,
    /// `--version`, or `-V` (short); exit code 0.
    Version {
        /// Only the number.
        short: bool,
    },
    /// It cannot be understood, and this is why; exit code 2 for an option, 255 for the number of words.
    Wrong {
        /// What is wrong.
        text: String,
        /// The exit code.
        code: u8,
    },
}

/// Options: letter, names, whether a value stands behind.
const OPTIONS: [(Option<char>, &[&str], bool); 24] = [
    (Some('h'), &["help"], false),
    (None, &["version"], false),
    (Some('c'), &["config"], true),
    (Some('d'), &["datepattern"], true),
    (None, &["timezone", "TZ"], true),
    (Some('e'), &["encoding"], true),
    (Some('r'), &["raw"], false),
    (None, &["usedns"], true),
    (Some('L'), &["maxlines"], true),
    (Some('m'), &["journalmatch"], true),
    (Some('l'), &["log-level"], true),
    (Some('V'), &[], false),
    (Some('v'), &["verbose"], false),
    (None, &["verbosity"], true),
    (None, &["verbose-date", "VD"], false),
    (Some('D'), &["debuggex"], false),
    (None, &["no-check-all"], false),
    (Some('o'), &["out"], true),
    (None, &["print-no-missed"], false),
    (None, &["print-no-ignored"], false),
    (None, &["print-all-matched"], false),
    (None, &["print-all-missed"], false),
    (None, &["print-all-ignored"], false),
    (Some('t'), &["log-traceback", "full-traceback"], false),
];

impl Default for Ask {
    fn default() -> Self {
        Self {
            config: "/etc/fail2ban".to_owned(),
            datepattern: None,
            timezone: None,
            encoding: "UTF-8".to_owned(),
            raw: false,
            usedns: None,
            maxlines: 0,
            journalmatch: None,
            verbose: 0,
            check_all: true,
            out: None,
            no_missed: false,
            no_ignored: false,
            all_matched: false,
            all_missed: false,
            all_ignored: false,
            log: String::new(),
            regex: String::new(),
            ignoreregex: None,
        }
    }
}

/// Takes the arguments apart, without the program's name.
pub fn arguments(arguments: &[String]) -> Asked {
    let mut ask = Ask::default();
    let mut words = Vec::new();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        if argument == "--" {
            words.extend(rest.by_ref().cloned());
            break;
        }
        let taken = match (argument.strip_prefix("--"), argument.strip_prefix('-')) {
            (Some(long), _) => long_one(&mut ask, long, &mut rest),
            (None, Some(letters)) if !letters.is_empty() => short_ones(&mut ask, letters, &mut rest),
            _ => {
                words.push(argument.clone());
                continue;
            }
        };
        match taken {
            Ok(None) => {}
            Ok(Some(asked)) => return asked,
            Err(text) => return Asked::Wrong { text, code: 2 },
        }
    }
    finished(ask, words)
}

fn finished(mut ask: Ask, words: Vec<String>) -> Asked {
    let both = [(ask.no_missed && ask.all_missed, "missed"), (ask.no_ignored && ask.all_ignored, "ignored")];
    if let Some((_, kind)) = both.iter().find(|(both, _)| *both) {
        let text = format!("ERROR: --print-no-{kind} and --print-all-{kind} are mutually exclusive.");
        return Asked::Wrong { text, code: 255 };
    }
    let mut words = words.into_iter();
    match (words.next(), words.next(), words.next(), words.next()) {
        (Some(log), Some(regex), ignoreregex, None) => {
            (ask.log, ask.regex, ask.ignoreregex) = (log, regex, ignoreregex);
            Asked::Report(Box::new(ask))
        }
        _ => Asked::Wrong { text: "ERROR: provide both <LOG> and <REGEX>.".to_owned(), code: 255 },
    }
}

type Taken = Result<Option<Asked>, String>;

/// An option may be cut short as long as it is clear which one is meant.
fn long_one<'a>(ask: &mut Ask, text: &str, rest: &mut impl Iterator<Item = &'a String>) -> Taken {
    let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
    let known = || OPTIONS.iter().flat_map(|(_, names, value)| names.iter().map(move |name| (*name, *value)));
    let exact: Vec<(&str, bool)> = known().filter(|(known, _)| *known == name).collect();
    let near: Vec<(&str, bool)> = known().filter(|(known, _)| known.starts_with(name)).collect();
    let (name, valued) = match (exact.as_slice(), near.as_slice()) {
        ([one], _) | (_, [one]) => *one,
        (_, []) => return Err(format!("no such option: --{name}")),
        _ => return Err(format!("ambiguous option: --{name}")),
    };
    let value = match (valued, value) {
        (true, Some(value)) => value.to_owned(),
        (true, None) => rest.next().ok_or_else(|| format!("--{name} option requires 1 argument"))?.clone(),
        (false, None) => String::new(),
        (false, Some(_)) => return Err(format!("--{name} option does not take a value")),
    };
    ask.option(name, value)
}

fn short_ones<'a>(ask: &mut Ask, letters: &str, rest: &mut impl Iterator<Item = &'a String>) -> Taken {
    for (at, letter) in letters.char_indices() {
        let known = OPTIONS.iter().find(|(known, _, _)| *known == Some(letter));
        let &(_, names, valued) = known.ok_or_else(|| format!("no such option: -{letter}"))?;
        if letter == 'V' {
            return Ok(Some(Asked::Version { short: true }));
        }
        let name = names.first().copied().unwrap_or_default();
        if !valued {
            if let Some(asked) = ask.option(name, String::new())? {
                return Ok(Some(asked));
            }
            continue;
        }
        let behind = &letters[at + letter.len_utf8()..];
        let value = match behind {
            "" => rest.next().ok_or_else(|| format!("-{letter} option requires 1 argument"))?.clone(),
            behind => behind.to_owned(),
        };
        return ask.option(name, value);
    }
    Ok(None)
}

impl Ask {
    fn option(&mut self, name: &str, value: String) -> Taken {
        let number = |value: &str| {
            value.parse::<u32>().map_err(|_| format!("option --{name}: invalid integer value: '{value}'"))
        };
        match name {
            "help" => return Ok(Some(Asked::Help)),
            "version" => return Ok(Some(Asked::Version { short: false })),
            "config" => self.config = value,
            "datepattern" => self.datepattern = Some(value),
            "timezone" | "TZ" => self.timezone = Some(value),
            "encoding" => self.encoding = value,
            "raw" => self.raw = true,
            "usedns" => self.usedns = Some(value),
            "maxlines" => self.maxlines = number(&value)?,
            "journalmatch" => self.journalmatch = Some(value),
            "verbose" => self.verbose += 1,
            "verbosity" => self.verbose = number(&value)?,
            "no-check-all" => self.check_all = false,
            "out" => self.out = Some(value),
            "print-no-missed" => self.no_missed = true,
            "print-no-ignored" => self.no_ignored = true,
            "print-all-matched" => self.all_matched = true,
            "print-all-missed" => self.all_missed = true,
            "print-all-ignored" => self.all_ignored = true,
            // What is left says more about fail2ban's own workings, or makes addresses of a website.
            _ => {}
        }
        Ok(None)
    }
}

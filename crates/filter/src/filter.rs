//! One filter, compiled: its rules in the order in which they are tried.

use std::collections::HashSet;

use event::failure::ECHOES;
use event::{JailName, Port};

use crate::definition::{Definition, FilterError, FilterErrorKind, Limits, PatternText, Prefix, ProofRule};
use crate::pattern::Pattern;
use crate::tag;
use crate::timestamp::Form;

/// What a rule says of the lines that it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Neither: tried first, so that it can except lines from the failures.
    Ignore,
    /// A failed login.
    Failure,
    /// A login.
    Success,
}

/// A compiled filter.
#[derive(Debug)]
pub struct Filter {
    /// Its name: the file's.
    pub name: String,
    /// One line for people.
    pub title: String,
    /// What kind of service.
    pub service: String,
    /// What a ban closes.
    pub ports: Vec<Port>,
    /// Where the service logs by default.
    pub logs: Vec<String>,
    /// Journal matches.
    pub journal: Vec<String>,
    /// Paths of which one exists where the service is installed.
    pub present: Vec<String>,
    /// Its own limits.
    pub limits: Limits,
    pub(crate) prefix: Prefix,
    pub(crate) programs: Vec<String>,
    pub(crate) forms: Vec<Form>,
    /// Ignores, then failures, then successes.
    pub(crate) rules: Vec<Rule>,
}

/// A pattern and what its match means.
#[derive(Debug)]
pub struct Rule {
    /// The pattern's name.
    pub name: String,
    /// What a match is.
    pub kind: Kind,
    pub(crate) pattern: Pattern,
    pub(crate) proof: ProofRule,
    pub(crate) echo: u8,
    pub(crate) host: Option<usize>,
    pub(crate) user: Option<usize>,
    pub(crate) time: Option<usize>,
    pub(crate) transport: Option<usize>,
}

impl Filter {
    /// Compiles the text of a filter file.
    pub fn parse(name: &str, text: &str) -> Result<Self, FilterError> {
        Self::compile(name, Definition::parse(name, text)?)
    }

    fn compile(name: &str, definition: Definition) -> Result<Self, FilterError> {
        let wrong = |kind| FilterError { filter: name.to_owned(), pattern: None, kind };
        let forms = forms(&definition).map_err(wrong)?;
        let ports = ports(&definition.ports).map_err(wrong)?;
        check_surroundings(name, &definition).map_err(wrong)?;
        let mut rules = Vec::new();
        let mut names = HashSet::new();
        let echoes = echoes(&definition).map_err(wrong)?;
        for (kind, texts) in [
            (Kind::Ignore, &definition.ignore),
            (Kind::Failure, &definition.failure),
            (Kind::Success, &definition.success),
        ] {
            for text in texts {
                let wrong =
                    |kind| FilterError { filter: name.to_owned(), pattern: Some(text.name.clone()), kind };
                if !names.insert(&text.name) {
                    return Err(wrong(FilterErrorKind::TwiceNamed));
                }
                rules.push(rule(kind, text, &definition, &forms, &echoes).map_err(wrong)?);
            }
        }
        Ok(Self {
            name: name.to_owned(),
            title: definition.title,
            service: definition.service,
            ports,
            logs: definition.logs,
            journal: definition.journal,
            present: definition.present,
            limits: definition.limits,
            prefix: definition.prefix,
            programs: definition.programs,
            forms,
            rules,
        })
    }

    /// The rules in the order in which they are tried.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// How often a line was so hostile that a pattern needed the automaton.
    pub fn overruns(&self) -> u64 {
        self.rules.iter().map(|rule| rule.pattern.overruns()).sum()
    }

    /// Whether syslog lines of `program` are read: `postfix` reads those of `postfix/smtpd` too, `postfix*/smtpd` those of
    /// `postfix-out/smtpd`.
    pub(crate) fn reads_program(&self, program: &[u8]) -> bool {
        self.programs.iter().any(|known| match known.split_once('*') {
            Some((begin, end)) => {
                let rest = program.strip_prefix(begin.as_bytes());
                rest.is_some_and(|rest| rest.ends_with(end.as_bytes()))
            }
            None => {
                let rest = program.strip_prefix(known.as_bytes());
                rest.is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
            }
        })
    }
}

impl Rule {
    /// What the prefilter looks for: every match contains one of these.
    pub fn literals(&self) -> &[Vec<u8>] {
        self.pattern.literals()
    }

    /// What both engines answer, for tests that compare them: see `Pattern::both_answers`.
    #[doc(hidden)]
    pub fn both_answers(&self, text: &[u8]) -> Option<[Option<crate::pattern::Groups>; 2]> {
        self.pattern.both_answers(text)
    }

    /// Whether `text` contains what the prefilter looks for.
    pub fn is_near(&self, text: &[u8]) -> bool {
        self.pattern.literals().iter().any(|literal| memchr::memmem::find(text, literal).is_some())
    }
}

fn check_surroundings(name: &str, definition: &Definition) -> Result<(), FilterErrorKind> {
    if definition.failure.is_empty() {
        return Err(FilterErrorKind::Empty);
    }
    if definition.prefix != Prefix::None && definition.programs.is_empty() {
        return Err(FilterErrorKind::NoPrograms);
    }
    if !JailName::valid(name) {
        return Err(FilterErrorKind::Syntax(format!("'{name}' cannot name a jail")));
    }
    match definition.journal.iter().find(|text| !(text.starts_with('_') && text.contains('='))) {
        // Fields without `_` are written by the client of the journal, which may be any local user.
        Some(text) => Err(FilterErrorKind::UntrustedJournalField(text.clone())),
        None => Ok(()),
    }
}

fn forms(definition: &Definition) -> Result<Vec<Form>, FilterErrorKind> {
    definition
        .timestamps
        .iter()
        .map(|name| Form::named(name).ok_or_else(|| FilterErrorKind::UnknownTimestamp(name.clone())))
        .collect()
}

fn ports(texts: &[String]) -> Result<Vec<Port>, FilterErrorKind> {
    texts.iter().map(|text| text.parse().map_err(|wrong| FilterErrorKind::Port(format!("{wrong}")))).collect()
}

/// The names of the filter's echoes, in the order in which they first stand there.
fn echoes(definition: &Definition) -> Result<Vec<&str>, FilterErrorKind> {
    let mut names: Vec<&str> = Vec::new();
    for name in definition.failure.iter().filter_map(|text| text.echo.as_deref()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.len() > usize::from(ECHOES) { Err(FilterErrorKind::TooManyEchoes) } else { Ok(names) }
}

/// 0 for a line that is no echo.
fn echo_number(name: Option<&str>, echoes: &[&str]) -> u8 {
    let place = name.and_then(|name| echoes.iter().position(|known| *known == name));
    place.map_or(0, |place| place as u8 + 1)
}

fn rule(
    kind: Kind,
    text: &PatternText,
    definition: &Definition,
    forms: &[Form],
    echoes: &[&str],
) -> Result<Rule, FilterErrorKind> {
    let pattern = Pattern::new(tag::expand(&text.pattern, &definition.parts, forms)?)?;
    let (host, transport) = (pattern.group("host"), pattern.group("transport"));
    if kind != Kind::Ignore && host.is_none() {
        return Err(FilterErrorKind::NoAddress);
    }
    if text.proof == ProofRule::Transport && transport.is_none() {
        return Err(FilterErrorKind::NoTransport);
    }
    Ok(Rule {
        name: text.name.clone(),
        kind,
        proof: text.proof,
        echo: echo_number(text.echo.as_deref(), echoes),
        host,
        user: pattern.group("user"),
        time: pattern.group("time"),
        transport,
        pattern,
    })
}

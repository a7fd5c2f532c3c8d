//! One change of a jail: read from words first, made then, so that words that are wrong change nothing.

use fail2ban::{DateDetector, Value, journal};

use super::date_pattern::DatePattern;
use super::encoding::{is_known, preferred};
use super::expression::Expression;
use super::jail::{IgnoreCache, JailModel, room};
use super::span::{self, seconds};
use super::words::{Words, kind, no_attribute, text, truth, whole};
use crate::host::Host;
use crate::wrong::{Class, Wrong};
use fail2ban::repr::text as quoted;

/// A change.
pub(super) enum Change<'c> {
    Idle(bool),
    IgnoreSelf(bool),
    AddIgnored(Words<'c>),
    DelIgnored(&'c str),
    IgnoreCommand(&'c Value),
    IgnoreCache(Vec<(String, String)>),
    AddLog { path: &'c str, tail: bool },
    DelLog(&'c str),
    Encoding(&'c str),
    AddMatch(Vec<&'c str>),
    DelMatch(Vec<&'c str>),
    Prefix(&'c str),
    AddFailure(Vec<&'c str>),
    DelFailure(i64),
    AddIgnoring(Vec<&'c str>),
    DelIgnoring(i64),
    UseDns(&'c Value),
    FindTime(&'c Value),
    Date(&'c Value),
    Zone(&'c str),
    MaxMatches(i64),
    MaxRetry(i64),
    MaxLines(i64),
    BanTime(&'c Value),
    Extra(&'c str, &'c Value),
    AddAction(&'c str, Option<(String, String)>),
    DelAction(&'c str),
}

impl<'c> Change<'c> {
    /// What `set JAIL what words…` asks for; none if there is no such thing.
    pub fn read(what: &'c str, words: Words<'c>, several: bool) -> Result<Option<Self>, Wrong> {
        let expressions = |words: Words<'c>| -> Result<Vec<&'c str>, Wrong> {
            match (words.at(0)?, several) {
                (Value::List(items) | Value::Tuple(items), true) => items.iter().map(text).collect(),
                (one, _) => Ok(vec![text(one)?]),
            }
        };
        Ok(Some(match what {
            "idle" => match words.at(0)?.as_text() {
                Some("on") => Self::Idle(true),
                Some("off") => Self::Idle(false),
                _ => return Err(Wrong::exception("Invalid idle option, must be 'on' or 'off'")),
            },
            "ignoreself" => Self::IgnoreSelf(truth(words.at(0)?)),
            "addignoreip" => Self::AddIgnored(words),
            "delignoreip" => Self::DelIgnored(words.text(0)?),
            "ignorecommand" => Self::IgnoreCommand(words.at(0)?),
            "ignorecache" => Self::IgnoreCache(options(&format!("cache[{}]", words.text(0)?))?.1),
            "addlogpath" => Self::log(words)?,
            "dellogpath" => Self::DelLog(words.text(0)?),
            "logencoding" => Self::Encoding(words.text(0)?),
            "addjournalmatch" => Self::AddMatch(words.texts()?),
            "deljournalmatch" => Self::DelMatch(words.texts()?),
            "prefregex" => Self::Prefix(words.text(0)?),
            "addfailregex" => Self::AddFailure(expressions(words)?),
            "delfailregex" => Self::DelFailure(whole(words.at(0)?)?),
            "addignoreregex" => Self::AddIgnoring(expressions(words)?),
            "delignoreregex" => Self::DelIgnoring(whole(words.at(0)?)?),
            "usedns" => Self::UseDns(words.at(0)?),
            "findtime" => Self::FindTime(words.at(0)?),
            "datepattern" => Self::Date(words.at(0)?),
            "logtimezone" => Self::Zone(words.text(0)?),
            "maxmatches" => Self::MaxMatches(whole(words.at(0)?)?),
            "maxretry" => Self::MaxRetry(whole(words.at(0)?)?),
            "maxlines" => Self::MaxLines(whole(words.at(0)?)?),
            "bantime" => Self::BanTime(words.at(0)?),
            "addaction" => {
                let name = words.text(0)?;
                let python = match words.len() {
                    0 | 1 => None,
                    _ => {
                        let arguments = words.text(2)?;
                        super::set::json(arguments)?;
                        Some((words.text(1)?.to_owned(), arguments.to_owned()))
                    }
                };
                Self::AddAction(name, python)
            }
            "delaction" => Self::DelAction(words.text(0)?),
            _ => match what.strip_prefix("bantime.") {
                Some(option) => Self::Extra(option, words.at(0)?),
                None => return Ok(None),
            },
        }))
    }

    fn log(words: Words<'c>) -> Result<Self, Wrong> {
        let path = words.text(0)?;
        let tail = match words.len() {
            1 => false,
            2 => match words.text(1)?.to_lowercase().as_str() {
                "tail" => true,
                "head" => false,
                _ => return Err(Wrong::value("File option must be 'head' or 'tail'")),
            },
            _ => return Err(Wrong::value("Only one file can be added at a time")),
        };
        Ok(Self::AddLog { path, tail })
    }

    /// Makes the change.
    pub fn make(self, jail: &mut JailModel, reloading: bool, host: &mut dyn Host) -> Result<(), Wrong> {
        match self {
            Self::Idle(idle) => jail.idle = idle,
            Self::IgnoreSelf(truth) => jail.ignore_self = truth,
            Self::AddIgnored(words) => words.texts()?.into_iter().try_for_each(|text| jail.ignore(text))?,
            Self::DelIgnored(text) => jail.unignore(text)?,
            Self::IgnoreCommand(value) => jail.ignore_command = value.clone(),
            Self::IgnoreCache(options) => jail.ignore_cache = cache(&options)?,
            Self::AddLog { path, tail } => add_log(jail, path, tail, host)?,
            Self::DelLog(path) => jail.remove_log(path, host)?,
            Self::Encoding(name) => jail.log_encoding = encoding(name)?,
            Self::AddMatch(words) if jail.reads_journal() => {
                if !words.iter().all(|word| *word == "+" || journal::is_match(word)) {
                    return Err(Wrong::value("Invalid match"));
                }
                jail.add_journal_match(&words)?;
            }
            Self::DelMatch(words) if jail.reads_journal() => jail.remove_journal_match(&words)?,
            Self::AddMatch(_) | Self::DelMatch(_) => {}
            Self::Prefix("") => jail.prefregex = None,
            Self::Prefix(source) => {
                jail.prefregex = Some(Expression::new(source, &jail.use_dns, false, jail.edition)?);
            }
            Self::AddFailure(sources) => {
                for source in sources {
                    room("failregex in this jail", jail.failregex.len())?;
                    let before = jail.prefregex.as_ref();
                    jail.failregex.push(Expression::failure(
                        source,
                        &jail.use_dns,
                        jail.max_lines > 1,
                        before,
                        jail.edition,
                    )?);
                }
            }
            Self::AddIgnoring(sources) => {
                for source in sources {
                    room("ignoreregex in this jail", jail.ignoreregex.len())?;
                    jail.ignoreregex.push(Expression::new(source, &jail.use_dns, false, jail.edition)?);
                }
            }
            Self::DelFailure(at) => remove(&mut jail.failregex, at),
            Self::DelIgnoring(at) => remove(&mut jail.ignoreregex, at),
            Self::UseDns(value) => jail.use_dns = use_dns(value)?,
            Self::FindTime(value) => jail.find_time = seconds(value)?,
            Self::Date(Value::None) => jail.date_pattern = DatePattern::Nothing,
            Self::Date(value) => jail.date_pattern = DatePattern::told(text(value)?)?,
            Self::Zone(zone) => jail.log_timezone = Some(checked_zone(zone)?),
            Self::MaxMatches(number) => jail.max_matches = number,
            Self::MaxRetry(number) => jail.max_retry = number,
            Self::MaxLines(number) if number <= 0 => {
                return Err(Wrong::value("maxlines must be integer greater than zero"));
            }
            Self::MaxLines(number) => jail.max_lines = number,
            Self::BanTime(value) => jail.ban_time = whole(&seconds(value)?)?,
            Self::Extra(option, value) => extra(jail, option, value)?,
            Self::AddAction(name, python) => jail.add_action(name, python, reloading)?,
            Self::DelAction(name) => {
                jail.action(name)?;
                jail.actions.retain(|action| action.name != name);
            }
        }
        Ok(())
    }
}

fn add_log(jail: &mut JailModel, path: &str, tail: bool, host: &mut dyn Host) -> Result<(), Wrong> {
    if jail.reads_journal() {
        return Ok(());
    }
    if !jail.logs.iter().any(|log| log.path == path) {
        host.look_at(path).map_err(|cause| Wrong::file(&cause, path))?;
    }
    jail.add_log(path, tail)
}

/// By its number, a negative one from the end; one that is not there is passed over.
fn remove(list: &mut Vec<Expression>, at: i64) {
    let length = list.len() as i64;
    let at = if at < 0 { at + length } else { at };
    if (0..length).contains(&at) {
        list.remove(at as usize);
    }
}

fn encoding(name: &str) -> Result<String, Wrong> {
    if name.eq_ignore_ascii_case("auto") {
        return Ok(preferred());
    }
    if is_known(name) {
        Ok(name.to_owned())
    } else {
        Err(Wrong::new(Class::Lookup, format!("unknown encoding: {name}")))
    }
}

fn use_dns(value: &Value) -> Result<String, Wrong> {
    let told = match value {
        Value::Bool(true) => "yes",
        Value::Bool(false) => "no",
        Value::Text(text) => text,
        other => return Err(no_attribute(kind(other), "lower")),
    };
    let told = told.to_lowercase();
    Ok(if matches!(told.as_str(), "yes" | "warn" | "no" | "raw") { told } else { "no".to_owned() })
}

fn checked_zone(zone: &str) -> Result<String, Wrong> {
    match DateDetector::new(None, Some(zone)) {
        Ok(_) => Ok(zone.to_owned()),
        Err(_) => Err(Wrong::value(format!("Unknown or unsupported time zone: {}", quoted(zone)))),
    }
}

fn cache(options: &[(String, String)]) -> Result<Option<IgnoreCache>, Wrong> {
    let find =
        |name: &str| options.iter().find(|(known, _)| known == name).map(|(_, value)| Value::text(value));
    if options.is_empty() {
        return Ok(None);
    }
    let key = find("key").and_then(|key| key.as_text().map(str::to_owned));
    Ok(Some(IgnoreCache {
        key: key.ok_or_else(|| Wrong::new(Class::Key, "key"))?,
        count: find("max-count").map_or(Ok(100), |count| whole(&count))?,
        seconds: find("max-time").map_or(Ok(Value::Int(300)), |time| seconds(&time))?,
    }))
}

/// `bantime.OPTION`: noted as told, then looked at, as fail2ban does.
fn extra(jail: &mut JailModel, option: &str, value: &Value) -> Result<(), Wrong> {
    let told = (value.as_text() != Some("") && *value != Value::None).then(|| value.clone());
    jail.set_extra(option, told.clone())?;
    match (option, told) {
        ("increment", told) => {
            let truth = told.as_ref().is_some_and(truth);
            jail.set_extra(option, Some(Value::Bool(truth)))?;
        }
        ("maxtime" | "rndtime", Some(told)) => jail.set_extra(option, Some(seconds(&told)?))?,
        ("multipliers", Some(told)) => {
            for number in text(&told)?.split(' ') {
                whole(&Value::text(number))?;
            }
        }
        _ => {}
    }
    // A factor that is none is found out whenever the formula is put together.
    let formula = ["formula", "factor", "maxtime", "rndtime", "multipliers"].contains(&option);
    match jail.extra("factor") {
        Some(factor) if formula => span::evaluate(text(factor)?).map(drop),
        _ => Ok(()),
    }
}

/// Whether a backend takes these options, which only the journal's does. `kind` is its name.
pub(super) fn backend_options(kind: &str, options: &[(String, String)]) -> Result<(), Wrong> {
    if kind == "systemd" {
        return journal::options(options).map(drop).map_err(|refused| match refused {
            journal::Refused::Unknown(_) => Wrong::kind(refused.to_string()),
            _ => Wrong::value(refused.to_string()),
        });
    }
    match options.first() {
        // Whatever is asked for, Debian's package brings no other reader of files.
        Some((name, _)) => Err(Wrong::kind(format!(
            "FilterPoll.__init__() got an unexpected keyword argument {}",
            quoted(name)
        ))),
        None => Ok(()),
    }
}

/// `name[option=value, …]` as fail2ban's server takes it apart.
pub(super) fn options(told: &str) -> Result<(String, Vec<(String, String)>), Wrong> {
    let wrong = || Wrong::value("unexpected option syntax");
    let bare = told.trim_end();
    let (name, inner) = match told.split_once('[') {
        None => return if told.is_empty() { Err(wrong()) } else { Ok((told.to_owned(), Vec::new())) },
        Some((name, _)) => (name, bare.get(name.len() + 1..).and_then(|rest| rest.strip_suffix(']'))),
    };
    let inner = inner.filter(|_| !name.is_empty()).ok_or_else(wrong)?;
    if inner.is_empty() {
        return Ok((name.to_owned(), Vec::new()));
    }
    let spelled = fail2ban::options::Spelled::parse(&format!("x[{inner}]")).map_err(|_| {
        let shown: String = inner.chars().take(25).collect();
        Wrong::value(format!("expected option, wrong syntax at 0: {shown}"))
    })?;
    Ok((name.to_owned(), spelled.options))
}

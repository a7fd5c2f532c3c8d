//! A jail as fail2ban's configuration tells it: its patterns, whom it ignores, what its bans close, how its bans grow. fail2ban's
//! model has said what is asked for; here it becomes what Stockade does.

mod ports;
mod ends;
mod directory;
mod ignored;
mod journal;
mod judge;
mod earlier;
mod name;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use config::{FOREVER, Limits};
use dropin::Ignorer;
use dropin::model::{DatePattern, Expression, JailModel};
use event::{JailName, Port, Subject};
use fail2ban::charset::{Charset, Encoding};
use fail2ban::{FilterText, Remark, Topic, formula};
use mirror::Terms;
use source::{FileSpec, JournalWish};

use ignored::Ignored;

pub use directory::Directory;
pub use ends::{ends, logs, paths};
pub use judge::ForeignJudge;
pub use name::name_of;
pub use ports::{Ports, is_firewall};

/// A jail.
#[derive(Debug)]
pub struct ForeignJail {
    /// As it was told.
    pub model: JailModel,
    /// Its name among ours.
    pub name: JailName,
    /// The kind of service, by its ports: fail2ban's configuration does not say.
    pub service: &'static str,
    /// What its bans close; none means all.
    pub ports: Vec<Port>,
    /// They close nothing: as with fail2ban, a jail without an action of a firewall keeps nobody out.
    pub closes_nothing: bool,
    /// Whom it never bans, beside those whom nobody bans.
    ignored: Ignored,
    /// How bans grow; none if they do not.
    growth: Option<formula::BanTime>,
    /// The files that it reads.
    logs: Vec<String>,
    /// What its logs are written in, unless it is UTF-8.
    charset: Option<Charset>,
    /// What it reads of a journal, unless it reads logs.
    journal: Option<JournalWish>,
    given_up: AtomicU64,
}

impl ForeignJail {
    /// From what was told. What cannot be honoured is told beside it, with what happens instead.
    pub fn new(model: &JailModel, directory: &Arc<Directory>) -> (Self, Vec<Remark>) {
        let name = name_of(&model.name);
        let mut remarks = Vec::new();
        let Ports { ports, closes_nothing, service } = Ports::of(model, &mut remarks);
        let growth = growth(model, &mut remarks);
        let jail = Self {
            name,
            service,
            ports,
            closes_nothing,
            ignored: ignored(model, directory, &mut remarks),
            growth,
            logs: logs_of(model, &mut remarks),
            charset: charset(model, &mut remarks),
            journal: journal::wish(model, &mut remarks),
            given_up: AtomicU64::new(0),
            model: model.clone(),
        };
        (jail, remarks)
    }

    /// Its limits.
    pub fn limits(&self) -> Limits {
        let seconds = |value: f64| Duration::try_from_secs_f64(value.max(1.0)).unwrap_or(FOREVER);
        Limits {
            max_retry: u32::try_from(self.model.max_retry.clamp(1, event::limit::MAX_RETRY.into()))
                .unwrap_or(1),
            find_time: seconds(number(&self.model.find_time).unwrap_or(600.0)),
            ban_time: span(self.model.ban_time as f64),
        }
    }

    /// What decides how long bans hold that fail2ban made.
    pub fn terms(&self) -> Terms {
        let max_time = self.model.extra("maxtime").and_then(number).map(|seconds| seconds as i64);
        Terms { ban_time: self.model.ban_time, grows: self.grows(), max_time }
    }

    /// The files that it reads.
    pub fn logs(&self) -> Vec<String> {
        self.logs.clone()
    }

    /// What it reads of a journal, unless it reads logs.
    pub fn journal(&self) -> Option<JournalWish> {
        self.journal.clone()
    }

    /// How long a ban is that comes after `earlier` ones of this jail.
    pub fn length(&self, earlier: u32) -> Duration {
        let usual = self.model.ban_time as f64;
        let grown = self.growth.as_ref().filter(|_| earlier > 0 && usual > 0.0).and_then(|growth| {
            growth.seconds(formula::Number::Int(self.model.ban_time.into()), earlier, chance()).ok()
        });
        // A bound below the usual time shortens nothing.
        span(grown.map_or(usual, |grown| grown.as_f64().max(usual)))
    }

    /// For how many failures one counts of somebody whom this jail has banned `earlier` times: with bans that grow, known offenders are
    /// banned the sooner, half the failures after one ban, a third after two, a fifth after three.
    pub fn weight(&self, earlier: u32) -> u32 {
        if !self.grows() || earlier == 0 {
            return 1;
        }
        ((1 << (earlier.min(20) - 1)) + 1).min(self.limits().max_retry)
    }

    /// Whether its bans grow.
    pub fn grows(&self) -> bool {
        self.growth.is_some()
    }

    /// Whether bans of other jails count as earlier ones.
    pub fn counts_all_jails(&self) -> bool {
        self.model.extra("overalljails").is_some_and(is_true)
    }

    /// What says that it never bans `subject`, if something does.
    pub fn ignores(&self, subject: &Subject) -> Option<Ignorer> {
        self.ignored.protects(subject)
    }

    /// The command that says of each failure whether it is to be ignored.
    pub fn ignore_command(&self) -> Option<&str> {
        self.model.ignore_command.as_text().filter(|command| !command.trim().is_empty())
    }

    /// How often a search took too many steps.
    pub fn given_up(&self) -> u64 {
        self.given_up.load(Ordering::Relaxed)
    }

    fn filter_text(&self) -> FilterText {
        let sources = |list: &[Expression]| list.iter().map(|one| one.source.clone()).collect();
        let model = &self.model;
        FilterText {
            name: model.name.clone(),
            prefregex: model.prefregex.as_ref().map(|one| one.source.clone()),
            failregex: sources(&model.failregex),
            ignoreregex: sources(&model.ignoreregex),
            datepattern: match &model.date_pattern {
                DatePattern::Told(text) => Some(text.clone()),
                DatePattern::Default | DatePattern::Nothing => None,
            },
            maxlines: u32::try_from(model.max_lines).unwrap_or(1).max(1),
            usedns: Some(model.use_dns.clone()),
            ..FilterText::default()
        }
    }
}

fn ignored(model: &JailModel, directory: &Arc<Directory>, remarks: &mut Vec<Remark>) -> Ignored {
    let mut remark =
        |option: &str, text: String| remarks.push(Remark::new(Topic::jail(&model.name, option), text));
    let ignored = Ignored::of(model, directory, |text, why| {
        remark("ignoreip", format!("ignoreip '{text}' is left out: {why}"));
    });
    if !model.ignore_self {
        let text = "'ignoreself = false' is not heeded: this host's own addresses are never banned, unless own_addresses is false in \
             [whitelist] of stockade.toml, which goes for every jail";
        remark("ignoreself", text.to_owned());
    }
    ignored
}

/// One that cannot be followed would keep all others from being followed.
fn logs_of(model: &JailModel, remarks: &mut Vec<Remark>) -> Vec<String> {
    let told = model.logs.iter().filter(|_| !model.reads_journal()).map(|log| log.path.clone());
    let can_be_followed = |path: &String| {
        let wrong = FileSpec { pattern: path.clone() }.check().err();
        let topic = || Topic::jail(&model.name, "logpath");
        remarks.extend(wrong.iter().map(|wrong| Remark::new(topic(), format!("{wrong}; it is not read"))));
        wrong.is_none()
    };
    told.filter(can_be_followed).collect()
}

fn charset(model: &JailModel, remarks: &mut Vec<Remark>) -> Option<Charset> {
    match Encoding::named(&model.log_encoding) {
        Encoding::Known(charset) => Some(charset),
        Encoding::Unknown => {
            let text = format!(
                "'logencoding = {}' is not known here: its logs are read as UTF-8, and its other characters are lost",
                model.log_encoding
            );
            remarks.push(Remark::new(Topic::jail(&model.name, "logencoding"), text));
            None
        }
        Encoding::Utf8 => None,
    }
}

fn growth(model: &JailModel, remarks: &mut Vec<Remark>) -> Option<formula::BanTime> {
    model.extra("increment").filter(|value| is_true(value))?;
    let text = |name: &str| model.extra(name).map(fail2ban::repr::str);
    let (formula, multipliers, factor) = (text("formula"), text("multipliers"), text("factor"));
    let (maxtime, rndtime) = (text("maxtime"), text("rndtime"));
    let options = formula::Options {
        formula: formula.as_deref(),
        multipliers: multipliers.as_deref(),
        factor: factor.as_deref(),
        maxtime: maxtime.as_deref(),
        rndtime: rndtime.as_deref(),
    };
    formula::BanTime::new(&options)
        .map_err(|refused| {
            let topic = Topic::jail(&model.name, refused.option);
            remarks.push(Remark::new(topic, format!("{refused}: bans do not grow")));
        })
        .ok()
}

/// At least 0 and less than 1, so that nobody can tell when a ban ends. A host without random numbers adds nothing.
fn chance() -> f64 {
    let mut bytes = [0; 4];
    let _ = getrandom::fill(&mut bytes);
    f64::from(u32::from_ne_bytes(bytes)) / (f64::from(u32::MAX) + 1.0)
}

/// fail2ban's -1 is for ever.
fn span(seconds: f64) -> Duration {
    if seconds < 0.0 { FOREVER } else { Duration::try_from_secs_f64(seconds.max(1.0)).unwrap_or(FOREVER) }
}

fn number(value: &fail2ban::Value) -> Option<f64> {
    match value {
        fail2ban::Value::Int(number) => Some(*number as f64),
        fail2ban::Value::Float(number) => Some(*number),
        _ => None,
    }
}

fn is_true(value: &fail2ban::Value) -> bool {
    matches!(value, fail2ban::Value::Bool(true))
}

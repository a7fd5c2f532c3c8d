//! What the groups of a jail's expressions took from the line that began a ban: `<F-NAME>`. The expressions are compiled when a command asks for the
//! first time, since few do.

use std::collections::HashMap;

use dropin::JailModel;
use dropin::model::{DatePattern, Expression};
use event::Moment;
use fail2ban::judge::{Judge, Value, Verdict};
use fail2ban::pattern::Names;
use fail2ban::{DateDetector, FilterText};
use jiff::tz::TimeZone;

/// A jail's expressions.
#[derive(Debug, Default)]
pub struct Captures {
    jail: Option<JailModel>,
    judge: Option<Judge>,
}

impl Captures {
    /// Of a jail as it was told.
    pub fn tell(&mut self, jail: &JailModel) {
        if self.jail.as_ref() != Some(jail) {
            *self = Self { jail: Some(jail.clone()), judge: None };
        }
    }

    /// What the groups took from a line, by name in small letters; nothing where it is no failure any more.
    pub fn of(&mut self, line: &str, at: Moment) -> HashMap<String, String> {
        let Some(jail) = &self.jail else { return HashMap::new() };
        let reads_journal = jail.reads_journal();
        if self.judge.is_none() {
            self.judge = judge(jail);
        }
        let Some(judge) = &mut self.judge else { return HashMap::new() };
        let verdict = if reads_journal { judge.message(line, at, at) } else { judge.line(line, at) };
        let Verdict::Failure(failure) = verdict else { return HashMap::new() };
        let taken = failure.groups.iter().filter_map(|(name, value)| {
            Some((name.to_string(), value.as_ref().and_then(Value::text)?.to_owned()))
        });
        taken.collect()
    }
}

/// What cannot be compiled was said where the jail's lines are judged.
fn judge(jail: &JailModel) -> Option<Judge> {
    let sources = |list: &[Expression]| list.iter().map(|one| one.source.clone()).collect();
    let date_pattern = match &jail.date_pattern {
        DatePattern::Told(text) => Some(text.as_str()),
        DatePattern::Default | DatePattern::Nothing => None,
    };
    let filter = FilterText {
        name: jail.name.clone(),
        prefregex: jail.prefregex.as_ref().map(|one| one.source.clone()),
        failregex: sources(&jail.failregex),
        maxlines: 1,
        ..FilterText::default()
    };
    let names = if jail.use_dns == "no" { Names::Skip } else { Names::Read };
    let dates = DateDetector::new(date_pattern, jail.log_timezone.as_deref()).ok()?;
    Some(Judge::new(&filter, names, dates, TimeZone::system()).0)
}

//! The form of the anti brute force as it was entered, and what it asks for. It keeps what it cannot read, so that nothing that
//! somebody typed is lost.

use std::time::Duration;

use config::{Edit, FOREVER, Limits, PRESETS, Preset, Settings, parse_duration};
use control::desk::Written;
use event::{Subject, limit};

use crate::fields::{Fields, Slip, subjects};

/// What stands in the fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// Number of attempts for blocking.
    pub max_retry: String,
    /// Within (seconds).
    pub find_time: String,
    /// Block for (seconds).
    pub ban_time: String,
    /// SIP requests a second; empty or 0 for no limit.
    pub sip_limit: String,
    /// The whitelist.
    pub whitelist: String,
    /// The tag of the settings that these fields began as.
    pub tag: String,
}

/// What the fields ask for, once they can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The three numbers.
    pub limits: Limits,
    /// The limit on SIP requests.
    pub sip_limit: Option<u32>,
    /// The whitelist.
    pub whitelist: Vec<Subject>,
}

/// The word for a ban without end.
const FOREVER_WORD: &str = "forever";

impl Draft {
    /// As the settings stand.
    pub fn of_written(written: &Written) -> Self {
        let settings = &written.settings;
        let whitelist: Vec<String> =
            settings.whitelist.addresses.iter().map(|(subject, _)| subject.to_string()).collect();
        Self {
            sip_limit: settings.firewall.sip_limit.map(|limit| limit.to_string()).unwrap_or_default(),
            whitelist: whitelist.join("\n"),
            tag: written.tag.clone(),
            ..Self::default()
        }
        .with_limits(&settings.defaults)
    }

    /// As a form has it.
    pub fn of_fields(fields: &Fields) -> Self {
        Self {
            max_retry: fields.get("max_retry").to_owned(),
            find_time: fields.get("find_time").to_owned(),
            ban_time: fields.get("ban_time").to_owned(),
            sip_limit: fields.get("sip_limit").to_owned(),
            whitelist: fields.whole("whitelist").replace("\r\n", "\n"),
            tag: fields.get("tag").to_owned(),
        }
    }

    /// With the numbers of a preset.
    pub fn with_preset(self, preset: &Preset) -> Self {
        Self { sip_limit: preset.sip_limit.to_string(), ..self }.with_limits(&preset.limits)
    }

    fn with_limits(self, limits: &Limits) -> Self {
        Self {
            max_retry: limits.max_retry.to_string(),
            find_time: seconds(limits.find_time),
            ban_time: seconds(limits.ban_time),
            ..self
        }
    }

    /// The preset that these numbers are; `None` for the administrator's own.
    pub fn preset(&self) -> Option<&'static Preset> {
        let (limits, sip_limit) = (self.limits().0, self.sip_limit().ok()?);
        PRESETS.iter().find(|preset| Some(preset.limits) == limits && Some(preset.sip_limit) == sip_limit)
    }

    /// What is asked for, or everything that is not right.
    pub fn read(&self) -> Result<Wanted, Vec<Slip>> {
        let (limits, mut slips) = self.limits();
        let sip_limit = self.sip_limit().unwrap_or_else(|slip| {
            slips.push(slip);
            None
        });
        let (whitelist, wrong) = subjects("whitelist", &self.whitelist);
        slips.extend(wrong);
        match limits {
            Some(limits) if slips.is_empty() => Ok(Wanted { limits, sip_limit, whitelist }),
            _ => Err(slips),
        }
    }

    fn limits(&self) -> (Option<Limits>, Vec<Slip>) {
        let most = limit::MAX_RETRY;
        let max_retry = self.max_retry.parse().ok().filter(|number| (1..=most).contains(number));
        let longest = Duration::from_secs(u64::from(limit::RECORDED_FAILURE_DAYS) * 24 * 60 * 60);
        let find_time = span(&self.find_time).filter(|span| *span <= longest);
        let ban_time = if self.ban_time == FOREVER_WORD { Some(FOREVER) } else { span(&self.ban_time) };
        let mut slips = Vec::new();
        if max_retry.is_none() {
            slips.push(Slip::new("max_retry", "slip-number").with("least", &1).with("most", &most));
        }
        if find_time.is_none() {
            slips.push(
                Slip::new("find_time", "slip-seconds").with("least", &1).with("most", &longest.as_secs()),
            );
        }
        if ban_time.is_none() {
            slips.push(Slip::new("ban_time", "slip-seconds-or-forever"));
        }
        let limits = max_retry.zip(find_time).zip(ban_time);
        (limits.map(|((max_retry, find_time), ban_time)| Limits { max_retry, find_time, ban_time }), slips)
    }

    fn sip_limit(&self) -> Result<Option<u32>, Slip> {
        sip_limit(&self.sip_limit)
    }
}

impl Wanted {
    /// What has to be changed. Whatever is the same is left alone, so that the journal shows what was meant.
    pub fn edits(&self, settings: &Settings) -> Vec<Edit> {
        let mut edits = Vec::new();
        if self.limits != settings.defaults {
            edits.push(Edit::Limits(self.limits));
        }
        if self.sip_limit != settings.firewall.sip_limit {
            edits.push(Edit::SipLimit(self.sip_limit));
        }
        if !self.whitelist.iter().eq(settings.whitelist.addresses.iter().map(|(subject, _)| subject)) {
            edits.push(Edit::Whitelist(self.whitelist.clone()));
        }
        edits
    }
}

/// The limit on SIP requests that a field asks for: nothing and 0 are no limit.
pub fn sip_limit(text: &str) -> Result<Option<u32>, Slip> {
    match text.parse::<u32>() {
        _ if text.is_empty() => Ok(None),
        Ok(0) => Ok(None),
        Ok(number) if number <= limit::SIP_LIMIT => Ok(Some(number)),
        _ => Err(Slip::new("sip_limit", "slip-sip-limit").with("most", &limit::SIP_LIMIT)),
    }
}

/// A span as it was entered: seconds, or `6h`. At least a second.
pub fn span(text: &str) -> Option<Duration> {
    parse_duration(text).filter(|span| !text.is_empty() && *span >= Duration::from_secs(1))
}

fn seconds(span: Duration) -> String {
    if span == FOREVER { FOREVER_WORD.to_owned() } else { span.as_secs().to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(pairs: &[(&str, &str)]) -> Draft {
        let normal = [("max_retry", "10"), ("find_time", "3600"), ("ban_time", "86400"), ("tag", "t")];
        let pairs =
            pairs.iter().chain(&normal).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Draft::of_fields(&Fields::new(pairs.collect()))
    }

    fn wrong(pairs: &[(&str, &str)]) -> Vec<String> {
        draft(pairs).read().unwrap_err().into_iter().map(|slip| slip.field).collect()
    }

    #[test]
    fn every_preset_is_recognised_and_own_numbers_are_none() {
        for preset in &PRESETS {
            let draft = Draft::default().with_preset(preset);
            assert_eq!(draft.preset(), Some(preset));
            assert_eq!(draft.read().unwrap().limits, preset.limits);
        }
        assert_eq!(draft(&[("max_retry", "7")]).preset(), None);
        assert_eq!(draft(&[("sip_limit", "300")]).preset().map(|preset| preset.name), Some("normal"));
        assert_eq!(draft(&[("sip_limit", "")]).preset(), None);
    }

    #[test]
    fn wrong_values_are_named_all_at_once_and_kept() {
        let fields = [
            ("max_retry", "0"),
            ("find_time", "-5"),
            ("ban_time", "soon"),
            ("sip_limit", "x"),
            ("whitelist", "a 0.0.0.0/0"),
        ];
        assert_eq!(
            wrong(&fields),
            ["max_retry", "find_time", "ban_time", "sip_limit", "whitelist", "whitelist"]
        );
        assert_eq!(draft(&fields).ban_time, "soon");
        assert_eq!(wrong(&[("max_retry", "1001")]), ["max_retry"]);
        assert_eq!(wrong(&[("find_time", "9d")]), ["find_time"]);
        assert_eq!(wrong(&[("find_time", "")]), ["find_time"]);
    }

    #[test]
    fn spans_may_be_written_with_units_and_bans_without_end() {
        let wanted = draft(&[("find_time", "6h"), ("ban_time", "forever")]).read().unwrap();
        assert_eq!(wanted.limits.find_time.as_secs(), 21_600);
        assert_eq!(wanted.limits.ban_time, FOREVER);
        assert_eq!(Draft::default().with_limits(&wanted.limits).ban_time, "forever");
    }

    #[test]
    fn only_what_differs_is_changed() {
        let settings = Settings::default();
        assert_eq!(draft(&[]).read().unwrap().edits(&settings), []);
        let edits =
            draft(&[("max_retry", "5"), ("whitelist", "192.0.2.1\r\n")]).read().unwrap().edits(&settings);
        assert!(
            matches!(&edits[..], [Edit::Limits(_), Edit::Whitelist(list)] if list.len() == 1),
            "{edits:?}"
        );
        assert_eq!(draft(&[("sip_limit", "0")]).read().unwrap().sip_limit, None);
    }
}

//! fail2ban's configuration as settings of Stockade: each enabled jail with the filter of ours that finds the same, or with one made of its
//! patterns. What cannot be carried over stands in the text as a comment, with its line. It writes no file and knows no filter by name.

mod cover;
mod translate;
mod written;
mod ports;
mod growth;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use event::limit::{FAIL2BAN_LINT_LINES, MAX_RETRY};
use event::{JailName, Moment, Subject};
use filter::Catalog;

use crate::complaint::Place;
use crate::conf::{self, Conf};
use crate::disk;
use crate::duration;
use crate::filter_file;
use crate::interpolate::Given;
use crate::jail::{self, Jail, Which};
use crate::lint::jails as of_jail;
use crate::lint::origin::Origin;
use crate::options::Spelled;
use cover::Cover;
use growth::Growth;
use written::{comment, list, quoted};

/// What a configuration comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// `stockade.toml`.
    pub text: String,
    /// Filters to be written beside it: names and texts.
    pub filters: Vec<(String, String)>,
    /// Jails that Stockade only runs with `run --fail2ban-dir`.
    pub left: Vec<String>,
}

/// How it is written.
#[derive(Clone, Debug)]
pub struct Ask {
    /// It is now this moment.
    pub now: Moment,
    /// Where filters will be, absolute.
    pub filter_dir: String,
}

/// Reads the configuration in `folder` and writes it anew. The text for it is the whole file's.
pub fn import(folder: &Path, ask: &Ask) -> Imported {
    let read = jail::read(folder, Which::Enabled);
    let conf = conf::read(folder, "jail").0.unwrap_or_default();
    let shared = shared(&read.enabled);
    let mut importer =
        Importer { folder, conf, ask, shared, made: Imported::default(), names: BTreeSet::new() };
    let mut head = comment(&format!("Made of fail2ban's configuration in {}.", folder.display()));
    for complaint in read.complaints.iter().chain(read.broken.iter().flat_map(|(_, complaints)| complaints)) {
        head.push_str(&comment(&complaint.to_string()));
    }
    let whitelist = importer.whitelist(&read.enabled);
    let escalation = importer.escalation(&read.enabled);
    let mut jails = String::new();
    for jail in &read.enabled {
        let section = importer.jail(jail);
        jails.push('\n');
        jails.push_str(&section);
    }
    jails.push_str(&importer.others());
    let filters = match importer.made.filters.is_empty() {
        true => String::new(),
        false => format!("\n[filters]\ndir = {}\n", quoted(&ask.filter_dir)),
    };
    importer.made.text = [head, whitelist, escalation, filters, jails].concat();
    importer.made
}

/// Whom all jails ignore.
fn shared(jails: &[Jail]) -> BTreeSet<String> {
    let mut lists = jails.iter().map(|jail| jail.settings.ignoreip.iter().cloned().collect::<BTreeSet<_>>());
    let first = lists.next().unwrap_or_default();
    lists.fold(first, |all, list| all.intersection(&list).cloned().collect())
}

struct Importer<'a> {
    folder: &'a Path,
    conf: Conf,
    ask: &'a Ask,
    /// Whom all jails ignore.
    shared: BTreeSet<String>,
    made: Imported,
    /// Names of ours that are taken.
    names: BTreeSet<String>,
}

impl Importer<'_> {
    fn at(&self, jail: &Jail, option: &str) -> Place {
        of_jail::place(&self.conf, jail, option)
    }

    fn whitelist(&self, jails: &[Jail]) -> String {
        let mut text = String::from("\n[whitelist]\n");
        let (addresses, others): (Vec<&String>, Vec<&String>) =
            self.shared.iter().partition(|one| one.parse::<Subject>().is_ok());
        for other in others {
            let place =
                jails.first().map_or_else(|| Place::file(self.folder), |jail| self.at(jail, "ignoreip"));
            text.push_str(&comment(&format!("{place}: '{other}' is left out: {}", why_not(other))));
        }
        text.push_str(&format!("addresses = {}\n", list(&addresses)));
        if jails.iter().any(|jail| !jail.settings.ignoreself) {
            text.push_str("own_addresses = false\n");
        }
        text
    }

    fn escalation(&self, jails: &[Jail]) -> String {
        let mut text = String::from("\n[escalation]\n");
        let mut found: BTreeMap<String, Growth> = BTreeMap::new();
        for jail in jails {
            match growth::growth(jail) {
                Ok(growth) => found.extend(growth.map(|growth| (format!("{growth:?}"), growth))),
                Err(why) => text.push_str(&comment(&format!(
                    "{}: how bans of jail {} grow is left out: {why}",
                    self.at(jail, "bantime.increment"),
                    jail.name
                ))),
            }
        }
        let one = if found.len() == 1 { found.into_values().next() } else { None };
        match one.filter(|growth| growth.factor.fract() == 0.0) {
            Some(Growth { factor, max }) => {
                text.push_str(&format!("factor = {factor}\n"));
                if let Some(max) = max {
                    text.push_str(&format!("max = {}\n", seconds(max)));
                } else if factor > 1.0 {
                    text.push_str("max = \"forever\"\n");
                }
                text.push_str(&self.quiet());
            }
            None => {
                for jail in jails.iter().filter(|jail| jail.settings.increment.enabled) {
                    let place = self.at(jail, "bantime.increment");
                    text.push_str(&comment(&format!(
                        "{place}: bans of jail {} grow otherwise than those of others, or by a fraction; here all grow alike",
                        jail.name
                    )));
                }
                text.push_str("factor = 1\n");
            }
        }
        text.push_str("all_ports_after = 0\n");
        text
    }

    /// After how long earlier bans are forgotten: when fail2ban takes them out of its database.
    fn quiet(&self) -> String {
        let conf = conf::read(self.folder, "fail2ban").0.unwrap_or_default();
        let value = conf.get("Definition", "dbpurgeage", &Given::default()).ok().flatten();
        let span = value.and_then(|value| duration::seconds(&value.text)).filter(|seconds| *seconds >= 1.0);
        span.map_or_else(String::new, |seconds| format!("quiet = {}\n", seconds as u64))
    }

    fn jail(&mut self, jail: &Jail) -> String {
        let mut text = comment(&format!("{}: jail {}", jail.place, jail.name));
        let Some(name) = self.name(&jail.name) else {
            self.made.left.push(jail.name.clone());
            return text + &comment("is left out: its name cannot be used here, or is taken");
        };
        let mut body = String::new();
        let ports::Ports { ports, left } = ports::ports(jail);
        for one in left {
            text.push_str(&comment(&format!("{}: {one}", self.at(jail, "action"))));
        }
        match self.filter(jail, &name, &mut text) {
            Some(filter) => body.push_str(&format!("filter = {}\n", quoted(&filter))),
            None => {
                self.made.left.push(jail.name.clone());
                return text + &comment("this jail needs: stockade run --fail2ban-dir");
            }
        }
        let sources = self.sources(jail, &mut text);
        if sources.is_empty() {
            self.made.left.push(jail.name.clone());
            return text + &comment("is left out: it names no log");
        }
        body.push_str(&sources);
        body.push_str(&format!("ports = {}\n", list(&ports)));
        body.push_str(&self.limits(jail, &mut text));
        self.exceptions(jail, &mut text);
        format!("{text}[jails.{name}]\nenabled = true\n{body}")
    }

    /// fail2ban takes any name; ours become names of kernel sets.
    fn name(&mut self, told: &str) -> Option<String> {
        let plain: String =
            told.chars()
                .map(|c| {
                    if c.is_ascii_alphanumeric() || c == '-' || c == '_' {
                        c.to_ascii_lowercase()
                    } else {
                        '-'
                    }
                })
                .collect();
        let reserved = [JailName::MANUAL, JailName::FLEET, "stockade"];
        let usable = JailName::valid(&plain) && !reserved.contains(&plain.as_str());
        (usable && self.names.insert(plain.clone())).then_some(plain)
    }

    /// The filter of ours, or one that is made.
    fn filter(&mut self, jail: &Jail, name: &str, text: &mut String) -> Option<String> {
        let own = jail.filter.as_ref()?;
        let names = of_jail::names(jail).0;
        if let Some(cover) = cover::cover(own, names) {
            self.tell_cover(jail, &cover, text);
            return Some(cover.name.to_owned());
        }
        let made = if Catalog::shipped().names().any(|shipped| shipped == name) {
            format!("{name}-fail2ban")
        } else {
            name.to_owned()
        };
        if !self.is_syslog(jail) {
            let place = self.at(jail, "logpath");
            text.push_str(&comment(&format!(
                "{place}: its filter cannot be written in our form: its log is no syslog's by this configuration"
            )));
            return None;
        }
        match translate::translate(self.folder, jail, &made, "app") {
            Ok(filter) => {
                self.made.filters.push((made.clone(), filter));
                Some(made)
            }
            Err(refused) => {
                let place = refused.place.unwrap_or_else(|| self.at(jail, "filter"));
                text.push_str(&comment(&format!(
                    "{place}: its filter cannot be written in our form: {}",
                    refused.why
                )));
                None
            }
        }
    }

    /// Whether its lines are known to have the prefix of syslog: they come from the journal, or from logs that an option `syslog_…` of this
    /// configuration names.
    fn is_syslog(&self, jail: &Jail) -> bool {
        let options = self.conf.defaults.iter().filter(|(option, _)| option.starts_with("syslog_"));
        let values =
            options.filter_map(|(option, _)| self.conf.get(&jail.name, option, &Given::default()).ok()?);
        let known: BTreeSet<String> = values.map(|value| value.text).collect();
        of_jail::reads_journal(jail) || jail.settings.logpath.iter().all(|path| known.contains(&path.pattern))
    }

    /// What of a filter's patterns no sample shows, and what differs in the jail's own logs.
    fn tell_cover(&self, jail: &Jail, cover: &Cover, text: &mut String) {
        let Some(own) = &jail.filter else { return };
        text.push_str(&comment(&format!(
            "filter {} finds the same addresses in {} sample lines; in {} it does not, {} are of ours alone",
            cover.name,
            cover.agreed,
            cover.conflicts + cover.theirs_only,
            cover.ours_only
        )));
        let spelled = Spelled { name: own.name.clone(), options: Vec::new() };
        let conf = filter_file::open(self.folder, &spelled, &jail.place).ok().map(|(conf, _)| conf);
        let origin = Origin::of(&conf.iter().collect::<Vec<_>>());
        for (index, pattern) in own.failregex.iter().enumerate() {
            if !cover.patterns.contains(&index) {
                let place = origin.place(pattern, false).unwrap_or_else(|| jail.place.clone());
                text.push_str(&comment(&format!(
                    "{place}: this pattern finds nothing in our sample lines, so nobody can say that ours finds the same"
                )));
            }
        }
        for path in jail.settings.logpath.iter().flat_map(|path| path.files()) {
            let Some(lines) = disk::last_lines(&path, FAIL2BAN_LINT_LINES) else { continue };
            let names = of_jail::names(jail).0;
            let Some(found) = cover::differences(own, names, cover.name, &lines, self.ask.now) else {
                continue;
            };
            for (whose, addresses) in [("fail2ban's filter", &found.theirs), ("ours", &found.ours)] {
                if let Some(first) = addresses.first() {
                    text.push_str(&comment(&format!(
                        "{}: {whose} alone finds {} addresses there, {first} among them",
                        path.display(),
                        addresses.len()
                    )));
                }
            }
        }
    }

    fn sources(&self, jail: &Jail, text: &mut String) -> String {
        if of_jail::reads_journal(jail) {
            return self.journal(jail, text);
        }
        let mut logs = Vec::new();
        for path in &jail.settings.logpath {
            if Path::new(&path.pattern).is_absolute() {
                logs.push(path.pattern.as_str());
            } else {
                text.push_str(&comment(&format!(
                    "{}: '{}' is left out: no absolute path",
                    path.place, path.pattern
                )));
            }
        }
        if logs.is_empty() {
            "enabled = false\n".to_owned()
        } else {
            format!("logs = {}\njournal = false\n", list(&logs))
        }
    }

    /// Any one of our fields is enough, as with `+` in fail2ban's.
    fn journal(&self, jail: &Jail, text: &mut String) -> String {
        let matches = jail.filter.iter().flat_map(|filter| &filter.journalmatch);
        let mut fields = Vec::new();
        for words in matches {
            for group in words.split(|word| word == "+") {
                match group {
                    [one] if one.starts_with('_') && one.contains('=') => fields.push(one.as_str()),
                    _ => text.push_str(&comment(&format!(
                        "{}: '{}' is left out: one trusted field at a time, _FIELD=value",
                        self.at(jail, "journalmatch"),
                        group.join(" ")
                    ))),
                }
            }
        }
        if fields.is_empty() {
            "logs = []\n".to_owned()
        } else {
            format!("logs = []\njournal = {}\n", list(&fields))
        }
    }

    fn limits(&self, jail: &Jail, text: &mut String) -> String {
        let settings = &jail.settings;
        if settings.maxretry > MAX_RETRY {
            text.push_str(&comment(&format!(
                "{}: maxretry is {MAX_RETRY} at most here",
                self.at(jail, "maxretry")
            )));
        }
        let ban_time =
            settings.bantime.map_or_else(|| "\"forever\"".to_owned(), |time| seconds(time).to_string());
        format!(
            "max_retry = {}\nfind_time = {}\nban_time = {ban_time}\n",
            settings.maxretry.min(MAX_RETRY),
            seconds(settings.findtime)
        )
    }

    /// What only this jail says and no key here can.
    fn exceptions(&self, jail: &Jail, text: &mut String) {
        let mut left = |option: &str, why: &str| {
            text.push_str(&comment(&format!("{}: {option} is left out: {why}", self.at(jail, option))));
        };
        let settings = &jail.settings;
        for one in settings.ignoreip.iter().filter(|one| !self.shared.contains(*one)) {
            left(
                "ignoreip",
                &format!("'{one}' is ignored by this jail and not by all; the whitelist is for all jails"),
            );
        }
        if settings.ignorecommand.is_some() {
            left("ignorecommand", "no command is run; name addresses in [whitelist]");
        }
        if settings.increment.enabled && settings.increment.rndtime.is_some() {
            left("bantime.rndtime", "nothing is added at random");
        }
        let encoding = settings.logencoding.as_deref().unwrap_or("auto");
        if !["auto", "utf-8", "utf8", "ascii"].iter().any(|known| encoding.eq_ignore_ascii_case(known)) {
            left("logencoding", "logs are read as UTF-8");
        }
        if settings.logtimezone.is_some() {
            left("logtimezone", "[log] timezone is one for all jails");
        }
    }

    /// fail2ban runs no jail that is not enabled; ours are on by themselves where their service is.
    fn others(&self) -> String {
        let mut text = String::from("\n");
        text.push_str(&comment("fail2ban does not watch these: take a section out, and its jail is on if its service is on this host."));
        for name in
            Catalog::shipped().names().filter(|name| !self.names.contains(*name) && *name != "stockade")
        {
            text.push_str(&format!("[jails.{name}]\nenabled = false\n"));
        }
        text
    }
}

fn why_not(ignored: &str) -> &'static str {
    if ignored.starts_with("file:") {
        "a list in a file is not read; write its addresses"
    } else {
        "no name is looked up; write its address"
    }
}

fn seconds(span: Duration) -> u64 {
    span.as_secs().max(1)
}

//! What is to be done: settings, filters and host put together. Made aside, as a whole, at start and at each reload, so
//! that a mistake in the settings changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::Arc;

use config::{Enabled, Settings};
use decision::BanTime;
use enforcement::{Firewall, Guard, Layout};
use event::{Ban, Categories, JailName, Port, Scope, Subject, Whitelist};
use filter::{Catalog, Definition, Filter, Kind, Zone};
use jiff::tz::TimeZone;
use source::{FileSpec, JournalSpec, JournalWish};

use crate::finder::{Finder, Finders};
use crate::firewall::{self, tcp};
use crate::foreign::ForeignJail;
use crate::settings_file::SettingsFile;
use crate::{clock, host, surroundings};

/// Everything that a running Stockade needs to know.
#[derive(Clone, Debug)]
pub struct Plan {
    /// As checked.
    pub settings: Settings,
    /// The jails that are on.
    pub jails: Vec<Jail>,
    /// Who is never blocked.
    pub whitelist: Whitelist,
    /// What is said at start: which services were found, which jails are on and why.
    pub notes: Vec<String>,
}

/// A jail that is on.
#[derive(Clone, Debug)]
pub struct Jail {
    /// Its name.
    pub name: JailName,
    /// What finds its failures.
    pub finder: Finder,
    /// Its limits.
    pub limits: config::Limits,
    /// What its bans close; none means all.
    pub ports: Vec<Port>,
    /// Files that it reads.
    pub logs: Vec<String>,
    /// What it reads of a journal.
    pub journal: Option<JournalWish>,
}

impl Jail {
    /// As fail2ban's configuration tells it.
    fn told(told: &Arc<ForeignJail>) -> Self {
        Self {
            name: told.name.clone(),
            limits: told.limits(),
            ports: told.ports.clone(),
            logs: told.logs(),
            journal: told.journal(),
            finder: Finder::Foreign(Arc::clone(told)),
        }
    }
}

impl Jail {
    /// Whether its bans close nothing, and are told only.
    pub fn closes_nothing(&self) -> bool {
        self.finder.foreign().is_some_and(|told| told.closes_nothing)
    }
}

/// The jail of the page's own sign-ins.
pub const OWN_JAIL: &str = "stockade";

/// What a running Stockade looks for in a line.
pub const KINDS: [Kind; 3] = [Kind::Ignore, Kind::Failure, Kind::Success];

/// What a reader watches: where to look, and who listens there.
#[derive(Clone, Debug)]
pub struct Watchlist<S> {
    /// Where to look.
    pub specs: Vec<S>,
    /// The jails that listen to each, with their filters.
    pub listeners: Vec<Vec<(JailName, Finder)>>,
    /// The zone of times that name none.
    pub zone: TimeZone,
}

impl Plan {
    /// Reads the settings and the filters and looks at the host. The complaints are all that were found; the plan is there
    /// if there are none.
    pub fn make(file: &SettingsFile) -> Result<Self, Vec<String>> {
        Self::of(file.settings()?, file.told_jails().as_deref())
    }

    /// What these settings lead to; with jails of fail2ban's configuration, those of our filters are on only where the settings say so.
    pub fn of(settings: Settings, told: Option<&[Arc<ForeignJail>]>) -> Result<Self, Vec<String>> {
        let catalog = catalog(&settings)?;
        let mut complaints = Vec::new();
        let mut notes = Vec::new();
        let mut jails = Vec::new();
        for name in jail_names(&settings, &catalog) {
            let jail = settings.jail(&name);
            if told
                .is_some_and(|told| told.iter().any(|one| one.name == name) || jail.enabled != Enabled::Yes)
            {
                continue;
            }
            match on(&jail, &catalog, &settings) {
                Ok(Some(jail)) => {
                    notes.push(format!("jail {}: on, {}", jail.name, describe(&jail)));
                    jails.push(jail);
                }
                Ok(None) => {}
                Err(complaint) => complaints.push(complaint),
            }
        }
        match own_jail(&settings, &catalog) {
            Ok(own) => jails.extend(own),
            Err(complaint) => complaints.push(complaint),
        }
        let is_jail = |list: &&config::Blocklist| jails.iter().any(|jail: &Jail| jail.name == list.name);
        for list in settings.blocklists.iter().filter(is_jail) {
            complaints.push(format!("blocklist {}: a jail has this name; write another one", list.name));
        }
        jails.extend(told.into_iter().flatten().map(Jail::told));
        if !complaints.is_empty() {
            return Err(complaints);
        }
        if jails.iter().all(|jail| jail.name.as_str() == OWN_JAIL) {
            notes.push(
                "no jail is on: no known service was found on this host; name one in [jails]".to_owned(),
            );
        }
        let whitelist = whitelist(&settings, &[]);
        Ok(Self { settings, jails, whitelist, notes })
    }

    /// The whitelist as it would be made now: interfaces come and go, and so do those who are signed in.
    pub fn whitelist_with(&self, signed_in: &[(Subject, String)]) -> Whitelist {
        whitelist(&self.settings, signed_in)
    }

    /// The kernel's table for these jails.
    pub fn layout(&self) -> Layout {
        let closing = self.jails.iter().filter(|jail| !jail.closes_nothing());
        let guards = closing.map(|jail| Guard { jail: jail.name.clone(), ports: jail.ports.clone() });
        // Who stands on a blocklist, or is banned by a jail of another node, is kept from all ports.
        let fleet = self.has_fleet().then(|| JailName::new(JailName::FLEET));
        let others = self.settings.blocklists.iter().map(|list| list.name.clone()).chain(fleet);
        let others = others.map(|jail| Guard { jail, ports: Vec::new() });
        Layout {
            guards: guards.chain(others).collect(),
            whitelist: self.whitelist.iter().map(|(subject, _)| *subject).collect(),
            // Switched off, everybody reaches everything.
            firewall: if self.settings.enabled {
                firewall::rules(&self.settings)
            } else {
                Firewall::default()
            },
        }
    }

    /// Files and their listeners. Jails that name the same file share its reading.
    pub fn files(&self) -> Watchlist<FileSpec> {
        let specs = |pattern: &String| FileSpec { pattern: pattern.clone() };
        self.watchlist(|jail| jail.logs.clone(), |keys| keys.iter().map(specs).collect())
    }

    /// Journal fields and their listeners.
    pub fn journal(&self) -> Watchlist<JournalSpec> {
        let spec = |(stream, wish): (usize, &JournalWish)| JournalSpec { stream, wish: wish.clone() };
        self.watchlist(
            |jail| jail.journal.iter().cloned().collect(),
            |wishes| wishes.iter().enumerate().map(spec).collect(),
        )
    }

    /// Groups the jails by what they read.
    fn watchlist<K: Clone + Ord, S>(
        &self,
        keys_of: impl Fn(&Jail) -> Vec<K>,
        specs: impl FnOnce(&[K]) -> Vec<S>,
    ) -> Watchlist<S> {
        let mut listeners: BTreeMap<K, Vec<(JailName, Finder)>> = BTreeMap::new();
        for jail in self.jails.iter().filter(|_| self.settings.enabled) {
            // A log that is named twice is one log.
            for key in keys_of(jail).into_iter().collect::<BTreeSet<_>>() {
                listeners.entry(key).or_default().push((jail.name.clone(), jail.finder.clone()));
            }
        }
        let keys: Vec<_> = listeners.keys().cloned().collect();
        let listeners = listeners.into_values().collect();
        Watchlist { specs: specs(&keys), listeners, zone: zone(&self.settings) }
    }

    /// Whether other nodes are listened to.
    pub fn has_fleet(&self) -> bool {
        self.settings.redis.as_ref().is_some_and(|redis| redis.fleet)
    }

    /// Whether bans of `jail` close nothing, and are told only.
    pub fn closes_nothing(&self, jail: &JailName) -> bool {
        self.jails.iter().any(|known| known.name == *jail && known.closes_nothing())
    }

    /// The jails whose bans close nothing.
    pub fn closing_nothing(&self) -> BTreeSet<JailName> {
        self.jails.iter().filter(|jail| jail.closes_nothing()).map(|jail| jail.name.clone()).collect()
    }

    /// What a ban closes; nothing at all if it is told only.
    pub fn closed_by(&self, ban: &Ban) -> Option<Categories> {
        (!self.closes_nothing(&ban.jail)).then(|| self.closes(&ban.jail, ban.scope))
    }

    /// What the bans of each jail close.
    pub fn closed(&self) -> BTreeMap<JailName, Option<Categories>> {
        let closed = |jail: &Jail| (!jail.closes_nothing()).then(|| self.closes(&jail.name, Scope::Jail));
        self.jails.iter().map(|jail| (jail.name.clone(), closed(jail))).collect()
    }

    /// The kinds of service that a ban of `jail` closes.
    pub fn closes(&self, jail: &JailName, scope: Scope) -> Categories {
        match self.jails.iter().find(|known| known.name == *jail) {
            Some(known) if known.closes_nothing() => Categories::default(),
            Some(known) if scope == Scope::Jail && !known.ports.is_empty() => {
                Categories::of_service(known.finder.service())
            }
            _ => Categories::ALL,
        }
    }

    /// What holds for the bans of all jails.
    pub fn decision_settings(&self) -> decision::Settings {
        let (escalation, evidence) = (self.settings.escalation, self.settings.evidence);
        decision::Settings {
            escalation: decision::Escalation {
                factor: escalation.factor,
                max: escalation.max,
                quiet: escalation.quiet,
                all_ports_after: escalation.all_ports_after,
            },
            claimed_ban_time: evidence.claimed_ban_time,
            friend_time: evidence.friend_time,
            by_hand: ban_time(self.settings.defaults.ban_time),
        }
    }
}

impl<S> Watchlist<S> {
    /// What a time without a zone means now.
    pub fn zone(&self) -> Zone {
        Zone { zone: self.zone.clone(), now: clock::now() }
    }

    /// The filters of each spec, ready to judge. Making them takes a while: it is done in the reader's own thread.
    pub fn sets(&self) -> Vec<Finders> {
        self.listeners.iter().map(|jails| Finders::new(jails, &self.zone)).collect()
    }

    /// The jails that listen to each spec.
    pub fn jails(&self, spec: usize) -> Vec<String> {
        self.listeners.get(spec).into_iter().flatten().map(|(name, _)| name.to_string()).collect()
    }
}

/// The decision's word for a span of the settings.
pub fn ban_time(span: std::time::Duration) -> BanTime {
    if span == config::FOREVER { BanTime::ForEver } else { BanTime::For(span) }
}

/// The shipped filters, those of the filter directory in their place.
pub fn catalog(settings: &Settings) -> Result<Catalog, Vec<String>> {
    let mut catalog = Catalog::shipped();
    let dir = &settings.filters.dir;
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(catalog),
        Err(cause) => return Err(vec![format!("{}: the filters cannot be read: {cause}", dir.display())]),
    };
    let mut complaints = Vec::new();
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        let Some(name) = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".toml")) else {
            continue;
        };
        match fs::read_to_string(&path) {
            Ok(text) => {
                if let Err(wrong) = Filter::parse(name, &text) {
                    complaints.push(format!("{}: {wrong}", path.display()));
                }
                catalog.put(name, text);
            }
            Err(cause) => complaints.push(format!("{}: cannot be read: {cause}", path.display())),
        }
    }
    if complaints.is_empty() { Ok(catalog) } else { Err(complaints) }
}

/// Every jail of the file, and one for every filter that the file does not mention.
fn jail_names(settings: &Settings, catalog: &Catalog) -> Vec<JailName> {
    let mut names: Vec<_> =
        settings.jails.keys().cloned().chain(catalog.names().map(JailName::new)).collect();
    names.sort();
    names.dedup();
    names.retain(|name| name.as_str() != OWN_JAIL);
    names
}

/// The jail of the page's own sign-ins: there while the page is served. It reads no log, since it is told.
fn own_jail(settings: &Settings, catalog: &Catalog) -> Result<Option<Jail>, String> {
    let jail = settings.jail(&JailName::new(OWN_JAIL));
    let Some(listen) = settings.http.listen.filter(|_| jail.enabled != Enabled::No) else { return Ok(None) };
    let filter = catalog.filter(&jail.filter).map_err(|wrong| format!("jail {OWN_JAIL}: {wrong}"))?;
    let overrides = overrides(&filter).map_err(|wrong| format!("jail {OWN_JAIL}: {wrong}"))?;
    Ok(Some(Jail {
        limits: settings.limits(&jail, &overrides),
        ports: jail.ports.unwrap_or_else(|| vec![tcp(listen.port())]),
        logs: Vec::new(),
        journal: None,
        name: jail.name,
        finder: Finder::Own(filter),
    }))
}

/// The jail as it will run; `None` if it is off, or the service is not here.
fn on(jail: &config::Jail, catalog: &Catalog, settings: &Settings) -> Result<Option<Jail>, String> {
    let complain = |what: String| match &jail.origin {
        Some(origin) => format!("{origin}: jail {}: {what}", jail.name),
        None => format!("jail {}: {what}", jail.name),
    };
    if jail.enabled == Enabled::No {
        return Ok(None);
    }
    let own_logs: Option<Vec<String>> =
        jail.logs.as_ref().map(|logs| logs.iter().map(|path| path.display().to_string()).collect());
    if let Some(wrong) = own_logs.iter().flatten().find_map(|log| not_a_glob(log)) {
        return Err(complain(wrong));
    }
    // Most filters are for services that are not here; only the others are worth compiling.
    let definition = catalog.definition(&jail.filter).map_err(|wrong| complain(wrong.to_string()))?;
    if jail.enabled == Enabled::Auto && !is_present(&definition, own_logs.as_deref()) {
        return Ok(None);
    }
    let filter = catalog.filter(&jail.filter).map_err(|wrong| complain(wrong.to_string()))?;
    let overrides = overrides(&filter).map_err(&complain)?;
    let (logs, journal) = sources(&filter, own_logs, jail.journal.clone());
    Ok(Some(Jail {
        name: jail.name.clone(),
        limits: settings.limits(jail, &overrides),
        ports: jail.ports.clone().unwrap_or_else(|| filter.ports.clone()),
        logs,
        journal: (!journal.is_empty()).then(|| JournalWish::any(&journal)),
        finder: Finder::Own(filter),
    }))
}

/// Why `log` cannot be followed, whatever is there.
fn not_a_glob(log: &str) -> Option<String> {
    let wrong = |part: &str| Some((part.to_owned(), glob::Pattern::new(part).err()?));
    let (part, cause) = log.split('/').find_map(wrong)?;
    Some(format!("log '{log}': '{part}' is not a glob: {}; write e.g. '/var/log/*.log'", cause.msg))
}

/// Whether the service is on this host: its program is, or the log that only it writes, or the one that was named for it.
fn is_present(filter: &Definition, own_logs: Option<&[String]>) -> bool {
    match own_logs {
        Some(logs) if !logs.is_empty() => host::any_exists(logs) || host::any_exists(&filter.present),
        _ if filter.present.is_empty() => host::any_exists(&filter.logs),
        _ => host::any_exists(&filter.present),
    }
}

/// Files or the journal: what the settings name, else the files that are there, else the journal. Not both, or each
/// failure would count twice.
fn sources(
    filter: &Filter,
    logs: Option<Vec<String>>,
    journal: Option<Vec<String>>,
) -> (Vec<String>, Vec<String>) {
    match (logs, journal) {
        (Some(logs), Some(journal)) => (logs, journal),
        (Some(logs), None) => (logs, Vec::new()),
        (None, Some(journal)) if !journal.is_empty() => (Vec::new(), journal),
        (None, never) => {
            // A log whose directory is there may be written any moment, and is then read from its first line.
            let has_directory = |log: &&String| host::any_exists(&[directory_of(log)]);
            let likely = || filter.logs.iter().filter(has_directory).cloned().collect();
            let may_use_journal = never.is_none() && !filter.journal.is_empty() && host::has_journal();
            match (!host::any_exists(&filter.logs), may_use_journal) {
                (true, true) => (Vec::new(), filter.journal.clone()),
                (true, false) => (filter.logs.clone(), Vec::new()),
                (false, _) => (likely(), Vec::new()),
            }
        }
    }
}

fn directory_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("/", |(directory, _)| directory)
}

fn overrides(filter: &Filter) -> Result<config::LimitOverrides, String> {
    let read = |text: &Option<String>, what: &str| match text {
        None => Ok(None),
        Some(text) => config::parse_duration(text).map(Some).ok_or_else(|| {
            format!("filter {}: {what} '{text}' is not a duration; write e.g. '10m'", filter.name)
        }),
    };
    Ok(config::LimitOverrides {
        max_retry: filter.limits.max_retry,
        find_time: read(&filter.limits.find_time, "find_time")?,
        ban_time: read(&filter.limits.ban_time, "ban_time")?,
    })
}

fn whitelist(settings: &Settings, signed_in: &[(Subject, String)]) -> Whitelist {
    let own: Vec<(Subject, String)> =
        if settings.whitelist.own_addresses { host::own_addresses() } else { Vec::new() };
    let here = surroundings::look();
    let named = settings.whitelist_entries();
    // Behind a proxy or a gateway may be anybody: whoever bans it bans everybody.
    let proxies = settings.http.trusted_proxies.iter().map(|proxy| (*proxy, "trusted proxy".to_owned()));
    let shared = proxies.chain(surroundings::protected(&here));
    Whitelist::new(named.chain(host::loopback()).chain(own).chain(shared).chain(signed_in.iter().cloned()))
}

/// The zone of times that name none.
pub fn zone(settings: &Settings) -> TimeZone {
    let named = settings.log.timezone.as_ref().and_then(|name| TimeZone::get(name).ok());
    named.unwrap_or_else(TimeZone::system)
}

fn describe(jail: &Jail) -> String {
    match &jail.journal {
        None => format!("reads {}", jail.logs.join(" ")),
        Some(wish) => format!("reads the journal ({})", wish.shown().join(" + ")),
    }
}
